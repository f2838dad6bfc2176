//! `secdiag findings`, `secdiag finding`, `secdiag history`: the life of findings over the years.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use jiff::{Timestamp, tz};
use secdiag_model::{Lang, Severity};
use secdiag_programme::event::{Act, Event};
use secdiag_programme::life::{Change, Exception, Life, State, Verification};
use secdiag_programme::{history, life};
use secdiag_store::{AsOf, DeviceNames, EventFilter, FindingFacts, Store};
use serde::Serialize;

use crate::args::{LangArg, SeverityArg, UsageError};
use crate::workspace::{Workspace, block_on, catalogue};
use crate::{Exit, known, out};

/// List findings as they stood on a day, with owner, time limit and how often they came back.
#[derive(Debug, Args)]
pub(crate) struct FindingsArgs {
    #[command(flatten)]
    view: View,
    /// Findings of one firm.
    #[arg(long)]
    firm: Option<String>,
    /// Findings of one system.
    #[arg(long)]
    system: Option<String>,
    /// Findings in these states: new, triaged, open, in_progress, remediated, verified, closed, risk_accepted,
    /// false_positive, superseded.
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,
    /// Findings of this severity or worse.
    #[arg(long, value_enum)]
    severity: Option<SeverityArg>,
    /// Findings whose time limit is over and that are still open.
    #[arg(long)]
    overdue: bool,
    /// Count by firm, state and severity instead of listing.
    #[arg(long)]
    count: bool,
    /// Your own catalogue files, laid over the built-in ones (time limits are in sla.yaml).
    #[arg(long, value_name = "DIR")]
    catalogue: Option<PathBuf>,
    /// Folder that remembers.
    #[arg(long, default_value = "secdiag-workspace")]
    workspace: PathBuf,
    /// Language.
    #[arg(long, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,
    /// One JSON object per finding.
    #[arg(long)]
    json: bool,
}

/// A day, meant to its end in Taiwan, or an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct When(pub(crate) Timestamp);

impl std::str::FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(Self(instant));
        }
        let day: Date = text.parse().map_err(|_| format!("`{text}` is neither a day nor an instant"))?;
        end_of(day).map(Self).ok_or_else(|| format!("`{text}` is out of range"))
    }
}

/// Who does something, why and when: somebody, and not before it happened. A day of the past is meant to its end.
pub(crate) fn act(by: &str, reason: &str, at: Option<When>) -> Result<Act> {
    if by.trim().is_empty() {
        return Err(UsageError("say who does it: --by NAME".into()).into());
    }
    let now = Timestamp::now();
    let today = end_of(crate::workspace::today());
    let at = match at {
        Some(When(at)) if at > now && Some(at) != today => {
            let text = format!("--at {at} has not come yet: an act is written down when it was done");
            return Err(UsageError(text).into());
        }
        Some(When(at)) => at.min(now),
        None => now,
    };
    Ok(Act { actor: by.trim().to_owned(), reason: reason.to_owned(), at, recorded_at: now })
}

/// As of when, and with what knowledge, something is listed.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct View {
    /// As it stood at the end of this day (YYYY-MM-DD) or at this instant; now by default.
    #[arg(long, value_name = "DATE")]
    as_of: Option<When>,
    /// Only what was known here by then: how it looked on that day, without what was learnt later.
    #[arg(long, value_name = "DATE")]
    known_on: Option<When>,
}

impl View {
    /// As it stood at an instant, with all that is known now.
    pub(crate) const fn at(instant: Timestamp) -> Self {
        Self { as_of: Some(When(instant)), known_on: None }
    }

    /// As it stood at the end of a day, with all that is known now.
    pub(crate) fn on(day: Date) -> Self {
        Self::at(end_of(day).unwrap_or(Timestamp::MAX))
    }

    /// As it stood at the end of a day, with what was known by the end of another.
    pub(crate) fn days(as_of: Option<Date>, known_on: Option<Date>) -> Result<Self> {
        let end =
            |day: Option<Date>| day.map(|day| end_of(day).map(When).context("the day is out of range")).transpose();
        Ok(Self { as_of: end(as_of)?, known_on: end(known_on)? })
    }

    /// As it is, with what was known by the end of a day.
    pub(crate) fn known_by(day: Option<Date>) -> Result<Self> {
        let known_on = day.map(|day| end_of(day).map(When).context("the day is out of range")).transpose()?;
        Ok(Self { as_of: None, known_on })
    }

