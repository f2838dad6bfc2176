//! Queries and checks, one system at a time; findings become records with the catalogue's words.

use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

use secdiag_inspect::{Facts, Inspection, JudgeCx, JudgeSink, Looked, Stop};
use secdiag_lake::{Lake, PartWriter, TableParts};
use secdiag_model::result::{CheckCoverage, CoveragePart, FindingRecord, FindingStatus, FindingTexts, SystemInfo};
use secdiag_model::{
    Artefact, CheckState, EvidenceSet, Finding, Indicator, Lang, Note, NoteKind, Record, Severity, Sha256, SystemId,
    Table,
};

use crate::parse::{Parsed, ParsedUnit, io, panic_text};
use crate::{EngineError, Phase, Request, Workplace};

/// What judging came to.
pub(crate) struct Judged {
    /// Most severe first, then by content.
    pub(crate) findings: Vec<FindingRecord>,
    /// Every check for every system, sorted.
    pub(crate) coverage: Vec<CheckCoverage>,
    pub(crate) notes: Vec<Note>,
    pub(crate) crashed: bool,
}

/// More proofs than this of one finding help nobody; the facts carry the full count.
const MAX_PROOFS: usize = 20;

/// Runs every inspection's queries and checks for every system.
pub(crate) fn judge(request: &Request<'_>, work: &Workplace<'_>, parsed: &Parsed) -> Result<Judged, EngineError> {
    let steps = request.scope.systems.len() * request.inspections.len();
    work.progress.phase(Phase::Judge, steps as u64, 0);
    let spill = work.lake.join("spill");
    std::fs::create_dir_all(&spill).map_err(io(&spill))?;
    let lake = Lake::new(work.threads, work.memory, &spill)?;
    let indicators = indicator_part(request, work)?;

    let mut judged = Judged { findings: Vec::new(), coverage: Vec::new(), notes: Vec::new(), crashed: false };
    for system in &request.scope.systems {
        let evidence = evidence_of(request.evidence, &system.id);
        let mine = |unit: &&ParsedUnit| unit.unit.artefacts.iter().any(|artefact| belongs(artefact, &system.id));
        let of_system: Vec<&ParsedUnit> = parsed.units.iter().filter(mine).collect();
        for inspection in request.inspections {
            if work.progress.cancelled() {
                return Err(EngineError::Cancelled);
            }
            let case = Case {
                request,
                system,
                evidence: &evidence,
                inspection: *inspection,
                units: units_of(parsed, *inspection, &system.id),
                of_system: of_system.clone(),
            };
            let crashed = crashed_checks(parsed, *inspection, &system.id);
            let rows = answer_queries(&case, &lake, &indicators, work)?;
            let heard = hear(&case, &rows, work)?;
            record(&case, heard, &crashed, &mut judged);
            work.progress.finished(inspection.meta().id);
        }
    }
    judged.findings.sort_by(|a, b| {
        let key = |finding: &FindingRecord| {
            (
                std::cmp::Reverse(finding.severity),
                finding.check.clone(),
                finding.system.clone(),
                finding.subject.clone(),
                finding.id.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    judged.coverage.sort();
    Ok(judged)
}

/// One inspection of one system.
struct Case<'a> {
    request: &'a Request<'a>,
    system: &'a SystemInfo,
    evidence: &'a EvidenceSet,
    inspection: &'static dyn Inspection,
    units: Vec<&'a ParsedUnit>,
    /// The units of all inspections.
    of_system: Vec<&'a ParsedUnit>,
}

/// What an inspection said about a system.
#[derive(Default)]
struct Heard {
    findings: Vec<Finding>,
    looked: Vec<Looked>,
    notes: Vec<Note>,
    /// The message of a panic.
    crash: Option<String>,
}

fn evidence_of(evidence: &EvidenceSet, system: &SystemId) -> EvidenceSet {
    EvidenceSet { artefacts: evidence.artefacts.iter().filter(|artefact| belongs(artefact, system)).cloned().collect() }
}

fn belongs(artefact: &Artefact, system: &SystemId) -> bool {
    artefact.binding.systems.contains(system)
}

fn units_of<'a>(parsed: &'a Parsed, inspection: &dyn Inspection, system: &SystemId) -> Vec<&'a ParsedUnit> {
    let mine = |unit: &&ParsedUnit| {
        unit.inspection.meta().id == inspection.meta().id
            && unit.unit.artefacts.iter().any(|artefact| belongs(artefact, system))
    };
    parsed.units.iter().filter(mine).collect()
}

/// Checks that read what a crashed parser should have given.
fn crashed_checks(parsed: &Parsed, inspection: &dyn Inspection, system: &SystemId) -> BTreeSet<&'static str> {
    let crashes = parsed.crashes.iter().filter(|crash| {
        crash.inspection == inspection.meta().id
            && crash.unit.artefacts.iter().any(|artefact| belongs(artefact, system))
    });
    let formats: BTreeSet<&str> =
        crashes.flat_map(|crash| crash.unit.artefacts.iter().filter_map(Artefact::format)).collect();
    inspection
        .meta()
        .checks
        .iter()
        .filter(|check| check.reads.iter().any(|format| formats.contains(format)))
        .map(|check| check.id)
        .collect()
}

