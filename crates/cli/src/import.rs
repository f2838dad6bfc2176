//! `secdiag import`: another tool's findings into the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use jiff::Span;
use jiff::civil::Date;
use secdiag_interop::finding::{Suppression, SuppressionKind};
use secdiag_interop::{ImportLog, ImportedFinding};
use secdiag_model::result::{
    CoverageFile, FindingRecord, FindingStatus, FindingTexts, RunInfo, RunResult, SCHEMA_VERSION, SystemInfo,
};
use secdiag_model::{Locator, Proof, Sha256, Subject, SystemId};
use secdiag_programme::life::{Change, Exception, digest_of};
use secdiag_store::{Imported, Store};

use crate::args::UsageError;
use crate::workspace::{Workspace, block_on, today};
use crate::{Exit, out};

/// What stands in the place of a regime: another tool's findings are no diagnostic.
pub(crate) const REGIME: &str = "import";

/// Take another tool's findings over: SARIF, CycloneDX, CSAF, OpenVEX, OCSF, Prowler, DefectDojo's generic form.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Files; their content tells the format.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// System that the findings belong to.
    #[arg(long)]
    system: String,
    /// Firm, where the workspace holds several.
    #[arg(long, default_value = "")]
    firm: String,
    /// Date that the findings are about, YYYY-MM-DD; today by default.
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// Take over the rest of a file some of whose records are refused; without it such a file is refused whole.
    #[arg(long)]
    without_refused: bool,
    /// Folder that remembers.
    #[arg(long, default_value = "secdiag-workspace")]
    workspace: PathBuf,
    /// Print what was taken over as JSON.
    #[arg(long)]
    json: bool,
}

/// What one file came to.
#[derive(serde::Serialize)]
struct Told<'a> {
    file: String,
    imported: &'a Imported,
    log: &'a ImportLog,
}

pub(crate) fn import(options: &ImportArgs) -> Result<Exit> {
    if options.system.trim().is_empty() {
        return Err(UsageError("name the system that the findings belong to: --system ID".into()).into());
    }
    // All files are read before the first is taken over: a refused one leaves the workspace as it was.
    let mut read = Vec::new();
    let mut refused = false;
    for file in &options.files {
        let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
        match secdiag_interop::import(&bytes, &file.to_string_lossy()) {
            Ok(import) if !import.log.refused.is_empty() && !options.without_refused => {
                refused = true;
                tell_refused(file, &import.log);
            }
            Ok(import) => read.push((file, Sha256::of(&bytes), import)),
            Err(refusal) => {
                refused = true;
                out::error(&format!("{}: refused: {refusal}", file.display()));
            }
        }
    }
    if refused {
        return Ok(Exit::Failed);
    }
    let workspace = Workspace::open(&options.workspace)?;
    let as_of = options.as_of.unwrap_or_else(today);
    block_on(async {
        let store = Store::open(&workspace.database()).await?;
        for (file, sha256, import) in read {
            let batch = batch(options, file, sha256, as_of, import.findings, &import.log)?;
            let imported = store.import(batch, jiff::Timestamp::now()).await?;
            show(options, file, &imported, &import.log)?;
        }
        store.close().await;
        Ok(Exit::Ran)
    })
}

fn tell_refused(file: &Path, log: &ImportLog) {
    for refused in &log.refused {
        out::error(&format!("{} record {} ({}): {}", file.display(), refused.record, refused.place, refused.reason));
    }
    out::error(&format!(
        "{}: {} of {} records are refused and nothing was taken over; --without-refused takes over the rest",
        file.display(),
        log.refused.len(),
        log.records
    ));
}

fn show(options: &ImportArgs, file: &Path, imported: &Imported, log: &ImportLog) -> Result<()> {
    if options.json {
        return out::print_json(&Told { file: file.display().to_string(), imported, log });
    }
    out::print(&format!("{}", file.display()))?;
    for line in log.explain() {
        out::print(&format!("  {line}"))?;
    }
    if let Some(day) = &imported.before {
        return out::print(&format!(
            "  this very file was taken over before, as of {day}: nothing changed (--as-of DATE says that it is about another day)"
        ));
    }
    let standings: Vec<String> = imported
        .standings
        .iter()
        .map(|(standing, count)| format!("{count} {}", crate::workspace::word(standing).replace('_', " ")))
        .collect();
    out::print(&format!("  {}; {} changes recorded", standings.join(", "), imported.changes))
}

