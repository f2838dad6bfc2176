//! `secdiag register`, `secdiag schedule`, `secdiag due`: which systems there are, and what is due when.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use secdiag_catalogue::Catalogue;
use secdiag_model::Lang;
use secdiag_programme::case_table;
use secdiag_programme::cycle::Cycles;
use secdiag_programme::register::{Classification, Register, System};
use secdiag_programme::schedule::{
    CalendarWords, IncidentAnchor, IncidentDuty, Row, Rules, ics, mark_predating, schedule as rows_of,
};
use secdiag_store::{EventFilter, Store};

use crate::args::{LangArg, UsageError};
use crate::findings::{View, When};
use crate::workspace::{Workspace, block_on, catalogue, today};
use crate::{Exit, known, out};

/// Incidents of this level and above are major, where the catalogue does not say otherwise.
const MAJOR_FROM: u8 = 3;

/// Take the firm's register (systems, categories, assessments, incidents) into the workspace, or show it.
#[derive(Debug, Args)]
pub(crate) struct RegisterArgs {
    #[command(subcommand)]
    deed: RegisterDeed,
    /// Folder that remembers.
    #[arg(long, global = true, default_value = "secdiag-workspace")]
    workspace: PathBuf,
    /// Language of what is said about incidents.
    #[arg(long, global = true, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,
}

#[derive(Debug, Subcommand)]
enum RegisterDeed {
    /// Read a register file (TOML); what changed since the last time is recorded.
    Import {
        /// The file.
        file: PathBuf,
        /// Who answers for it.
        #[arg(long)]
        by: String,
        /// Why it changed.
        #[arg(long, default_value = "register")]
        reason: String,
        /// Since when it is so, if not since now: a day or an instant.
        #[arg(long, value_name = "DATE")]
        at: Option<When>,
    },
    /// Show the register as JSON: as it is, as of a day, or as it was known on a day.
    Show {
        #[command(flatten)]
        view: View,
        /// One firm.
        #[arg(long)]
        firm: Option<String>,
    },
}

pub(crate) fn register(options: &RegisterArgs) -> Result<Exit> {
    match &options.deed {
        RegisterDeed::Import { file, by, reason, at } => {
            let taken = take_over(file, by, reason, at.map(|when| when.0), &options.workspace)?;
            out::print(&format!(
                "{} systems, {} assessments, {} incidents; {} records new or changed",
                taken.systems, taken.assessments, taken.incidents, taken.changed
            ))?;
            if !taken.missing.is_empty() {
                out::error(&format!(
                    "note: known systems that the file does not name stay in the register: {} (give them a day of retirement)",
                    taken.missing.join(", ")
                ));
            }
            for text in &taken.unapproved {
                out::error(&format!("note: {text}"));
            }
            crate::incident::tell_incomplete(&taken.register, &catalogue(None)?, options.lang.into());
            Ok(Exit::Ran)
        }
        RegisterDeed::Show { view, firm } => {
            let workspace = Workspace::open(&options.workspace)?;
            block_on(async {
                let store = Store::open(&workspace.database()).await?;
                known::firm(&store, firm.as_deref()).await?;
                let registers = registers_of(&store, firm.as_deref(), view).await?;
                store.close().await;
                for register in &registers {
                    out::print_json(register)?;
                }
                if registers.is_empty() {
                    let words = catalogue(None)?;
                    return Ok(known::nothing(&words.words().say("register-none", options.lang.into(), &[])));
                }
                Ok(Exit::Ran)
            })
        }
    }
}

/// What came of taking a register over.
pub(crate) struct Taken {
    systems: usize,
    assessments: usize,
    incidents: usize,
    changed: usize,
    /// Systems in service that the file does not name.
    missing: Vec<String>,
    /// Categories that do not hold because nobody else approved them.
    unapproved: Vec<String>,
    /// What was taken over.
    register: Register,
}

/// Takes a register into the workspace: what changed becomes events.
pub(crate) fn take_over(file: &Path, by: &str, reason: &str, at: Option<Timestamp>, workspace: &Path) -> Result<Taken> {
    let act = crate::findings::act(by, reason, at.map(When))?;
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let refuse = |complaints: &[String]| {
        let all = complaints.iter().map(|line| format!("\n  {line}")).collect::<String>();
        UsageError(format!("{}: nothing was taken over:{all}", file.display()))
    };
    let register = Register::parse(&text).map_err(|bad| refuse(&bad.0))?;
    let ahead = register.not_yet(today());
    if !ahead.is_empty() {
        return Err(refuse(&ahead).into());
    }
    let workspace = Workspace::open(workspace)?;
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        // Told for a day of the past, it is compared with what was so then; what was told for later days stays.
        let known = registers_of(&store, Some(&register.firm), &View::at(act.at)).await?.pop().unwrap_or_default();
        let events = register.events(&known, &act);
        store.append(&events).await?;
        store.close().await;
        let unnamed = |id: &str| !register.systems.iter().any(|new| new.id == id);
        let missing = known.systems.iter().filter(|system| system.retired.is_none() && unnamed(&system.id));
        Ok(Taken {
            systems: register.systems.len(),
            assessments: register.assessments.len(),
            incidents: register.incidents.len(),
            changed: events.len(),
            missing: missing.map(|system| system.id.clone()).collect(),
            unapproved: register.systems.iter().flat_map(unapproved).collect(),
            register: register.clone(),
        })
    })
}