fn answer_queries(
    case: &Case<'_>,
    lake: &Lake,
    indicators: &[std::path::PathBuf],
    work: &Workplace<'_>,
) -> Result<BTreeMap<&'static str, Vec<serde_json::Value>>, EngineError> {
    let mut rows = BTreeMap::new();
    for query in case.inspection.meta().checks.iter().flat_map(|check| check.queries) {
        if rows.contains_key(query.name) {
            continue;
        }
        let parts_of = |table: &&'static Table| -> Vec<std::path::PathBuf> {
            if table.name == Indicator::TABLE.name {
                indicators.to_vec()
            } else {
                // A table is everybody's, whoever filled it.
                case.of_system.iter().filter_map(|unit| unit.part(table)).collect()
            }
        };
        let parts: Vec<_> = query.tables.iter().map(|table| (*table, parts_of(table))).collect();
        let tables: Vec<_> = parts.iter().map(|(table, parts)| TableParts { table, parts }).collect();
        let answer = lake.query(&tables, query.sql, &|| work.progress.cancelled()).map_err(|error| match error {
            secdiag_lake::LakeError::Cancelled => EngineError::Cancelled,
            other => EngineError::Infrastructure(format!("query {}: {other}", query.name)),
        })?;
        rows.insert(query.name, answer);
    }
    Ok(rows)
}

fn hear(
    case: &Case<'_>,
    rows: &BTreeMap<&'static str, Vec<serde_json::Value>>,
    work: &Workplace<'_>,
) -> Result<Heard, EngineError> {
    let mut documents = Vec::new();
    for unit in &case.units {
        // The unit's own artefacts only: another host may hold a file of the same content.
        let own = |artefact: &&Artefact| {
            unit.unit.artefacts.iter().any(|own| own.path == artefact.path && own.member == artefact.member)
        };
        let artefacts: Vec<&Artefact> = case.evidence.artefacts.iter().filter(own).collect();
        for document in &unit.output.documents {
            let of_digest = |digest| artefacts.iter().copied().filter(move |artefact| artefact.sha256 == digest);
            documents.push((document, document.evidence.iter().flat_map(|digest| of_digest(*digest)).collect()));
        }
    }
    let facts = Facts::new(case.evidence, documents, rows);
    let ear = Ear(RefCell::default());
    let cx = JudgeCx::new(
        case.request.as_of,
        case.request.thresholds,
        case.request.also,
        case.system,
        case.request.catalogue,
        &ear,
    );
    match std::panic::catch_unwind(AssertUnwindSafe(|| case.inspection.judge(&facts, &cx))) {
        Ok(Ok(())) => {}
        Ok(Err(Stop::Cancelled)) => return Err(EngineError::Cancelled),
        Ok(Err(Stop::Infrastructure(what))) => return Err(EngineError::Infrastructure(what)),
        Err(panic) => ear.0.borrow_mut().crash = Some(panic_text(&*panic).to_owned()),
    }
    if work.progress.cancelled() {
        return Err(EngineError::Cancelled);
    }
    Ok(ear.0.into_inner())
}

struct Ear(RefCell<Heard>);

impl JudgeSink for Ear {
    fn finding(&self, finding: Finding) {
        self.0.borrow_mut().findings.push(finding);
    }
    fn looked(&self, looked: Looked) {
        self.0.borrow_mut().looked.push(looked);
    }
    fn note(&self, note: Note) {
        self.0.borrow_mut().notes.push(note);
    }
}

/// Turns what was heard into records and coverage.
fn record(case: &Case<'_>, heard: Heard, crashed: &BTreeSet<&'static str>, judged: &mut Judged) {
    judged.notes.extend(heard.notes);
    if let Some(message) = &heard.crash {
        judged.crashed = true;
        let text = format!(
            "the {} checks crashed on system {}: {message}. Their items are marked as errors",
            case.inspection.meta().id,
            case.system.id
        );
        judged.notes.push(Note::new(NoteKind::Internal, "check-crashed", text));
    }
    let mut merged: BTreeMap<String, FindingRecord> = BTreeMap::new();
    for finding in heard.findings {
        match record_of(case, finding, &mut judged.notes) {
            None => judged.crashed = true,
            Some(record) => match merged.entry(record.id.clone()) {
                Entry::Vacant(slot) => {
                    slot.insert(record);
                }
                Entry::Occupied(mut slot) => merge(slot.get_mut(), record),
            },
        }
    }
    for check in case.inspection.meta().checks {
        let findings = merged.values().filter(|finding| finding.check == check.id).count() as u64;
        let looked: Vec<_> = heard.looked.iter().filter(|looked| looked.check == check.id).collect();
        let looked_at: u64 = looked.iter().map(|looked| looked.count).sum();
        let mut parts: BTreeMap<Option<String>, CoveragePart> = BTreeMap::new();
        for looked in looked.iter().filter(|looked| looked.count > 0) {
            let aspect = looked.aspect.clone();
            match parts.entry(aspect.clone()) {
                Entry::Vacant(slot) => {
                    slot.insert(CoveragePart { aspect, looked_at: looked.count, assets: looked.assets.clone() });
                }
                Entry::Occupied(mut slot) => slot.get_mut().add(looked.count, &looked.assets),
            }
        }
        let state = match () {
            () if heard.crash.is_some() || crashed.contains(check.id) => CheckState::Error,
            () if findings > 0 => CheckState::Found,
            () if looked_at > 0 => CheckState::Passed,
            () => CheckState::NotAssessed,
        };
        let what = looked.first().map_or("", |looked| looked.what).to_owned();
        judged.coverage.push(CheckCoverage {
            system: case.system.id.clone(),
            check: check.id.to_owned(),
            state,
            looked_at,
            what,
            parts: parts.into_values().collect(),
            findings,
        });
    }
    judged.findings.extend(merged.into_values().map(|mut finding| {
        finding.evidence.truncate(MAX_PROOFS);
        finding
    }));
}