    /// The same knowledge without a day: for things whose records tell their days themselves.
    pub(crate) const fn of_any_day(self) -> Self {
        Self { as_of: None, known_on: self.known_on }
    }

    /// What had taken effect by then is counted.
    pub(crate) fn until(&self) -> Timestamp {
        self.as_of.map_or(Timestamp::MAX, |when| when.0)
    }

    /// The instant that is asked about: now where none is named.
    pub(crate) fn instant(&self) -> Timestamp {
        self.as_of.map_or_else(Timestamp::now, |when| when.0)
    }

    /// The same for the store.
    pub(crate) fn asked(&self) -> AsOf {
        AsOf { at: self.as_of.map(|when| when.0), known_on: self.known_on() }
    }

    /// What was recorded by then is counted; nothing: all.
    pub(crate) fn known_on(&self) -> Option<Timestamp> {
        self.known_on.map(|when| when.0)
    }
}

/// The last instant of a day in Taiwan.
pub(crate) fn end_of(day: Date) -> Option<Timestamp> {
    let next = tz::offset(8).to_timestamp(day.tomorrow().ok()?.at(0, 0, 0, 0)).ok()?;
    next.checked_sub(jiff::SignedDuration::from_micros(1)).ok()
}

/// A finding as it stood.
#[derive(Serialize)]
struct Row {
    firm: String,
    finding: String,
    state: State,
    severity: Severity,
    since: Timestamp,
    first: Timestamp,
    owner: Option<String>,
    due: Option<Date>,
    overdue: bool,
    repeats: u32,
    #[serde(flatten)]
    facts: Option<FindingFacts>,
}

pub(crate) fn findings(options: &FindingsArgs) -> Result<Exit> {
    let states: Vec<State> = options.state.iter().map(|word| state(word)).collect::<Result<_>>()?;
    let sla = catalogue(options.catalogue.as_deref())?.sla().clone();
    let workspace = Workspace::open(&options.workspace)?;
    let at = options.view.instant();
    let firm = options.firm.as_deref();
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        if let Some(exit) = unknown_to(&store, options).await? {
            return Ok(exit);
        }
        let counted = options.view.known_on().is_none() && options.system.is_none() && !options.overdue;
        if options.count && counted {
            for count in store.counts_as_of(firm, at).await? {
                let wanted = (states.is_empty() || states.contains(&count.state))
                    && options.severity.is_none_or(|least| count.severity >= least.into());
                if wanted {
                    show_count(options, &count.firm, count.state, count.severity, count.count)?;
                }
            }
            return Ok(Exit::Ran);
        }
        let lives = store.lives(firm, at, options.view.known_on()).await?;
        let facts = facts(&store, firm, &options.view).await?;
        let day = tz::offset(8).to_datetime(at).date();
        let mut rows: Vec<Row> = lives
            .into_iter()
            .map(|((firm, finding), life)| {
                let facts = facts.get(&(firm.clone(), finding.clone())).cloned();
                let category = facts.as_ref().and_then(|facts| facts.category);
                let due = if life.state.is_open() {
                    sla.due(life.severity, category, tz::offset(8).to_datetime(life.clock).date())
                } else {
                    None
                };
                row(firm, finding, life, due, day, facts)
            })
            .filter(|row| {
                (states.is_empty() || states.contains(&row.state))
                    && options.severity.is_none_or(|least| row.severity >= least.into())
                    && (!options.overdue || row.overdue)
                    && options
                        .system
                        .as_ref()
                        .is_none_or(|system| row.facts.as_ref().is_some_and(|facts| facts.system == *system))
            })
            .collect();
        rows.sort_by(|a, b| {
            (&a.firm, std::cmp::Reverse(a.severity), a.state, &a.finding).cmp(&(
                &b.firm,
                std::cmp::Reverse(b.severity),
                b.state,
                &b.finding,
            ))
        });
        if options.count {
            let mut counts: BTreeMap<(String, State, Severity), u64> = BTreeMap::new();
            for row in rows {
                *counts.entry((row.firm, row.state, row.severity)).or_default() += 1;
            }
            for ((firm, state, severity), count) in counts {
                show_count(options, &firm, state, severity, count)?;
            }
            return Ok(Exit::Ran);
        }
        if rows.is_empty() {
            // That there is none is an answer, but not one to be taken for a mistake.
            out::error("no finding is like that; without filters `secdiag findings` lists all");
        }
        for row in &rows {
            show_row(options, row)?;
        }
        store.close().await;
        Ok(Exit::Ran)
    })
}

