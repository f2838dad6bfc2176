//! How things stand over the years: dates, trend, what is late, what came back, what is accepted, what is gone.

use secdiag_model::programme::{self, Programme, SystemDates, TrendPoint};
use secdiag_model::{Severity, SystemId};

use crate::drills::{self, DrillTable};
use crate::format;
use crate::labels::{Labels, counted, fill};
use crate::mark::Mark;
use crate::view::Cx;

/// Rows of a list; the rest is in `programme.json`.
const ROWS: usize = 100;

/// The chapter.
pub(crate) struct FollowUp {
    pub(crate) systems: Vec<System>,
    pub(crate) trend: Vec<Year>,
    pub(crate) lists: Vec<List>,
    pub(crate) actions: Option<ActionList>,
    pub(crate) drills: Vec<DrillTable>,
    pub(crate) drills_more: Option<String>,
    pub(crate) resolved: Vec<Resolved>,
}

/// Improvement actions.
pub(crate) struct ActionList {
    pub(crate) rows: Vec<ActionRow>,
    pub(crate) more: Option<String>,
}

/// One of them.
pub(crate) struct ActionRow {
    pub(crate) plan: String,
    pub(crate) id: String,
    pub(crate) mark: Mark,
    pub(crate) title: String,
    pub(crate) anchor: Option<String>,
    pub(crate) finding_state: &'static str,
    pub(crate) system: String,
    pub(crate) owner: String,
    pub(crate) due: String,
    pub(crate) percent: String,
    /// Where it stands, and the class of its shape.
    pub(crate) state: (String, &'static str),
    /// What was last reported; what shows that it is done.
    pub(crate) told: Vec<String>,
}

/// A system with its dates.
pub(crate) struct System {
    pub(crate) name: String,
    pub(crate) category: Option<String>,
    pub(crate) last_completed: String,
    pub(crate) plan_by: String,
    pub(crate) must_by: String,
    pub(crate) state: Option<(&'static str, &'static str)>,
    pub(crate) reassessments: Vec<Reassessment>,
}

/// The clock of a re-assessment.
pub(crate) struct Reassessment {
    pub(crate) incident: String,
    pub(crate) text: String,
    pub(crate) class: &'static str,
    /// Evidence that does not count for it.
    pub(crate) notes: Vec<String>,
}

/// A run in the trend.
pub(crate) struct Year {
    pub(crate) as_of: String,
    pub(crate) assessment: String,
    pub(crate) is_this: bool,
    pub(crate) open: String,
    pub(crate) segments: Vec<Segment>,
    pub(crate) label: String,
    pub(crate) new: String,
    pub(crate) returned: String,
    pub(crate) resolved: String,
}

/// One severity of a bar; numbers are percent of the width of the longest.
pub(crate) struct Segment {
    pub(crate) mark: Mark,
    pub(crate) x: String,
    pub(crate) width: String,
    pub(crate) count: String,
}

/// Findings that have something in common.
pub(crate) struct List {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) none: &'static str,
    pub(crate) rows: Vec<Row>,
    pub(crate) more: Option<String>,
    /// Heads of the columns of the date and of what is told beside it.
    pub(crate) date: &'static str,
    pub(crate) beside: &'static str,
}

/// One of them.
pub(crate) struct Row {
    pub(crate) mark: Mark,
    pub(crate) title: String,
    pub(crate) anchor: Option<String>,
    pub(crate) check: String,
    pub(crate) id: String,
    pub(crate) system: String,
    pub(crate) state: &'static str,
    pub(crate) owner: String,
    pub(crate) first_seen: String,
    pub(crate) due: String,
    pub(crate) beside: String,
}

