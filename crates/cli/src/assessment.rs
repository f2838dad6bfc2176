//! `secdiag assessment` and `secdiag asset`: the life of an assessment, and which device is which.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use secdiag_programme::asset::{Change, Devices, KeyKind, Keys, normal};
use secdiag_programme::engagement::{Engagement, Facts, RunFacts, Stage, Step};
use secdiag_programme::event::{Act, Body as _, Event};
use secdiag_store::{EventFilter, Store};

use crate::args::{UsageError, unknown};
use crate::findings::{View, When};
use crate::schedule::registers;
use crate::workspace::{Workspace, block_on};
use crate::{Exit, known, out};

/// Plan an assessment and take it from stage to stage; every step has a guard.
#[derive(Debug, Args)]
pub(crate) struct AssessmentArgs {
    #[command(subcommand)]
    deed: Deed,
    #[command(flatten)]
    by: ByArgs,
}

/// Who did something when, and where it is remembered.
#[derive(Clone, Debug, Args)]
struct ByArgs {
    /// Firm.
    #[arg(long, global = true, default_value = "")]
    firm: String,
    /// Who does it.
    #[arg(long, global = true, default_value = "")]
    by: String,
    /// Why.
    #[arg(long, global = true, default_value = "")]
    reason: String,
    /// When it took effect: a day or an instant; now by default.
    #[arg(long, global = true, value_name = "DATE")]
    at: Option<When>,
    /// Folder that remembers.
    #[arg(long, global = true, default_value = "secdiag-workspace")]
    workspace: PathBuf,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

impl ByArgs {
    fn act(&self) -> Result<Act> {
        crate::findings::act(&self.by, &self.reason, self.at)
    }

    /// The firm that is meant: with a list the only one that has such things, where none is named.
    async fn firm_meant(&self, store: &Store, entity: &str, view: Option<&View>) -> Result<String> {
        match view {
            Some(_) => known::only_firm(store, &self.firm, entity).await,
            None => Ok(self.firm.clone()),
        }
    }

    /// Events of one kind of thing, by subject: those of a view, else up to the instant of what is done.
    async fn events(&self, store: &Store, entity: &str, view: Option<&View>) -> Result<BTreeMap<String, Vec<Event>>> {
        let known_on = view.and_then(View::known_on);
        let filter = EventFilter { firm: Some(&self.firm), entity: Some(entity), known_on, ..EventFilter::default() };
        let done = self.at.map_or(Timestamp::MAX, |when| when.0);
        let until = view.map_or(done, |view| view.until().min(done));
        let mut of_subject: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        for event in store.events(&filter).await?.into_iter().filter(|event| event.at <= until) {
            of_subject.entry(event.subject.clone()).or_default().push(event);
        }
        Ok(of_subject)
    }
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Plan one.
    Plan {
        /// Id, as in the register.
        id: String,
        /// Who leads it; owns none of its systems.
        #[arg(long)]
        lead: String,
    },
    /// Take it to a stage: preparing, collecting, analysing, review, firm_response, signed, issued, closed, cancelled.
    To {
        /// Id.
        id: String,
        /// Stage.
        stage: String,
        /// The run that it rests on; needed for the review.
        #[arg(long)]
        run: Option<String>,
    },
    /// Begin a new revision of a signed one.
    Reopen {
        /// Id.
        id: String,
    },
    /// List all with their stage.
    List(View),
}

pub(crate) fn assessment(options: &AssessmentArgs) -> Result<Exit> {
    let by = &options.by;
    let workspace = Workspace::open(&by.workspace)?;
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        let view = if let Deed::List(view) = &options.deed { Some(view) } else { None };
        let by = &ByArgs { firm: by.firm_meant(&store, Step::ENTITY, view).await?, ..by.clone() };
        let of_subject = by.events(&store, Step::ENTITY, view).await?;
        let (id, step) = match &options.deed {
            Deed::List(_) => {
                if of_subject.is_empty() {
                    let text = "no assessment is planned by then: `secdiag assessment plan ID --lead NAME --by NAME` plans one";
                    return Ok(known::nothing(text));
                }
                for (id, events) in &of_subject {
                    let Some(known) = Engagement::fold(events) else { continue };
                    if by.json {
                        out::print_json(&serde_json::json!({"assessment": id, "state": known}))?;
                    } else {
                        let run = known.run.as_deref().unwrap_or("-");
                        out::print(&format!(
                            "{id:<16}  {:<13}  revision {}  lead {}  run {run}",
                            known.stage.word(),
                            known.revision,
                            known.lead
                        ))?;
                    }
                }
                return Ok(Exit::Ran);
            }
            Deed::Plan { id, lead } => (id, Step::Planned { lead: lead.clone() }),
            Deed::To { id, stage, run } => (id, Step::To { stage: stage_of(stage)?, run: run.clone() }),
            Deed::Reopen { id } => (id, Step::Reopened),
        };
        let act = by.act()?;
        let mut events = of_subject.get(id).cloned().unwrap_or_default();
        let known = Engagement::fold(&events);
        let facts = facts(&store, &by.firm, id, &step).await?;
        Engagement::allows(known.as_ref(), &step, &act.actor, &act.reason, &facts)
            .map_err(|refusal| UsageError(refusal.to_string()))?;
        let event = Event::new(&by.firm, id, &act, &step);
        store.append(std::slice::from_ref(&event)).await?;
        if matches!(step, Step::To { stage: Stage::Issued, .. }) {
            remind_register(&store, &by.firm, id, act.at).await?;
        }
        store.close().await;
        events.push(event);
        let stage = Engagement::fold(&events).map_or("", |known| known.stage.word());
        out::print(&format!("{id}  {stage}"))?;
        Ok(Exit::Ran)
    })
}

