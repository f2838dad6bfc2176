//! `secdiag tracker`: open findings out as a table that the firm fills in, its answers back in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp, tz};
use secdiag_catalogue::Catalogue;
use secdiag_interop::tracker::{self, Layout, Reading, Response, TrackerRow};
use secdiag_model::{Lang, Proof};
use secdiag_programme::action::{Actions, Step, new_id};
use secdiag_programme::event::{Act, Body as _, Event};
use secdiag_programme::life::{Change, Life, State, changes_of};
use secdiag_store::{EventFilter, FindingFacts, Store};
use serde_json::json;

use crate::args::{LangArg, UsageError};
use crate::findings::View;
use crate::workspace::{Workspace, block_on, catalogue, today};
use crate::{Exit, out};

/// Write the open findings as a workbook or CSV that the firm fills in, or take its answers in.
#[derive(Debug, Args)]
pub(crate) struct TrackerArgs {
    #[command(subcommand)]
    deed: Deed,
    /// Firm, where the workspace holds several.
    #[arg(long, global = true)]
    firm: Option<String>,
    /// Your own catalogue files, laid over the built-in ones (columns and words are in tracker.yaml).
    #[arg(long, global = true, value_name = "DIR")]
    catalogue: Option<PathBuf>,
    /// Folder that remembers.
    #[arg(long, global = true, default_value = "secdiag-workspace")]
    workspace: PathBuf,
    /// Language that stands first.
    #[arg(long, global = true, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Write the open findings: a workbook (.xlsx), else CSV.
    Export {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        view: View,
    },
    /// Take the answers in: owners, measures, dates, states. One refused row refuses the file.
    Import {
        /// The file as the firm filled it in.
        file: PathBuf,
        /// Who answers.
        #[arg(long)]
        by: String,
    },
}

pub(crate) fn tracker(options: &TrackerArgs) -> Result<Exit> {
    let layout = layout(&catalogue(options.catalogue.as_deref())?, options.lang.into())?;
    let workspace = Workspace::open(&options.workspace)?;
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        let firm = one_firm(&store, options.firm.as_deref()).await?;
        let exit = match &options.deed {
            Deed::Export { file, view } => {
                export(&known(&store, &firm, options.lang.into(), view).await?, &layout, file)
            }
            Deed::Import { by, .. } if by.trim().is_empty() => {
                Err(UsageError("say who answers: --by NAME".into()).into())
            }
            Deed::Import { file, by } => {
                let known = known(&store, &firm, options.lang.into(), &View::default()).await?;
                import(&store, &firm, &known, &layout, file, by).await
            }
        };
        store.close().await;
        exit
    })
}

/// The catalogue's columns and words as a layout.
fn layout(catalogue: &Catalogue, lang: Lang) -> Result<Layout> {
    let texts = catalogue.tracker();
    let layout = json!({
        "sheet": texts.sheet.get(lang), "lang": lang, "columns": texts.columns,
        "statuses": texts.statuses, "severities": texts.severities,
    });
    serde_json::from_value(layout).map_err(|error| UsageError(format!("tracker.yaml: {error}")).into())
}

async fn one_firm(store: &Store, firm: Option<&str>) -> Result<String> {
    crate::known::firm(store, firm).await?;
    if let Some(firm) = firm {
        return Ok(firm.to_owned());
    }
    let mut firms: Vec<String> = store.runs().await?.into_iter().map(|run| run.firm.unwrap_or_default()).collect();
    firms.sort();
    firms.dedup();
    match firms.as_slice() {
        [one] => Ok(one.clone()),
        [] => {
            Err(UsageError("the workspace knows no firm: run `secdiag diagnose` or `secdiag import` first".into())
                .into())
        }
        _ => Err(UsageError(format!("the workspace holds several firms: name one with --firm ({})", firms.join(", ")))
            .into()),
    }
}

/// The open findings of a firm with what was answered so far; most severe first.
async fn known(store: &Store, firm: &str, lang: Lang, view: &View) -> Result<Vec<TrackerRow>> {
    let facts = store.finding_facts(Some(firm), view.asked()).await?;
    let mut texts = store.finding_texts(firm, view.asked()).await?;
    let actions = actions(store, firm, view).await?;
    let mut rows = Vec::new();
    for ((_, id), life) in store.lives(Some(firm), view.instant(), view.known_on()).await? {
        if !life.state.is_open() {
            continue;
        }
        // A finding that only another tracker's history tells of has no headline: its id stands for it.
        let facts = facts.get(&(firm.to_owned(), id.clone())).cloned().unwrap_or_else(|| FindingFacts {
            title: id.clone(),
            title_zh_tw: id.clone(),
            ..FindingFacts::default()
        });
        let (proof, advice) = texts.remove(&id).map(|texts| (texts.proof, texts.advice)).unwrap_or_default();
        let action = actions.current(firm, &id);
        rows.push(TrackerRow {
            severity: life.severity,
            title: if lang == Lang::En { facts.title.clone() } else { facts.title_zh_tw.clone() },
            system: facts.system.clone(),
            asset: facts.asset.clone().unwrap_or_default(),
            check: facts.check.clone(),
            place: proof.as_ref().map(place).unwrap_or_default(),
            advice: advice.get(lang).to_owned(),
            first_seen: tz::offset(8).to_datetime(life.first_at).date().to_string(),
            response: Response {
                owner: life.owner.clone().unwrap_or_default(),
                plan: action.map(|action| action.plan.clone()).unwrap_or_default(),
                due: action.and_then(|action| action.due),
                status: status(life.state).to_owned(),
                comment: action.map(|action| action.comment.clone()).unwrap_or_default(),
            },
            id,
        });
    }
    rows.sort_by(|a, b| (b.severity, &a.system, &a.check, &a.id).cmp(&(a.severity, &b.system, &b.check, &b.id)));
    Ok(rows)
}

