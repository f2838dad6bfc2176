//! `secdiag diagnose`: intake, engine, memory, files.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use secdiag_catalogue::{Catalogue, Regime, ThresholdSet};
use secdiag_engine::{Request, Scope, Statement, Workplace};
use secdiag_evidence::{Assessment, Intake, IntakeError, Options, Vault};
use secdiag_inspect::Source;
use secdiag_model::result::RunResult;
use secdiag_model::{Lang, Recognition, Severity, Sha256};
use secdiag_programme::register::Register;
use secdiag_report::{html, terminal_summary};
use secdiag_store::Store;

use crate::args::{RunOptions, UsageError, unknown};
use crate::progress::{Progress, watch_ctrl_c};
use crate::workspace::Workspace;
use crate::{Exit, args, drill, inspections, intel, ledger, out, programme, workspace};

/// Memory for queries before they spill to the workspace.
pub(crate) const QUERY_MEMORY: usize = 256 << 20;

/// A finished diagnostic.
pub(crate) struct Done {
    pub(crate) exit: Exit,
    pub(crate) result: Option<RunResult>,
    pub(crate) folder: PathBuf,
}

pub(crate) fn diagnose(options: &args::Diagnose) -> Result<Done> {
    let done = run(options)?;
    if let Some(result) = &done.result {
        show(result, &done.folder, &options.run)?;
    }
    Ok(done)
}

/// Everything but the closing words.
pub(crate) fn run(options: &args::Diagnose) -> Result<Done> {
    watch_ctrl_c();
    let catalogue = workspace::catalogue(options.run.catalogue.as_deref())?;
    let workspace = Workspace::open(&options.workspace)?;
    let progress = Progress::new(options.run.json);
    let threads =
        options.run.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, Into::into), Into::into);

    let vault = Vault::open_dir(workspace.vault()).context("the vault cannot be opened")?;
    let intake = take_in(options, &workspace, &vault, threads, &progress)?;
    if intake.files == 0 {
        out::error(
            "nothing to inspect: the folder holds no files. Put the firm's evidence into it (captures, firewall configurations, directory exports, …); `secdiag demo` shows an example",
        );
        return Ok(Done { exit: Exit::NothingToInspect, result: None, folder: PathBuf::new() });
    }

    let (regime, thresholds, also) = standards(&catalogue, &intake.assessment, &options.run)?;
    let as_of = options.as_of.unwrap_or_else(workspace::today);
    let mut lists = intel::named(&options.intel)?;
    lists.extend(intel::among_evidence(&intake, &vault)?);
    lists.extend(ledger::lists(&workspace, &vault, intake.assessment.firm.as_deref(), as_of)?);
    let known = intel::read(lists);
    let mut notes = intake.notes.clone();
    notes.extend(known.notes);
    let scope = scope_of(&intake);
    let request = Request {
        inspections: inspections::INSPECTIONS,
        catalogue: &catalogue,
        regime,
        thresholds,
        also: &also,
        as_of,
        evidence: &intake.evidence,
        bytes: intake.bytes,
        notes: &notes,
        scope: &scope,
        indicators: &known.indicators,
        lists: &known.lists,
    };
    let work = Workplace {
        source: &VaultSource(&vault),
        lake: &workspace.lake(),
        threads,
        memory: QUERY_MEMORY,
        progress: &progress,
    };
    let mut result = secdiag_engine::diagnose(&request, &work)?;
    progress.end();

    remember(&workspace, &mut result, programme::register(&intake, &vault)?, &catalogue)?;
    if let Some(programme) = &mut result.programme {
        programme.drills = drill::of_evidence(&intake.evidence, &vault, &catalogue, as_of)?;
    }
    ledger::keep_evidence(&workspace, &result.run, &intake.evidence)?;
    let folder = options.out.clone().unwrap_or_else(|| workspace.runs().join(&result.run.run));
    let page = html(&result, &catalogue, options.run.lang.into())?;
    secdiag_engine::write(&result, &[("report.html", page.as_bytes())], &folder)?;
    Ok(Done { exit: exit_of(&result, &options.run), result: Some(result), folder })
}

/// The closing words on the terminal.
pub(crate) fn show(result: &RunResult, folder: &Path, options: &RunOptions) -> Result<()> {
    if options.json {
        return out::print_json(&result.run);
    }
    let terminal = std::io::stdout().is_terminal();
    out::print(&terminal_summary(
        result,
        options.lang.into(),
        110,
        terminal && std::env::var_os("NO_COLOR").is_none(),
    ))?;
    let words = match Lang::from(options.lang) {
        Lang::En => ("findings", "not understood: lines and records, see notes.jsonl", "sealed"),
        Lang::ZhTw => ("項發現", "筆資料未能解讀，詳見 notes.jsonl", "封存值"),
    };
    out::print(&format!(
        "\n  {} · {} {} · {} {} · {} {}",
        folder.join("report.html").display(),
        result.findings.len(),
        words.0,
        result.run.not_understood,
        words.1,
        words.2,
        &result.run.seal.short()[..12]
    ))?;
    if let Some(worst) = result.findings.first() {
        out::print(&format!("  secdiag explain {}", worst.check))?;
    }
    if !result.coverage.evidence.iter().any(|artefact| matches!(artefact.recognition, Recognition::Recognised { .. })) {
        out::error("no file was recognised as evidence: see the evidence list in the report for what was close");
    }
    Ok(())
}