fn unapproved(system: &System) -> Vec<String> {
    let text = |decision: &Classification| {
        format!(
            "system {}: category {} from {} on is less strict than the facts or the decision before, and nobody but who asked for it approved it with a reason: the stricter one holds until then",
            system.id, decision.category, decision.effective
        )
    };
    system.lowered_without_approval().into_iter().map(text).collect()
}

/// The registers of the workspace, one per firm that has one.
pub(crate) async fn registers(store: &Store, firm: Option<&str>, known_on: Option<Date>) -> Result<Vec<Register>> {
    registers_of(store, firm, &View::known_by(known_on)?).await
}

pub(crate) async fn registers_of(store: &Store, firm: Option<&str>, view: &View) -> Result<Vec<Register>> {
    let mut events = Vec::new();
    for entity in Register::ENTITIES {
        let filter = EventFilter { firm, entity: Some(entity), subject: None, known_on: view.known_on() };
        events.extend(store.events(&filter).await?.into_iter().filter(|event| event.at <= view.until()));
    }
    secdiag_programme::event::in_order(&mut events);
    Ok(Register::fold(&events).into_values().collect())
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AnchorArg {
    Occurred,
    Discovered,
    Reported,
}

impl From<AnchorArg> for IncidentAnchor {
    fn from(anchor: AnchorArg) -> Self {
        match anchor {
            AnchorArg::Occurred => Self::Occurred,
            AnchorArg::Discovered => Self::Discovered,
            AnchorArg::Reported => Self::Reported,
        }
    }
}

/// Show every system's next dates; as a calendar; or answer a whole table of what-if cases.
#[derive(Debug, Args)]
pub(crate) struct ScheduleArgs {
    #[command(subcommand)]
    deed: Option<ScheduleDeed>,
    #[command(flatten)]
    view: ViewArgs,
    /// Write the dates as an iCalendar file instead.
    #[arg(long, value_name = "FILE")]
    ics: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum ScheduleDeed {
    /// Answer a table of cases (CSV or a workbook's first sheet): case, kind, category, last_completed, commissioned, change_effective, change_to,
    /// incident_occurred, assessments (full|first evidence|completed;…), as_of. Prints case, plan_by, must_by, state,
    /// incident_due, incident_state.
    Evaluate {
        /// The table.
        table: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    /// As of this day, YYYY-MM-DD; today by default.
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// Only what was known here by the end of this day.
    #[arg(long, value_name = "DATE")]
    known_on: Option<Date>,
    /// The day from which the three months after an incident count.
    #[arg(long, value_enum, default_value = "occurred")]
    anchor: AnchorArg,
    /// One firm.
    #[arg(long)]
    firm: Option<String>,
    /// Folder that remembers.
    #[arg(long, default_value = "secdiag-workspace")]
    workspace: PathBuf,
    /// Your own catalogue files, laid over the built-in ones.
    #[arg(long, value_name = "DIR")]
    catalogue: Option<PathBuf>,
    /// Language.
    #[arg(long, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,
    /// One JSON object per system.
    #[arg(long)]
    json: bool,
}

/// List the systems for which something has to be done: unclassified, due soon, overdue, or to be assessed again.
#[derive(Debug, Args)]
pub(crate) struct DueArgs {
    #[command(flatten)]
    view: ViewArgs,
}

pub(crate) fn schedule(options: &ScheduleArgs) -> Result<Exit> {
    if let Some(ScheduleDeed::Evaluate { table }) = &options.deed {
        return evaluate(table, &catalogue(options.view.catalogue.as_deref())?);
    }
    let rows = rows(&options.view)?;
    let Some(file) = &options.ics else {
        return show(&options.view, &rows);
    };
    let words = match Lang::from(options.view.lang) {
        Lang::En => CalendarWords {
            plan_by: "{system}: assessment to be planned by today",
            must_by: "{system}: last day of the assessment",
            incident: "{system}: last day of the re-assessment after {incident}",
        },
        Lang::ZhTw => CalendarWords {
            plan_by: "{system}：資安評估應於今日前排定",
            must_by: "{system}：資安評估最後期限",
            incident: "{system}：{incident} 事件後重新評估最後期限",
        },
    };
    if !rows.iter().any(Row::has_dates) {
        // RFC 5545 knows no calendar without a component, and programs that read calendars refuse such a file.
        let words = catalogue(options.view.catalogue.as_deref())?;
        let values = [("file", file.display().to_string()), ("n", rows.len().to_string())];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        return Ok(known::nothing(&words.words().say("calendar-empty", options.view.lang.into(), &values)));
    }
    std::fs::write(file, ics(&rows, &words, Timestamp::now())).with_context(|| file.display().to_string())?;
    out::print(&format!("{}", file.display()))?;
    Ok(Exit::Ran)
}

pub(crate) fn due(options: &DueArgs) -> Result<Exit> {
    let view = &options.view;
    let dated = rows_if_any(view)?;
    let late = late_actions(view)?;
    let rows: Vec<Row> = match dated {
        Some(rows) => rows.into_iter().filter(Row::is_due).collect(),
        None if late.is_empty() => return Err(no_register()),
        None => {
            out::error(&catalogue(view.catalogue.as_deref())?.words().say("due-no-register", view.lang.into(), &[]));
            Vec::new()
        }
    };
    if rows.is_empty() && late.is_empty() && !view.json {
        out::print(match Lang::from(view.lang) {
            Lang::En => "nothing is due",
            Lang::ZhTw => "目前無到期事項",
        })?;
    }
    show(view, &rows)?;
    if late.is_empty() {
        return Ok(Exit::Ran);
    }
    let catalogue = catalogue(view.catalogue.as_deref())?;
    for told in &late {
        if view.json {
            out::print_json(&serde_json::json!({"action": told}))?;
        } else {
            let line = crate::action::line(&catalogue, view.lang.into(), &told.row);
            out::print(&catalogue.words().say("due-action", view.lang.into(), &[("action", &line)]))?;
        }
    }
    Ok(Exit::Ran)
}

/// Improvement actions whose last day is over.
fn late_actions(view: &ViewArgs) -> Result<Vec<crate::action::Told>> {
    let seen = View::days(Some(view.as_of.unwrap_or_else(today)), view.known_on)?;
    let workspace = Workspace::open(&view.workspace)?;
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        let mut told = crate::action::list(&store, view.firm.as_deref(), &seen).await?.rows;
        told.retain(|told| told.row.overdue);
        Ok(told)
    })
}

fn no_register() -> anyhow::Error {
    let text = "the workspace has no register: `secdiag register import register.toml --by NAME` takes one in";
    UsageError(text.to_owned()).into()
}

/// The catalogue's numbers; months after an incident are those of category 1, which all categories share today.
pub(crate) fn rules(catalogue: &Catalogue, anchor: IncidentAnchor) -> Rules {
    let cycles = catalogue.categories().iter().map(|category| (category.id, category.cycle_years)).collect();
    Rules {
        cycles: Cycles(cycles),
        incident_months: catalogue.categories().first().map_or(3, |category| category.incident_months),
        anchor,
        major_from: MAJOR_FROM,
    }
}

fn rows(view: &ViewArgs) -> Result<Vec<Row>> {
    rows_if_any(view)?.ok_or_else(no_register)
}

/// The dates of all systems; nothing where the workspace has no register.
fn rows_if_any(view: &ViewArgs) -> Result<Option<Vec<Row>>> {
    let rules = rules(&catalogue(view.catalogue.as_deref())?, view.anchor.into());
    let as_of = view.as_of.unwrap_or_else(today);
    let workspace = Workspace::open(&view.workspace)?;
    let known_on = view.known_on.and_then(crate::findings::end_of);
    let (registers, mut runs) = block_on(async {
        let store = Store::open(&workspace.database()).await?;
        known::firm(&store, view.firm.as_deref()).await?;
        Ok((registers(&store, view.firm.as_deref(), view.known_on).await?, store.runs().await?))
    })?;
    runs.retain(|run| {
        run.regime != crate::import::REGIME
            && run.as_of <= as_of.to_string()
            && known_on.is_none_or(|known_on| run.recorded_at.is_none_or(|at| at <= known_on))
    });
    if registers.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for register in &registers {
        let mut rows = rows_of(register, &rules, as_of);
        let of_firm = runs.iter().filter(|run| run.firm.as_deref().unwrap_or_default() == register.firm);
        if let Some(last) = of_firm.max_by_key(|run| (&run.as_of, run.sequence)) {
            mark_predating(&mut rows, &crate::ledger::evidence_of(&workspace, &last.run)?);
        }
        all.extend(rows);
    }
    Ok(Some(all))
}

fn show(view: &ViewArgs, rows: &[Row]) -> Result<Exit> {
    let zh = Lang::from(view.lang) == Lang::ZhTw;
    for row in rows {
        if view.json {
            out::print_json(row)?;
            continue;
        }
        let category = match (row.category, row.unapproved) {
            (Some(category), Some(given)) if zh => format!("第 {category} 類（降為第 {given} 類尚未核定）"),
            (Some(category), Some(given)) => format!("category {category} (lowering to {given} is not approved)"),
            (Some(category), None) if zh => format!("第 {category} 類"),
            (Some(category), None) => format!("category {category}"),
            (None, _) if zh => format!("未分類（建議第 {} 類）", row.proposed.category),
            (None, _) => format!("unclassified (facts propose {})", row.proposed.category),
        };
        let dates = match (row.due, row.state, row.retired) {
            (_, _, Some(retired)) if zh => format!("已於 {retired} 除役"),
            (_, _, Some(retired)) => format!("retired on {retired}"),
            (Some(due), Some(state), None) if zh => {
                format!("{}  應排定 {}  最後期限 {}", state.word(), due.plan_by, due.must_by)
            }
            (Some(due), Some(state), None) => {
                format!("{}  plan by {}  must by {}", state.word(), due.plan_by, due.must_by)
            }
            _ => String::new(),
        };
        out::print(&format!("{:<16}  {category}  {dates}", row.system))?;
        for duty in &row.incidents {
            let state = duty.duty.state.word();
            out::print(&if zh {
                format!("{:<16}  {} 事件後重新評估：{state}，期限 {}", "", duty.incident, duty.duty.due)
            } else {
                format!("{:<16}  re-assess after {}: {state}, due {}", "", duty.incident, duty.duty.due)
            })?;
            show_stale(duty, zh)?;
        }
    }
    Ok(Exit::Ran)
}

/// Evidence that does not count for a re-assessment.
fn show_stale(duty: &IncidentDuty, zh: bool) -> Result<()> {
    for name in &duty.predating {
        out::print(&if zh {
            format!("{:<16}    事件前蒐集，須重新蒐集：{name}", "")
        } else {
            format!("{:<16}    collected before it, to be collected again: {name}", "")
        })?;
    }
    if duty.undated > 0 {
        out::print(&if zh {
            format!("{:<16}    {} 份佐證未載明蒐集時間", "", duty.undated)
        } else {
            format!("{:<16}    {} files do not say when they were collected", "", duty.undated)
        })?;
    }
    Ok(())
}

/// The rows of a workbook's first sheet, with their numbers.
fn first_sheet(bytes: &[u8]) -> std::result::Result<Vec<(u64, Vec<String>)>, String> {
    let limits = secdiag_sheet::Limits { unpacked: 256 << 20, rows: 1_000_000, columns: 256 };
    let sheets = secdiag_sheet::read(bytes, limits)?;
    let sheet = sheets.into_iter().next().ok_or("the workbook has no sheet")?;
    if let Some(damage) = sheet.damage {
        return Err(format!("sheet {}: {damage}", sheet.name));
    }
    let text = |cell: secdiag_sheet::Cell| match cell {
        secdiag_sheet::Cell::Text(text) | secdiag_sheet::Cell::Broken(text) => text,
        secdiag_sheet::Cell::Date(date) => date.to_string(),
        secdiag_sheet::Cell::Moment(moment) => moment.to_string(),
    };
    let row = |row: secdiag_sheet::Row| {
        let mut cells = Vec::new();
        for (column, cell) in row.cells {
            cells.resize(column as usize, String::new());
            cells.push(text(cell));
        }
        (u64::from(row.number), cells)
    };
    Ok(sheet.rows.into_iter().map(row).collect())
}

fn evaluate(table: &Path, catalogue: &Catalogue) -> Result<Exit> {
    let bytes = std::fs::read(table).with_context(|| table.display().to_string())?;
    let rules = rules(catalogue, IncidentAnchor::Occurred);
    let answered = if secdiag_sheet::is_workbook(&bytes) {
        let rows = first_sheet(&bytes).map_err(|reason| UsageError(format!("{}: {reason}", table.display())))?;
        case_table::evaluate_rows(&rows, &rules.cycles, rules.incident_months)
    } else {
        let text = secdiag_inspect::DecodedText::decode(&bytes).text;
        case_table::evaluate(&text, &rules.cycles, rules.incident_months)
    };
    out::print(&case_table::to_csv(&answered.answers))?;
    if !answered.unused_columns.is_empty() {
        out::error(&format!("note: columns that mean nothing here: {}", answered.unused_columns.join(", ")));
    }
    for refused in &answered.refused {
        out::error(&format!("{}: {refused}", table.display()));
    }
    if !answered.refused.is_empty() {
        bail!("{} rows were not answered", answered.refused.len());
    }
    Ok(Exit::Ran)
}
