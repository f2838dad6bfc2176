//! What stands behind the findings: what was not tested, the evidence, the notes, the method, the record, the run.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_catalogue::{Item, Sufficiency, TextStatus};
use secdiag_model::result::{AttestationResult, CheckCoverage, ItemResult};
use secdiag_model::{Artefact, CheckState, ItemId, NoteKind, Outcome, Recognition, Severity, SystemId};

use crate::format;
use crate::items::item_anchor;
use crate::labels::{Labels, counted, fill};
use crate::mark::{Mark, OUTCOMES, decided, rank};
use crate::summary::{any_of, missing};
use crate::view::{Cx, section};

/// Readable files listed here; the full list is `coverage.json`.
const READ_FILES: usize = 20_000;
/// Files that nothing reads listed here.
const UNREAD_FILES: usize = 200;

/// Items without a verdict, and statements.
pub(crate) struct Untested {
    pub(crate) items: Vec<UntestedItem>,
    pub(crate) planned: Vec<PlannedRow>,
    pub(crate) attestations: Vec<AttestationRow>,
    pub(crate) not_applicable: Vec<NotApplicable>,
}

/// One item without a verdict, for the systems that share the reason.
pub(crate) struct UntestedItem {
    pub(crate) anchor: String,
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) systems: String,
    pub(crate) outcome: Mark,
    pub(crate) why: String,
    pub(crate) needs: Vec<Need>,
}

/// Evidence that is missing.
#[derive(Clone, PartialEq)]
pub(crate) struct Need {
    pub(crate) what: String,
    pub(crate) why: String,
}

/// A check that does not exist yet.
pub(crate) struct PlannedRow {
    pub(crate) check: String,
    pub(crate) asks: Option<String>,
    pub(crate) items: Vec<(String, String)>,
}

/// A statement asked for.
pub(crate) struct AttestationRow {
    pub(crate) item: String,
    pub(crate) systems: String,
    pub(crate) text: String,
    pub(crate) by: Option<String>,
}

/// An item that does not apply.
pub(crate) struct NotApplicable {
    pub(crate) item: String,
    pub(crate) title: String,
    pub(crate) system: String,
    pub(crate) why: String,
    pub(crate) by: Option<String>,
}

impl Untested {
    pub(crate) fn new(cx: &Cx<'_>) -> Self {
        Self {
            items: untested_items(cx),
            planned: planned(cx),
            attestations: attestations(cx),
            not_applicable: not_applicable(cx),
        }
    }

    /// Whether every item has a verdict.
    pub(crate) fn none(&self) -> bool {
        self.items.is_empty()
    }
}

fn untested_items(cx: &Cx<'_>) -> Vec<UntestedItem> {
    let open = |item: &&ItemResult| !decided(item.outcome) && item.outcome != Outcome::NotApplicable;
    let mut items: Vec<_> = cx.result.items.iter().filter(open).map(|item| (item, needs(cx, item))).collect();
    items.sort_by(|(a, _), (b, _)| (&a.item, rank(a.outcome), &a.system).cmp(&(&b.item, rank(b.outcome), &b.system)));
    // Systems with the same reason share a row.
    let same = |a: &ItemResult, b: &ItemResult| a.item == b.item && a.outcome == b.outcome && a.why == b.why;
    let rows = items.chunk_by(|(a, a_needs), (b, b_needs)| same(a, b) && a_needs == b_needs);
    let row = |these: &[(&ItemResult, Vec<Need>)]| {
        let (item, needs) = &these[0];
        UntestedItem {
            anchor: item_anchor(&item.item),
            id: format::visible(&item.item.0),
            title: format::visible(item.title.get(cx.lang)),
            systems: cx.names(these.iter().map(|(item, _)| &item.system)),
            outcome: Mark::outcome(item.outcome, cx.lang),
            why: format::visible(item.why.get(cx.lang)),
            needs: needs.clone(),
        }
    };
    rows.map(row).collect()
}

fn needs(cx: &Cx<'_>, item: &ItemResult) -> Vec<Need> {
    let missing = item.evidence.iter().filter(|need| missing(need));
    missing.map(|need| Need { what: any_of(cx, &need.any_of), why: format::visible(need.why.get(cx.lang)) }).collect()
}

