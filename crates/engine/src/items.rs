//! Rolls findings and coverage up to outcomes. Missing evidence is never a pass and never not-applicable; a crash is
//! never a pass; a score is null where nothing was decided.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use secdiag_catalogue::{EvidenceNeed, Item, ItemCheck, Measured, Words};
use secdiag_model::result::{
    AttestationResult, CheckCoverage, CoveragePart, FindingRecord, ItemCheckResult, ItemResult, NeedResult, SystemInfo,
};
use secdiag_model::{Artefact, Bilingual, CheckState, EvidenceKind, ItemId, Lang, Outcome, Severity, SystemId};

use crate::judge::Judged;
use crate::parse::Parsed;
use crate::{Request, Statement, why};

/// The outcome of every item of the regime for every system, by item and then system.
pub(crate) fn roll_up(request: &Request<'_>, parsed: &Parsed, judged: &Judged) -> Vec<ItemResult> {
    let measured: BTreeMap<&SystemId, BTreeMap<EvidenceKind, Measured>> =
        request.scope.systems.iter().map(|system| (&system.id, measure(request, parsed, system))).collect();
    let mut results = Vec::new();
    for item in request.catalogue.items_in(request.regime) {
        for system in &request.scope.systems {
            if system.category.is_none_or(|category| item.categories.contains(&category)) {
                results.push(decide(request, judged, item, system, &measured[&system.id]));
            }
        }
    }
    results
}

fn decide(
    request: &Request<'_>,
    judged: &Judged,
    item: &Item,
    system: &SystemInfo,
    measured: &BTreeMap<EvidenceKind, Measured>,
) -> ItemResult {
    let item_checks = request.catalogue.checks_of(item);
    let findings: Vec<&FindingRecord> = judged
        .findings
        .iter()
        .filter(|finding| finding.system == system.id && finding.items.contains(&item.id))
        .collect();
    let checks: Vec<ItemCheckResult> =
        item_checks.iter().map(|check| check_result(check, &system.id, judged, &findings)).collect();
    let needs: Vec<NeedResult> = item.evidence.iter().map(|need| need_result(need, measured)).collect();
    let attestations: Vec<AttestationResult> = item
        .attestations
        .iter()
        .map(|asked| AttestationResult {
            id: asked.id.clone(),
            text: asked.text.clone(),
            by: attested_by(request, item, &asked.id, &system.id),
        })
        .collect();

    let weight_of = |states: &[CheckState]| -> u32 {
        item_checks
            .iter()
            .zip(&checks)
            .filter(|(_, result)| states.contains(&result.state))
            .map(|(check, _)| check.weight)
            .sum()
    };
    let (passed, found) = (weight_of(&[CheckState::Passed]), weight_of(&[CheckState::Found]));
    let all: u32 = item_checks.iter().map(|check| check.weight).sum();
    let percent =
        |part: u32, whole: u32| (whole > 0).then(|| (f64::from(part) * 1000.0 / f64::from(whole)).round() / 10.0);

    let (outcome, why) = outcome(request, item, system, &checks, &needs, &attestations, &findings, measured);
    let mut by_severity: BTreeMap<Severity, u64> = BTreeMap::new();
    for finding in &findings {
        *by_severity.entry(finding.severity).or_default() += 1;
    }
    ItemResult {
        item: item.id.clone(),
        rev: item.rev,
        title: item.title.clone(),
        system: system.id.clone(),
        outcome,
        score: percent(passed, passed + found),
        coverage: percent(passed + found, all),
        trustworthy: !checks.iter().any(|check| check.state == CheckState::Error),
        why,
        findings: by_severity,
        finding_ids: findings.iter().map(|finding| finding.id.clone()).collect(),
        checks,
        evidence: needs,
        attestations,
    }
}

/// Evidence that every firm has, whether or not an item applies to it: its presence contradicts no statement.
const GENERAL: &[EvidenceKind] = &[
    EvidenceKind::Inv,
    EvidenceKind::Doc,
    EvidenceKind::Diag,
    EvidenceKind::Quest,
    EvidenceKind::Fwcfg,
    EvidenceKind::Netcfg,
    EvidenceKind::Fwlog,
    EvidenceKind::Seclog,
    EvidenceKind::Evtx,
    EvidenceKind::Pcap,
    EvidenceKind::Flow,
];

