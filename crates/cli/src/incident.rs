//! `secdiag incident`: what was reported of incidents, by when the rest is due, and which blocks of the report are empty.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use secdiag_catalogue::{Catalogue, LimitId};
use secdiag_model::Lang;
use secdiag_programme::action::day_of;
use secdiag_programme::register::{Incident, Register};
use secdiag_programme::reporting::{Reporting, Told, reporting};
use secdiag_store::Store;
use serde::Serialize;

use crate::args::LangArg;
use crate::findings::View;
use crate::schedule::registers_of;
use crate::workspace::{Workspace, block_on, catalogue, today};
use crate::{Exit, known, out};

/// List incidents of the register with the deadlines of their reports and what the formal reports lack.
#[derive(Debug, Args)]
pub(crate) struct IncidentArgs {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// List incidents, the latest first: level, days, notice, formal report and its missing blocks.
    ///
    /// Example: secdiag incident list --missing --lang zh-TW
    List {
        #[command(flatten)]
        view: View,
        /// Only those of which a notice or a block of the formal report is missing.
        #[arg(long)]
        missing: bool,
        /// One firm.
        #[arg(long)]
        firm: Option<String>,
        /// Folder that remembers.
        #[arg(long, default_value = "secdiag-workspace")]
        workspace: PathBuf,
        /// Your own catalogue files, laid over the built-in ones (the deadlines are in duties.yaml).
        #[arg(long, value_name = "DIR")]
        catalogue: Option<PathBuf>,
        /// Language.
        #[arg(long, value_enum, default_value_t = LangArg::En)]
        lang: LangArg,
        /// One JSON object per incident.
        #[arg(long)]
        json: bool,
    },
}

/// An incident with its reporting.
#[derive(Serialize)]
struct Row<'a> {
    firm: &'a str,
    incident: &'a str,
    level: u8,
    systems: &'a [String],
    occurred: Date,
    discovered: Option<Date>,
    reported: Option<Date>,
    /// Nothing where it was not known by then.
    reporting: Option<Reporting>,
    /// The missing blocks by name.
    missing: Vec<&'a str>,
    /// The same in Traditional Chinese.
    missing_zh_tw: Vec<&'a str>,
}

pub(crate) fn incident(options: &IncidentArgs) -> Result<Exit> {
    let Deed::List { view, missing, firm, workspace, catalogue: overlay, lang, json } = &options.deed;
    let catalogue = catalogue(overlay.as_deref())?;
    let lang = Lang::from(*lang);
    let workspace = Workspace::open(workspace)?;
    let registers = block_on(async {
        let store = Store::open(&workspace.database()).await?;
        known::firm(&store, firm.as_deref()).await?;
        // A register is often taken in long after its incidents, whose days it tells.
        registers_of(&store, firm.as_deref(), &view.of_any_day()).await
    })?;
    let as_of = day_of(view.instant());
    let mut rows: Vec<Row<'_>> = registers
        .iter()
        .flat_map(|register| register.incidents.iter().map(|incident| (register.firm.as_str(), incident)))
        .filter(|(_, incident)| incident.occurred <= as_of)
        .map(|(firm, incident)| row(firm, incident, &catalogue, as_of))
        .collect();
    if rows.is_empty() {
        return Ok(known::nothing(&catalogue.words().say("incidents-none", lang, &[])));
    }
    let count = rows.len().to_string();
    if *missing {
        rows.retain(|row| {
            let due = row.reporting.as_ref();
            due.is_some_and(|due| !due.missing.is_empty() || matches!(due.notice, Told::Open | Told::Overdue))
        });
        if rows.is_empty() {
            out::error(&catalogue.words().say("incidents-none-missing", lang, &[("n", &count)]));
        }
    }
    rows.sort_by(|a, b| (a.firm, b.occurred, a.incident).cmp(&(b.firm, a.occurred, b.incident)));
    for row in &rows {
        if *json {
            out::print_json(row)?;
        } else {
            show(row, &catalogue, lang)?;
        }
    }
    Ok(Exit::Ran)
}

fn row<'a>(firm: &'a str, incident: &'a Incident, catalogue: &'a Catalogue, as_of: Date) -> Row<'a> {
    let names =
        |lang| incident.report.missing().into_iter().map(|block| catalogue.words().block(block, lang)).collect();
    Row {
        firm,
        incident: &incident.id,
        level: incident.level,
        systems: &incident.systems,
        occurred: incident.occurred,
        discovered: incident.discovered,
        reported: incident.reported,
        reporting: reported(incident, catalogue, as_of),
        missing: names(Lang::En),
        missing_zh_tw: names(Lang::ZhTw),
    }
}

/// How far the reporting is by the catalogue's limits; a limit that is not set never ends.
fn reported(incident: &Incident, catalogue: &Catalogue, as_of: Date) -> Option<Reporting> {
    let until = |id: LimitId| {
        let limit = catalogue.duties().allowed(id, None);
        move |known: Date| limit.map_or(Date::MAX, |limit| limit.until(known))
    };
    reporting(incident, until(LimitId::IncidentNotice), until(LimitId::IncidentReport), as_of)
}

fn show(row: &Row<'_>, catalogue: &Catalogue, lang: Lang) -> Result<()> {
    let words = catalogue.words();
    let date = |day: Option<Date>| day.map_or_else(|| "–".to_owned(), |day| day.to_string());
    let known = row.reporting.as_ref().map(|told| told.known);
    out::print(&words.say(
        "incident-head",
        lang,
        &[
            ("incident", row.incident),
            ("level", &row.level.to_string()),
            ("systems", &row.systems.join(", ")),
            ("occurred", &row.occurred.to_string()),
            ("known", &date(known)),
        ],
    ))?;
    let Some(told) = &row.reporting else {
        return out::print(&format!("    {}", words.say("incident-unknown-yet", lang, &[])));
    };
    let notice = match told.notice {
        Told::Done => "incident-notice-done",
        Told::Late => "incident-notice-late",
        Told::Open => "incident-notice-open",
        Told::Overdue => "incident-notice-overdue",
    };
    let values = [("due", told.notice_by.to_string()), ("reported", date(row.reported))];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    out::print(&format!("    {}", words.say(notice, lang, &values)))?;
    out::print(&format!("    {}", report_words(told, catalogue, lang)))
}

/// What is to be said of the formal report, with the names of the blocks that are empty.
fn report_words(told: &Reporting, catalogue: &Catalogue, lang: Lang) -> String {
    let words = catalogue.words();
    let names: Vec<&str> = told.missing.iter().map(|block| words.block(block, lang)).collect();
    let missing = names.join(if lang == Lang::En { ", " } else { "、" });
    let key = match told.report {
        Told::Done | Told::Late => "incident-report-done",
        Told::Open => "incident-report-open",
        Told::Overdue => "incident-report-overdue",
    };
    words.say(key, lang, &[("due", &told.report_by.to_string()), ("missing", &missing)])
}

/// Says on standard error of which incidents of a register the formal report lacks something.
pub(crate) fn tell_incomplete(register: &Register, catalogue: &Catalogue, lang: Lang) {
    for incident in register.incidents.iter().filter(|incident| !incident.report.missing().is_empty()) {
        let Some(told) = reported(incident, catalogue, today()) else { continue };
        let problem = report_words(&told, catalogue, lang);
        let values =
            [("incident", incident.id.as_str()), ("level", &incident.level.to_string()), ("problem", problem.as_str())];
        out::error(&catalogue.words().say("incident-note", lang, &values));
    }
}