fn planned(cx: &Cx<'_>) -> Vec<PlannedRow> {
    let mut rows: BTreeMap<&str, BTreeSet<&ItemId>> = BTreeMap::new();
    for item in &cx.result.items {
        for check in item.checks.iter().filter(|check| check.state == CheckState::Planned) {
            rows.entry(&check.check).or_default().insert(&item.item);
        }
    }
    let asks = |check: &str, items: &BTreeSet<&ItemId>| {
        let planned = items.iter().filter_map(|id| cx.catalogue.item(id)).flat_map(|item| &item.planned);
        planned.into_iter().find(|planned| planned.check == check).map(|planned| planned.asks.get(cx.lang).to_owned())
    };
    let row = |(check, items): (&str, BTreeSet<&ItemId>)| PlannedRow {
        check: format::visible(check),
        asks: asks(check, &items),
        items: items.iter().map(|id| (item_anchor(id), format::visible(&id.0))).collect(),
    };
    rows.into_iter().map(row).collect()
}

fn attestations(cx: &Cx<'_>) -> Vec<AttestationRow> {
    let mut rows = Vec::new();
    for item in &cx.result.items {
        rows.extend(item.attestations.iter().map(|attestation| (&item.item, attestation, &item.system)));
    }
    rows.sort_by_key(|(item, attestation, system)| (*item, &attestation.id, &attestation.by, *system));
    let row = |these: &[(&ItemId, &AttestationResult, &SystemId)]| AttestationRow {
        item: format::visible(&these[0].0.0),
        systems: cx.names(these.iter().map(|(.., system)| *system)),
        text: format::visible(these[0].1.text.get(cx.lang)),
        by: these[0].1.by.as_deref().map(format::visible),
    };
    rows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).map(row).collect()
}

fn not_applicable(cx: &Cx<'_>) -> Vec<NotApplicable> {
    let items = cx.result.items.iter().filter(|item| item.outcome == Outcome::NotApplicable);
    items
        .map(|item| NotApplicable {
            item: format::visible(&item.item.0),
            title: format::visible(item.title.get(cx.lang)),
            system: cx.system(&item.system),
            why: format::visible(item.why.get(cx.lang)),
            by: item.attestations.iter().find_map(|attestation| attestation.by.as_deref()).map(format::visible),
        })
        .collect()
}

/// All files.
pub(crate) struct EvidenceList {
    pub(crate) states: Vec<(&'static str, String)>,
    pub(crate) read: Vec<FileRow>,
    pub(crate) read_more: Option<String>,
    pub(crate) broken: Vec<FileRow>,
    pub(crate) broken_more: Option<String>,
    pub(crate) unread_formats: Vec<UnreadFormat>,
    pub(crate) unread: Vec<FileRow>,
    pub(crate) unread_more: Option<String>,
}

/// One file or member.
pub(crate) struct FileRow {
    pub(crate) index: usize,
    pub(crate) path: String,
    pub(crate) sha256: (String, String),
    pub(crate) size: String,
    pub(crate) format: String,
    pub(crate) kind: String,
    pub(crate) systems: String,
    pub(crate) reason: Option<String>,
}

/// Files of one format that nothing reads.
pub(crate) struct UnreadFormat {
    pub(crate) format: String,
    pub(crate) files: String,
    pub(crate) size: String,
    pub(crate) reason: String,
}

impl EvidenceList {
    pub(crate) fn new(cx: &Cx<'_>) -> Self {
        let (mut read, mut broken, mut unread) = (Vec::new(), Vec::new(), Vec::new());
        let (mut recognised, mut containers) = (0, 0);
        for (index, artefact) in cx.result.coverage.evidence.iter().enumerate() {
            match artefact.recognition {
                Recognition::Recognised { .. } => {
                    recognised += 1;
                    read.push((index, artefact));
                }
                Recognition::Assessment => read.push((index, artefact)),
                Recognition::Container { .. } => {
                    containers += 1;
                    read.push((index, artefact));
                }
                Recognition::Broken { .. } => broken.push((index, artefact)),
                Recognition::Unsupported { .. } => unread.push((index, artefact)),
            }
        }
        let l = cx.l;
        Self {
            states: [
                (l.recognised, recognised),
                (l.container, containers),
                (l.broken, broken.len()),
                (l.unsupported, unread.len()),
            ]
            .map(|(word, n)| (word, format::number(format::len(n))))
            .into(),
            unread_formats: unread_formats(cx, &unread),
            read_more: more_files(l, read.len(), READ_FILES),
            broken_more: more_files(l, broken.len(), READ_FILES),
            unread_more: more_files(l, unread.len(), UNREAD_FILES),
            read: file_rows(cx, &read, READ_FILES),
            broken: file_rows(cx, &broken, READ_FILES),
            unread: file_rows(cx, &unread, UNREAD_FILES),
        }
    }

