//! `secdiag log`: the event log itself, of anything, as of any day.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use secdiag_store::{EventFilter, Store};

use crate::args::UsageError;
use crate::findings::When;
use crate::workspace::{Workspace, block_on};
use crate::{Exit, known, out};

/// Kinds of things that the log can tell of.
const KINDS: [&str; 14] = [
    "action",
    "advisory",
    "assessment",
    "asset",
    "attestation",
    "control",
    "drill",
    "engagement",
    "evidence",
    "finding",
    "incident",
    "plan",
    "system",
    "training",
];

/// Show the event log: what happened to findings, systems, assessments, incidents, devices, evidence, statements,
/// advisories, and who did it why.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// Of one kind of thing: finding, action, system, assessment, incident, plan, drill, training, control, engagement,
    /// asset, evidence, attestation, advisory.
    #[arg(long)]
    entity: Option<String>,
    /// About one thing: its id.
    #[arg(long)]
    subject: Option<String>,
    /// Of one firm.
    #[arg(long)]
    firm: Option<String>,
    /// What had taken effect by the end of this day or at this instant.
    #[arg(long, value_name = "DATE")]
    as_of: Option<When>,
    /// What was known here by then.
    #[arg(long, value_name = "DATE")]
    known_on: Option<When>,
    /// Folder that remembers.
    #[arg(long, default_value = "secdiag-workspace")]
    workspace: PathBuf,
    /// One JSON object per event.
    #[arg(long)]
    json: bool,
}

pub(crate) fn log(options: &LogArgs) -> Result<Exit> {
    let workspace = Workspace::open(&options.workspace)?;
    let events = block_on(async {
        let store = Store::open(&workspace.database()).await?;
        let filter = EventFilter {
            firm: options.firm.as_deref(),
            entity: options.entity.as_deref(),
            subject: options.subject.as_deref(),
            known_on: options.known_on.map(|when| when.0),
        };
        known::firm(&store, options.firm.as_deref()).await?;
        let events = store.events(&filter).await?;
        if let Some(entity) = options.entity.as_deref().filter(|_| events.is_empty()) {
            let mut kinds = store.entities().await?;
            kinds.extend(KINDS.iter().map(|kind| (*kind).to_owned()));
            kinds.sort();
            kinds.dedup();
            if !kinds.iter().any(|kind| kind == entity) {
                let text = format!("there is no kind of thing `{entity}`; there are: {}", kinds.join(", "));
                return Err(UsageError(text).into());
            }
        }
        store.close().await;
        Ok(events)
    })?;
    let until = options.as_of.map_or(Timestamp::MAX, |when| when.0);
    let events: Vec<_> = events.into_iter().filter(|event| event.at <= until).collect();
    if events.is_empty() {
        return Ok(known::nothing("the log has no event like that; without filters `secdiag log` shows all"));
    }
    for event in events {
        if options.json {
            out::print_json(&event)?;
            continue;
        }
        let kind = event.body.get("type").and_then(|kind| kind.as_str()).unwrap_or("recorded");
        let reason = if event.reason.is_empty() { String::new() } else { format!(": {}", event.reason) };
        out::print(&format!(
            "{}  {:<11}  {}  {kind}  by {}{reason}",
            event.at, event.entity, event.subject, event.actor
        ))?;
    }
    Ok(Exit::Ran)
}
