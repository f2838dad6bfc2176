//! The life of a finding over runs: a pure function of what earlier runs saw and where they looked.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::result::{CheckCoverage, CoveragePart, FindingRecord, FindingStatus, ResolvedFinding};
use secdiag_model::{CheckState, Severity, SystemId};

/// How a run's findings stand against the earlier runs of the same firm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// By finding id, one entry for each finding given.
    pub findings: BTreeMap<String, FindingLife>,
    /// Open before, looked for again and not seen; most severe first, then by system, check, title and id.
    pub resolved: Vec<ResolvedFinding>,
}

impl Lifecycle {
    /// Writes status and dates into a run's findings.
    pub fn apply(&self, findings: &mut [FindingRecord]) {
        for finding in findings {
            if let Some(life) = self.findings.get(&finding.id) {
                finding.status = life.status;
                finding.first_seen.clone_from(&life.first_seen);
                finding.last_seen.clone_from(&life.last_seen);
            }
        }
    }
}

/// Status and dates of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingLife {
    /// Against the earlier runs.
    pub status: FindingStatus,
    /// As-of date of the first run that saw it, `YYYY-MM-DD`.
    pub first_seen: String,
    /// As-of date of this run.
    pub last_seen: String,
}

/// Where a run looked, by system and check. A check that was not assessed, is planned or failed did not look.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looks(BTreeMap<(String, String), Vec<CoveragePart>>);

impl Looks {
    pub(crate) fn of(coverage: &[CheckCoverage]) -> Self {
        let mut looks = Self::default();
        for line in coverage {
            looks.add(&line.system.0, &line.check, line.state, line.parts.clone());
        }
        looks
    }

    pub(crate) fn add(&mut self, system: &str, check: &str, state: CheckState, parts: Vec<CoveragePart>) {
        if matches!(state, CheckState::Found | CheckState::Passed) {
            self.0.insert((system.to_owned(), check.to_owned()), parts);
        }
    }

    /// Whether the run looked where the finding would be: with its check at its system, at its side of the check's
    /// question and on its device or host, where the check tells these apart.
    pub(crate) fn covers(&self, what: &What) -> bool {
        let parts = self.0.get(&(what.system.clone(), what.check.clone()));
        parts.is_some_and(|parts| {
            parts.iter().any(|part| part.covers(what.aspect.as_deref(), what.asset.as_deref()) && part.looked_at > 0)
        })
    }
}

/// What stays the same of a finding whichever run sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct What {
    pub(crate) system: String,
    pub(crate) check: String,
    pub(crate) aspect: Option<String>,
    pub(crate) asset: Option<String>,
}

/// One finding as one earlier run saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) what: What,
    pub(crate) title: String,
    pub(crate) severity: Severity,
}

/// Earlier runs, folded one by one in order of as-of date and recording.
#[derive(Default)]
pub(crate) struct Memory(BTreeMap<String, Remembered>);

struct Remembered {
    what: What,
    open: bool,
    title: String,
    severity: Severity,
    first_seen: String,
    last_seen: String,
}

impl Memory {
    /// Adds the next run.
    pub(crate) fn run(&mut self, as_of: &str, looks: &Looks, seen: Vec<Seen>) {
        // Whatever this run looked for is gone unless the next loop sees it.
        for known in self.0.values_mut().filter(|known| looks.covers(&known.what)) {
            known.open = false;
        }
        let mut done = BTreeSet::new();
        for finding in seen {
            // A run lists a fingerprint once, most severe first; should it come twice, the first stands.
            if !done.insert(finding.id.clone()) {
                continue;
            }
            let first_seen = self.0.get(&finding.id).map_or_else(|| as_of.to_owned(), |known| known.first_seen.clone());
            let Seen { id, what, title, severity } = finding;
            let last_seen = as_of.to_owned();
            self.0.insert(id, Remembered { what, open: true, title, severity, first_seen, last_seen });
        }
    }

    /// How a run that looked at `looks` and saw `findings` stands against the runs added so far.
    pub(crate) fn judge(&self, as_of: &str, looks: &Looks, findings: &[FindingRecord]) -> Lifecycle {
        let life = |finding: &FindingRecord| {
            let (status, first_seen) = match self.0.get(&finding.id) {
                None => (FindingStatus::New, as_of),
                Some(known) if known.open => (FindingStatus::Persisting, known.first_seen.as_str()),
                Some(known) => (FindingStatus::Returned, known.first_seen.as_str()),
            };
            FindingLife { status, first_seen: first_seen.to_owned(), last_seen: as_of.to_owned() }
        };
        let findings: BTreeMap<_, _> = findings.iter().map(|finding| (finding.id.clone(), life(finding))).collect();
        let gone = |(id, known): &(&String, &Remembered)| {
            known.open && looks.covers(&known.what) && !findings.contains_key(id.as_str())
        };
        let mut resolved: Vec<_> = self.0.iter().filter(gone).map(|(id, known)| known.resolved(id)).collect();
        resolved.sort_by(|a, b| {
            let key = |f: &ResolvedFinding| (f.system.clone(), f.check.clone(), f.title.clone(), f.id.clone());
            b.severity.cmp(&a.severity).then_with(|| key(a).cmp(&key(b)))
        });
        Lifecycle { findings, resolved }
    }
}

impl Remembered {
    fn resolved(&self, id: &str) -> ResolvedFinding {
        ResolvedFinding {
            id: id.to_owned(),
            check: self.what.check.clone(),
            system: SystemId(self.what.system.clone()),
            title: self.title.clone(),
            severity: self.severity,
            first_seen: self.first_seen.clone(),
            last_seen: self.last_seen.clone(),
        }
    }
}