/// The first rule that holds, worst news first.
#[expect(clippy::too_many_arguments, reason = "one decision over all that is known of an item")]
fn outcome(
    request: &Request<'_>,
    item: &Item,
    system: &SystemInfo,
    checks: &[ItemCheckResult],
    needs: &[NeedResult],
    attestations: &[AttestationResult],
    findings: &[&FindingRecord],
    measured: &BTreeMap<EvidenceKind, Measured>,
) -> (Outcome, Bilingual) {
    let in_state = |state: CheckState| {
        checks.iter().filter(|check| check.state == state).map(|check| check.check.as_str()).collect::<Vec<_>>()
    };
    let titles: Vec<_> =
        findings.iter().map(|finding| (finding.title.as_str(), finding.zh_tw.title.as_str())).collect();
    let worst = findings.iter().map(|finding| finding.severity).max();

    let crashed = in_state(CheckState::Error);
    if !crashed.is_empty() {
        return (Outcome::Error, why::crashed(&crashed));
    }
    if worst.is_some_and(|severity| severity >= Severity::Medium) {
        return (Outcome::Fail, why::findings(&titles, titles.len()));
    }
    let mut open: Vec<Bilingual> = Vec::new();
    if let Some(claim) = claim_of(&request.scope.not_applicable, &item.id, &system.id) {
        let present = |kind: &EvidenceKind| measured.get(kind).is_some_and(|measured| measured.artefacts > 0);
        let telling = item.evidence.iter().flat_map(|need| &need.any_of).filter(|kind| !GENERAL.contains(kind));
        let contradicted = telling.into_iter().any(present);
        let inventory = measured.get(&EvidenceKind::Inv).is_some_and(|measured| measured.artefacts > 0);
        match () {
            () if contradicted => open.push(why::not_applicable_contradicted(&claim.by)),
            () if !inventory || item.na.is_none() => open.push(why::not_applicable_unproved(&claim.by)),
            () => return (Outcome::NotApplicable, why::not_applicable(&claim.text, &claim.by)),
        }
    }
    let missing: Vec<&NeedResult> = needs.iter().filter(|need| !need.sufficient && !need.optional).collect();
    if !missing.is_empty() {
        open.extend(missing.iter().map(|need| need.why.clone()));
        return (Outcome::InsufficientEvidence, why::join(&open));
    }
    let unattested: Vec<&str> = attestations
        .iter()
        .filter(|attestation| attestation.by.is_none())
        .map(|attestation| attestation.id.as_str())
        .collect();
    let attested = !attestations.is_empty() && unattested.is_empty();
    if item.attestation_decides && attested && findings.is_empty() {
        let by = attestations
            .iter()
            .filter_map(|attestation| attestation.by.as_deref())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
            .join(", ");
        return (Outcome::Pass, why::attested(&by));
    }
    let planned = in_state(CheckState::Planned);
    if !planned.is_empty() {
        open.push(why::planned(checks.len() - planned.len(), checks.len()));
        return (Outcome::NotTested, why::join(&open));
    }
    let idle = in_state(CheckState::NotAssessed);
    if !idle.is_empty() {
        open.push(why::nothing_to_look_at(&idle));
        return (Outcome::InsufficientEvidence, why::join(&open));
    }
    if !unattested.is_empty() {
        open.push(why::attestation_missing(&unattested));
        return (Outcome::InsufficientEvidence, why::join(&open));
    }
    if checks.is_empty() {
        return (Outcome::NotTested, why::no_checks());
    }
    if worst.is_some_and(|severity| severity == Severity::Low) {
        return (Outcome::Observation, why::findings(&titles, titles.len()));
    }
    let words = request.catalogue.words();
    let looked = |zh: bool| {
        checks
            .iter()
            .map(|check| looked_text(check, words, zh))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    };
    (Outcome::Pass, why::passed(&looked(false), &looked(true)))
}

fn looked_text(check: &ItemCheckResult, words: &Words, zh: bool) -> String {
    let what = if check.what.is_empty() { "subjects" } else { &check.what };
    let (before, lang) = if zh { (" ", Lang::ZhTw) } else { ("", Lang::En) };
    format!("{before}{} {}", check.looked_at, words.counted(what, lang))
}

/// One check as it counts for one item: only the sides of its question that the item asks.
fn check_result(check: &ItemCheck, system: &SystemId, judged: &Judged, findings: &[&FindingRecord]) -> ItemCheckResult {
    let findings = findings.iter().filter(|finding| finding.check == check.check).count() as u64;
    let result = |state, looked_at, what: &str| ItemCheckResult {
        check: check.check.clone(),
        state,
        looked_at,
        what: what.to_owned(),
        findings,
    };
    if check.planned {
        return result(CheckState::Planned, 0, "");
    }
    let Some(coverage) =
        judged.coverage.iter().find(|coverage| coverage.system == *system && coverage.check == check.check)
    else {
        // The catalogue knows the check, this binary does not: an overlay's check, or a newer catalogue.
        return result(CheckState::Planned, 0, "");
    };
    let looked_at = looked_at(coverage, &check.aspects);
    let state = match coverage.state {
        CheckState::Error => CheckState::Error,
        _ if findings > 0 => CheckState::Found,
        _ if looked_at > 0 => CheckState::Passed,
        _ => CheckState::NotAssessed,
    };
    result(state, looked_at, &coverage.what)
}