/// What was known of findings by then; a system that no run gives a category has the register's.
pub(crate) async fn facts(
    store: &Store,
    firm: Option<&str>,
    view: &View,
) -> Result<BTreeMap<(String, String), FindingFacts>> {
    let mut facts = store.finding_facts(firm, view.asked()).await?;
    let registers = crate::schedule::registers_of(store, firm, view).await?;
    let day = tz::offset(8).to_datetime(view.instant()).date();
    let decided: BTreeMap<(&str, &str), u8> = registers
        .iter()
        .flat_map(|register| register.systems.iter().map(move |system| (register.firm.as_str(), system)))
        .filter_map(|(firm, system)| Some(((firm, system.id.as_str()), system.category_held(day)?)))
        .collect();
    for ((firm, _), facts) in &mut facts {
        facts.category = facts.category.or_else(|| decided.get(&(firm.as_str(), facts.system.as_str())).copied());
    }
    Ok(facts)
}

/// Refuses names that nothing in the workspace has; without any findings there is nothing to ask about.
async fn unknown_to(store: &Store, options: &FindingsArgs) -> Result<Option<Exit>> {
    known::firm(store, options.firm.as_deref()).await?;
    if let Some(system) = &options.system {
        let systems = store.systems(options.firm.as_deref()).await?;
        if !systems.contains(system) {
            let text = format!("no run has a system `{system}`; there are: {}", known::listed(&systems));
            return Err(UsageError(text).into());
        }
    }
    let none = store.firms_with("finding").await?.is_empty();
    Ok(none
        .then(|| known::nothing("the workspace has no findings: `secdiag diagnose` or `secdiag import` bring them in")))
}

fn row(firm: String, finding: String, life: Life, due: Option<Date>, day: Date, facts: Option<FindingFacts>) -> Row {
    Row {
        firm,
        finding,
        state: life.state,
        severity: life.severity,
        since: life.since,
        first: life.first_at,
        owner: life.owner,
        due,
        overdue: due.is_some_and(|due| due < day),
        repeats: life.repeats,
        facts,
    }
}

fn show_count(options: &FindingsArgs, firm: &str, state: State, severity: Severity, count: u64) -> Result<()> {
    if options.json {
        return out::print_json(&serde_json::json!({
            "firm": firm, "state": state.word(), "severity": severity.word(), "count": count
        }));
    }
    out::print(&format!("{count:>7}  {:<14}  {:<8}  {firm}", state.word(), severity.word()))
}

fn show_row(options: &FindingsArgs, row: &Row) -> Result<()> {
    if options.json {
        return out::print_json(row);
    }
    let zh = Lang::from(options.lang) == Lang::ZhTw;
    let title = row.facts.as_ref().map_or("", |facts| if zh { &facts.title_zh_tw } else { &facts.title });
    let due = match (row.due, row.overdue) {
        (Some(due), true) => format!("{} {due}", if zh { "逾期" } else { "overdue" }),
        (Some(due), false) => format!("{} {due}", if zh { "期限" } else { "due" }),
        (None, _) => String::new(),
    };
    let repeats = match row.repeats {
        0 => String::new(),
        n if zh => format!("重複 {n} 次"),
        n => format!("came back {n} ×"),
    };
    let mut line = format!("{}  {:<8}  {:<14}  {title}", row.finding, row.severity.word(), row.state.word());
    for more in [due, row.owner.clone().unwrap_or_default(), repeats].into_iter().filter(|more| !more.is_empty()) {
        line += &format!("  · {more}");
    }
    out::print(&line)
}

fn state(word: &str) -> Result<State> {
    let known: Vec<&str> = State::ALL.iter().map(|state| state.word()).collect();
    let found = State::ALL.iter().find(|state| state.word() == word);
    found.copied().ok_or_else(|| crate::args::unknown("state", word, &known))
}

