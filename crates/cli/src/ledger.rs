//! `secdiag intel`: the ledger of intelligence. What is in it is loaded by every diagnostic, and can be searched for in the
//! evidence of earlier ones.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use jiff::{Timestamp, tz};
use secdiag_engine::{Request, Scope, Workplace};
use secdiag_evidence::Vault;
use secdiag_intel::{is_warning_list, read_list};
use secdiag_model::result::{RunInfo, SystemInfo};
use secdiag_model::{Artefact, EvidenceSet, Sha256};
use secdiag_programme::advisory::{Advisory, Step, to_csv};
use secdiag_programme::event::{Act, Body as _, Event};
use secdiag_store::{EventFilter, Store};
use secdiag_taxii::{Cursor, Http, Login, Page, TaxiiError, collections, poll};
use serde::{Deserialize, Serialize};

use crate::args::{SeverityArg, UsageError};
use crate::diagnose::{QUERY_MEMORY, VaultSource};
use crate::findings::{View, When};
use crate::intel::{self, Files};
use crate::progress::Progress;
use crate::workspace::{Workspace, block_on, catalogue};
use crate::{Exit, out};

/// Keep the ledger of intelligence.
#[derive(Debug, Args)]
pub(crate) struct IntelArgs {
    #[command(subcommand)]
    deed: Deed,
    /// Firm, where the workspace holds several.
    #[arg(long, global = true, default_value = "")]
    firm: String,
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
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

impl IntelArgs {
    /// The firm asked for; nothing: all.
    fn firm(&self) -> Option<&str> {
        Some(self.firm.as_str()).filter(|firm| !firm.is_empty())
    }
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Receive lists or advisories: plain, CSV, STIX, MISP, OpenIOC, warning lists.
    Add {
        /// Files or folders.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Who sent them.
        #[arg(long, default_value = "")]
        from: String,
        /// How urgent they are.
        #[arg(long, value_enum, default_value = "medium")]
        severity: SeverityArg,
        /// Traffic light protocol: clear, green, amber, amber+strict, red.
        #[arg(long, default_value = "")]
        tlp: String,
    },
    /// Read what is new on a TAXII 2.1 server; goes on where the last poll ended.
    Poll {
        /// Discovery address, API root or collection.
        url: String,
        /// Who sends; the server's name by default.
        #[arg(long)]
        from: Option<String>,
        /// How urgent what it sends is.
        #[arg(long, value_enum, default_value = "medium")]
        severity: SeverityArg,
        /// User; the password is read from the environment variable SECDIAG_TAXII_PASSWORD, a token from
        /// SECDIAG_TAXII_TOKEN.
        #[arg(long)]
        user: Option<String>,
        /// Objects of one page.
        #[arg(long, default_value_t = 1000)]
        limit: u32,
    },
    /// Judge whether an advisory concerns the firm.
    Assess {
        /// Id of the advisory, or how it begins.
        id: String,
        /// It does not.
        #[arg(long)]
        not_relevant: bool,
    },
    /// Say that something was done about it.
    Act {
        /// Id of the advisory.
        id: String,
    },
    /// Done with.
    Close {
        /// Id of the advisory.
        id: String,
    },
    /// List the advisories.
    List {
        /// Only those that are not closed.
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        view: View,
    },
    /// Write the ledger as CSV, for the evidence folder.
    Export {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        view: View,
    },
    /// Search the evidence of earlier diagnostics for what was not searched there yet; nothing is parsed again.
    Hunt {
        /// Search for these lists instead.
        #[arg(long, value_name = "PATH", num_args = 1..)]
        intel: Vec<PathBuf>,
        /// Your own catalogue files, laid over the built-in ones.
        #[arg(long, value_name = "DIR")]
        catalogue: Option<PathBuf>,
    },
}

pub(crate) fn intel(options: &IntelArgs) -> Result<Exit> {
    let workspace = Workspace::open(&options.workspace)?;
    match &options.deed {
        Deed::Add { files, from, severity, tlp } => {
            let vault = Vault::open_dir(workspace.vault()).context("the vault cannot be opened")?;
            let mut events = Vec::new();
            for ((name, sha256), bytes) in intel::named(files)? {
                vault.put(bytes.as_slice())?;
                events.push(received(options, &name, sha256, &bytes, from, (*severity).into(), tlp));
            }
            let new = with_store(&workspace, async |store| Ok(store.append(&events).await?))?;
            out::print(&format!("{} files received, {new} of them new", events.len()))?;
            for event in &events {
                out::print(&format!("{}  {}", event.subject, event.body["name"].as_str().unwrap_or_default()))?;
            }
            Ok(Exit::Ran)
        }
        Deed::Poll { url, from, severity, user, limit } => {
            poll_server(options, &workspace, url, from.as_deref(), (*severity).into(), user.as_deref(), *limit)
        }
        Deed::Assess { id, not_relevant } => step(options, &workspace, id, &Step::Assessed { relevant: !not_relevant }),
        Deed::Act { id } => step(options, &workspace, id, &Step::Acted),
        Deed::Close { id } => step(options, &workspace, id, &Step::Closed),
        Deed::List { open, view } => list(options, &workspace, *open, view),
        Deed::Export { file, view } => {
            let all = with_store(&workspace, async |store| advisories(store, options.firm(), view).await)?;
            std::fs::write(file, to_csv(all.values())).with_context(|| file.display().to_string())?;
            out::print(&format!("{}: {} advisories", file.display(), all.len()))?;
            Ok(Exit::Ran)
        }
        Deed::Hunt { intel, catalogue } => hunt(options, &workspace, intel, catalogue.as_deref()),
    }
}

fn with_store<T>(workspace: &Workspace, work: impl AsyncFnOnce(&Store) -> Result<T>) -> Result<T> {
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        let done = work(&store).await;
        store.close().await;
        done
    })
}