    /// Whether nothing was given.
    pub(crate) fn none(&self) -> bool {
        self.read.is_empty() && self.broken.is_empty() && self.unread.is_empty()
    }
}

fn file_rows(cx: &Cx<'_>, files: &[(usize, &Artefact)], cap: usize) -> Vec<FileRow> {
    files.iter().take(cap).map(|(index, artefact)| file_row(cx, *index, artefact)).collect()
}

fn file_row(cx: &Cx<'_>, index: usize, artefact: &Artefact) -> FileRow {
    let l = cx.l;
    let (format, kind, reason) = match &artefact.recognition {
        Recognition::Recognised { format, kind } => (format.clone(), Labels::evidence_kind(kind.code(), cx.lang), None),
        Recognition::Container { format, members } => {
            (format.clone(), counted(*members, l.members_one, l.members), None)
        }
        Recognition::Assessment => (String::new(), l.assessment_file.to_owned(), None),
        Recognition::Unsupported { format, reason, close } => {
            let close = if close.is_empty() {
                String::new()
            } else {
                format!("{}{} {}{}", l.open, l.nearly, close.join(l.comma), l.close)
            };
            (format.clone().unwrap_or_default(), String::new(), Some(format!("{reason}{close}")))
        }
        Recognition::Broken { reason } => (String::new(), String::new(), Some(reason.clone())),
    };
    let sha256 = artefact.sha256.to_string();
    let (first, second) = sha256.split_at(32);
    FileRow {
        index,
        path: format::visible(&artefact.display_path()),
        sha256: (first.to_owned(), second.to_owned()),
        size: format::bytes(artefact.size),
        format: format::visible(&format),
        kind,
        systems: cx.names(artefact.binding.systems.iter()),
        reason: reason.map(|reason| format::visible(&reason)),
    }
}

fn unread_formats(cx: &Cx<'_>, files: &[(usize, &Artefact)]) -> Vec<UnreadFormat> {
    let mut formats: BTreeMap<Option<&str>, (usize, u64, &str)> = BTreeMap::new();
    for (_, artefact) in files {
        if let Recognition::Unsupported { format, reason, .. } = &artefact.recognition {
            let entry = formats.entry(format.as_deref()).or_insert((0, 0, reason));
            entry.0 += 1;
            entry.1 = entry.1.saturating_add(artefact.size);
        }
    }
    let mut formats: Vec<_> = formats.into_iter().collect();
    formats.sort_by_key(|(format, (n, ..))| (std::cmp::Reverse(*n), *format));
    let row = |(format, (n, size, reason)): (Option<&str>, (usize, u64, &str))| UnreadFormat {
        format: format.map_or_else(|| cx.l.format_unknown.to_owned(), format::visible),
        files: format::number(format::len(n)),
        size: format::bytes(size),
        reason: format::visible(reason),
    };
    formats.into_iter().map(row).collect()
}

fn more_files(l: &Labels, n: usize, cap: usize) -> Option<String> {
    (n > cap).then(|| counted(format::len(n - cap), l.capped_one, l.capped))
}

/// Notes with one reason.
pub(crate) struct NoteGroup {
    pub(crate) kind: &'static str,
    pub(crate) reason: String,
    pub(crate) slug: String,
    pub(crate) occurrences: String,
    pub(crate) files: String,
    pub(crate) path: String,
    pub(crate) place: Option<String>,
    pub(crate) text: String,
}

impl NoteGroup {
    pub(crate) fn all(cx: &Cx<'_>) -> Vec<Self> {
        struct Sum<'a> {
            occurrences: u64,
            files: BTreeSet<(&'a str, Option<&'a str>)>,
            first: &'a secdiag_model::Note,
        }
        let mut groups: BTreeMap<(NoteKind, &str), Sum<'_>> = BTreeMap::new();
        for note in &cx.result.notes {
            let group = groups.entry((note.kind, &note.reason)).or_insert(Sum {
                occurrences: 0,
                files: BTreeSet::new(),
                first: note,
            });
            group.occurrences = group.occurrences.saturating_add(note.count);
            if !note.path.is_empty() {
                group.files.insert((&note.path, note.member.as_deref()));
            }
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|((kind, reason), sum)| (*kind, std::cmp::Reverse(sum.occurrences), *reason));
        let row = |((kind, reason), sum): ((NoteKind, &str), Sum<'_>)| {
            let note = sum.first;
            let path = note.member.as_ref().map_or_else(|| note.path.clone(), |m| format!("{}!/{m}", note.path));
            Self {
                kind: Labels::note_kind(kind, cx.lang),
                reason: format::visible(cx.catalogue.words().note(reason, cx.lang)),
                slug: format::visible(reason),
                occurrences: format::number(sum.occurrences),
                files: format::number(format::len(sum.files.len())),
                path: if path.is_empty() { cx.l.whole_run.to_owned() } else { format::visible(&path) },
                place: note.place.as_deref().map(format::visible),
                text: format::visible(&note.text),
            }
        };
        groups.into_iter().map(row).collect()
    }
}