/// Look at one finding's life, or write into it what happened.
#[derive(Debug, Args)]
pub(crate) struct FindingArgs {
    #[command(subcommand)]
    deed: Deed,
    /// Firm, where several have a finding with this id.
    #[arg(long, global = true)]
    firm: Option<String>,
    /// Who does it.
    #[arg(long, global = true, default_value = "")]
    by: String,
    /// Why.
    #[arg(long, global = true, default_value = "")]
    reason: String,
    /// When it took effect, if not now: a day or an instant.
    #[arg(long, global = true, value_name = "DATE")]
    at: Option<When>,
    /// Folder that remembers.
    #[arg(long, global = true, default_value = "secdiag-workspace")]
    workspace: PathBuf,
    /// Language of what is shown about its actions.
    #[arg(long, global = true, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Show every event of a finding, how it stood after them, what is done about it, and what its device was called before.
    Show {
        /// Id of the finding.
        id: String,
        #[command(flatten)]
        view: View,
    },
    /// Give it to somebody.
    Triage {
        /// Id of the finding.
        id: String,
        /// Who has to do something about it.
        #[arg(long)]
        owner: String,
    },
    /// Confirm it, or open it again after a decision.
    Open {
        /// Id of the finding.
        id: String,
    },
    /// Work has begun.
    Start {
        /// Id of the finding.
        id: String,
    },
    /// Say that it is remedied; somebody has to look again.
    Remediate {
        /// Id of the finding.
        id: String,
        /// What shows it.
        #[arg(long)]
        evidence: Vec<String>,
    },
    /// A person other than the owner has looked again, with evidence: it is gone.
    Verify {
        /// Id of the finding.
        id: String,
        /// What shows it.
        #[arg(long, required = true)]
        evidence: Vec<String>,
    },
    /// A person has looked again: it is not gone.
    Disprove {
        /// Id of the finding.
        id: String,
    },
    /// Done with.
    Close {
        /// Id of the finding.
        id: String,
    },
    /// Accept the risk until a day.
    Accept {
        /// Id of the finding.
        id: String,
        /// Who asked for it; never who approves it (`--by`).
        #[arg(long)]
        requested_by: String,
        /// Last day, YYYY-MM-DD.
        #[arg(long)]
        until: Date,
        /// Let the time limit begin anew when the acceptance ends.
        #[arg(long)]
        restart_clock: bool,
    },
    /// Decide that it is not true.
    FalsePositive {
        /// Id of the finding.
        id: String,
        /// Who asked for it; never who approves it (`--by`).
        #[arg(long)]
        requested_by: String,
    },
    /// Judge its severity anew.
    Severity {
        /// Id of the finding.
        id: String,
        /// From now on.
        #[arg(value_enum)]
        severity: SeverityArg,
        /// Who asked for it; needed for a lower one, and never who approves it (`--by`).
        #[arg(long)]
        requested_by: Option<String>,
    },
    /// Merge it into another one.
    Merge {
        /// Id of the finding that goes.
        id: String,
        /// Id of the finding that stays.
        into: String,
    },
}

impl Deed {
    fn id(&self) -> &str {
        match self {
            Self::Show { id, .. }
            | Self::Triage { id, .. }
            | Self::Open { id }
            | Self::Start { id }
            | Self::Remediate { id, .. }
            | Self::Verify { id, .. }
            | Self::Disprove { id }
            | Self::Close { id }
            | Self::Accept { id, .. }
            | Self::FalsePositive { id, .. }
            | Self::Severity { id, .. }
            | Self::Merge { id, .. } => id,
        }
    }

    /// The change; nothing where one only looks.
    fn change(&self, by: &str, digest: &str) -> Option<Change> {
        let exception = |requested_by: &str, until, restarts_clock| {
            Some(Exception {
                requested_by: requested_by.to_owned(),
                approved_by: by.to_owned(),
                until,
                digest: digest.to_owned(),
                restarts_clock,
            })
        };
        Some(match self {
            Self::Show { .. } => return None,
            Self::Triage { owner, .. } => Change::Triaged { owner: owner.clone() },
            Self::Open { .. } => Change::Opened { severity: None },
            Self::Start { .. } => Change::InProgress,
            Self::Remediate { evidence, .. } => Change::Remediated { evidence: evidence.clone() },
            Self::Verify { evidence, .. } => {
                Change::Verified { by: Verification::Person { verifier: by.to_owned(), evidence: evidence.clone() } }
            }
            Self::Disprove { .. } => Change::VerificationFailed,
            Self::Close { .. } => Change::Closed,
            Self::Accept { requested_by, until, restart_clock, .. } => {
                Change::RiskAccepted { exception: exception(requested_by, Some(*until), *restart_clock) }
            }
            Self::FalsePositive { requested_by, .. } => {
                Change::FalsePositive { exception: exception(requested_by, None, false) }
            }
            Self::Severity { severity, requested_by, .. } => {
                Change::SeverityChanged { severity: (*severity).into(), requested_by: requested_by.clone() }
            }
            Self::Merge { into, .. } => Change::Superseded { by: into.clone() },
        })
    }
}