/// A firm's advisories as they stood, or all. Those of no firm are everybody's.
async fn advisories(store: &Store, firm: Option<&str>, view: &View) -> Result<BTreeMap<String, Advisory>> {
    let filter = EventFilter { entity: Some(Step::ENTITY), known_on: view.known_on(), ..EventFilter::default() };
    let mut events = store.events(&filter).await?;
    events.retain(|event| {
        firm.is_none_or(|firm| event.firm.is_empty() || event.firm == firm) && event.at <= view.until()
    });
    Ok(Advisory::fold(&events))
}

fn act(options: &IntelArgs, reason: &str) -> Act {
    let now = Timestamp::now();
    let at = options.at.map_or(now, |when| when.0);
    Act { actor: options.by.clone(), reason: reason.to_owned(), at, recorded_at: now }
}

fn received(
    options: &IntelArgs,
    name: &str,
    sha256: Sha256,
    bytes: &[u8],
    source: &str,
    severity: secdiag_model::Severity,
    tlp: &str,
) -> Event {
    let indicators = if is_warning_list(bytes) {
        0
    } else {
        let (_, info, notes) = read_list(name, bytes, None);
        for note in &notes {
            out::error(&intel::told(note));
        }
        info.indicators
    };
    let step = Step::Received {
        name: name.to_owned(),
        source: source.to_owned(),
        severity,
        tlp: tlp.to_owned(),
        sha256: sha256.to_string(),
        indicators,
    };
    Event::new(&options.firm, &sha256.short(), &act(options, "received"), &step)
}

fn step(options: &IntelArgs, workspace: &Workspace, id: &str, step: &Step) -> Result<Exit> {
    let act = crate::findings::act(&options.by, &options.reason, options.at)?;
    with_store(workspace, async |store| {
        let all = advisories(store, options.firm(), &View::at(act.at)).await?;
        let mut fits = all.values().filter(|advisory| advisory.id.starts_with(id));
        let (Some(advisory), None) = (fits.next(), fits.next()) else {
            return Err(
                UsageError(format!("not one advisory begins with {id}; `secdiag intel list` shows them")).into()
            );
        };
        advisory.allows(step, &options.reason).map_err(|refusal| UsageError(refusal.to_string()))?;
        store.append(&[Event::new(&options.firm, &advisory.id, &act, step)]).await?;
        let after = advisories(store, options.firm(), &View::at(act.at)).await?;
        out::print(&format!("{}  {}  {}", advisory.id, after[&advisory.id].state(), advisory.name))?;
        Ok(Exit::Ran)
    })
}

fn list(options: &IntelArgs, workspace: &Workspace, open: bool, view: &View) -> Result<Exit> {
    let all = with_store(workspace, async |store| {
        crate::known::firm(store, options.firm()).await?;
        advisories(store, options.firm(), view).await
    })?;
    if all.is_empty() {
        return Ok(crate::known::nothing("the ledger has no advisory by then: `secdiag intel add FILE` receives one"));
    }
    let mut rows: Vec<&Advisory> = all.values().filter(|advisory| !open || advisory.closed.is_none()).collect();
    rows.sort_by(|a, b| {
        (a.closed.is_some(), b.severity, a.received, &a.id).cmp(&(b.closed.is_some(), a.severity, b.received, &b.id))
    });
    for row in rows {
        if options.json {
            out::print_json(row)?;
            continue;
        }
        let searched =
            row.searched.map_or_else(|| "not searched".to_owned(), |day| format!("searched {day}, {} hits", row.hits));
        out::print(&format!(
            "{}  {:<8}  {:<12}  received {}  {} indicators, {searched}  {}  {}",
            row.id,
            row.severity.word(),
            row.state(),
            row.received,
            row.indicators,
            row.source,
            row.name
        ))?;
    }
    Ok(Exit::Ran)
}