impl FollowUp {
    pub(crate) fn new(cx: &Cx<'_>) -> Self {
        let resolved = Resolved::all(cx);
        let Some(programme) = &cx.result.programme else {
            return Self {
                systems: Vec::new(),
                trend: Vec::new(),
                lists: Vec::new(),
                actions: None,
                drills: Vec::new(),
                drills_more: None,
                resolved,
            };
        };
        Self {
            systems: programme.systems.iter().map(|system| dates(cx, system)).collect(),
            trend: trend(cx, programme),
            lists: lists(cx, programme),
            actions: Some(ActionList::new(cx, programme)),
            drills: drills::tables(cx, programme),
            drills_more: drills::more(cx, programme),
            resolved,
        }
    }
}

/// What of it belongs on the first page.
pub(crate) fn headlines(cx: &Cx<'_>) -> Vec<String> {
    let (l, Some(programme)) = (cx.l, &cx.result.programme) else { return Vec::new() };
    let mut headlines = Vec::new();
    for system in &programme.systems {
        for duty in &system.reassessments {
            let Some(left) = duty.days_left else { continue };
            let text = if left < 0 { l.reassess_late } else { l.reassess_open };
            let (due, days) = (format::date(&duty.due, cx.lang), format::number(left.unsigned_abs()));
            let (system, incident) = (format::visible(&system.name), format::visible(&duty.incident));
            headlines.push(fill(text, &[("system", &system), ("incident", &incident), ("due", &due), ("n", &days)]));
        }
        if system.state.as_deref().is_some_and(|state| state.ends_with("overdue")) {
            let due = system.must_by.as_deref().map(|due| format::date(due, cx.lang)).unwrap_or_default();
            headlines.push(fill(l.cycle_late, &[("system", &format::visible(&system.name)), ("due", &due)]));
        }
    }
    let overdue = format::len(programme.overdue.len());
    let repeats = format::len(programme.repeats.len());
    headlines.extend((overdue > 0).then(|| counted(overdue, l.overdue_one, l.overdue_n)));
    headlines.extend((repeats > 0).then(|| counted(repeats, l.repeats_one, l.repeats_n)));
    let late = format::len(programme.actions.iter().filter(|action| action.overdue).count());
    headlines.extend((late > 0).then(|| counted(late, l.actions_late_one, l.actions_late_n)));
    headlines
}

fn dates(cx: &Cx<'_>, system: &SystemDates) -> System {
    let l = cx.l;
    let date = |date: &Option<String>| date.as_ref().map_or_else(|| "–".to_owned(), |date| format::visible(date));
    let clock = |duty: &programme::Reassessment| {
        let days = format::number(duty.days_left.unwrap_or_default().unsigned_abs());
        let (text, class) = match (duty.state.as_str(), duty.days_left) {
            ("met_on_time", _) => (l.duty_met, "pass"),
            ("met_late", _) => (l.duty_met_late, "observation"),
            ("closed_by_retirement", _) => (l.duty_retired, "na"),
            (_, Some(left)) if left >= 0 => (l.duty_open, "insufficient"),
            _ => (l.duty_late, "fail"),
        };
        let names: Vec<String> = duty.predating.iter().map(|name| format::visible(name)).collect();
        let stale = (!names.is_empty()).then(|| {
            let count = format::len(names.len());
            fill(l.duty_predating, &[("n", &format::number(count)), ("names", &shortened(&names))])
        });
        let undated = (duty.undated > 0).then(|| fill(l.duty_undated, &[("n", &format::number(duty.undated))]));
        Reassessment {
            incident: format::visible(&duty.incident),
            text: fill(text, &[("due", &format::visible(&duty.due)), ("n", &days)]),
            class,
            notes: stale.into_iter().chain(undated).collect(),
        }
    };
    System {
        name: format::visible(&system.name),
        category: system.category.map(|category| cx.category_n(category)),
        last_completed: date(&system.last_completed),
        plan_by: date(&system.plan_by),
        must_by: date(&system.must_by),
        state: system.state.as_deref().map(|state| cycle_state(l, state)),
        reassessments: system.reassessments.iter().map(clock).collect(),
    }
}

