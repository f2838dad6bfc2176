//! Findings by severity and check: cards for the first, a table for the rest, all of them listed.

use std::collections::BTreeMap;

use secdiag_model::result::{FindingRecord, FindingStatus};
use secdiag_model::{ItemId, Locator, Proof, Severity, Subject};
use serde_json::Value as Json;

use crate::format;
use crate::items::item_anchor;
use crate::labels::{Labels, counted, fill};
use crate::mark::Mark;
use crate::summary::{finding_anchor, most_severe_first};
use crate::view::Cx;

/// A check with up to this many findings of a severity has a card for each.
const ALL_CARDS: usize = 6;
/// A check with more has cards for the first of them.
const FIRST_CARDS: usize = 3;
/// Beyond this many findings the table of the rest leaves their texts to `findings.jsonl`.
const TEXTS_UP_TO: usize = 8_000;
const PROOFS: usize = 6;
const EXCERPT_LINES: usize = 24;
const EXCERPT_CHARS: usize = 2_400;
const FACT_CHARS: usize = 300;

/// Findings of one severity.
pub(crate) struct SeveritySection {
    pub(crate) mark: Mark,
    pub(crate) count: String,
    pub(crate) checks: Vec<CheckGroup>,
}

/// Findings of one check.
pub(crate) struct CheckGroup {
    pub(crate) check: String,
    pub(crate) what: Option<String>,
    pub(crate) count: String,
    pub(crate) several: bool,
    pub(crate) cards: Vec<Card>,
    pub(crate) more: String,
    pub(crate) rest: Vec<RestRow>,
    pub(crate) texts: bool,
}

/// A line of the overview.
pub(crate) struct CheckOverview {
    pub(crate) mark: Mark,
    pub(crate) check: String,
    pub(crate) what: Option<String>,
    pub(crate) count: String,
    pub(crate) anchor: String,
}

/// A finding in full.
pub(crate) struct Card {
    pub(crate) anchor: String,
    pub(crate) id: String,
    pub(crate) mark: Mark,
    pub(crate) title: String,
    pub(crate) check: String,
    pub(crate) confidence: String,
    pub(crate) status: &'static str,
    pub(crate) fresh: bool,
    pub(crate) first_seen_on: String,
    pub(crate) system: String,
    pub(crate) category: Option<String>,
    pub(crate) asset: Option<String>,
    pub(crate) subject: String,
    pub(crate) items: Vec<ItemLink>,
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) proofs: Vec<ProofView>,
    pub(crate) more_proofs: Option<String>,
    pub(crate) risk: String,
    pub(crate) advice: String,
}

/// An item that a finding counts for.
pub(crate) struct ItemLink {
    pub(crate) id: String,
    pub(crate) anchor: String,
    pub(crate) title: Option<String>,
}

/// A place in the evidence.
pub(crate) struct ProofView {
    pub(crate) path: String,
    pub(crate) evidence: Option<usize>,
    pub(crate) sha: String,
    pub(crate) place: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) shortened: bool,
}

/// A line of an excerpt.
pub(crate) struct Line {
    pub(crate) number: Option<u64>,
    pub(crate) text: String,
    pub(crate) hit: bool,
}

/// A finding as a line of the table of the rest.
pub(crate) struct RestRow {
    pub(crate) anchor: String,
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) system: String,
    pub(crate) asset: Option<String>,
    pub(crate) place: String,
    pub(crate) more_proofs: Option<String>,
    pub(crate) confidence: String,
    pub(crate) status: &'static str,
    pub(crate) first_seen: String,
    pub(crate) items: Vec<ItemLink>,
    /// Nothing where it is word for word that of the first card.
    pub(crate) risk: Option<String>,
    pub(crate) advice: Option<String>,
}

impl SeveritySection {
    pub(crate) fn all(cx: &Cx<'_>) -> Vec<Self> {
        let findings = most_severe_first(cx);
        findings.chunk_by(|a, b| a.severity == b.severity).map(|these| Self::new(cx, these)).collect()
    }