fn poll_server(
    options: &IntelArgs,
    workspace: &Workspace,
    url: &str,
    from: Option<&str>,
    severity: secdiag_model::Severity,
    user: Option<&str>,
    limit: u32,
) -> Result<Exit> {
    let secret = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let login = match (user, secret("SECDIAG_TAXII_TOKEN")) {
        (Some(user), _) => Login::Basic(user.to_owned(), secret("SECDIAG_TAXII_PASSWORD").unwrap_or_default()),
        (None, Some(token)) => Login::Bearer(token),
        (None, None) => Login::None,
    };
    let vault = Vault::open_dir(workspace.vault()).context("the vault cannot be opened")?;
    let mut http = Http::new(&login);
    let (found, failed) = collections(&mut http, url)?;
    for error in failed {
        out::error(&format!("note: {error}"));
    }
    let host = url.split('/').nth(2).unwrap_or(url).to_owned();
    let source = from.unwrap_or(&host);
    let mut trouble = false;
    for collection in &found {
        let place = format!("{}collections/{}", collection.root, collection.id);
        let cursor: Cursor = match with_store(workspace, async |store| Ok(store.cursor(&place).await?))? {
            Some(text) => serde_json::from_str(&text).with_context(|| format!("the cursor of {place}"))?,
            None => Cursor::default(),
        };
        let polled =
            poll(&mut http, collection, cursor, &Timestamp::now().to_string(), limit.max(1), &mut |page: &Page| {
                keep(options, workspace, &vault, page, &place, &collection.title, source, severity)
                    .map_err(Trouble::Here)
            });
        match polled {
            Ok(polled) => {
                out::print(&format!(
                    "{place}: {} new objects on {} pages ({})",
                    polled.new, polled.pages, collection.title
                ))?;
                polled.notes.iter().for_each(|note| out::error(&format!("note: {note}")));
            }
            Err(Trouble::There(TaxiiError::Refused { .. })) if !collection.can_read => {
                out::error(&format!("note: {place}: the collection may not be read ({})", collection.title));
            }
            Err(Trouble::There(error)) => {
                trouble = true;
                out::error(&format!("error: {error}"));
            }
            Err(Trouble::Here(error)) => return Err(error),
        }
    }
    Ok(if trouble { Exit::Failed } else { Exit::Ran })
}

/// What ends a poll: the server, or the workspace.
enum Trouble {
    There(TaxiiError),
    Here(anyhow::Error),
}

impl From<TaxiiError> for Trouble {
    fn from(error: TaxiiError) -> Self {
        Self::There(error)
    }
}

/// Keeps a page: its bundle in the vault, its receipt and the cursor in one transaction.
#[expect(clippy::too_many_arguments, reason = "what a page needs to be kept, in one place")]
fn keep(
    options: &IntelArgs,
    workspace: &Workspace,
    vault: &Vault,
    page: &Page,
    place: &str,
    title: &str,
    source: &str,
    severity: secdiag_model::Severity,
) -> Result<()> {
    let mut events = Vec::new();
    if !page.new.is_empty() {
        let digest = Sha256::of(serde_json::to_string(&page.new)?.as_bytes()).to_string();
        // A UUID in form (RFC 9562, version 8), made of what the page holds.
        let uuid = [
            &digest[..8],
            &digest[8..12],
            &format!("8{}", &digest[13..16]),
            &format!("8{}", &digest[17..20]),
            &digest[20..32],
        ];
        let bytes = page.bundle(&format!("bundle--{}", uuid.join("-")));
        let (sha256, _) = vault.put(bytes.as_slice())?;
        let name = format!("{title} {}", &digest[..8]);
        events.push(received(options, &name, sha256, &bytes, source, severity, ""));
    }
    let cursor = serde_json::to_string(&page.cursor)?;
    with_store(workspace, async |store| {
        store.keep_page(&events, place, &cursor).await?;
        Ok(())
    })
}