fn looked_at(coverage: &CheckCoverage, aspects: &[String]) -> u64 {
    let asked =
        |part: &&CoveragePart| aspects.is_empty() || part.aspect.as_ref().is_none_or(|aspect| aspects.contains(aspect));
    coverage.parts.iter().filter(asked).map(|part| part.looked_at).sum()
}

fn need_result(need: &EvidenceNeed, measured: &BTreeMap<EvidenceKind, Measured>) -> NeedResult {
    let verdict = need.judge(measured);
    NeedResult {
        any_of: need.any_of.iter().map(ToString::to_string).collect(),
        sufficient: verdict.sufficient,
        optional: need.optional,
        why: verdict.why,
    }
}

fn attested_by(request: &Request<'_>, item: &Item, id: &str, system: &SystemId) -> Option<String> {
    let fits = |statement: &&Statement| {
        let named = statement.id == id || (statement.id.is_empty() && item.attestations.len() == 1);
        statement.item == item.id && named && statement.system.as_ref().is_none_or(|of| of == system)
    };
    let statement = request.scope.attestations.iter().find(fits)?;
    Some(match &statement.date {
        Some(date) => format!("{}, {date}", statement.by),
        None => statement.by.clone(),
    })
}

fn claim_of<'a>(claims: &'a [Statement], item: &ItemId, system: &SystemId) -> Option<&'a Statement> {
    claims.iter().find(|claim| claim.item == *item && claim.system.as_ref().is_none_or(|of| of == system))
}

/// What there is of each kind of evidence for a system.
fn measure(request: &Request<'_>, parsed: &Parsed, system: &SystemInfo) -> BTreeMap<EvidenceKind, Measured> {
    let mut measured: BTreeMap<EvidenceKind, Measured> = BTreeMap::new();
    for artefact in request.evidence.artefacts.iter().filter(|artefact| artefact.binding.systems.contains(&system.id)) {
        let Some(kind) = artefact.kind().or(artefact.binding.declared_kind) else { continue };
        let entry = measured.entry(kind).or_default();
        entry.artefacts += 1;
        entry.bytes += artefact.size;
        if let Some(covers) = artefact.binding.covers {
            entry.periods.entry(place_of(artefact)).or_default().push(covers);
        }
    }
    for unit in &parsed.units {
        let mine: Vec<&Artefact> =
            unit.unit.artefacts.iter().filter(|artefact| artefact.binding.systems.contains(&system.id)).collect();
        for kind in mine.iter().filter_map(|artefact| artefact.kind()).collect::<BTreeSet<_>>() {
            measured.entry(kind).or_default().units += 1;
        }
        for artefact in mine {
            let Some(entry) = artefact.kind().and_then(|kind| measured.get_mut(&kind)) else { continue };
            let periods =
                unit.output.periods.iter().filter(|(digest, _)| *digest == artefact.sha256).map(|(_, period)| *period);
            entry.periods.entry(place_of(artefact)).or_default().extend(periods);
            for (_, captured, lost) in unit.output.losses.iter().filter(|(digest, ..)| *digest == artefact.sha256) {
                let drops = entry.drops.entry(place_of(artefact)).or_default();
                *drops = (drops.0 + captured, drops.1 + lost);
            }
        }
    }
    if !request.lists.is_empty() {
        let cti = measured.entry(EvidenceKind::Cti).or_default();
        cti.artefacts = cti.artefacts.max(request.lists.len() as u64);
        cti.age_days = request.lists.iter().filter_map(|list| age_days(request.as_of, &list.date)).min();
    }
    for (code, population) in &system.population {
        if let Some(kind) = EvidenceKind::ALL.iter().find(|kind| kind.code() == code) {
            measured.entry(*kind).or_default().population = Some(*population);
        }
    }
    measured
}

/// Captures count by capture point, everything else by device.
fn place_of(artefact: &Artefact) -> String {
    artefact.binding.capture_point.clone().or_else(|| artefact.binding.asset.clone()).unwrap_or_default()
}

fn age_days(as_of: Date, date: &str) -> Option<i64> {
    let date: Date = date.parse().ok()?;
    Some(i64::from((as_of - date).get_days()))
}