fn stage_of(word: &str) -> Result<Stage> {
    let known: Vec<&str> = Stage::ALL.iter().map(|stage| stage.word()).collect();
    Stage::ALL.into_iter().find(|stage| stage.word() == word).ok_or_else(|| unknown("stage", word, &known))
}

/// Dates count by the register: says so where it does not hold the issued report.
async fn remind_register(store: &Store, firm: &str, id: &str, at: Timestamp) -> Result<()> {
    let register = registers(store, Some(firm), None).await?.pop().unwrap_or_default();
    let day = jiff::tz::offset(8).to_datetime(at).date();
    match register.assessments.iter().find(|assessment| assessment.id == id) {
        None => out::error(&format!(
            "note: the register has no assessment {id}: it completes no cycle until the register names it with completed = {day}"
        )),
        Some(assessment) if assessment.completed.is_none() => out::error(&format!(
            "note: the register holds assessment {id} as open: it completes its cycle when the register says completed = {day}"
        )),
        Some(_) => {}
    }
    Ok(())
}

/// What the guards ask: owners of the systems, by the register, and the outcome of the run's items.
async fn facts(store: &Store, firm: &str, id: &str, step: &Step) -> Result<Facts> {
    let register = registers(store, Some(firm), None).await?.pop().unwrap_or_default();
    let covered = register.assessments.iter().find(|assessment| assessment.id == id);
    let covers = |system: &str| covered.is_none_or(|assessment| assessment.systems.iter().any(|name| name == system));
    let owners = register
        .systems
        .iter()
        .filter(|system| covers(&system.id) && !system.owner.is_empty())
        .map(|system| system.owner.clone())
        .collect();
    let run = match step {
        Step::To { run: Some(run), .. } => {
            store.outcomes(firm, run).await?.map(|outcomes| RunFacts {
                undecided: outcomes.get("error").copied().unwrap_or_default(),
                // Every item that our engine leaves untested or not applicable says why.
                without_reason: 0,
            })
        }
        _ => None,
    };
    Ok(Facts { owners, run })
}

/// Keep track of devices: which one is which although it gets another address or another name.
#[derive(Debug, Args)]
pub(crate) struct AssetArgs {
    #[command(subcommand)]
    deed: AssetDeed,
    #[command(flatten)]
    by: ByArgs,
}

#[derive(Debug, Subcommand)]
enum AssetDeed {
    /// Take an inventory in: CSV with name and any of system, serial, machine_id, agent_id, domain_sid, instance_id, mac,
    /// hostname, ip; several values of a cell are separated by spaces or semicolons.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// List the devices.
    List(View),
    /// Say that two devices are one.
    Merge {
        /// The one that goes.
        id: String,
        /// The one that stays.
        into: String,
    },
}