/// The lists of the ledger that a diagnostic as of a day loads: received by then. Closed ones too: what was bad stays so
/// until its validity ends.
pub(crate) fn lists(workspace: &Workspace, vault: &Vault, firm: Option<&str>, as_of: Date) -> Result<Files> {
    let end = tz::offset(8).to_timestamp(as_of.at(23, 59, 59, 0)).unwrap_or(Timestamp::MAX);
    let known =
        with_store(workspace, async |store| advisories(store, Some(firm.unwrap_or_default()), &View::at(end)).await)?;
    let mut files = Files::new();
    for advisory in known.into_values().filter(|advisory| advisory.relevant != Some(false)) {
        let sha256: Sha256 =
            advisory.sha256.parse().map_err(|_| anyhow::anyhow!("advisory {} names no digest", advisory.id))?;
        let bytes = intel::kept(vault, &sha256).with_context(|| format!("advisory {} in the vault", advisory.id))?;
        files.insert((advisory.name, sha256), bytes);
    }
    Ok(files)
}

/// Writes down that a run searched for the advisories whose lists it loaded.
pub(crate) async fn searched(store: &Store, run: &RunInfo) -> Result<()> {
    let firm = run.firm.as_deref().unwrap_or_default();
    let known = advisories(store, Some(firm), &View::default()).await?;
    let day: Date = run.as_of.parse().context("the day of the run")?;
    // At the end of its day: what was received on it is searched for on it.
    let at = tz::offset(8).to_timestamp(day.at(23, 59, 59, 0))?;
    let act = Act { actor: format!("run {}", run.run), reason: "diagnostic".into(), at, recorded_at: Timestamp::now() };
    let mut events = Vec::new();
    for list in &run.intel {
        if let Some(advisory) = known.get(&list.sha256.short()).filter(|advisory| advisory.received <= day) {
            let step = Step::Searched { run: run.run.clone(), hits: list.hits };
            events.push(Event::new(firm, &advisory.id, &act, &step));
        }
    }
    store.append(&events).await?;
    Ok(())
}

/// What a run looked at.
#[derive(Serialize, Deserialize)]
struct LookedAt {
    run: String,
    as_of: Date,
    firm: Option<String>,
    assessment: Option<String>,
    bound: bool,
    bytes: u64,
    systems: Vec<SystemInfo>,
    regime: String,
    thresholds: String,
    artefacts: Vec<Artefact>,
}

/// Keeps what a run looked at, so that new intelligence can be searched for in it.
pub(crate) fn keep_evidence(workspace: &Workspace, run: &RunInfo, evidence: &EvidenceSet) -> Result<()> {
    let looked_at = LookedAt {
        run: run.run.clone(),
        as_of: run.as_of.parse().context("the day of the run")?,
        firm: run.firm.clone(),
        assessment: run.assessment.clone(),
        bound: run.bound,
        bytes: run.bytes,
        systems: run.systems.clone(),
        regime: run.regime.clone(),
        thresholds: run.thresholds.clone(),
        artefacts: evidence.artefacts.clone(),
    };
    let path = workspace.evidence().join(format!("{}.json", run.run));
    let unfinished = path.with_extension("unfinished");
    std::fs::write(&unfinished, serde_json::to_vec(&looked_at)?)
        .and_then(|()| std::fs::rename(&unfinished, &path))
        .with_context(|| path.display().to_string())
}