/// The firm's improvement actions; a row shows the last one of its finding that is not done.
async fn actions(store: &Store, firm: &str, view: &View) -> Result<Actions> {
    let filter = EventFilter {
        firm: Some(firm),
        entity: Some(Step::ENTITY),
        known_on: view.known_on(),
        ..EventFilter::default()
    };
    let mut events = store.events(&filter).await?;
    events.retain(|event| event.at <= view.until());
    Ok(Actions::fold(&events))
}

fn place(proof: &Proof) -> String {
    let member = proof.member.as_ref().map(|member| format!(" → {member}")).unwrap_or_default();
    format!("{}{member}, {}", proof.path, proof.locator)
}

/// What the firm sees of a finding's state.
fn status(state: State) -> &'static str {
    match state {
        State::InProgress => "in_progress",
        State::Remediated => "remediated",
        State::New => "",
        _ => "open",
    }
}

fn export(rows: &[TrackerRow], layout: &Layout, file: &Path) -> Result<Exit> {
    let bytes =
        if is_workbook(file) { tracker::write_xlsx(rows, layout, today())? } else { tracker::write_csv(rows, layout) };
    std::fs::write(file, bytes).with_context(|| file.display().to_string())?;
    out::print(&format!("{}: {} open findings", file.display(), rows.len()))?;
    Ok(Exit::Ran)
}

fn is_workbook(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx"))
}

async fn import(
    store: &Store,
    firm: &str,
    known: &[TrackerRow],
    layout: &Layout,
    file: &Path,
    by: &str,
) -> Result<Exit> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let read = if is_workbook(file) {
        tracker::read_xlsx(&bytes, known, layout)
    } else {
        tracker::read_csv(&bytes, known, layout)
    };
    let reading = read.map_err(|error| UsageError(format!("{}: {error}", file.display())))?;
    let (events, refused) = events(store, firm, &reading, by).await?;
    for cell in &reading.refused {
        out::error(&format!("{} row {} column {}: {}", cell.sheet, cell.row, cell.column, cell.reason));
    }
    for line in &refused {
        out::error(line);
    }
    if !reading.refused.is_empty() || !refused.is_empty() {
        let count = reading.refused.len() + refused.len();
        out::error(&format!("{}: {count} answers are refused, nothing was taken over", file.display()));
        return Ok(Exit::Failed);
    }
    let new = store.append(&events).await?;
    out::print(&format!(
        "{}: {} findings answered, {} rows unchanged; {new} events recorded",
        file.display(),
        reading.changes.len(),
        reading.unchanged
    ))?;
    if !reading.inserted.is_empty() {
        out::error(&format!(
            "note: {} rows without an id were passed over: they are no findings of ours",
            reading.inserted.len()
        ));
    }
    if !reading.missing.is_empty() {
        out::error(&format!("note: {} open findings have no row: nothing changes for them", reading.missing.len()));
    }
    Ok(Exit::Ran)
}

/// The answers as events, and those that a finding's state does not allow.
async fn events(store: &Store, firm: &str, reading: &Reading, by: &str) -> Result<(Vec<Event>, Vec<String>)> {
    let now = Timestamp::now();
    let act = Act { actor: by.to_owned(), reason: "answered in the tracker".into(), at: now, recorded_at: now };
    let actions = actions(store, firm, &View::default()).await?;
    let (mut events, mut refused) = (Vec::new(), Vec::new());
    for answer in &reading.changes {
        let filter =
            EventFilter { firm: Some(firm), entity: Some(Change::ENTITY), subject: Some(&answer.id), known_on: None };
        let (changes, _) = changes_of(&store.events(&filter).await?);
        let Some(mut life) = Life::fold(changes.iter().map(|(at, change)| (*at, change)), now) else { continue };
        for (step, change) in (0..).zip(wanted(&answer.before, &answer.after)) {
            match life.allows(&change, &act.reason, today()) {
                Ok(()) => {
                    // Events of one instant have no order of their own.
                    let at = now + SignedDuration::from_micros(step);
                    events.push(Event::new(firm, &answer.id, &Act { at, ..act.clone() }, &change));
                    life.apply(at, &change);
                }
                Err(refusal) => refused.push(format!("row {}: {refusal}", answer.row)),
            }
        }
        let told = |response: &Response| (response.plan.clone(), response.due, response.comment.clone());
        if told(&answer.before) != told(&answer.after) {
            let (plan, due, comment) = told(&answer.after);
            let known = actions.current(firm, &answer.id);
            let action = known.map_or_else(|| new_id(firm, &answer.id, &plan, &act), |known| known.id.clone());
            let owner = known.map(|known| known.owner.clone()).unwrap_or_default();
            let step = Step::Planned { action, plan, owner, due, comment };
            events.push(Event::new(firm, &answer.id, &act, &step));
        }
    }
    Ok((events, refused))
}

/// What an answer does to the finding's state.
fn wanted(before: &Response, after: &Response) -> Vec<Change> {
    let mut wanted = Vec::new();
    if before.owner != after.owner && !after.owner.is_empty() {
        wanted.push(Change::Triaged { owner: after.owner.clone() });
    }
    if before.status != after.status {
        match after.status.as_str() {
            "in_progress" => wanted.push(Change::InProgress),
            "remediated" => wanted.push(Change::Remediated { evidence: Vec::new() }),
            "open" => wanted.push(Change::Opened { severity: None }),
            _ => {}
        }
    }
    wanted
}
