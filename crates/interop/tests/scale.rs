//! Many findings: what matching gets right when a file changes, and how long it takes (printed, never asserted).

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use std::fmt::Write;
use std::time::Instant;

use secdiag_interop::{ImportedFinding, import};
use secdiag_programme::identity::{Known, Standing, match_findings};

/// A small generator of numbers, so that every run sees the same files.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A result of a tool: which defect it is, in which file and line, and what the line says.
#[derive(Clone)]
struct Defect {
    id: usize,
    rule: u64,
    file: u64,
    line: u64,
    code: u64,
}

/// `n` defects, 20 to a file; every fifth line of code is one that stands in many places.
fn project(n: usize, random: &mut Random) -> Vec<Defect> {
    let files = (n as u64 / 20).max(1);
    let defect = |id| Defect {
        id,
        rule: random.below(40),
        file: random.below(files),
        line: 1 + random.below(2000),
        code: if random.below(5) == 0 { random.below(3) } else { 10 + random.below(1 << 40) },
    };
    (0..n).map(defect).collect()
}

/// The project a year later: lines moved within every file, some defects gone, some new.
fn later(defects: &[Defect], random: &mut Random) -> Vec<Defect> {
    let mut now: Vec<_> = defects.iter().filter(|_| random.below(100) >= 4).cloned().collect();
    let moved: Vec<_> = (0..=defects.len() as u64 / 20).map(|_| (random.below(2000), random.below(60))).collect();
    for defect in &mut now {
        // Text was put in at one place of the file: what stands below moves.
        let (at, by) = moved[usize::try_from(defect.file).unwrap()];
        defect.line += if defect.line > at { by } else { 0 };
    }
    let fresh = project(defects.len() / 25, random);
    now.extend(fresh.into_iter().map(|defect| Defect { id: defect.id + 1_000_000, ..defect }));
    now
}

fn sarif(defects: &[Defect], snippets: bool) -> String {
    let mut text = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Synthetic"}},"results":["#.to_owned();
    for (n, Defect { rule, file, line, code, .. }) in defects.iter().enumerate() {
        let comma = if n > 0 { "," } else { "" };
        let snippet =
            if snippets { format!(r#","snippet":{{"text":"  call_{code}(argument);"}}"#) } else { String::new() };
        let wording = if snippets { 0 } else { *code };
        write!(
            text,
            r#"{comma}{{"ruleId":"R{rule}","level":"warning","message":{{"text":"Rule {rule} is broken by v{wording}."}},"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"src/m{}/f{file}.c"}},"region":{{"startLine":{line}{snippet}}}}}}}]}}"#,
            file % 50
        )
        .unwrap();
    }
    text + "]}]}"
}

fn known(findings: &[ImportedFinding]) -> Vec<Known> {
    let known = |(n, finding): (usize, &ImportedFinding)| Known {
        id: format!("{n:07}"),
        resolved: false,
        seen: finding.candidate(),
    };
    findings.iter().enumerate().map(known).collect()
}

/// Share of the defects still there that are found again, and share of pairs that are wrong.
fn trial(n: usize, snippets: bool) -> (f64, f64) {
    let mut random = Random(n as u64);
    let before = project(n, &mut random);
    let now = later(&before, &mut random);
    let (old, new) = (sarif(&before, snippets), sarif(&now, snippets));
    let started = Instant::now();
    let (old, new) = (import(old.as_bytes(), "a").unwrap(), import(new.as_bytes(), "b").unwrap());
    let read = started.elapsed();
    let known = known(&old.findings);
    let candidates: Vec<_> = new.findings.iter().map(ImportedFinding::candidate).collect();
    let started = Instant::now();
    let matches = match_findings(&known, &candidates, |_| true);
    let matched = started.elapsed();
    let started = Instant::now();
    let same = match_findings(&known, &known.iter().map(|known| known.seen.clone()).collect::<Vec<_>>(), |_| true);
    let again = started.elapsed();
    assert_eq!(same.count(Standing::Unchanged), n);
    let pairs: Vec<_> = matches.list.iter().filter_map(|answer| Some((answer.known?, answer.current?))).collect();
    let wrong = pairs.iter().filter(|(k, c)| before[*k].id != now[*c].id).count();
    let stayed = now.iter().filter(|defect| defect.id < 1_000_000).count();
    println!(
        "{n} findings, snippets {snippets}: two files read in {read:.2?}, matched in {matched:.2?} (unchanged file: {again:.2?}); \
         {} of {stayed} found again, {wrong} wrong",
        pairs.len() - wrong
    );
    ((pairs.len() - wrong) as f64 / stayed as f64, wrong as f64 / pairs.len() as f64)
}

#[test]
fn moved_removed_and_added_findings_are_told_apart() {
    for snippets in [true, false] {
        let (found, wrong) = trial(2_000, snippets);
        assert!(found > 0.99, "{found}");
        assert!(wrong < 0.002, "{wrong}");
    }
}

/// What the bench of the same name prints; the worst case last: nothing tells the findings apart.
pub(crate) fn measure(sizes: &[usize]) {
    for n in sizes {
        for snippets in [true, false] {
            trial(*n, snippets);
        }
        let alike: Vec<_> = (0..*n).map(|id| Defect { id, rule: 1, file: 1, line: 1 + id as u64, code: 1 }).collect();
        let list = import(sarif(&alike, true).as_bytes(), "a").unwrap().findings;
        let gone = n / 200;
        let (known, fewer) = (known(&list), list[gone..].iter().map(ImportedFinding::candidate).collect::<Vec<_>>());
        let started = Instant::now();
        let matches = match_findings(&known, &fewer, |_| true);
        println!("{n} alike: matched in {:.2?}", started.elapsed());
        assert_eq!(matches.count(Standing::AbsentEvaluated), gone);
    }
}

#[test]
fn findings_that_nothing_tells_apart_are_still_counted() {
    measure(&[1_000]);
}