/// What the verdicts rest on.
pub(crate) struct Method {
    pub(crate) regime: String,
    pub(crate) sources: Vec<String>,
    pub(crate) thresholds: String,
    pub(crate) wording: Option<String>,
    pub(crate) sufficiency: Vec<(String, String)>,
    pub(crate) severities: Vec<(Mark, &'static str)>,
    pub(crate) outcomes: Vec<(Mark, &'static str)>,
    pub(crate) limits: Vec<&'static str>,
    pub(crate) elements: Vec<(&'static str, String)>,
}

impl Method {
    pub(crate) fn new(cx: &Cx<'_>) -> Self {
        let (run, l) = (&cx.result.run, cx.l);
        let regime = cx.catalogue.regime(&run.regime);
        let ids: BTreeSet<_> = cx.result.items.iter().map(|item| &item.item).collect();
        let items: Vec<&Item> = ids.into_iter().filter_map(|id| cx.catalogue.item(id)).collect();
        let thresholds = cx.catalogue.threshold_set(&run.thresholds).map(|set| {
            format!("{}{}{}{}{}{}", set.title.get(cx.lang), l.open, set.publisher, l.comma, set.version, l.close)
        });
        Self {
            regime: regime.map_or_else(|| format::visible(&run.regime), |regime| regime.title.get(cx.lang).to_owned()),
            sources: regime.map(|regime| regime.source.clone()).unwrap_or_default(),
            thresholds: thresholds.unwrap_or_else(|| format::visible(&run.thresholds)),
            wording: (!items.is_empty()).then(|| wording(l, &items)),
            sufficiency: sufficiency(cx, &items),
            severities: Severity::DESCENDING
                .map(|severity| (Mark::severity(severity, cx.lang), severity_means(l, severity)))
                .into(),
            outcomes: OUTCOMES.map(|outcome| (Mark::outcome(outcome, cx.lang), outcome_means(l, outcome))).into(),
            limits: vec![l.limit_given, l.limit_pass, l.limit_masked, l.limit_history],
            elements: elements(cx),
        }
    }
}

fn wording(l: &Labels, items: &[&Item]) -> String {
    let n = |status| format::number(format::len(items.iter().filter(|item| item.text_status == status).count()));
    let (verified, inferred, memory) = (n(TextStatus::Verified), n(TextStatus::Inferred), n(TextStatus::Memory));
    fill(l.wording_text, &[("verified", &verified), ("inferred", &inferred), ("memory", &memory)])
}

/// Each rule with the items that use it.
fn sufficiency(cx: &Cx<'_>, items: &[&Item]) -> Vec<(String, String)> {
    let mut rules: BTreeMap<String, BTreeSet<&ItemId>> = BTreeMap::new();
    for item in items {
        for need in &item.evidence {
            for rule in need.any_of.iter().filter_map(|kind| need.rule(*kind)) {
                rules.entry(rule_text(cx.l, rule)).or_default().insert(&item.id);
            }
        }
    }
    let names = |items: BTreeSet<&ItemId>| items.iter().map(ToString::to_string).collect::<Vec<_>>().join(cx.l.comma);
    rules.into_iter().map(|(rule, items)| (rule, names(items))).collect()
}

fn rule_text(l: &Labels, rule: &Sufficiency) -> String {
    let n = |n: &u32| format::number(u64::from(*n));
    match rule {
        Sufficiency::Capture { hours, max_gap_minutes, max_drop_percent } => {
            fill(l.suff_capture, &[("hours", &n(hours)), ("gap", &n(max_gap_minutes)), ("drop", &n(max_drop_percent))])
        }
        Sufficiency::SpanOrSize { days, megabytes } => fill(l.suff_span, &[("days", &n(days)), ("mb", &n(megabytes))]),
        Sufficiency::Sample { percent, count } => {
            fill(l.suff_sample, &[("percent", &n(percent)), ("count", &n(count))])
        }
        Sufficiency::EveryUnit => l.suff_every.to_owned(),
        Sufficiency::Fresh { days } => fill(l.suff_fresh, &[("days", &n(days))]),
    }
}

fn severity_means(l: &Labels, severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => l.sev_critical_means,
        Severity::High => l.sev_high_means,
        Severity::Medium => l.sev_medium_means,
        Severity::Low => l.sev_low_means,
        Severity::Info => l.sev_info_means,
    }
}

fn outcome_means(l: &Labels, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => l.out_pass_means,
        Outcome::Fail => l.out_fail_means,
        Outcome::Observation => l.out_observation_means,
        Outcome::NotApplicable => l.out_na_means,
        Outcome::InsufficientEvidence => l.out_insufficient_means,
        Outcome::NotTested => l.out_not_tested_means,
        Outcome::Error => l.out_error_means,
    }
}

/// What the operating principles ask of every report (insurance text, clause 捌), and where it is.
fn elements(cx: &Cx<'_>) -> Vec<(&'static str, String)> {
    let l = cx.l;
    let of = |n: &str| fill(l.section_n, &[("n", n)]);
    let two = |a: &str, b: &str| fill(l.sections_2, &[("a", a), ("b", b)]);
    let findings = of(section::FINDINGS);
    let drills: BTreeSet<_> = cx
        .result
        .items
        .iter()
        .filter(|item| item.evidence.iter().any(|need| need.any_of.iter().any(|kind| kind == "PHISH")))
        .map(|item| item.item.to_string())
        .collect();
    let drills: Vec<_> = drills.into_iter().collect();
    let drill = if drills.is_empty() {
        l.el_drill_not_in.to_owned()
    } else {
        fill(l.el_drill_items, &[("items", &drills.join(l.comma)), ("section", section::ITEMS)])
    };
    vec![
        (l.el_assessors, l.el_assessors_where.to_owned()),
        (l.el_scope, fill(l.el_scope_where, &[("identity", section::IDENTITY), ("evidence", section::EVIDENCE)])),
        (l.el_work, two(section::ITEMS, section::UNTESTED)),
        (l.el_records, two(section::EVIDENCE, section::RECORD)),
        (l.el_deficiencies, findings.clone()),
        (l.el_severity, findings.clone()),
        (l.el_class, fill(l.el_class_where, &[("findings", section::FINDINGS)])),
        (l.el_risk, findings.clone()),
        (l.el_advice, findings),
        (l.el_drill, drill),
    ]
}

/// What was looked at, item by item and check by check.
pub(crate) struct Record {
    pub(crate) items: Vec<RecordItem>,
    pub(crate) checks: Vec<RecordCheck>,
    pub(crate) idle: Option<String>,
}

/// The checks and the evidence of one item for one system.
pub(crate) struct RecordItem {
    pub(crate) id: String,
    pub(crate) rev: u32,
    pub(crate) title: String,
    pub(crate) system: String,
    pub(crate) outcome: Mark,
    pub(crate) checks: Vec<RecordedCheck>,
    pub(crate) needs: Vec<RecordedNeed>,
}

/// A check as it counts for an item.
pub(crate) struct RecordedCheck {
    pub(crate) check: String,
    pub(crate) mark: Mark,
    pub(crate) looked_at: Option<Looked>,
}

/// What a check counted.
pub(crate) struct Looked {
    pub(crate) count: String,
    /// In the report's language, or else as the check says it, in English.
    pub(crate) what: String,
    pub(crate) foreign: bool,
}

/// An evidence need and whether it is met.
pub(crate) struct RecordedNeed {
    pub(crate) mark: Mark,
    pub(crate) what: String,
    pub(crate) optional: bool,
    pub(crate) why: String,
}

/// What one check did for one system.
pub(crate) struct RecordCheck {
    pub(crate) check: String,
    pub(crate) system: String,
    pub(crate) mark: Mark,
    pub(crate) looked_at: Option<Looked>,
    pub(crate) findings: String,
}

impl Record {
    pub(crate) fn new(cx: &Cx<'_>) -> Self {
        let said = |check: &&CheckCoverage| !matches!(check.state, CheckState::NotAssessed | CheckState::Planned);
        let checks = &cx.result.coverage.checks;
        let idle = checks.iter().filter(|check| !said(check)).count();
        Self {
            items: cx.result.items.iter().map(|item| record_item(cx, item)).collect(),
            checks: checks.iter().filter(said).map(|check| record_check(cx, check)).collect(),
            idle: (idle > 0).then(|| fill(cx.l.other_checks, &[("n", &format::number(format::len(idle)))])),
        }
    }
}

fn record_item(cx: &Cx<'_>, item: &ItemResult) -> RecordItem {
    RecordItem {
        id: format::visible(&item.item.0),
        rev: item.rev,
        title: format::visible(item.title.get(cx.lang)),
        system: cx.system(&item.system),
        outcome: Mark::outcome(item.outcome, cx.lang),
        checks: item
            .checks
            .iter()
            .map(|check| RecordedCheck {
                check: format::visible(&check.check),
                mark: Mark::check(check.state, cx.lang),
                looked_at: looked_at(cx, check.looked_at, &check.what),
            })
            .collect(),
        needs: item
            .evidence
            .iter()
            .map(|need| {
                let met = if need.sufficient { Outcome::Pass } else { Outcome::InsufficientEvidence };
                RecordedNeed {
                    mark: Mark::outcome(met, cx.lang),
                    what: any_of(cx, &need.any_of),
                    optional: need.optional,
                    why: format::visible(need.why.get(cx.lang)),
                }
            })
            .collect(),
    }
}

fn record_check(cx: &Cx<'_>, check: &CheckCoverage) -> RecordCheck {
    RecordCheck {
        check: format::visible(&check.check),
        system: cx.system(&check.system),
        mark: Mark::check(check.state, cx.lang),
        looked_at: looked_at(cx, check.looked_at, &check.what),
        findings: format::number(check.findings),
    }
}

fn looked_at(cx: &Cx<'_>, count: u64, what: &str) -> Option<Looked> {
    (count > 0).then(|| Looked {
        count: format::number(count),
        what: format::visible(cx.catalogue.words().counted(what, cx.lang)),
        foreign: cx.lang == secdiag_model::Lang::ZhTw && !cx.catalogue.words().counted.contains_key(what),
    })
}

/// What the run was.
pub(crate) struct Identity {
    pub(crate) catalogue: String,
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) systems: Vec<SystemRow>,
    pub(crate) intel: Vec<IntelRow>,
}