/// The first of many names, and how many more there are.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = names.len().saturating_sub(SHOWN);
    let first = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(" · ");
    if more == 0 { first } else { format!("{first} … +{}", format::number(format::len(more))) }
}

/// The word of a cycle's state and the class of its shape.
fn cycle_state(l: &Labels, state: &str) -> (&'static str, &'static str) {
    match state.trim_start_matches("never_assessed_") {
        "current" => (l.cycle_current, "pass"),
        "due_soon" => (l.cycle_due_soon, "observation"),
        "past_anniversary" => (l.cycle_past, "observation"),
        _ => (l.cycle_overdue, "fail"),
    }
}

fn trend(cx: &Cx<'_>, programme: &Programme) -> Vec<Year> {
    let total = |point: &TrendPoint| point.open.values().sum::<u64>();
    let most = programme.trend.iter().map(total).max().unwrap_or_default().max(1);
    let year = |point: &TrendPoint| {
        let mut segments = Vec::new();
        let mut before = 0;
        for severity in Severity::DESCENDING {
            let count = point.open.get(&severity).copied().unwrap_or_default();
            if count == 0 {
                continue;
            }
            segments.push(Segment {
                mark: Mark::severity(severity, cx.lang),
                x: percent(before, most),
                width: percent(count, most),
                count: format::number(count),
            });
            before += count;
        }
        let parts: Vec<String> = segments.iter().map(|part| format!("{} {}", part.mark.word, part.count)).collect();
        Year {
            as_of: format::visible(&point.as_of),
            assessment: point.assessment.as_deref().map(format::visible).unwrap_or_default(),
            is_this: point.run == cx.result.run.run,
            open: format::number(total(point)),
            label: parts.join(cx.l.comma),
            segments,
            new: format::number(point.new),
            returned: format::number(point.returned),
            resolved: format::number(point.resolved),
        }
    };
    programme.trend.iter().map(year).collect()
}