fn record_of(case: &Case<'_>, finding: Finding, notes: &mut Vec<Note>) -> Option<FindingRecord> {
    let catalogue = case.request.catalogue;
    let text = catalogue.check(&finding.check);
    let rendered = text.and_then(|text| {
        Some((text.render(Lang::En, &finding.facts).ok()?, text.render(Lang::ZhTw, &finding.facts).ok()?))
    });
    let (Some(text), Some((en, zh_tw))) = (text, rendered) else {
        let text = format!(
            "a finding of {} about {} has no text: its catalogue entry is missing or names a fact that the finding lacks",
            finding.check,
            finding.subject.summary()
        );
        notes.push(Note::new(NoteKind::Internal, "finding-without-text", text));
        return None;
    };
    let mut evidence = finding.evidence.clone();
    evidence.sort();
    evidence.dedup();
    let as_of = case.request.as_of.to_string();
    Some(FindingRecord {
        id: finding.fingerprint(&case.system.id),
        severity: severity_of(&text.severity, &finding, case.system),
        items: catalogue.items_of(&finding.check, finding.aspect.as_deref()),
        check: finding.check,
        aspect: finding.aspect,
        title: en.title,
        confidence: finding.confidence,
        system: case.system.id.clone(),
        asset: finding.asset,
        subject: finding.subject,
        facts: finding.facts,
        evidence,
        risk: en.risk,
        advice: en.advice,
        zh_tw: FindingTexts { title: zh_tw.title, risk: zh_tw.risk, advice: zh_tw.advice },
        status: FindingStatus::New,
        first_seen: as_of.clone(),
        last_seen: as_of,
    })
}

/// The catalogue's rule: the first `when` that matches, else the base; one worse for category 1 where the check says so.
fn severity_of(rule: &secdiag_catalogue::CheckSeverity, finding: &Finding, system: &SystemInfo) -> Severity {
    let matches = |when: &secdiag_catalogue::SeverityRule| match when.fact.as_str() {
        "aspect" => finding.aspect.as_deref().is_some_and(|aspect| when.is == aspect),
        fact => finding.facts.get(fact) == Some(&when.is),
    };
    let severity = rule.when.iter().find(|when| matches(when)).map_or(rule.base, |when| when.severity);
    if rule.raise_for_category_1 && system.category == Some(1) { severity.raised() } else { severity }
}

/// The same defect told twice is one finding: the graver telling leads, all proofs stay.
fn merge(kept: &mut FindingRecord, other: FindingRecord) {
    let rank = |finding: &FindingRecord| {
        (
            finding.severity,
            finding.confidence.to_bits(),
            std::cmp::Reverse(serde_json::to_string(&finding.facts).unwrap_or_default()),
        )
    };
    let mut evidence = std::mem::take(&mut kept.evidence);
    evidence.extend(other.evidence.iter().cloned());
    if rank(&other) > rank(kept) {
        *kept = other;
    }
    evidence.sort();
    evidence.dedup();
    kept.evidence = evidence;
}

/// The indicators as a table part, named by its content.
fn indicator_part(request: &Request<'_>, work: &Workplace<'_>) -> Result<Vec<std::path::PathBuf>, EngineError> {
    if request.indicators.is_empty() {
        return Ok(Vec::new());
    }
    let digest = Sha256::of(format!("{:?}", request.indicators).as_bytes());
    let folder = work.lake.join("intel");
    std::fs::create_dir_all(&folder).map_err(io(&folder))?;
    let path = folder.join(format!("{}.parquet", digest.short()));
    if !path.exists() {
        let unfinished = folder.join(format!("{}.unfinished", digest.short()));
        let mut writer = PartWriter::create(&unfinished, Indicator::TABLE)?;
        for indicator in request.indicators {
            let list = indicator.list_sha256.parse().unwrap_or_else(|_| Sha256::of(indicator.list_name.as_bytes()));
            writer.push(list, indicator.place, &|each| indicator.values(each))?;
        }
        writer.finish()?;
        std::fs::rename(&unfinished, &path).map_err(io(&path))?;
    }
    Ok(vec![path])
}