pub(crate) fn asset(options: &AssetArgs) -> Result<Exit> {
    let by = &options.by;
    let workspace = Workspace::open(&by.workspace)?;
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        let view = if let AssetDeed::List(view) = &options.deed { Some(view) } else { None };
        let by = &ByArgs { firm: by.firm_meant(&store, Change::ENTITY, view).await?, ..by.clone() };
        let mut events: Vec<Event> = by.events(&store, Change::ENTITY, view).await?.into_values().flatten().collect();
        secdiag_programme::event::in_order(&mut events);
        let mut devices = Devices::of(&events);
        match &options.deed {
            AssetDeed::List(_) => {
                if devices.all().is_empty() {
                    let text = "no device is known by then: `secdiag asset import inventory.csv --by NAME` takes an inventory in";
                    return Ok(known::nothing(text));
                }
                for asset in devices.all().values() {
                    if by.json {
                        out::print_json(asset)?;
                        continue;
                    }
                    let keys: Vec<String> = asset.keys.values().flatten().cloned().collect();
                    out::print(&format!("{}  {:<20}  {:<12}  {}", asset.id, asset.name, asset.system, keys.join(" ")))?;
                }
            }
            AssetDeed::Merge { id, into } => {
                let act = by.act()?;
                if act.reason.trim().is_empty() || id == into {
                    return Err(UsageError("a merge needs two devices and a reason".into()).into());
                }
                for id in [id, into] {
                    if !devices.all().contains_key(id) {
                        return Err(
                            UsageError(format!("there is no device {id}; `secdiag asset list` shows them")).into()
                        );
                    }
                }
                store.append(&[Event::new(&by.firm, id, &act, &Change::Merged { into: into.clone() })]).await?;
                out::print(&format!("{id} is {into}"))?;
            }
            AssetDeed::Import { file } => {
                let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
                let (rows, refused) = inventory(&text);
                for line in &refused {
                    out::error(&format!("{}: {line}", file.display()));
                }
                if !refused.is_empty() {
                    out::error(&format!("{} rows are refused, nothing was taken over", refused.len()));
                    return Ok(Exit::Failed);
                }
                let act = by.act()?;
                let (mut new, mut changed) = (0, Vec::new());
                for (system, name, keys) in rows {
                    let same = devices.resolve(&system, &name, &keys, act.at).map(|asset| asset.id.clone());
                    new += u64::from(same.is_none());
                    let id = same.unwrap_or_else(|| id_of(&keys, &name));
                    if devices.see(&id, act.at, &system, &name, &keys) {
                        changed.push(Event::new(&by.firm, &id, &act, &Change::Seen { system, name, keys }));
                    }
                }
                store.append(&changed).await?;
                let count = devices.all().len();
                out::print(&format!("{count} devices, {new} of them new, {} new or changed", changed.len()))?;
            }
        }
        store.close().await;
        Ok(Exit::Ran)
    })
}

/// A device's id is made of what it was first known by.
fn id_of(keys: &Keys, name: &str) -> String {
    let text = serde_json::to_string(&(keys, name)).unwrap_or_default();
    secdiag_model::Sha256::of(text.as_bytes()).short()
}

type Inventory = (Vec<(String, String, Keys)>, Vec<String>);

/// The rows of an inventory, and those that cannot be used.
fn inventory(text: &str) -> Inventory {
    const KEYS: [(&str, KeyKind); 8] = [
        ("serial", KeyKind::Serial),
        ("machine_id", KeyKind::MachineId),
        ("agent_id", KeyKind::AgentId),
        ("domain_sid", KeyKind::DomainSid),
        ("instance_id", KeyKind::InstanceId),
        ("mac", KeyKind::Mac),
        ("hostname", KeyKind::Hostname),
        ("ip", KeyKind::Ip),
    ];
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let columns: Vec<String> = match reader.headers() {
        Ok(headers) => headers.iter().map(|name| name.trim().to_lowercase()).collect(),
        Err(error) => return (rows, vec![error.to_string()]),
    };
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                refused.push(error.to_string());
                break;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let get = |name: &str| {
            let place = columns.iter().position(|column| column == name);
            place.and_then(|place| record.get(place)).unwrap_or_default().trim()
        };
        let mut keys = Keys::new();
        for (column, kind) in KEYS {
            for value in get(column).split([' ', ';']) {
                keys.entry(kind).or_default().extend(normal(kind, value));
            }
        }
        keys.entry(KeyKind::Hostname).or_default().extend(normal(KeyKind::Hostname, get("name")));
        keys.retain(|_, values| !values.is_empty());
        // An address alone tells no device.
        if get("name").is_empty() || keys.keys().all(|kind| *kind == KeyKind::Ip) {
            refused.push(format!(
                "line {line}: a device needs a name that tells it apart, or another key than an address"
            ));
            continue;
        }
        rows.push((get("system").to_owned(), get("name").to_owned(), keys));
    }
    (rows, refused)
}
