//! A market of firms over ten years in one SQLite file: how long it takes to write, and to ask as of a day.
//!
//! `cargo bench -p secdiag-store --bench market [-- FINDINGS [FIRMS]]`; 400,000 findings of 70 firms by default.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_possible_wrap,
    reason = "a bench prints, and ends where a step fails"
)]

use std::time::Instant;

use jiff::Timestamp;
use secdiag_model::Severity;
use secdiag_programme::event::{Act, Event};
use secdiag_programme::life::{Change, Verification};
use secdiag_store::Store;

fn main() {
    let mut numbers = std::env::args().filter_map(|word| word.parse::<u64>().ok());
    let (findings, firms) = (numbers.next().unwrap_or(400_000), numbers.next().unwrap_or(70));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(findings, firms));
}

async fn run(findings: u64, firms: u64) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("market.db")).await.unwrap();
    let start = Instant::now();
    let mut events = 0;
    for firm in 0..firms {
        let batch: Vec<Event> = (0..findings / firms).flat_map(|n| life(firm, n)).collect();
        events += store.append(&batch).await.unwrap();
    }
    println!("wrote {events} events of {findings} findings, {firms} firms: {:.1} s", start.elapsed().as_secs_f64());
    let file = std::fs::metadata(folder.path().join("market.db")).unwrap().len();
    println!("database: {} MB", file / 1_000_000);
    let day = |year: i64| Timestamp::from_second((year - 1970) * 31_556_952).unwrap();
    for year in [2018, 2021, 2025] {
        let start = Instant::now();
        let market = store.counts_as_of(None, day(year)).await.unwrap();
        let market_s = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let firm = store.counts_as_of(Some("firm 33"), day(year)).await.unwrap();
        let firm_ms = start.elapsed().as_secs_f64() * 1000.0;
        let of = |counts: &[secdiag_store::StateCount]| counts.iter().map(|count| count.count).sum::<u64>();
        println!(
            "as of {year}: market {market_s:.3} s ({} findings), one firm {firm_ms:.1} ms ({})",
            of(&market),
            of(&firm)
        );
    }
}

/// Three events over some of ten years: found, remedied, verified or found again.
fn life(firm: u64, n: u64) -> Vec<Event> {
    let severity = Severity::DESCENDING[(n % 5) as usize];
    let begin = 1_450_000_000 + ((n * 7_919 + firm * 104_729) % 300_000_000) as i64;
    let act = |days: i64| {
        let at = Timestamp::from_second(begin + days * 86_400).unwrap();
        Act { actor: "bench".into(), reason: "bench".into(), at, recorded_at: at }
    };
    let (firm, id) = (format!("firm {firm}"), format!("finding-{firm}-{n}"));
    let last =
        if n.is_multiple_of(3) { Change::VerificationFailed } else { Change::Verified { by: Verification::Unknown } };
    [
        (0, Change::Found { severity, run: "r".into() }),
        (30, Change::Remediated { evidence: vec![] }),
        (60 + (n % 90) as i64, last),
    ]
    .iter()
    .map(|(days, change)| Event::new(&firm, &id, &act(*days), change))
    .collect()
}