/// The file as a run of its tool.
fn batch(
    options: &ImportArgs,
    file: &Path,
    sha256: Sha256,
    as_of: Date,
    findings: Vec<ImportedFinding>,
    log: &ImportLog,
) -> Result<secdiag_store::Import> {
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let tools: BTreeSet<&str> = findings.iter().map(|finding| finding.tool.as_str()).collect();
    let tool = tools.into_iter().next().filter(|tool| !tool.is_empty()).unwrap_or(&log.format).to_owned();
    let system = SystemId(options.system.clone());
    let until = as_of.saturating_add(Span::new().years(ACCEPTED_YEARS));
    let as_of = as_of.to_string();
    let run = Sha256::of(serde_json::json!(["import", options.firm, system, sha256, as_of]).to_string().as_bytes());
    let candidates = findings.iter().map(ImportedFinding::candidate).collect();
    let given: Vec<Option<Suppression>> = findings.iter().map(|finding| finding.suppressed.clone()).collect();
    let looked_for = log.evaluated.iter().filter(|rule| log.looked_for(rule));
    let evaluated = looked_for.map(|rule| slug(&tool, rule)).collect();
    let records: Vec<FindingRecord> =
        findings.into_iter().map(|finding| record(finding, &tool, &system, &name, sha256, &as_of)).collect();
    let decided = records
        .iter()
        .zip(&given)
        .map(|(record, given)| Some(decision(given.as_ref()?, record, &tool, until)))
        .collect();
    let mut by_severity = BTreeMap::new();
    for record in &records {
        *by_severity.entry(record.severity).or_default() += 1;
    }
    let info = RunInfo {
        schema: SCHEMA_VERSION,
        run: run.short(),
        engine: format!("import of {} by secdiag {}", log.format, env!("CARGO_PKG_VERSION")),
        catalogue: Sha256::of(b""),
        regime: REGIME.to_owned(),
        as_of,
        thresholds: String::new(),
        firm: (!options.firm.is_empty()).then(|| options.firm.clone()),
        assessment: None,
        bound: true,
        systems: vec![SystemInfo {
            id: system,
            name: options.system.clone(),
            category: None,
            population: BTreeMap::new(),
        }],
        evidence: sha256,
        files: BTreeMap::new(),
        bytes: 0,
        intel: Vec::new(),
        findings: by_severity,
        outcomes: BTreeMap::new(),
        resolved: Vec::new(),
        not_understood: log.refused.len() as u64,
        seal: sha256,
        crashed: false,
    };
    Ok(secdiag_store::Import {
        result: RunResult {
            run: info,
            findings: records,
            items: Vec::new(),
            coverage: CoverageFile { schema: SCHEMA_VERSION, checks: Vec::new(), evidence: Vec::new() },
            notes: Vec::new(),
            programme: None,
        },
        candidates,
        decided,
        source: format!("{}|{tool}", options.system),
        evaluated,
        name,
        sha256,
        dated: options.as_of.is_some(),
        log: serde_json::to_value(log)?,
    })
}

/// A rule of another tool among our checks.
fn slug(tool: &str, rule: &str) -> String {
    format!("{}/{rule}", tool.to_lowercase().replace([' ', '/'], "-"))
}

fn record(
    finding: ImportedFinding,
    tool: &str,
    system: &SystemId,
    name: &str,
    sha256: Sha256,
    as_of: &str,
) -> FindingRecord {
    let location = finding.locations.first();
    let subject = match (&finding.component, location) {
        (Some(component), _) if !component.purl.is_empty() => {
            Subject::Package { host: finding.asset.clone().unwrap_or_default(), purl: component.purl.clone() }
        }
        (_, Some(location)) if !location.path.is_empty() => {
            Subject::File { host: finding.asset.clone(), file: location.path.clone(), sha256: None }
        }
        _ => Subject::Vulnerability {
            asset: finding
                .asset
                .clone()
                .or_else(|| finding.component.as_ref().map(|component| component.name.clone()))
                .unwrap_or_default(),
            vulnerability: finding.ids.first().cloned().unwrap_or_else(|| finding.rule.clone()),
        },
    };
    let excerpt = location.map_or(String::new(), |location| {
        let line = location.line.map_or(String::new(), |line| format!(":{line}"));
        format!("{}{line} {}", location.path, location.snippet).trim_end().to_owned()
    });
    let proof =
        Proof { sha256, path: name.to_owned(), member: None, locator: Locator::Record(finding.source.record), excerpt };
    let texts = FindingTexts {
        title: finding.title.clone(),
        risk: finding.description.clone(),
        advice: finding.advice.clone(),
    };
    FindingRecord {
        id: String::new(),
        check: slug(tool, &finding.rule),
        aspect: None,
        title: finding.title,
        severity: finding.severity.ours,
        confidence: 1.0,
        items: Vec::new(),
        system: system.clone(),
        asset: finding.asset,
        subject,
        facts: BTreeMap::from([("severity_given".to_owned(), finding.severity.given.into())]),
        evidence: vec![proof],
        risk: finding.description,
        advice: finding.advice,
        zh_tw: texts,
        status: FindingStatus::New,
        first_seen: as_of.to_owned(),
        last_seen: as_of.to_owned(),
    }
}

/// How long a risk stays accepted that another tool says somebody accepted, without saying until when: the shortest cycle
/// of an assessment. Then somebody decides here.
const ACCEPTED_YEARS: i64 = 1;

/// A decision that came with a finding; who took it is not told.
fn decision(given: &Suppression, record: &FindingRecord, tool: &str, until: Date) -> Change {
    let exception = |until| {
        Some(Exception {
            requested_by: tool.to_owned(),
            approved_by: String::new(),
            until,
            digest: digest_of(record),
            restarts_clock: false,
        })
    };
    match given.kind {
        SuppressionKind::Muted | SuppressionKind::RiskAccepted | SuppressionKind::OutOfScope => {
            Change::RiskAccepted { exception: exception(Some(until)) }
        }
        SuppressionKind::FalsePositive | SuppressionKind::NotAffected | SuppressionKind::Duplicate => {
            Change::FalsePositive { exception: exception(None) }
        }
        SuppressionKind::Fixed => Change::Remediated { evidence: vec![given.given.clone()] },
    }
}