    fn new(cx: &Cx<'_>, findings: &[&FindingRecord]) -> Self {
        let severity = findings.first().map_or(Severity::Info, |finding| finding.severity);
        // Checks in the order of their first finding.
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        let mut groups: Vec<Vec<&FindingRecord>> = Vec::new();
        for &finding in findings {
            let at = *index.entry(&finding.check).or_insert(groups.len());
            if at == groups.len() {
                groups.push(Vec::new());
            }
            groups[at].push(finding);
        }
        Self {
            mark: Mark::severity(severity, cx.lang),
            count: format::number(format::len(findings.len())),
            checks: groups.iter().map(|these| CheckGroup::new(cx, these)).collect(),
        }
    }
}

impl CheckGroup {
    fn new(cx: &Cx<'_>, findings: &[&FindingRecord]) -> Self {
        let check = findings.first().map(|finding| finding.check.as_str()).unwrap_or_default();
        let cards = if findings.len() <= ALL_CARDS { findings.len() } else { FIRST_CARDS };
        let (first, rest) = findings.split_at(cards);
        let texts = cx.result.findings.len() <= TEXTS_UP_TO;
        Self {
            what: cx.catalogue.check(check).map(|text| text.what.get(cx.lang).to_owned()),
            check: format::visible(check),
            count: format::number(format::len(findings.len())),
            several: findings.len() > 1,
            more: counted(format::len(rest.len()), cx.l.more_of_check_one, cx.l.more_of_check),
            cards: first.iter().map(|finding| Card::new(cx, finding)).collect(),
            rest: rest.iter().map(|finding| RestRow::new(cx, finding, findings[0], texts)).collect(),
            texts,
        }
    }
}

impl CheckOverview {
    pub(crate) fn all(sections: &[SeveritySection]) -> Vec<Self> {
        let of_section = |section: &SeveritySection| {
            let mark = section.mark;
            let line = move |group: &CheckGroup| Self {
                mark,
                check: group.check.clone(),
                what: group.what.clone().or_else(|| group.cards.first().map(|card| card.title.clone())),
                count: group.count.clone(),
                anchor: group.cards.first().map(|card| card.anchor.clone()).unwrap_or_default(),
            };
            section.checks.iter().map(line).collect::<Vec<_>>()
        };
        sections.iter().flat_map(of_section).collect()
    }
}

impl Card {
    fn new(cx: &Cx<'_>, finding: &FindingRecord) -> Self {
        let (title, risk, advice) = texts(cx, finding);
        Self {
            anchor: finding_anchor(finding),
            id: format::visible(&finding.id),
            mark: Mark::severity(finding.severity, cx.lang),
            title,
            check: format::visible(&finding.check),
            confidence: confidence(cx.l, finding.confidence),
            status: Labels::status(finding.status, cx.lang),
            fresh: finding.status != FindingStatus::Persisting,
            first_seen_on: fill(cx.l.first_seen_on, &[("date", &format::visible(&finding.first_seen))]),
            system: cx.system(&finding.system),
            category: cx.category(&finding.system),
            asset: finding.asset.as_deref().map(format::visible),
            subject: subject(cx.l, &finding.subject),
            items: item_links(cx, finding),
            facts: finding.facts.iter().map(|(name, value)| (format::visible(name), fact(cx.l, value))).collect(),
            proofs: finding.evidence.iter().take(PROOFS).map(|proof| ProofView::new(cx, proof)).collect(),
            more_proofs: more_places(cx.l, finding.evidence.len().saturating_sub(PROOFS)),
            risk,
            advice,
        }
    }
}

impl RestRow {
    fn new(cx: &Cx<'_>, finding: &FindingRecord, lead: &FindingRecord, with_texts: bool) -> Self {
        let (title, risk, advice) = texts(cx, finding);
        let (_, lead_risk, lead_advice) = texts(cx, lead);
        let place = finding
            .evidence
            .first()
            .map(|proof| format!("{}{}{}", path(proof), cx.l.comma, locator(cx.l, &proof.locator)));
        Self {
            anchor: finding_anchor(finding),
            id: format::visible(&finding.id),
            title,
            system: cx.system(&finding.system),
            asset: finding.asset.as_deref().map(format::visible),
            place: place.unwrap_or_default(),
            more_proofs: more_places(cx.l, finding.evidence.len().saturating_sub(1)),
            confidence: confidence(cx.l, finding.confidence),
            status: Labels::status(finding.status, cx.lang),
            first_seen: format::visible(&finding.first_seen),
            items: item_links(cx, finding),
            risk: (with_texts && risk != lead_risk).then_some(risk),
            advice: (with_texts && advice != lead_advice).then_some(advice),
        }
    }