pub(crate) fn finding(options: &FindingArgs) -> Result<Exit> {
    let workspace = Workspace::open(&options.workspace)?;
    let id = options.deed.id();
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        let events = of_one_firm(&store, options.firm.as_deref(), id).await?;
        let firm = events[0].firm.clone();
        if let Deed::Show { view, .. } = &options.deed {
            return show(options, &store, view, &events).await;
        }
        let facts = store.finding_facts(Some(&firm), AsOf::default()).await?;
        let facts = facts.get(&(firm.clone(), id.to_owned()));
        let digest = facts.map_or("", |facts| facts.digest.as_str());
        let Some(change) = options.deed.change(&options.by, digest) else { return Ok(Exit::Ran) };
        let act = act(&options.by, &options.reason, options.at)?;
        let after = write_down(&store, &events, &act, &change).await?;
        out::print(&format!("{id}  {}  {}", after.severity.word(), after.state.word()))?;
        store.close().await;
        Ok(Exit::Ran)
    })
}

/// Appends a change to a finding whose events so far are given, where it is allowed; gives how the finding stands then.
pub(crate) async fn write_down(store: &Store, events: &[Event], act: &Act, change: &Change) -> Result<Life> {
    let (firm, id) = (&events[0].firm, &events[0].subject);
    let event = Event::new(firm, id, act, change);
    // Told twice is told once.
    if events.iter().any(|known| known.id == event.id) {
        let (changes, _) = life::changes_of(events);
        return Life::fold(changes.iter().map(|(at, change)| (*at, change)), act.at)
            .with_context(|| format!("finding {id} was not known at {}", act.at));
    }
    if let Change::Superseded { by } = change {
        of_one_firm(store, Some(firm), by).await?;
        if leads_to(store, firm, by, id).await? {
            return Err(UsageError(life::Refusal::Cycle.to_string()).into());
        }
    }
    let life = life::guard(events, act, change, act.recorded_at).map_err(|refusal| UsageError(refusal.to_string()))?;
    store.append(&[event]).await?;
    Ok(life)
}

/// Whether a finding is another one, or was merged into it by however many steps.
async fn leads_to(store: &Store, firm: &str, from: &str, to: &str) -> Result<bool> {
    let lives = store.lives(Some(firm), Timestamp::MAX, None).await?;
    let (mut at, mut left) = (from.to_owned(), lives.len());
    while at != to && left > 0 {
        let Some(by) = lives.get(&(firm.to_owned(), at)).and_then(|life| life.superseded_by.clone()) else {
            return Ok(false);
        };
        (at, left) = (by, left - 1);
    }
    Ok(at == to)
}

/// The events of a finding; it must be one firm's.
pub(crate) async fn of_one_firm(store: &Store, firm: Option<&str>, id: &str) -> Result<Vec<Event>> {
    let filter = EventFilter { firm, entity: Some("finding"), subject: Some(id), known_on: None };
    let events = store.events(&filter).await?;
    let Some(first) = events.first() else {
        return Err(
            UsageError(format!("there is no finding {id} in this workspace; `secdiag findings` lists them")).into()
        );
    };
    if events.iter().any(|event| event.firm != first.firm) {
        return Err(UsageError(format!("several firms have a finding {id}: name one with --firm")).into());
    }
    Ok(events)
}

/// A finding's events up to an instant, and how it stood then.
async fn show(options: &FindingArgs, store: &Store, view: &View, events: &[Event]) -> Result<Exit> {
    let (firm, id) = (&events[0].firm, &events[0].subject);
    let told = |event: &&Event| {
        event.at <= view.until() && view.known_on().is_none_or(|known_on| event.recorded_at <= known_on)
    };
    let events: Vec<Event> = events.iter().filter(told).cloned().collect();
    let (changes, _) = life::changes_of(&events);
    let Some(life) = Life::fold(changes.iter().map(|(at, change)| (*at, change)), view.instant()) else {
        return Err(UsageError(format!("finding {id} was not known then")).into());
    };
    if let Some(names) = store.device_names(firm, id).await?.filter(|names| !names.formerly.is_empty()) {
        show_names(options, &names)?;
    }
    let facts = facts(store, Some(firm), view).await?.remove(&(firm.clone(), id.clone()));
    let title = facts.as_ref().map_or("", |facts| facts.title.as_str());
    let owner = life.owner.as_deref().map_or_else(String::new, |owner| format!("  · {owner}"));
    if options.json {
        out::print_json(&serde_json::json!({
            "finding": id, "firm": firm, "state": life.state, "severity": life.severity, "owner": life.owner,
            "since": life.since, "first": life.first_at, "repeats": life.repeats, "facts": facts,
        }))?;
    } else {
        out::print(&format!("{id}  {}  {}  {title}{owner}", life.severity.word(), life.state.word()))?;
    }
    show_events(options, &events)?;
    show_actions(options, store, firm, id).await?;
    Ok(Exit::Ran)
}

