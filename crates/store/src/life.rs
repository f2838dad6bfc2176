//! The life of a finding over runs: a pure function of what earlier runs saw and where they looked.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::result::{CheckCoverage, CoveragePart, FindingStatus, ResolvedFinding, RunResult};
use secdiag_model::{CheckState, Severity, Sha256, SystemId};

use crate::device::Names;

/// How a run's findings stand against the earlier runs of the same firm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// By fingerprint, one entry for each finding given.
    pub findings: BTreeMap<String, FindingLife>,
    /// Open before, looked for again and not seen; most severe first, then by system, check, title and id.
    pub resolved: Vec<ResolvedFinding>,
}

impl Lifecycle {
    /// Writes ids, status and dates into a run's findings, and what was resolved into the run.
    pub fn apply(self, result: &mut RunResult) {
        for finding in &mut result.findings {
            if let Some(life) = self.findings.get(&finding.id) {
                finding.id.clone_from(&life.id);
                finding.status = life.status;
                finding.first_seen.clone_from(&life.first_seen);
                finding.last_seen.clone_from(&life.last_seen);
            }
        }
        for id in result.items.iter_mut().flat_map(|item| &mut item.finding_ids) {
            if let Some(life) = self.findings.get(id) {
                id.clone_from(&life.id);
            }
        }
        result.run.resolved = self.resolved;
    }
}

/// Id, status and dates of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingLife {
    /// The id that it has had since it was first recorded; else its fingerprint.
    pub id: String,
    /// Against the earlier runs.
    pub status: FindingStatus,
    /// As-of date of the first run that saw it, `YYYY-MM-DD`.
    pub first_seen: String,
    /// As-of date of this run.
    pub last_seen: String,
}

/// A device as a run names it, and which one that is, where the register of devices says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
}

/// Where a run looked, by system and check. A check that was not assessed, is planned or failed did not look.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looks(BTreeMap<(String, String), Vec<Part>>);

/// One side of a check's question, and the devices looked at.
#[derive(Clone, Debug)]
struct Part {
    side: CoveragePart,
    /// Those that the register knows, by id.
    known: BTreeSet<String>,
    /// The others, by name.
    unknown: BTreeSet<String>,
}

impl Part {
    fn new(side: CoveragePart, system: &str, names: &Names<'_>) -> Self {
        let (mut known, mut unknown) = (BTreeSet::new(), BTreeSet::new());
        for name in &side.assets {
            match names.device(system, name).id {
                Some(id) => known.insert(id),
                None => unknown.insert(name.clone()),
            };
        }
        Self { side, known, unknown }
    }

    /// Where one of two names is not in the register, only the same name is the same device.
    fn has(&self, device: &Device) -> bool {
        match &device.id {
            Some(id) => self.known.contains(id) || self.unknown.contains(&device.name),
            None => self.side.assets.contains(&device.name),
        }
    }

    fn covers(&self, what: &What) -> bool {
        let all = self.side.assets.is_empty();
        self.side.looked_at > 0
            && self.side.is_side(what.aspect.as_deref())
            && (all || what.asset.as_ref().is_none_or(|device| self.has(device)))
    }
}

impl Looks {
    pub(crate) fn of(coverage: &[CheckCoverage], names: &Names<'_>) -> Self {
        let mut looks = Self::default();
        for line in coverage {
            looks.add(&line.system.0, &line.check, line.state, line.parts.clone(), names);
        }
        looks
    }

    pub(crate) fn add(
        &mut self,
        system: &str,
        check: &str,
        state: CheckState,
        parts: Vec<CoveragePart>,
        names: &Names<'_>,
    ) {
        if matches!(state, CheckState::Found | CheckState::Passed) {
            let parts = parts.into_iter().map(|part| Part::new(part, system, names)).collect();
            self.0.insert((system.to_owned(), check.to_owned()), parts);
        }
    }

    /// Whether the run looked where the finding would be: with its check at its system, at its side of the check's
    /// question and on its device or host, where the check tells these apart.
    pub(crate) fn covers(&self, what: &What) -> bool {
        let parts = self.0.get(&(what.system.clone(), what.check.clone()));
        parts.is_some_and(|parts| parts.iter().any(|part| part.covers(what)))
    }
}