    /// Whether the row says all that it has to say by pointing at the first card.
    pub(crate) fn same_texts(&self) -> bool {
        self.risk.is_none() && self.advice.is_none()
    }
}

impl ProofView {
    fn new(cx: &Cx<'_>, proof: &Proof) -> Self {
        let start = match proof.locator {
            Locator::Line(line) => Some(line),
            _ => None,
        };
        let (text, mut shortened) = format::capped(&proof.excerpt, EXCERPT_CHARS);
        let all: Vec<&str> = text.lines().collect();
        shortened |= all.len() > EXCERPT_LINES;
        let lines = (0u64..).zip(all.into_iter().take(EXCERPT_LINES));
        Self {
            path: path(proof),
            evidence: cx.artefact(&proof.path, proof.member.as_deref()),
            sha: proof.sha256.to_string()[..12].to_owned(),
            place: locator(cx.l, &proof.locator),
            lines: lines
                .map(|(at, text)| Line {
                    number: start.map(|start| start.saturating_add(at)),
                    text: format::visible(text),
                    hit: at == 0,
                })
                .collect(),
            shortened,
        }
    }
}

fn texts(cx: &Cx<'_>, finding: &FindingRecord) -> (String, String, String) {
    let (title, risk, advice) = cx.texts(finding);
    (format::visible(title), format::visible(risk), format::visible(advice))
}

fn item_links(cx: &Cx<'_>, finding: &FindingRecord) -> Vec<ItemLink> {
    let link = |id: &ItemId| ItemLink {
        id: format::visible(&id.0),
        anchor: item_anchor(id),
        title: cx.item_title(id).map(format::visible),
    };
    finding.items.iter().map(link).collect()
}

fn more_places(l: &Labels, more: usize) -> Option<String> {
    (more > 0).then(|| counted(format::len(more), l.more_places_one, l.more_places))
}

fn path(proof: &Proof) -> String {
    let path = proof.member.as_ref().map_or_else(|| proof.path.clone(), |member| format!("{}!/{member}", proof.path));
    format::visible(&path)
}

/// `very likely 0.93`; a confidence below 1 is never written as 1.00.
pub(crate) fn confidence(l: &Labels, confidence: f64) -> String {
    let word = match confidence {
        c if c >= 1.0 => l.conf_certain,
        c if c >= 0.9 => l.conf_very_likely,
        c if c >= 0.7 => l.conf_likely,
        c if c >= 0.5 => l.conf_possible,
        _ => l.conf_weak,
    };
    let shown = if confidence < 1.0 { confidence.min(0.99) } else { 1.0 };
    format!("{word} {shown:.2}")
}

/// Where in the evidence, in the reader's language.
pub(crate) fn locator(l: &Labels, locator: &Locator) -> String {
    // Without separators: a reader types the number into a tool.
    let n = |text: &str, n: u64| fill(text, &[("n", &n.to_string())]);
    match locator {
        Locator::Whole => l.whole_file.to_owned(),
        Locator::Line(at) => n(l.line, *at),
        Locator::Packet(at) => n(l.packet, *at),
        Locator::Byte(at) => n(l.byte, *at),
        Locator::Record(at) => n(l.record_n, *at),
        Locator::Setting(name) => fill(l.setting, &[("n", &format::visible(name))]),
    }
}

/// What a finding is about, in the reader's language.
pub(crate) fn subject(l: &Labels, subject: &Subject) -> String {
    let text = match subject {
        Subject::Name { name, src: Some(src) } => fill(l.name_subject, &[("src", src), ("name", name)]),
        Subject::Rule { device, rule, .. } => fill(l.rule_subject, &[("device", device), ("rule", rule)]),
        other => other.summary(),
    };
    format::visible(&text)
}

fn fact(l: &Labels, value: &Json) -> String {
    let text = match value {
        Json::String(text) => text.clone(),
        Json::Array(values) if values.iter().all(Json::is_string) => {
            values.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(l.comma)
        }
        other => other.to_string(),
    };
    let (text, cut) = format::capped(&text, FACT_CHARS);
    let text = format::visible(text);
    if cut { format!("{text}…{}{}{}", l.open, l.shortened, l.close) } else { text }
}
