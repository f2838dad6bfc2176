//! `secdiag action`: what a firm does about its findings, who does it, by when, and how far it is.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use secdiag_catalogue::Catalogue;
use secdiag_model::{Lang, Severity};
use secdiag_programme::action::{self, Action, ActionState, Actions, Row, Step, day_of, may_plan, new_id};
use secdiag_programme::event::{Act, Body as _, Event, NotUnderstood};
use secdiag_programme::life::{Life, changes_of};
use secdiag_store::{EventFilter, FindingFacts, Store};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::args::{LangArg, UsageError};
use crate::findings::{View, When, of_one_firm};
use crate::workspace::{Workspace, block_on, catalogue};
use crate::{Exit, known, out};

/// Plan what is done about a finding, report how far it is, and list what is planned, late or done.
#[derive(Debug, Args)]
pub(crate) struct ActionArgs {
    #[command(subcommand)]
    deed: Deed,
    /// Firm, where several have such a finding or action; with `list`: actions of one firm.
    #[arg(long, global = true)]
    firm: Option<String>,
    /// Who does it.
    #[arg(long, global = true, default_value = "")]
    by: String,
    /// Why, where it is not said otherwise.
    #[arg(long, global = true, default_value = "")]
    reason: String,
    /// When it took effect, if not now: a day or an instant.
    #[arg(long, global = true, value_name = "DATE")]
    at: Option<When>,
    /// Folder that remembers.
    #[arg(long, global = true, default_value = "secdiag-workspace")]
    workspace: PathBuf,
    /// Language.
    #[arg(long, global = true, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,
    /// Your own catalogue files, laid over the built-in ones (words are in words.yaml).
    #[arg(long, global = true, value_name = "DIR")]
    catalogue: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Plan an action for a finding that is open or whose risk is accepted; prints its id.
    ///
    /// Example: secdiag action add 3f2a… --what "Replace the rule" --owner Chen --due 2026-12-31 --by Lin
    Add {
        /// Id of the finding.
        finding: String,
        /// What will be done.
        #[arg(long)]
        what: String,
        /// Who does it.
        #[arg(long)]
        owner: String,
        /// Last day, YYYY-MM-DD.
        #[arg(long, value_name = "DATE")]
        due: Date,
        /// Anything else.
        #[arg(long, default_value = "")]
        comment: String,
    },
    /// Report how far an action is.
    ///
    /// Example: secdiag action progress 5be1 --percent 40 --note "tested in the laboratory" --by Chen
    Progress {
        /// Id of the action, or its beginning where only one begins so.
        id: String,
        /// Of 100.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=100))]
        percent: u8,
        /// What was done so far, or what is in the way.
        #[arg(long)]
        note: String,
    },
    /// Report an action as done. Its finding stays open until it is said to be remedied and somebody looked again.
    ///
    /// Example: secdiag action done 5be1 --evidence change-4711.pdf --by Chen
    Done {
        /// Id of the action, or its beginning where only one begins so.
        id: String,
        /// What shows it; may be given several times.
        #[arg(long, required = true)]
        evidence: Vec<String>,
    },
    /// List actions: those to be done first, by their last day.
    ///
    /// An action is overdue when its last day is over, it is not done, and its finding is still open.
    List {
        #[command(flatten)]
        view: View,
        /// Overdue ones only.
        #[arg(long)]
        overdue: bool,
        /// Those of one person.
        #[arg(long)]
        owner: Option<String>,
        /// Table for people, one JSON object per action, or CSV for a spreadsheet.
        #[arg(long, value_enum, default_value_t = FormatArg::Table)]
        format: FormatArg,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    Table,
    Json,
    Csv,
}

pub(crate) fn action(options: &ActionArgs) -> Result<Exit> {
    let catalogue = catalogue(options.catalogue.as_deref())?;
    let workspace = Workspace::open(&options.workspace)?;
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        known::firm(&store, options.firm.as_deref()).await?;
        let exit = match &options.deed {
            Deed::Add { finding, what, owner, due, comment } => {
                let step = |action| Step::Planned {
                    action,
                    plan: what.trim().to_owned(),
                    owner: owner.trim().to_owned(),
                    due: Some(*due),
                    comment: comment.clone(),
                };
                add(options, &store, &catalogue, finding, (what, owner, *due), &step).await
            }
            Deed::Progress { id, percent, note } => {
                let step = |action| Step::Progress { action, percent: *percent, note: note.trim().to_owned() };
                report(options, &store, &catalogue, id, note, &step).await
            }
            Deed::Done { id, evidence } => {
                let step = |action| Step::Done { action, evidence: evidence.clone() };
                report(options, &store, &catalogue, id, "", &step).await
            }
            Deed::List { view, overdue, owner, format } => {
                let told = list(&store, options.firm.as_deref(), view).await?;
                let wanted = |row: &&Told| {
                    (!overdue || row.row.overdue) && owner.as_ref().is_none_or(|owner| row.row.action.owner == *owner)
                };
                show_list(options, &catalogue, &told, wanted, *format)
            }
        }?;
        store.close().await;
        Ok(exit)
    })
}

