//! What readers put findings into: it counts, gives keys and ordinals, and merges where a format says so.

use std::collections::{BTreeMap, HashMap};

use crate::finding::{Expanded, ImportLog, ImportedFinding, Merged, Refused, Source};
use crate::{keys, severity};

/// A finding with the ids that its tool gave it, as (scheme, value).
pub(crate) type Given = (ImportedFinding, Vec<(String, String)>);

/// Takes the records of one file in their order.
#[derive(Default)]
pub(crate) struct Collector {
    pub(crate) log: ImportLog,
    findings: Vec<ImportedFinding>,
    pointer: String,
    by_content: HashMap<String, usize>,
}

impl Collector {
    /// The next record; whatever is said until the next call is about it.
    pub(crate) fn record(&mut self, pointer: impl Into<String>) {
        self.log.records += 1;
        self.pointer = pointer.into();
    }

    /// The record is this finding.
    pub(crate) fn keep(&mut self, finding: ImportedFinding, ids: Vec<(String, String)>) {
        self.keep_all(vec![(finding, ids)]);
    }

    /// The record is these findings; at least one.
    pub(crate) fn keep_all(&mut self, findings: Vec<Given>) {
        if findings.len() > 1 {
            self.log.expanded.push(Expanded { record: self.log.records, into: findings.len() as u64 });
        }
        for (part, (mut finding, ids)) in (0..).zip(findings) {
            finding.source = Source { record: self.log.records, pointer: self.pointer.clone(), part };
            finding.ordinal = self.findings.len() as u64;
            self.log.suppressed += u64::from(finding.suppressed.is_some());
            if !finding.tool.is_empty() {
                self.log.tools.insert(format!("{} {}", finding.tool, finding.tool_version).trim().to_owned());
            }
            keys::fill(&mut finding, &ids);
            self.findings.push(finding);
        }
    }

    /// The record is this finding, unless an earlier record has the same content: then it adds its addresses, ids and
    /// weaknesses to that one, as the format's own tool does.
    pub(crate) fn keep_or_merge(&mut self, finding: ImportedFinding, content: &[&str], reason: &str) {
        let content = keys::digest(content);
        if let Some(&at) = self.by_content.get(&content) {
            let earlier = &mut self.findings[at];
            earlier.endpoints.extend(finding.endpoints);
            earlier.cwes.extend(finding.cwes);
            earlier.ids.extend(finding.ids);
            earlier.references.extend(finding.references);
            let into = earlier.source.record;
            self.log.merged.push(Merged { record: self.log.records, into, reason: reason.to_owned() });
            return;
        }
        self.by_content.insert(content, self.findings.len());
        self.keep(finding, Vec::new());
    }

    /// The record says that all is well, or that nothing applies.
    pub(crate) fn pass(&mut self, reason: &str) {
        let tally = self.log.passed.entry(reason.to_owned()).or_default();
        tally.count += 1;
        if tally.count == 1 {
            tally.first = self.log.records;
        }
    }

    /// The record cannot be taken over.
    pub(crate) fn refuse(&mut self, reason: impl Into<String>) {
        let place = self.pointer.clone();
        self.log.refused.push(Refused { record: self.log.records, place, reason: reason.into() });
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.log.notes.contains(&text) {
            self.log.notes.push(text);
        }
    }

    pub(crate) fn finish(mut self) -> (Vec<ImportedFinding>, ImportLog) {
        let mut unknown: BTreeMap<(String, &str), u64> = BTreeMap::new();
        for finding in self.findings.iter().filter(|finding| !severity::is_known(&finding.severity.given)) {
            *unknown.entry((finding.severity.given.clone(), finding.severity.ours.word())).or_default() += 1;
        }
        for ((given, ours), count) in unknown {
            let given = if given.is_empty() { "no severity".to_owned() } else { format!("the severity `{given}`") };
            self.note(format!("{count} findings have {given}: judge them yourself, they are taken over as {ours}"));
        }
        self.log.kept = self.findings.len() as u64;
        (self.findings, self.log)
    }
}