/// With one decimal, without floating point: the same on every machine.
fn percent(part: u64, whole: u64) -> String {
    let tenths = part * 1000 / whole;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn lists(cx: &Cx<'_>, programme: &Programme) -> Vec<List> {
    let l = cx.l;
    let late = |row: &programme::FollowUp| {
        fill(l.days_late, &[("n", &format::number(row.days_late.unwrap_or_default().unsigned_abs()))])
    };
    let times = |row: &programme::FollowUp| counted(u64::from(row.repeats), l.came_back_one, l.came_back_n);
    let approver = |row: &programme::FollowUp| row.approved_by.as_deref().map(format::visible).unwrap_or_default();
    vec![
        list(cx, "overdue", [l.overdue, l.overdue_none, l.due, l.late], &programme.overdue, &late),
        list(cx, "repeats", [l.repeats, l.repeats_none, l.due, l.came_back], &programme.repeats, &times),
        list(cx, "accepted", [l.accepted, l.accepted_none, l.until, l.approved_by], &programme.accepted, &approver),
    ]
}

fn list(
    cx: &Cx<'_>,
    id: &'static str,
    [title, none, date, beside]: [&'static str; 4],
    rows: &[programme::FollowUp],
    told: &dyn Fn(&programme::FollowUp) -> String,
) -> List {
    let row = |row: &programme::FollowUp| Row {
        mark: Mark::severity(row.severity, cx.lang),
        title: format::visible(row.title.get(cx.lang)),
        anchor: anchor(cx, &row.id),
        check: format::visible(&row.check),
        id: format::visible(&row.id),
        system: cx.system(&SystemId(row.system.clone())),
        state: life_state(cx.l, &row.state),
        owner: row.owner.as_deref().map_or_else(|| cx.l.unowned.to_owned(), format::visible),
        first_seen: format::visible(&row.first_seen),
        due: row.due.as_deref().map_or_else(|| "–".to_owned(), format::visible),
        beside: told(row),
    };
    let more = format::len(rows.len().saturating_sub(ROWS));
    List {
        id,
        title,
        none,
        rows: rows.iter().take(ROWS).map(row).collect(),
        more: (more > 0).then(|| fill(cx.l.more_in_programme, &[("n", &format::number(more))])),
        date,
        beside,
    }
}

impl ActionList {
    fn new(cx: &Cx<'_>, programme: &Programme) -> Self {
        let more = format::len(programme.actions.len().saturating_sub(ROWS));
        Self {
            rows: programme.actions.iter().take(ROWS).map(|action| ActionRow::new(cx, action)).collect(),
            more: (more > 0).then(|| fill(cx.l.more_in_programme, &[("n", &format::number(more))])),
        }
    }
}

impl ActionRow {
    fn new(cx: &Cx<'_>, action: &programme::ImprovementAction) -> Self {
        let l = cx.l;
        let late = format::number(action.days_late.unwrap_or_default().unsigned_abs());
        let state = match (action.state.as_str(), &action.done) {
            _ if action.overdue => (fill(l.action_late, &[("n", &late)]), "fail"),
            ("done", Some(day)) => (fill(l.action_done, &[("date", &format::visible(day))]), "pass"),
            ("in_progress", _) => (l.action_in_progress.to_owned(), "observation"),
            _ => (l.action_planned.to_owned(), "insufficient"),
        };
        let mut told: Vec<String> = Vec::new();
        told.extend((!action.note.is_empty()).then(|| format::visible(&action.note)));
        if !action.evidence.is_empty() {
            let documents: Vec<String> = action.evidence.iter().map(|document| format::visible(document)).collect();
            told.push(format!("{}{}{}", l.action_shown_by, l.colon, documents.join(l.comma)));
        }
        Self {
            plan: if action.plan.is_empty() { "–".to_owned() } else { format::visible(&action.plan) },
            id: format::visible(&action.id),
            mark: Mark::severity(action.severity, cx.lang),
            title: format::visible(action.title.get(cx.lang)),
            anchor: anchor(cx, &action.finding),
            finding_state: life_state(l, &action.finding_state),
            system: cx.system(&SystemId(action.system.clone())),
            owner: action.owner.as_deref().map_or_else(|| l.unowned.to_owned(), format::visible),
            due: action.due.as_deref().map_or_else(|| "–".to_owned(), format::visible),
            percent: format!("{}\u{a0}%", action.percent),
            state,
            told,
        }
    }
}

/// Where the report tells of a finding, if it does.
fn anchor(cx: &Cx<'_>, id: &str) -> Option<String> {
    cx.result.findings.iter().any(|finding| finding.id == id).then(|| format::anchor(id))
}

fn life_state(l: &Labels, state: &str) -> &'static str {
    match state {
        "new" => l.state_new,
        "triaged" => l.state_triaged,
        "in_progress" => l.state_in_progress,
        "remediated" => l.state_remediated,
        "risk_accepted" => l.state_accepted,
        "verified" | "closed" => l.state_gone,
        "false_positive" => l.state_false,
        "superseded" => l.state_superseded,
        _ => l.state_open,
    }
}

/// A finding that is gone.
pub(crate) struct Resolved {
    pub(crate) id: String,
    pub(crate) mark: Mark,
    pub(crate) title: String,
    pub(crate) check: String,
    pub(crate) system: String,
    pub(crate) first_seen: String,
    pub(crate) last_seen: String,
}

impl Resolved {
    pub(crate) fn all(cx: &Cx<'_>) -> Vec<Self> {
        let mut resolved: Vec<_> = cx.result.run.resolved.iter().collect();
        resolved.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let row = |finding: &secdiag_model::result::ResolvedFinding| Self {
            id: format::visible(&finding.id),
            mark: Mark::severity(finding.severity, cx.lang),
            title: format::visible(&finding.title),
            check: format::visible(&finding.check),
            system: cx.system(&finding.system),
            first_seen: format::visible(&finding.first_seen),
            last_seen: format::visible(&finding.last_seen),
        };
        resolved.into_iter().map(row).collect()
    }
}
