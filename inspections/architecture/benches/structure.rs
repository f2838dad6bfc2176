//! How fast a large network is taken apart. `cargo bench -p secdiag-architecture`
//!
//! A random network of 100,000 devices and 150,000 links: cut points and bridges; then every single failure of a device
//! or link against 200 functions, each with gates over five servers, from 20 places of users. Figures are of one run on
//! one thread.

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock; the inspection does not")]

use std::time::Instant;

use secdiag_architecture::drawing::{Drawing, Link, Node};
use secdiag_architecture::facts::{Facts, Function, Repair};
use secdiag_architecture::failure::Play;
use secdiag_architecture::graph::Graph;
use secdiag_architecture::needs::Needs;
use secdiag_architecture::topology::Topology;

const DEVICES: u32 = 100_000;
const LINKS: u32 = 150_000;

fn main() {
    let mut random = Random(7);
    let links: Vec<(u32, u32)> = (0..LINKS).map(|_| (random.below(DEVICES), random.below(DEVICES))).collect();
    let begin = Instant::now();
    let graph = Graph::new(DEVICES as usize, &links);
    let structure = graph.structure();
    let cut = structure.cut_points.iter().filter(|cut| **cut).count();
    let bridges = structure.bridges.iter().filter(|bridge| **bridge).count();
    println!("structure of {DEVICES}/{LINKS}: {:?}, {cut} cut points, {bridges} bridges", begin.elapsed());

    let (drawing, facts) = (drawing(&links), facts(&mut random));
    let all = [(1, &facts)];
    let begin = Instant::now();
    let topology = Topology::of(&[(0, &drawing)], &all);
    println!("typed network: {:?}, {} questions", begin.elapsed(), topology.questions.len());
    let begin = Instant::now();
    let play = Play::new(&topology, &all, jiff::civil::date(2026, 11, 27), 365);
    let outcomes = play.outcomes();
    let pairs: usize = outcomes.iter().map(|outcome| outcome.stopped.len()).sum();
    println!(
        "{} single failures × {} functions: {:?}, {} stop something, {pairs} pairs",
        play.events(),
        play.functions.len(),
        begin.elapsed(),
        outcomes.len()
    );
}

fn drawing(links: &[(u32, u32)]) -> Drawing {
    let node = |at: u32| Node { id: at.to_string(), label: format!("router-{at}"), ..Node::default() };
    let link = |(a, b): &(u32, u32)| Link { from: a.to_string(), to: b.to_string(), ..Link::default() };
    Drawing { nodes: (0..DEVICES).map(node).collect(), links: links.iter().map(link).collect(), notes: vec![] }
}

fn facts(random: &mut Random) -> Facts {
    let functions = (0..200).map(|at| {
        let mut name = || random.below(DEVICES).to_string();
        let needs = format!("all({}, any({}, {}), 1 of ({}, {}))", name(), name(), name(), name(), name());
        Function {
            id: format!("f{at}"),
            from: vec![(at % 20).to_string(), (at % 20 + 1000).to_string()],
            needs: Needs::parse(&needs),
            loss_per_hour: Some(1000),
            peak_loss_per_hour: Some(100_000),
            rto_minutes: Some(60),
            mtpd_minutes: Some(240),
            ..Function::default()
        }
    });
    let repair = |role| Repair { at: secdiag_records::At::default(), role, minutes: 90 };
    let repairs = vec![repair(None), repair(Some(secdiag_architecture::words::Role::Router))];
    Facts { functions: functions.collect(), repairs, ..Facts::default() }
}

/// xorshift64*: the same network every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        u32::try_from((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % u64::from(limit)).unwrap()
    }
}