fn show_names(options: &FindingArgs, names: &DeviceNames) -> Result<()> {
    if options.json {
        return out::print_json(&serde_json::json!({"device": names}));
    }
    out::print(&format!("on {}, formerly {}", names.name, names.formerly.join(", ")))
}

fn show_events(options: &FindingArgs, events: &[Event]) -> Result<()> {
    for event in events {
        if options.json {
            out::print_json(event)?;
            continue;
        }
        let kind = event.body.get("type").and_then(|kind| kind.as_str()).unwrap_or_default();
        let details: Vec<String> = event
            .body
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, value)| key.as_str() != "type" && !value.is_null())
            .map(|(key, value)| format!("{key} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect();
        let reason = if event.reason.is_empty() { String::new() } else { format!(": {}", event.reason) };
        out::print(&format!("{:.0}  {kind:<18}  {}  {}{reason}", event.at, details.join(", "), event.actor))?;
    }
    Ok(())
}

/// The improvement actions of a finding, and of those that were merged into it.
async fn show_actions(options: &FindingArgs, store: &Store, firm: &str, id: &str) -> Result<()> {
    let mut told = crate::action::list(store, Some(firm), &View::default()).await?.rows;
    told.retain(|told| told.row.about == id || told.row.action.finding == id);
    if told.is_empty() {
        return Ok(());
    }
    let (catalogue, lang) = (catalogue(None)?, options.lang.into());
    for row in &told {
        if options.json {
            out::print_json(&serde_json::json!({"action": row}))?;
        } else {
            let line = crate::action::line(&catalogue, lang, &row.row);
            out::print(&catalogue.words().say("finding-action", lang, &[("action", &line)]))?;
        }
    }
    Ok(())
}

/// Take the history of another tracker over.
#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    #[command(subcommand)]
    deed: HistoryDeed,
}

#[derive(Debug, Subcommand)]
enum HistoryDeed {
    /// Read events of findings, one JSON object per line: at, finding, type, and optionally severity, firm, actor,
    /// reason. All of the file or nothing.
    Import {
        /// The file.
        file: PathBuf,
        /// Firm of findings whose lines name none.
        #[arg(long)]
        firm: Option<String>,
        /// Folder that remembers.
        #[arg(long, default_value = "secdiag-workspace")]
        workspace: PathBuf,
    },
}

pub(crate) fn history(options: &HistoryArgs) -> Result<Exit> {
    let HistoryDeed::Import { file, firm, workspace } = &options.deed;
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let source = format!("history {}", file.file_name().unwrap_or_default().to_string_lossy());
    let events = match history::read(&text, firm.as_deref(), &source, Timestamp::now()) {
        Ok(events) => events,
        Err(refused) => {
            for line in refused.iter().take(20) {
                out::error(&format!("{}: {line}", file.display()));
            }
            bail!("{} lines were refused and nothing was taken over", refused.len());
        }
    };
    let workspace = Workspace::open(workspace)?;
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        refuse_circles(&store, &events).await?;
        let new = store.append(&events).await?;
        store.close().await;
        out::print(&format!("{} events read, {new} new", events.len()))?;
        Ok(Exit::Ran)
    })
}

/// Refuses a history that, together with what is known, merges findings in a circle: none of them would stay.
async fn refuse_circles(store: &Store, events: &[Event]) -> Result<()> {
    let mut firms: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    let known = store.lives(None, Timestamp::MAX, None).await?;
    for ((firm, id), life) in &known {
        if let Some(by) = &life.superseded_by {
            firms.entry(firm).or_default().insert(id, by);
        }
    }
    for event in events.iter().filter(|event| event.body["type"] == "superseded") {
        if let Some(by) = event.body["by"].as_str() {
            firms.entry(&event.firm).or_default().insert(&event.subject, by);
        }
    }
    for (firm, merged) in firms {
        if let Some(circle) = life::circle(&merged) {
            bail!(
                "{firm}: these findings are merged into each other in a circle, so that none of them stays: {}; nothing was taken over",
                circle.join(" → ")
            );
        }
    }
    Ok(())
}