/// What stays the same of a finding whichever run sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct What {
    pub(crate) system: String,
    pub(crate) check: String,
    pub(crate) aspect: Option<String>,
    pub(crate) asset: Option<Device>,
}

/// What tells a finding again: its id or fingerprint, and what it is by the register of devices, where that knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) id: String,
    pub(crate) device: Option<String>,
}

impl Identity {
    /// The register decides where it knows both; else they are the same by id.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.device, &other.device) {
            (Some(one), Some(other)) => one == other,
            _ => self.id == other.id,
        }
    }
}

/// One finding as one run saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) identity: Identity,
    pub(crate) what: What,
    pub(crate) title: String,
    pub(crate) severity: Severity,
}

/// Earlier runs, folded one by one in order of as-of date and recording.
#[derive(Default)]
pub(crate) struct Memory(BTreeMap<String, Remembered>);

struct Remembered {
    identity: Identity,
    what: What,
    open: bool,
    title: String,
    severity: Severity,
    first_seen: String,
    last_seen: String,
    /// The first run that was recorded with this id.
    sequence: i64,
}

impl Memory {
    /// Adds the next run.
    pub(crate) fn run(&mut self, as_of: &str, sequence: i64, looks: &Looks, seen: Vec<Seen>) {
        let seen = once(seen);
        let names = self.recognise(sequence, &seen);
        // Whatever this run looked for is gone unless the next loop sees it.
        for known in self.0.values_mut().filter(|known| looks.covers(&known.what)) {
            known.open = false;
        }
        for (finding, Recognised { id, known }) in seen.into_iter().zip(names) {
            let before = known.and_then(|known| self.0.remove(&known));
            let first_seen = before.as_ref().map_or_else(|| as_of.to_owned(), |known| known.first_seen.clone());
            let sequence = before.as_ref().map_or(sequence, |known| known.sequence.min(sequence));
            let Seen { mut identity, what, title, severity } = finding;
            // A name without an entry does not take away what is known.
            identity.device = identity.device.or_else(|| before.and_then(|known| known.identity.device));
            let last_seen = as_of.to_owned();
            let remembered =
                Remembered { identity, what, open: true, title, severity, first_seen, last_seen, sequence };
            self.0.insert(id, remembered);
        }
    }

    /// How a run that looked at `looks` and saw `findings` stands against the runs added so far.
    pub(crate) fn judge(&self, as_of: &str, sequence: i64, looks: &Looks, findings: Vec<Seen>) -> Lifecycle {
        let seen = once(findings);
        let mut lives = BTreeMap::new();
        let mut met = BTreeSet::new();
        for (finding, Recognised { id, known }) in seen.iter().zip(self.recognise(sequence, &seen)) {
            let (status, first_seen) = match known.as_ref().and_then(|known| self.0.get(known)) {
                None => (FindingStatus::New, as_of),
                Some(known) if known.open => (FindingStatus::Persisting, known.first_seen.as_str()),
                Some(known) => (FindingStatus::Returned, known.first_seen.as_str()),
            };
            met.extend(known);
            let life = FindingLife { id, status, first_seen: first_seen.to_owned(), last_seen: as_of.to_owned() };
            lives.insert(finding.identity.id.clone(), life);
        }
        let present = Present::of(seen.iter().map(|finding| (finding.identity.clone(), finding.identity.id.clone())));
        let gone = |(id, known): &(&String, &Remembered)| {
            known.open && looks.covers(&known.what) && !met.contains(*id) && present.find(&known.identity).is_none()
        };
        let mut resolved: Vec<_> = self.0.iter().filter(gone).map(|(id, known)| known.resolved(id)).collect();
        resolved.sort_by(|a, b| {
            let key = |f: &ResolvedFinding| (f.system.clone(), f.check.clone(), f.title.clone(), f.id.clone());
            b.severity.cmp(&a.severity).then_with(|| key(a).cmp(&key(b)))
        });
        Lifecycle { findings: lives, resolved }
    }