/// What a run looked at; nothing where it was recorded before such lists were kept.
pub(crate) fn evidence_of(workspace: &Workspace, run: &str) -> Result<Vec<Artefact>> {
    let path = workspace.evidence().join(format!("{run}.json"));
    match std::fs::read(&path) {
        Ok(bytes) => {
            let looked_at: LookedAt = serde_json::from_slice(&bytes).with_context(|| path.display().to_string())?;
            Ok(looked_at.artefacts)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

fn hunt(
    options: &IntelArgs,
    workspace: &Workspace,
    given: &[PathBuf],
    overlay: Option<&std::path::Path>,
) -> Result<Exit> {
    let catalogue = catalogue(overlay)?;
    let vault = Vault::open_dir(workspace.vault()).context("the vault cannot be opened")?;
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(workspace.evidence())?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut past: Vec<LookedAt> = Vec::new();
    for file in &files {
        let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
        let looked_at: LookedAt = serde_json::from_slice(&bytes).with_context(|| file.display().to_string())?;
        if options.firm.is_empty() || looked_at.firm.as_deref() == Some(options.firm.as_str()) {
            past.push(looked_at);
        }
    }
    past.sort_by(|a, b| (a.as_of, &a.run).cmp(&(b.as_of, &b.run)));
    if past.is_empty() {
        return Err(UsageError("the workspace knows no diagnostic whose evidence could be searched".into()).into());
    }
    let mut found = 0;
    for looked_at in &past {
        found += hunt_in(options, workspace, &vault, &catalogue, looked_at, given)?;
    }
    out::print(&format!("{} diagnostics searched, {found} findings", past.len()))?;
    Ok(Exit::Ran)
}

/// Searches the evidence of one diagnostic; gives how much was found.
fn hunt_in(
    options: &IntelArgs,
    workspace: &Workspace,
    vault: &Vault,
    catalogue: &secdiag_catalogue::Catalogue,
    looked_at: &LookedAt,
    given: &[PathBuf],
) -> Result<usize> {
    let firm = looked_at.firm.clone().unwrap_or_default();
    let lists =
        if given.is_empty() { unsearched(workspace, vault, &firm, &looked_at.run)? } else { intel::named(given)? };
    if lists.is_empty() {
        return Ok(0);
    }
    let known = intel::read(lists);
    let unknown = |what: &str, id: &str| UsageError(format!("run {}: the catalogue has no {what} {id}", looked_at.run));
    let evidence = EvidenceSet::new(looked_at.artefacts.clone());
    let scope = Scope {
        firm: looked_at.firm.clone(),
        assessment: looked_at.assessment.clone(),
        bound: looked_at.bound,
        systems: looked_at.systems.clone(),
        ..Scope::default()
    };
    let request = Request {
        inspections: &[secdiag_traffic::TRAFFIC],
        catalogue,
        regime: catalogue.regime(&looked_at.regime).ok_or_else(|| unknown("regime", &looked_at.regime))?,
        thresholds: catalogue
            .threshold_set(&looked_at.thresholds)
            .ok_or_else(|| unknown("threshold set", &looked_at.thresholds))?,
        also: &[],
        as_of: looked_at.as_of,
        evidence: &evidence,
        bytes: looked_at.bytes,
        notes: &known.notes,
        scope: &scope,
        indicators: &known.indicators,
        lists: &known.lists,
    };
    let progress = Progress::new(true);
    let work = Workplace {
        source: &VaultSource(vault),
        lake: &workspace.lake(),
        threads: std::thread::available_parallelism().map_or(1, Into::into),
        memory: QUERY_MEMORY,
        progress: &progress,
    };
    let result = secdiag_engine::diagnose(&request, &work)?;
    let hits: Vec<_> = result.findings.iter().filter(|finding| finding.facts.contains_key("lists")).collect();
    for finding in &hits {
        if options.json {
            out::print_json(&serde_json::json!({"run": looked_at.run, "as_of": looked_at.as_of, "finding": finding}))?;
        } else {
            out::print(&format!(
                "{}  {}  {:<8}  {}  {}",
                looked_at.as_of,
                looked_at.run,
                finding.severity.word(),
                finding.system.0,
                finding.title
            ))?;
        }
    }
    if given.is_empty() {
        let now = Timestamp::now();
        let act = Act {
            actor: "hunt".into(),
            reason: "searched in the evidence of the past".into(),
            at: now,
            recorded_at: now,
        };
        let step = |list: &secdiag_model::result::IntelList| {
            let step = Step::Searched { run: looked_at.run.clone(), hits: list.hits };
            Event::new(&firm, &list.sha256.short(), &act, &step)
        };
        let events: Vec<Event> = result.run.intel.iter().map(step).collect();
        with_store(workspace, async |store| Ok(store.append(&events).await?))?;
    }
    Ok(hits.len())
}

/// Advisories that were not searched for in the evidence of a run, whenever they were received.
fn unsearched(workspace: &Workspace, vault: &Vault, firm: &str, run: &str) -> Result<Files> {
    let (known, searched) = with_store(workspace, async |store| {
        let known = advisories(store, Some(firm), &View::default()).await?;
        let events = store.events(&EventFilter { entity: Some(Step::ENTITY), ..EventFilter::default() }).await?;
        let searched: std::collections::BTreeSet<String> = events
            .iter()
            .filter(|event| matches!(event.body::<Step>(), Some(Ok(Step::Searched { run: of, .. })) if of == run))
            .map(|event| event.subject.clone())
            .collect();
        Ok((known, searched))
    })?;
    let mut files = Files::new();
    for advisory in known.into_values() {
        // Warning lists gate whatever is searched; they are no search of their own.
        if searched.contains(&advisory.id) || advisory.relevant == Some(false) {
            continue;
        }
        let sha256: Sha256 =
            advisory.sha256.parse().map_err(|_| anyhow::anyhow!("advisory {} names no digest", advisory.id))?;
        files.insert((advisory.name, sha256), intel::kept(vault, &sha256)?);
    }
    if files.values().all(|bytes| is_warning_list(bytes)) {
        files.clear();
    }
    Ok(files)
}
