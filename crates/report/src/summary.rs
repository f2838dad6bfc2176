//! The management summary: a verdict made from figures, and what to do first.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::result::{FindingRecord, FindingStatus, ItemResult, NeedResult};
use secdiag_model::{ItemId, Lang, Outcome, Severity};

use crate::items::{distribution_caption, set_title};
use crate::labels::{Labels, counted, fill};
use crate::mark::{Mark, OUTCOMES, decided};
use crate::view::Cx;
use crate::{follow_up, format};

const ACTIONS: usize = 5;
const SUPPLIES: usize = 4;

/// First page of the report.
pub(crate) struct Summary {
    pub(crate) lead: String,
    pub(crate) undecided: Option<String>,
    pub(crate) worst: Option<Worst>,
    pub(crate) warnings: Vec<String>,
    pub(crate) tiles: Vec<Tile>,
    pub(crate) bars: Vec<Bar>,
    pub(crate) actions: Vec<Action>,
    pub(crate) supplies: Vec<Supply>,
}

/// The worst finding, in words.
pub(crate) struct Worst {
    pub(crate) mark: Mark,
    pub(crate) anchor: String,
    pub(crate) title: String,
    pub(crate) more: Option<String>,
}

/// One severity.
pub(crate) struct Tile {
    pub(crate) mark: Mark,
    pub(crate) count: String,
    pub(crate) none: bool,
    pub(crate) parts: Vec<String>,
}

/// Outcomes of one item set as a bar.
pub(crate) struct Bar {
    pub(crate) title: String,
    pub(crate) caption: String,
    pub(crate) label: String,
    pub(crate) segments: Vec<Segment>,
}

/// One outcome of a bar; numbers are percent of the width.
pub(crate) struct Segment {
    pub(crate) mark: Mark,
    pub(crate) x: String,
    pub(crate) width: String,
    pub(crate) middle: String,
    pub(crate) count: String,
    pub(crate) wide: bool,
}

/// One thing to do.
pub(crate) struct Action {
    pub(crate) mark: Mark,
    pub(crate) anchor: String,
    pub(crate) title: String,
    pub(crate) advice: String,
    pub(crate) more: Option<String>,
    pub(crate) systems: Option<String>,
}

/// Evidence that would decide items.
pub(crate) struct Supply {
    pub(crate) what: String,
    pub(crate) items: String,
}

impl Summary {
    pub(crate) fn new(cx: &Cx<'_>) -> Self {
        let tally = Tally::new(&cx.result.items);
        Self {
            lead: tally.lead(cx.l),
            undecided: tally.undecided(cx),
            worst: worst(cx),
            warnings: warnings(cx),
            tiles: Severity::DESCENDING.map(|severity| tile(cx, severity)).into(),
            bars: bars(cx),
            actions: actions(cx),
            supplies: supplies(cx),
        }
    }
}

/// Items by outcome; an item counts once for each system.
pub(crate) struct Tally {
    by_outcome: BTreeMap<Outcome, u64>,
}

impl Tally {
    pub(crate) fn new(items: &[ItemResult]) -> Self {
        let mut by_outcome = BTreeMap::new();
        for item in items {
            *by_outcome.entry(item.outcome).or_default() += 1;
        }
        Self { by_outcome }
    }

    pub(crate) fn of(&self, outcome: Outcome) -> u64 {
        self.by_outcome.get(&outcome).copied().unwrap_or_default()
    }

    pub(crate) fn decided(&self) -> u64 {
        self.by_outcome.iter().filter(|(outcome, _)| decided(**outcome)).map(|(_, n)| n).sum()
    }

    /// How many of the decided items are deficient.
    pub(crate) fn lead(&self, l: &Labels) -> String {
        let text = match (self.decided(), self.of(Outcome::Fail)) {
            (0, _) if self.by_outcome.is_empty() => l.verdict_no_items,
            (0, _) => l.verdict_nothing_decided,
            (1, 0) => l.verdict_only_item_not_deficient,
            (1, _) => l.verdict_only_item_deficient,
            (_, 0) => l.verdict_no_deficient,
            (_, 1) => l.verdict_one_deficient,
            _ => l.verdict_deficient,
        };
        let values = [self.decided(), self.of(Outcome::Fail)].map(format::number);
        fill(text, &[("decided", &values[0]), ("fail", &values[1])])
    }