impl ActionArgs {
    /// Who does it now, with a reason of its own where the step says one itself.
    fn act(&self, reason: &str) -> Result<Act> {
        let reason = if self.reason.trim().is_empty() { reason } else { &self.reason };
        crate::findings::act(&self.by, reason.trim(), self.at)
    }
}

async fn add(
    options: &ActionArgs,
    store: &Store,
    catalogue: &Catalogue,
    finding: &str,
    (what, owner, due): (&str, &str, Date),
    step: &dyn Fn(String) -> Step,
) -> Result<Exit> {
    let act = options.act("")?;
    let events = of_one_firm(store, options.firm.as_deref(), finding).await?;
    let firm = events[0].firm.clone();
    let (changes, _) = changes_of(&events);
    let life = Life::fold(changes.iter().map(|(at, change)| (*at, change)), act.at)
        .ok_or_else(|| UsageError(format!("finding {finding} was not known at {}: give a later --at", act.at)))?;
    may_plan(&life, what, owner, due, day_of(act.at)).map_err(|refusal| UsageError(refusal.to_string()))?;
    let id = new_id(&firm, finding, what.trim(), &act);
    store.append(&[Event::new(&firm, finding, &act, &step(id.clone()))]).await?;
    tell(options, store, catalogue, &firm, &id).await?;
    Ok(Exit::Ran)
}

async fn report(
    options: &ActionArgs,
    store: &Store,
    catalogue: &Catalogue,
    id: &str,
    reason: &str,
    step: &dyn Fn(String) -> Step,
) -> Result<Exit> {
    let act = options.act(reason)?;
    let events = events(store, options.firm.as_deref(), None).await?;
    let all = Actions::fold(&events);
    let meant = meant(&all, id)?;
    let (firm, finding, id) = (meant.firm.clone(), meant.finding.clone(), meant.id.clone());
    let step = step(id.clone());
    let event = Event::new(&firm, &finding, &act, &step);
    // Told twice is told once.
    if !events.iter().any(|known| known.id == event.id) {
        let then = Actions::fold(events.iter().filter(|event| event.at <= act.at));
        let then = then.all.into_iter().find(|action| (&action.firm, &action.id) == (&firm, &id));
        then.as_ref().unwrap_or(meant).allows(&step, &act).map_err(|refusal| UsageError(refusal.to_string()))?;
        store.append(&[event]).await?;
    }
    tell(options, store, catalogue, &firm, &id).await?;
    if matches!(step, Step::Done { .. }) {
        let rows = list(store, Some(&firm), &View::default()).await?.rows;
        let left = |row: &Told| {
            row.row.action.finding == finding && row.row.state != ActionState::Done && row.row.action.id != id
        };
        let key = if rows.iter().any(left) { "action-more-left" } else { "action-last-done" };
        out::print(&catalogue.words().say(key, options.lang.into(), &[("finding", &finding)]))?;
    }
    Ok(Exit::Ran)
}

/// The action of which an id, or its beginning, is given.
fn meant<'a>(all: &'a Actions, id: &str) -> Result<&'a Action> {
    if let [exact] = all.all.iter().filter(|action| action.id == id).collect::<Vec<_>>()[..] {
        return Ok(exact);
    }
    match all.all.iter().filter(|action| !id.is_empty() && action.id.starts_with(id)).collect::<Vec<_>>()[..] {
        [one] => Ok(one),
        [] => Err(UsageError(format!("there is no action {id}; `secdiag action list` shows them")).into()),
        _ => Err(UsageError(format!(
            "several actions begin with {id}: give more of the id, and the firm with --firm where several have it"
        ))
        .into()),
    }
}