    /// Which remembered finding each of a run's findings is, and its id from now on: the one that was recorded first.
    /// What is on the same device comes first, and among these what has the same id; each is recognised once.
    fn recognise(&self, sequence: i64, seen: &[Seen]) -> Vec<Recognised> {
        let mut on_device: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, known) in &self.0 {
            if let Some(device) = &known.identity.device {
                on_device.entry(device).or_default().push(id);
            }
        }
        for ids in on_device.values_mut() {
            ids.sort_by_key(|id| (self.sequence(id), *id));
        }
        let device = |identity: &Identity| identity.device.as_ref().and_then(|device| on_device.get(device.as_str()));
        let mut free: BTreeSet<&str> = self.0.keys().map(String::as_str).collect();
        let mut known: Vec<Option<&str>> = vec![None; seen.len()];
        for how in [How::DeviceAndId, How::Device, How::Id] {
            for (identity, known) in seen.iter().map(|finding| &finding.identity).zip(&mut known) {
                if known.is_some() {
                    continue;
                }
                let mut on_device = device(identity).into_iter().flatten().copied().filter(|id| free.contains(id));
                *known = match how {
                    How::DeviceAndId => on_device.find(|id| *id == identity.id),
                    How::Device => on_device.next(),
                    How::Id => self.by_id(identity).filter(|id| free.contains(id)),
                };
                known.map(|id| free.remove(id));
            }
        }
        let mut taken: BTreeSet<String> = self.0.keys().cloned().collect();
        let name = |(finding, known): (&Seen, Option<&str>)| {
            let Identity { id, device } = &finding.identity;
            let id = match known {
                Some(known) if self.sequence(known) <= sequence || taken.contains(id) => known.to_owned(),
                // The name is another device's by now, and so is the fingerprint made of it.
                _ => (0..u64::MAX).map(|n| numbered(id, device.as_deref(), n)).find(|id| !taken.contains(id))?,
            };
            taken.insert(id.clone());
            Some(Recognised { id, known: known.map(str::to_owned) })
        };
        seen.iter().zip(known).filter_map(name).collect()
    }

    fn sequence(&self, id: &str) -> i64 {
        self.0.get(id).map_or(i64::MAX, |known| known.sequence)
    }

    /// The remembered finding with this id, unless the register knows them to be on two devices.
    fn by_id(&self, identity: &Identity) -> Option<&str> {
        let (id, known) = self.0.get_key_value(&identity.id)?;
        let two = known.identity.device.is_some() && identity.device.is_some();
        (!two).then_some(id.as_str())
    }
}

/// How a finding is recognised, the surest first.
#[derive(Clone, Copy)]
enum How {
    DeviceAndId,
    Device,
    Id,
}

struct Recognised {
    /// Its id.
    id: String,
    /// The remembered finding that it is.
    known: Option<String>,
}

/// The first is the id itself.
fn numbered(id: &str, device: Option<&str>, n: u64) -> String {
    if n == 0 { id.to_owned() } else { Sha256::of(serde_json::json!([id, device, n]).to_string().as_bytes()).short() }
}

/// A run lists a fingerprint once, most severe first; should it come twice, the first stands.
fn once(mut seen: Vec<Seen>) -> Vec<Seen> {
    let mut done = BTreeSet::new();
    seen.retain(|finding| done.insert(finding.identity.id.clone()));
    seen
}

/// The findings of a run: what they are, and the ids under which they go.
#[derive(Default)]
pub(crate) struct Present {
    on_device: BTreeMap<String, String>,
    by_id: BTreeMap<String, (Identity, String)>,
}

impl Present {
    pub(crate) fn of(findings: impl IntoIterator<Item = (Identity, String)>) -> Self {
        let mut present = Self::default();
        for (identity, id) in findings {
            if let Some(device) = &identity.device {
                present.on_device.entry(device.clone()).or_insert_with(|| id.clone());
            }
            present.by_id.insert(identity.id.clone(), (identity, id));
        }
        present
    }

    /// The id under which a finding of earlier runs is there.
    pub(crate) fn find(&self, known: &Identity) -> Option<&str> {
        let on_device = known.device.as_ref().and_then(|device| self.on_device.get(device));
        let by_id = || self.by_id.get(&known.id).filter(|(present, _)| present.is(known)).map(|(_, id)| id);
        on_device.or_else(by_id).map(String::as_str)
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