    /// How many could not be decided, and why.
    pub(crate) fn undecided(&self, cx: &Cx<'_>) -> Option<String> {
        let l = cx.l;
        let reasons = [
            (Outcome::InsufficientEvidence, l.verdict_insufficient),
            (Outcome::NotTested, l.verdict_not_tested),
            (Outcome::Error, l.verdict_error),
        ]
        .map(|(outcome, text)| (self.of(outcome), text));
        let all: u64 = reasons.iter().map(|(n, _)| n).sum();
        let parts: Vec<_> =
            reasons.iter().filter(|(n, _)| *n > 0).map(|(n, text)| fill(text, &[("n", &format::number(*n))])).collect();
        let systems = format::len(cx.systems.len());
        let per_system = (systems > 1)
            .then(|| fill(l.verdict_per_system, &[("n", &format::number(systems))]))
            .map(|text| format!("{}{text}", sentence_gap(cx.lang)));
        let sentence = (all > 0).then(|| {
            format!(
                "{}{}{}{}{}{}",
                fill(l.verdict_undecided, &[("n", &format::number(all))]),
                if cx.lang == Lang::En { " " } else { "" },
                parts.join(l.comma),
                l.stop,
                sentence_gap(cx.lang),
                l.verdict_not_a_pass
            )
        });
        match (sentence, per_system) {
            (Some(sentence), per_system) => Some(sentence + &per_system.unwrap_or_default()),
            (None, per_system) => per_system.map(|text| text.trim_start().to_owned()),
        }
    }
}

fn sentence_gap(lang: Lang) -> &'static str {
    if lang == Lang::En { " " } else { "" }
}

fn worst(cx: &Cx<'_>) -> Option<Worst> {
    let first = most_severe_first(cx).into_iter().next()?;
    if first.severity < Severity::Medium {
        return None;
    }
    let more = cx.result.findings.iter().filter(|other| other.severity == first.severity).count() - 1;
    let mark = Mark::severity(first.severity, cx.lang);
    let word = mark.word.to_lowercase();
    let text = if more == 1 { cx.l.worst_more_one } else { cx.l.worst_more };
    Some(Worst {
        mark,
        anchor: finding_anchor(first),
        title: format::visible(cx.texts(first).0),
        more: (more > 0).then(|| fill(text, &[("n", &format::number(format::len(more))), ("severity", &word)])),
    })
}

fn warnings(cx: &Cx<'_>) -> Vec<String> {
    let (run, l) = (&cx.result.run, cx.l);
    let broken = run.files.get("broken").copied().unwrap_or_default();
    [
        run.crashed.then(|| l.warn_crashed.to_owned()),
        (!run.bound).then(|| l.warn_unbound.to_owned()),
        (broken > 0).then(|| counted(broken, l.warn_broken_one, l.warn_broken)),
    ]
    .into_iter()
    .flatten()
    .chain(follow_up::headlines(cx))
    .collect()
}

fn tile(cx: &Cx<'_>, severity: Severity) -> Tile {
    let of_status = |status| {
        let these = cx.result.findings.iter().filter(|f| f.severity == severity && f.status == status);
        format::len(these.count())
    };
    let l = cx.l;
    let resolved = format::len(cx.result.run.resolved.iter().filter(|f| f.severity == severity).count());
    let open = [
        (of_status(FindingStatus::New), l.finding_count_new),
        (of_status(FindingStatus::Persisting), l.finding_count_persisting),
        (of_status(FindingStatus::Returned), l.finding_count_returned),
    ];
    let count: u64 = open.iter().map(|(n, _)| n).sum();
    let parts: Vec<_> = open
        .into_iter()
        .chain([(resolved, l.finding_count_resolved)])
        .filter(|(n, _)| *n > 0)
        .map(|(n, text)| fill(text, &[("n", &format::number(n))]))
        .collect();
    Tile {
        mark: Mark::severity(severity, cx.lang),
        count: format::number(count),
        none: count == 0,
        parts: if parts.is_empty() { vec![l.tile_none.to_owned()] } else { parts },
    }
}

fn bars(cx: &Cx<'_>) -> Vec<Bar> {
    let mut sets: Vec<&ItemId> = cx.result.items.iter().map(|item| &item.item).collect();
    sets.sort();
    sets.dedup_by(|a, b| a.set() == b.set());
    sets.into_iter().map(|id| bar(cx, id.set())).collect()
}