async fn events(store: &Store, firm: Option<&str>, known_on: Option<Timestamp>) -> Result<Vec<Event>> {
    let filter = EventFilter { firm, entity: Some(Step::ENTITY), known_on, ..EventFilter::default() };
    Ok(store.events(&filter).await?)
}

/// Shows how an action stands after what was recorded.
async fn tell(options: &ActionArgs, store: &Store, catalogue: &Catalogue, firm: &str, id: &str) -> Result<()> {
    let told = list(store, Some(firm), &View::default()).await?;
    for row in told.rows.iter().filter(|row| row.row.action.id == id) {
        out::print(&line(catalogue, options.lang.into(), &row.row))?;
    }
    Ok(())
}

/// An action with what is known of its finding.
#[derive(Serialize)]
pub(crate) struct Told {
    #[serde(flatten)]
    pub(crate) row: Row,
    /// What is known of the finding; nothing where only another tracker told of it.
    pub(crate) about_finding: Option<FindingFacts>,
}

/// Actions as they stood, and what of the log was not understood.
pub(crate) struct List {
    pub(crate) rows: Vec<Told>,
    not_understood: Vec<NotUnderstood>,
}

/// The actions of a firm, or of all, as they stood in a view.
pub(crate) async fn list(store: &Store, firm: Option<&str>, view: &View) -> Result<List> {
    let at = view.instant();
    let mut events = events(store, firm, view.known_on()).await?;
    events.retain(|event| event.at <= at);
    let actions = Actions::fold(&events);
    if actions.all.is_empty() {
        return Ok(List { rows: Vec::new(), not_understood: actions.not_understood });
    }
    let lives = store.lives(firm, at, view.known_on()).await?;
    let facts = store.finding_facts(firm, view.asked()).await?;
    let rows = action::rows(&actions, &lives, day_of(at));
    let told = |row: Row| {
        let about_finding = facts.get(&(row.action.firm.clone(), row.about.clone())).cloned();
        Told { row, about_finding }
    };
    Ok(List { rows: rows.into_iter().map(told).collect(), not_understood: actions.not_understood })
}

fn show_list(
    options: &ActionArgs,
    catalogue: &Catalogue,
    told: &List,
    wanted: impl Fn(&&Told) -> bool,
    format: FormatArg,
) -> Result<Exit> {
    for event in &told.not_understood {
        out::error(&format!("note: {event}"));
    }
    let rows: Vec<&Told> = told.rows.iter().filter(wanted).collect();
    let lang = options.lang.into();
    if rows.is_empty() {
        if told.rows.is_empty() {
            return Ok(known::nothing(&catalogue.words().say("actions-none", lang, &[])));
        }
        // That none is late is an answer.
        out::error(&catalogue.words().say("actions-none-such", lang, &[("n", &told.rows.len().to_string())]));
        return Ok(Exit::Ran);
    }
    match format {
        FormatArg::Json => rows.iter().try_for_each(out::print_json)?,
        FormatArg::Csv => out::print(&String::from_utf8_lossy(&csv(&rows)))?,
        FormatArg::Table => out::print(&table(catalogue, lang, &rows))?,
    }
    Ok(Exit::Ran)
}

/// One line per action, for where there are few.
pub(crate) fn line(catalogue: &Catalogue, lang: Lang, row: &Row) -> String {
    let words = catalogue.words();
    let mut line = format!("{}  {}  {} %", row.action.id, state(catalogue, lang, row.state), row.action.percent);
    let mut add = |text: String| {
        if !text.is_empty() {
            line += &format!("  · {text}");
        }
    };
    add(row.action.plan.clone());
    add(row.action.owner.clone());
    if let Some(due) = row.action.due {
        let late = row.days_late.unwrap_or_default().unsigned_abs().to_string();
        let key = if row.overdue { "action-overdue" } else { "action-due" };
        add(words.say(key, lang, &[("due", &due.to_string()), ("n", &late)]));
    }
    add(row.action.note.clone());
    if let Some(done) = row.action.done_at {
        let (day, evidence) = (day_of(done).to_string(), row.action.evidence.join(", "));
        add(words.say("action-done", lang, &[("day", &day), ("evidence", &evidence)]));
    }
    line
}