/// A system of the assessment.
pub(crate) struct SystemRow {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) category: Option<String>,
    pub(crate) population: Vec<(String, String)>,
}

/// An indicator list.
pub(crate) struct IntelRow {
    pub(crate) name: String,
    pub(crate) date: Option<String>,
    pub(crate) indicators: String,
    pub(crate) skipped: String,
    pub(crate) doubtful: String,
    pub(crate) hits: String,
    pub(crate) sha256: String,
}

impl Identity {
    pub(crate) fn new(cx: &Cx<'_>) -> Self {
        let (run, l) = (&cx.result.run, cx.l);
        let files: u64 = run.files.values().fold(0, |sum, n| sum.saturating_add(*n));
        Self {
            catalogue: run.catalogue.to_string(),
            facts: vec![
                (l.run_id, format::visible(&run.run)),
                (l.seal, run.seal.to_string()),
                (l.evidence_digest, run.evidence.to_string()),
                (l.catalogue, run.catalogue.to_string()),
                (l.engine, format!("secdiag {}", format::visible(&run.engine))),
                (l.as_of, format::date(&run.as_of, cx.lang)),
                (l.regime, format::visible(&run.regime)),
                (l.threshold_set, format::visible(&run.thresholds)),
                (l.files_given, format::number(files)),
                (l.bytes_given, format::bytes(run.bytes)),
                (l.not_understood, format::number(run.not_understood)),
                (l.schema, run.schema.to_string()),
            ],
            systems: run
                .systems
                .iter()
                .map(|system| SystemRow {
                    name: cx.system(&system.id),
                    id: format::visible(&system.id.0),
                    category: cx.category(&system.id),
                    population: system
                        .population
                        .iter()
                        .map(|(kind, n)| (Labels::evidence_kind(kind, cx.lang), format::number(*n)))
                        .collect(),
                })
                .collect(),
            intel: run
                .intel
                .iter()
                .map(|list| IntelRow {
                    name: format::visible(&list.name),
                    date: (!list.date.is_empty()).then(|| format::visible(&list.date)),
                    indicators: format::number(list.indicators),
                    skipped: format::number(list.skipped),
                    doubtful: format::number(list.doubtful),
                    hits: format::number(list.hits),
                    sha256: list.sha256.to_string(),
                })
                .collect(),
        }
    }
}
