//! A major incident was not reported in time, or its formal report lacks blocks after its time is over.
//!
//! **What.** Incidents of level 3 or 4 of which no notice was given by the day after they became known, or whose formal
//! report lacks any of its seven blocks although its time is over: times, impact, containment, investigation, root cause,
//! measures, follow-up.
//!
//! **Why.** The authority can warn others only of what it knows, and what nobody wrote down nobody learns from.
//!
//! **Evidence.** The register (incidents with level, days and the blocks of the report).
//!
//! **Limits.** The register keeps days, the rule counts hours: notice on the next day is not accused. What a block says is
//! not judged. A notice that came late is shown by `secdiag incident list`, not accused here. While there is time,
//! nothing is.
//!
//! **References.** EVT (資通安全事件通報及應變辦法: notice, formal report of seven blocks)

use std::collections::BTreeSet;

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx};
use secdiag_model::{Finding, Lang, Locator, Proof, Subject};
use secdiag_programme::register::Incident;
use secdiag_programme::reporting::{Reporting, Told, reporting};

use super::{READS, looked_at};
use crate::{Case, MAJOR_FROM, View};

/// The check.
pub(crate) const CHECK: Check = Check::new("programme/incident-report-incomplete", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let allowed = |id| cx.catalogue.duties().allowed(id, cx.system.category);
    let (Some(notice), Some(report)) = (allowed(LimitId::IncidentNotice), allowed(LimitId::IncidentReport)) else {
        return;
    };
    looked_at(&CHECK, case.views.iter().flat_map(|view| &view.rows).map(|row| row.system.as_str()), cx);
    for view in &case.views {
        for (system, incident) in struck(view) {
            let told = reporting(incident, |known| notice.until(known), |known| report.until(known), cx.as_of);
            if let Some(told) = told.filter(Reporting::is_overdue) {
                cx.report(finding(view, system, incident, &told, cx));
            }
        }
    }
}

/// Major incidents, each once, with the first of the systems by name: one report is owed, however many it struck.
fn struck<'a>(view: &'a View<'_>) -> impl Iterator<Item = (&'a str, &'a Incident)> {
    let systems: BTreeSet<&str> = view.rows.iter().map(|row| row.system.as_str()).collect();
    let major = view.document.register.incidents.iter().filter(|incident| incident.level >= MAJOR_FROM);
    let of = move |incident: &'a Incident| {
        let first = systems.iter().copied().find(|system| incident.systems.iter().any(|id| id == system))?;
        Some((first, incident))
    };
    major.filter_map(of)
}

fn finding(view: &View<'_>, system: &str, incident: &Incident, told: &Reporting, cx: &JudgeCx<'_>) -> Finding {
    let words = cx.catalogue.words();
    let [missing, missing_zh] = [(Lang::En, ", "), (Lang::ZhTw, "、")]
        .map(|(lang, comma)| told.missing.iter().map(|block| words.block(block, lang)).collect::<Vec<_>>().join(comma));
    let what = |lang: Lang, missing: &str| {
        let (notice_by, report_by) = (told.notice_by.to_string(), told.report_by.to_string());
        let mut parts = Vec::new();
        if told.notice == Told::Overdue {
            parts.push(words.say("incident-no-notice", lang, &[("due", &notice_by)]));
        }
        if told.report == Told::Overdue {
            parts.push(words.say("incident-report-lacks", lang, &[("due", &report_by), ("missing", missing)]));
        }
        parts.join(if lang == Lang::En { "; " } else { "；" })
    };
    let (en, zh) = (what(Lang::En, &missing), what(Lang::ZhTw, &missing_zh));
    let quoted = format!("\"{}\"", incident.id);
    let line =
        view.document.text.lines().position(|line| line.trim_start().starts_with("id") && line.contains(&quoted));
    let place = line.map_or(Locator::Whole, |line| Locator::Line(line as u64 + 1));
    let excerpt = format!("incident {} of level {}, known on {}", incident.id, incident.level, told.known);
    let name =
        view.document.register.systems.iter().find(|known| known.id == system).map_or(system, |known| &known.name);
    Finding::new(CHECK.id, Subject::Record { record: incident.id.clone() }, Proof::new(view.artefact, place, excerpt))
        .asset(system)
        .fact("system", system)
        .fact("name", name)
        .fact("incident", incident.id.as_str())
        .fact("level", incident.level)
        .fact("known", told.known.to_string())
        .fact("notice_by", told.notice_by.to_string())
        .fact("report_by", told.report_by.to_string())
        .fact("notice", told.notice.word())
        .fact("report", told.report.word())
        .fact("missing", missing)
        .fact("missing_zh", missing_zh)
        .fact("problem", en)
        .fact("problem_zh", zh)
}
