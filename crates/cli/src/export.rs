//! `secdiag export`: a result for other tools.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use jiff::civil::Date;
use jiff::{Timestamp, tz};
use secdiag_interop::write::{self, Exception, ExceptionKind, Export};
use secdiag_model::result::{FindingRecord, RunInfo};
use secdiag_programme::event::Event;
use secdiag_programme::life::{Change, Life, State, changes_of};
use secdiag_store::{EventFilter, Store};

use crate::args::{LangArg, UsageError};
use crate::workspace::{Workspace, block_on};
use crate::{Exit, out};

/// Write a result for other tools: SARIF, OCSF, DefectDojo's generic form, CSAF, CycloneDX VEX, OpenVEX.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Folder of the result (the one with `run.json`).
    result: PathBuf,
    /// In which form.
    #[arg(long, value_enum)]
    format: FormatArg,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Folder that remembers: its accepted risks and false positives go along as exceptions.
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// OpenVEX: name of the document, an IRI of the firm's own; one made of the run's id by default.
    #[arg(long, value_name = "IRI")]
    id: Option<String>,
    /// CSAF: address of the firm's own that tells it from other publishers.
    #[arg(long, value_name = "URI", default_value = "urn:secdiag:firm")]
    namespace: String,
    /// CSAF, OpenVEX: who speaks; the firm by default.
    #[arg(long)]
    author: Option<String>,
    /// Language of the texts.
    #[arg(long, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArg {
    /// SARIF 2.1.0.
    Sarif,
    /// DefectDojo generic findings, JSON.
    GenericJson,
    /// DefectDojo generic findings, CSV.
    GenericCsv,
    /// OCSF 1.5 findings, one JSON object per line.
    Ocsf,
    /// CSAF 2.0: VEX where all findings are about vulnerabilities in products, else the base profile.
    Csaf,
    /// CycloneDX 1.6 VEX: vulnerabilities in products with what was decided.
    Cyclonedx,
    /// OpenVEX 0.2.0: what was decided about vulnerabilities in products.
    Openvex,
}

pub(crate) fn export(options: &ExportArgs) -> Result<Exit> {
    let run: RunInfo = serde_json::from_str(&read(&options.result.join("run.json"))?).context("run.json")?;
    let path = options.result.join("findings.jsonl");
    let findings: Vec<FindingRecord> = (1..)
        .zip(read(&path)?.lines())
        .map(|(number, line)| serde_json::from_str(line).with_context(|| format!("{} line {number}", path.display())))
        .collect::<Result<_>>()?;
    let exceptions = match &options.workspace {
        Some(workspace) => exceptions(workspace, &run)?,
        None => Vec::new(),
    };
    let export = Export {
        version: &run.engine,
        run: &run.run,
        as_of: &run.as_of,
        lang: options.lang.into(),
        findings: &findings,
        resolved: &run.resolved,
        exceptions: &exceptions,
    };
    let author = options.author.as_deref().or(run.firm.as_deref()).unwrap_or("secdiag");
    let (bytes, left_out, why) = match options.format {
        FormatArg::Sarif => (write::sarif(&export), Vec::new(), ""),
        FormatArg::GenericJson => (write::generic_json(&export), Vec::new(), ""),
        FormatArg::GenericCsv => (write::generic_csv(&export), Vec::new(), ""),
        FormatArg::Ocsf => (write::ocsf(&export), Vec::new(), ""),
        FormatArg::Csaf => {
            let document = write::csaf(&export, &options.namespace, author);
            (document.bytes, document.left_out, "findings are out of scope")
        }
        FormatArg::Cyclonedx => {
            let document = write::cyclonedx(&export);
            (document.bytes, document.left_out, "findings are not about a vulnerability in a product")
        }
        FormatArg::Openvex => {
            let id = options.id.clone().unwrap_or_else(|| format!("urn:secdiag:vex:{}", run.run));
            let document = write::openvex(&export, &id, author);
            let bytes = document.bytes.ok_or_else(|| {
                UsageError(
                    "nothing was decided about a vulnerability in a product: OpenVEX has no empty document".into(),
                )
            })?;
            let why = "exceptions are not about a vulnerability in a product, or say nothing about it";
            (bytes, document.left_out, why)
        }
    };
    if !left_out.is_empty() {
        out::error(&format!("note: {} {why}: left out", left_out.len()));
    }
    std::fs::write(&options.out, bytes).with_context(|| options.out.display().to_string())?;
    out::print(&format!("{}: {} findings, {} exceptions", options.out.display(), findings.len(), exceptions.len()))?;
    Ok(Exit::Ran)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        UsageError(format!("{}: {error}; name the folder of a finished result", path.display())).into()
    })
}

/// Decisions of the firm that hold at the end of the run's day.
fn exceptions(workspace: &Path, run: &RunInfo) -> Result<Vec<Exception>> {
    let workspace = Workspace::open(workspace)?;
    let day: Date = run.as_of.parse().context("the day of the run")?;
    let at = tz::offset(8).to_timestamp(day.at(23, 59, 59, 999_999_000))?;
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        let firm = run.firm.as_deref().unwrap_or_default();
        let filter = EventFilter { firm: Some(firm), entity: Some("finding"), ..EventFilter::default() };
        let events = store.events(&filter).await?;
        store.close().await;
        let mut of_finding: std::collections::BTreeMap<&str, Vec<&Event>> = std::collections::BTreeMap::new();
        for event in &events {
            of_finding.entry(&event.subject).or_default().push(event);
        }
        Ok(of_finding.into_iter().filter_map(|(id, events)| exception(id, &events, at)).collect())
    })
}

fn exception(id: &str, events: &[&Event], at: Timestamp) -> Option<Exception> {
    let owned: Vec<Event> = events.iter().map(|event| (*event).clone()).collect();
    let (changes, _) = changes_of(&owned);
    let life = Life::fold(changes.iter().map(|(at, change)| (*at, change)), at)?;
    let kind = match life.state {
        State::RiskAccepted => ExceptionKind::RiskAccepted,
        State::FalsePositive => ExceptionKind::FalsePositive,
        _ => return None,
    };
    let decided = events.iter().rev().find(|event| {
        event.at <= at
            && matches!(event.body::<Change>(), Some(Ok(Change::RiskAccepted { .. } | Change::FalsePositive { .. })))
    })?;
    Some(Exception {
        finding: id.to_owned(),
        kind,
        justification: decided.reason.clone(),
        approved_by: life.exception.as_ref().map_or_else(String::new, |exception| exception.approved_by.clone()),
        until: life.exception.and_then(|exception| exception.until).map(|until| until.to_string()),
    })
}
