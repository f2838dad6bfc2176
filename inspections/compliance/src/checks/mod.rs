//! One file per check; answers are judged in [`crate::asked`].

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Artefact, Note, NoteKind, SystemId};
use secdiag_records::At;

use crate::records::{Kept, Plan, Retention, Team};
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

secdiag_inspect::checks! {
    fn(&View<'_>, &JudgeCx<'_>);
    answer_without_evidence,
    answer_contradicted,
    question_unanswered,
    checklist_points_short,
    measure_missing,
    gap_open,
    control_area_overdue,
    letter_open,
    monitoring_gap,
    encryption_off,
    retention_setting_short,
    backup_failed,
    restore_test_stale,
    recovery_objective_missing,
    recovery_objective_missed,
    continuity_drill_stale,
    objective_contradiction,
    continuity_approval_missing,
    swift_control_missed,
    order_login_single_factor,
    certificate_issue_same_factor,
    customer_password_weak,
    order_log_short,
    plan_not_approved,
    plan_stale,
    assessor_unqualified,
    assessor_not_independent,
    report_element_missing,
    fix_overdue,
    follow_up_not_reported,
    records_not_retained,
}

/// The plan that was approved last; of plans without a date the first.
fn newest_plan<'v>(view: &'v View<'_>, cx: &JudgeCx<'_>) -> Option<(&'v Artefact, &'v Plan)> {
    let mut newest: Option<(&Artefact, &Plan)> = None;
    for (artefact, plan) in view.of_records(|records| &records.plans) {
        let day = |plan: &Plan| plan.approved_on.filter(|date| *date <= cx.as_of);
        if newest.is_none_or(|(_, other)| day(plan) > day(other)) {
            newest = Some((artefact, plan));
        }
    }
    newest
}

/// Teams that assess the system, with the day that counts; one without a date is noted and cannot be judged.
fn teams<'v>(view: &'v View<'_>, cx: &JudgeCx<'_>) -> Vec<(&'v Artefact, &'v Team, Date)> {
    let mut found = Vec::new();
    for (artefact, team) in view.of_records(|records| &records.teams) {
        let unnamed = cx.system.id == SystemId::unnamed();
        let here = team.systems.iter().any(|id| id.eq_ignore_ascii_case(&cx.system.id.0));
        if !unnamed && !team.systems.is_empty() && !here {
            continue;
        }
        if let Some(date) = team.date {
            found.push((artefact, team, date));
        } else {
            let text = format!("team of {}: the day of the assessment is missing; it was not judged", team.assessment);
            cx.note(Note::new(NoteKind::NotUnderstood, "team-undated", text).on(artefact));
        }
    }
    found
}

/// Systems that the continuity records name, by their name in lower case, each with the first place that does.
fn systems_named<'v>(view: &'v View<'_>) -> BTreeMap<String, (&'v str, &'v Artefact, &'v At)> {
    let mut named: BTreeMap<String, (&str, &Artefact, &At)> = BTreeMap::new();
    for (artefact, function) in view.of_continuity(|continuity| &continuity.functions) {
        if let Some(system) = function.system.as_deref().filter(|_| function.core != Some(false)) {
            named.entry(system.to_lowercase()).or_insert((system, artefact, &function.at));
        }
    }
    for (artefact, run) in view.of_continuity(|continuity| &continuity.backups) {
        if let Some(system) = run.system.as_deref() {
            named.entry(system.to_lowercase()).or_insert((system, artefact, &run.at));
        }
    }
    for (artefact, test) in view.of_continuity(|continuity| &continuity.restores) {
        named.entry(test.system.to_lowercase()).or_insert((&test.system, artefact, &test.at));
    }
    named
}

/// Holds what is kept against a limit: the setting, and the oldest record where it is named.
fn judge_retention(check: &Check, what: Kept, limit: LimitId, aspect: Option<&str>, view: &View<'_>, cx: &JudgeCx<'_>) {
    let mut looked = 0;
    let limit = view.limit(limit);
    for (artefact, record) in view.of_records(|records| &records.retentions) {
        if record.what != Some(what) {
            continue;
        }
        looked += 1;
        let Some(limit) = limit else {
            let text = format!("{}: the rule demands no retention of systems of this category", record.source);
            cx.note(Note::new(NoteKind::Assumed, "no-demand", text).on(artefact));
            continue;
        };
        let demanded = limit.since(cx.as_of);
        let kept = kept_since(record, cx.as_of);
        // A source that is younger than the limit cannot reach back further than its first day.
        let expected = record.since.map_or(demanded, |since| since.max(demanded));
        let oldest = record.oldest.filter(|oldest| *oldest > expected);
        let allowed = limit.words();
        let (state, detail) = match (kept, oldest) {
            (None, _) => ("unstated", words("no retention is stated", "未載保存期間")),
            (Some(kept), _) if kept > demanded => (
                "setting",
                words(
                    format!("the setting reaches back to {kept}, demanded are {}", allowed.en),
                    format!("保存設定僅可回溯至 {kept}，規定為 {}", allowed.zh_tw),
                ),
            ),
            (_, Some(oldest)) => (
                "oldest",
                words(
                    format!("the oldest record is of {oldest}, demanded are {}", allowed.en),
                    format!("最舊紀錄為 {oldest}，規定應保存 {}", allowed.zh_tw),
                ),
            ),
            _ => continue,
        };
        let found = finding(
            check,
            record.source.as_str(),
            proof(artefact, &record.at, format!("retention of {}", record.source)),
        )
        .fact("record", record.source.as_str())
        .fact("state", state)
        .fact("gap", "high")
        .both("detail", &detail);
        cx.report(match aspect {
            Some(aspect) => found.aspect(aspect),
            None => found,
        });
    }
    if looked > 0 {
        let looked = Looked::at(check, looked, "retention settings");
        cx.looked(match aspect {
            Some(aspect) => looked.aspect(aspect),
            None => looked,
        });
    }
}

/// The day to which a setting reaches back; the longer where days and years are stated.
fn kept_since(record: &Retention, as_of: Date) -> Option<Date> {
    let span = |value: u64, cap: i64, of: fn(i64) -> Span| {
        let value = i64::try_from(value).unwrap_or(cap).min(cap);
        as_of.checked_sub(of(value)).unwrap_or(Date::MIN)
    };
    let days = record.days.map(|days| span(days, 3_000_000, ToSpan::days));
    let years = record.years.map(|years| span(years, 9_000, ToSpan::years));
    days.into_iter().chain(years).min()
}