fn bar(cx: &Cx<'_>, set: &str) -> Bar {
    let outcomes: Vec<_> =
        cx.result.items.iter().filter(|item| item.item.set() == set).map(|item| item.outcome).collect();
    let all = outcomes.len().max(1) as f64;
    let mut x = 0.0;
    let mut segments = Vec::new();
    for outcome in OUTCOMES {
        let n = outcomes.iter().filter(|other| **other == outcome).count();
        if n == 0 {
            continue;
        }
        let width = n as f64 * 100.0 / all;
        segments.push(Segment {
            mark: Mark::outcome(outcome, cx.lang),
            x: format!("{x:.3}"),
            width: format!("{width:.3}"),
            middle: format!("{:.3}", x + width / 2.0),
            count: format::number(format::len(n)),
            wide: width >= 4.0,
        });
        x += width;
    }
    let label: Vec<_> = segments.iter().map(|s| format!("{}{}{}", s.mark.word, cx.l.colon, s.count)).collect();
    let decided = outcomes.iter().filter(|outcome| decided(**outcome)).count();
    Bar {
        title: set_title(cx, set),
        caption: distribution_caption(cx, decided, outcomes.len()),
        label: label.join(cx.l.comma),
        segments,
    }
}

/// The worst finding of each check: one step of work usually mends a check's findings together.
fn actions(cx: &Cx<'_>) -> Vec<Action> {
    let mut by_check: BTreeMap<&str, Vec<&FindingRecord>> = BTreeMap::new();
    for finding in most_severe_first(cx).into_iter().filter(|finding| finding.severity > Severity::Info) {
        by_check.entry(&finding.check).or_default().push(finding);
    }
    let mut checks: Vec<_> = by_check.into_values().collect();
    let category_1 = |these: &[&FindingRecord]| these.iter().any(|f| is_category_1(cx, f));
    checks.sort_by_key(|these| {
        let worst = these[0].severity;
        let at_worst = these.iter().filter(|finding| finding.severity == worst).count();
        (std::cmp::Reverse((worst, category_1(these), at_worst)), these[0].check.clone())
    });
    checks.iter().take(ACTIONS).map(|these| action(cx, these)).collect()
}

fn action(cx: &Cx<'_>, these: &[&FindingRecord]) -> Action {
    let (title, _, advice) = cx.texts(these[0]);
    let more = format::len(these.len() - 1);
    Action {
        mark: Mark::severity(these[0].severity, cx.lang),
        anchor: finding_anchor(these[0]),
        title: format::visible(title),
        advice: format::visible(advice),
        more: (more > 0).then(|| counted(more, cx.l.first_more_one, cx.l.first_more)),
        systems: (cx.systems.len() > 1).then(|| cx.names(these.iter().map(|finding| &finding.system))),
    }
}

/// Missing evidence by how many items wait for it.
fn supplies(cx: &Cx<'_>) -> Vec<Supply> {
    let mut waiting: BTreeMap<&[String], BTreeSet<&ItemId>> = BTreeMap::new();
    for item in cx.result.items.iter().filter(|item| item.outcome == Outcome::InsufficientEvidence) {
        for need in item.evidence.iter().filter(|need| missing(need)) {
            waiting.entry(&need.any_of).or_default().insert(&item.item);
        }
    }
    let mut waiting: Vec<_> = waiting.into_iter().collect();
    waiting.sort_by_key(|(kinds, items)| (std::cmp::Reverse(items.len()), *kinds));
    let supply = |(kinds, items): &(&[String], BTreeSet<&ItemId>)| Supply {
        what: any_of(cx, kinds),
        items: counted(format::len(items.len()), cx.l.supply_items_one, cx.l.supply_items),
    };
    waiting.iter().take(SUPPLIES).map(supply).collect()
}

/// Whether the item waits for this evidence.
pub(crate) fn missing(need: &NeedResult) -> bool {
    !need.sufficient && !need.optional
}

/// `firewall log or flow records`.
pub(crate) fn any_of(cx: &Cx<'_>, kinds: &[String]) -> String {
    let names: Vec<_> = kinds.iter().map(|code| Labels::evidence_kind(code, cx.lang)).collect();
    let or = if cx.lang == Lang::En { format!(" {} ", cx.l.any_of) } else { cx.l.any_of.to_owned() };
    format::visible(&names.join(&or))
}

/// Where the report has a finding.
pub(crate) fn finding_anchor(finding: &FindingRecord) -> String {
    format!("f-{}", format::anchor(&finding.id))
}

/// Findings in the order of the result, the most severe first even if the result was not.
pub(crate) fn most_severe_first<'a>(cx: &Cx<'a>) -> Vec<&'a FindingRecord> {
    let mut findings: Vec<_> = cx.result.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn is_category_1(cx: &Cx<'_>, finding: &FindingRecord) -> bool {
    cx.result.run.systems.iter().any(|system| system.id == finding.system && system.category == Some(1))
}