fn state(catalogue: &Catalogue, lang: Lang, state: ActionState) -> String {
    let key = match state {
        ActionState::Planned => "action-planned",
        ActionState::InProgress => "action-in-progress",
        ActionState::Done => "action-state-done",
    };
    catalogue.words().say(key, lang, &[])
}

/// The word of a severity in a language; the tracker's.
pub(crate) fn severity(catalogue: &Catalogue, lang: Lang, severity: Severity) -> String {
    let word = severity.word();
    let label = catalogue.tracker().severities.iter().find(|known| known.code == word);
    label.map_or_else(|| word.to_owned(), |known| known.label.get(lang).to_owned())
}

fn table(catalogue: &Catalogue, lang: Lang, rows: &[&Told]) -> String {
    let words = catalogue.words();
    let several = rows.iter().any(|row| row.row.action.firm != rows[0].row.action.firm);
    let heads = ["id", "state", "progress", "due", "late", "owner", "severity", "plan", "finding", "firm"];
    let mut cells = vec![heads.map(|head| words.say(&format!("actions-{head}"), lang, &[])).to_vec()];
    for told in rows {
        let (row, action) = (&told.row, &told.row.action);
        let title = told.about_finding.as_ref().map_or("", |facts| match lang {
            Lang::En => &facts.title,
            Lang::ZhTw => &facts.title_zh_tw,
        });
        let late = row.days_late.filter(|_| row.overdue).map(|days| days.to_string()).unwrap_or_default();
        cells.push(vec![
            action.id.clone(),
            state(catalogue, lang, row.state),
            format!("{} %", action.percent),
            action.due.map(|due| due.to_string()).unwrap_or_default(),
            if late.is_empty() { late } else { words.say("action-days", lang, &[("n", &late)]) },
            action.owner.clone(),
            row.severity.map(|level| severity(catalogue, lang, level)).unwrap_or_default(),
            action.plan.clone(),
            format!("{title} ({})", row.about).trim_start().to_owned(),
            action.firm.clone(),
        ]);
    }
    if !several {
        for row in &mut cells {
            row.truncate(heads.len() - 1);
        }
    }
    aligned(&cells)
}

/// Columns side by side (East Asian characters take two places); the last one is as long as it is.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let clean = |cell: &String| cell.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(clean).collect()).collect();
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or_default()).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, wide) in row.iter().zip(&widths) {
            line += cell;
            line.extend(std::iter::repeat_n(' ', wide - cell.width() + 2));
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn csv(rows: &[&Told]) -> Vec<u8> {
    const HEADS: [&str; 21] = [
        "firm",
        "action",
        "plan",
        "owner",
        "due",
        "state",
        "percent",
        "overdue",
        "days_late",
        "note",
        "done_on",
        "evidence",
        "comment",
        "planned_on",
        "planned_by",
        "finding",
        "finding_state",
        "severity",
        "system",
        "title",
        "title_zh_tw",
    ];
    let mut lines = vec![HEADS.map(str::to_owned).to_vec()];
    for told in rows {
        let (row, action, facts) = (&told.row, &told.row.action, told.about_finding.as_ref());
        let day = |at: Option<Timestamp>| at.map(|at| day_of(at).to_string()).unwrap_or_default();
        lines.push(vec![
            action.firm.clone(),
            action.id.clone(),
            action.plan.clone(),
            action.owner.clone(),
            action.due.map(|due| due.to_string()).unwrap_or_default(),
            row.state.word().to_owned(),
            action.percent.to_string(),
            row.overdue.to_string(),
            // Negative numbers are no formulas: the guard would quote them.
            row.days_late.filter(|days| *days >= 0).map(|days| days.to_string()).unwrap_or_default(),
            action.note.clone(),
            day(action.done_at),
            action.evidence.join("; "),
            action.comment.clone(),
            day(Some(action.planned_at)),
            action.planned_by.clone(),
            row.about.clone(),
            row.finding_state.map(|state| state.word().to_owned()).unwrap_or_default(),
            row.severity.map(|severity| severity.word().to_owned()).unwrap_or_default(),
            facts.map(|facts| facts.system.clone()).unwrap_or_default(),
            facts.map(|facts| facts.title.clone()).unwrap_or_default(),
            facts.map(|facts| facts.title_zh_tw.clone()).unwrap_or_default(),
        ]);
    }
    secdiag_interop::spreadsheet_csv(&lines)
}