fn take_in(
    options: &args::Diagnose,
    workspace: &Workspace,
    vault: &Vault,
    threads: usize,
    progress: &Progress,
) -> Result<Intake> {
    let exclude = [workspace.root().to_owned()].into_iter().chain(options.out.clone()).collect();
    let redactions = secdiag_drill::REDACTIONS;
    let declares = Some(secdiag_drill::DECLARES);
    let limits = Options { threads, exclude, redactions, declares, ..Options::default() };
    secdiag_evidence::intake(&options.paths, &inspections::formats(), vault, &limits, progress).map_err(|error| {
        match error {
            IntakeError::NotFound { .. } | IntakeError::Assessment { .. } | IntakeError::TwoAssessments { .. } => {
                UsageError(error.to_string()).into()
            }
            IntakeError::Cancelled => secdiag_engine::EngineError::Cancelled.into(),
            IntakeError::Vault { .. } => anyhow::Error::from(error),
        }
    })
}

/// Command line first, then `assessment.toml`, then the default.
fn standards<'a>(
    catalogue: &'a Catalogue,
    assessment: &Assessment,
    options: &RunOptions,
) -> Result<(&'a Regime, &'a ThresholdSet, Vec<ThresholdSet>)> {
    let name = options.regime.as_deref().or(assessment.regime.as_deref()).unwrap_or("all");
    let known: Vec<_> = catalogue.regimes().iter().map(|regime| regime.id.as_str()).collect();
    let regime = catalogue.regime(name).ok_or_else(|| unknown("regime", name, &known))?;
    let name = options.thresholds.as_deref().or(assessment.thresholds.as_deref()).unwrap_or(&regime.thresholds);
    let known: Vec<_> = catalogue.threshold_sets().map(|set| set.id.as_str()).collect();
    let thresholds = catalogue.threshold_set(name).ok_or_else(|| unknown("threshold set", name, &known))?;
    let also = catalogue.threshold_sets().filter(|set| set.id != thresholds.id).cloned().collect();
    Ok((regime, thresholds, also))
}

fn scope_of(intake: &Intake) -> Scope {
    let assessment = &intake.assessment;
    Scope {
        firm: assessment.firm.clone(),
        assessment: assessment.name.clone(),
        bound: assessment.bound(),
        systems: assessment.systems_of(&intake.evidence),
        attestations: assessment
            .attestations
            .iter()
            .map(|given| Statement {
                item: given.item.clone(),
                id: given.id.clone(),
                system: given.system.clone(),
                text: given.statement.clone(),
                by: given.role.as_ref().map_or_else(|| given.by.clone(), |role| format!("{} ({role})", given.by)),
                date: Some(given.date.to_string()),
            })
            .collect(),
        not_applicable: assessment
            .not_applicable
            .iter()
            .map(|claim| Statement {
                item: claim.item.clone(),
                id: String::new(),
                system: claim.system.clone(),
                text: claim.reason.clone(),
                by: claim.by.clone(),
                date: Some(claim.date.to_string()),
            })
            .collect(),
    }
}

/// Asks the workspace how the findings stand against earlier runs, and tells it this one.
fn remember(
    workspace: &Workspace,
    result: &mut RunResult,
    register: Option<Register>,
    catalogue: &Catalogue,
) -> Result<()> {
    workspace::block_on(async {
        let store = Store::open(&workspace.database()).await?;
        let now = jiff::Timestamp::now();
        store.lifecycle(&result.run, &result.coverage.checks, &result.findings, now).await?.apply(result);
        store.record(result, now).await?;
        ledger::searched(&store, &result.run).await?;
        result.programme =
            Some(programme::programme(&store, &result.run, register, &result.coverage.evidence, catalogue).await?);
        store.close().await;
        Ok(())
    })
}

fn exit_of(result: &RunResult, options: &RunOptions) -> Exit {
    let fail_on = options.fail_on.map(Severity::from);
    let recognised =
        result.coverage.evidence.iter().any(|artefact| matches!(artefact.recognition, Recognition::Recognised { .. }));
    match () {
        () if result.run.crashed => Exit::Failed,
        () if !recognised => Exit::NothingToInspect,
        () if fail_on.is_some_and(|limit| result.findings.iter().any(|finding| finding.severity >= limit)) => {
            Exit::FailOnMet
        }
        () => Exit::Ran,
    }
}

/// The vault as a source of evidence: what is read is checked against its digest.
pub(crate) struct VaultSource<'a>(pub(crate) &'a Vault);

impl Source for VaultSource<'_> {
    fn open(&self, sha256: &Sha256) -> std::io::Result<Box<dyn std::io::Read + Send>> {
        self.0.open_verified(sha256)
    }
}
