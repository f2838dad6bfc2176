//! The command line. Help texts here are the reference: `docs/generated/cli.md` is made from them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use secdiag_model::{Lang, Severity};

/// Information-security diagnostic (資安健診) for securities firms.
///
/// Exit codes: 0 ran; 1 failed, or an inspection crashed; 2 usage; 3 nothing to inspect; 10 `--fail-on` was met.
#[derive(Debug, Parser)]
#[command(name = "secdiag", version, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the evidence of a fictional firm and diagnose it.
    ///
    /// Example: secdiag demo --out demo
    Demo(Demo),
    /// Diagnose an evidence folder: findings, items, coverage, notes and a report.
    ///
    /// Example: secdiag diagnose evidence/ --out result/ --regime securities --intel lists/
    Diagnose(Diagnose),
    /// Show what a parser makes of one file.
    ///
    /// Example: secdiag parse tap1.pcapng --table conn --json
    Parse(Parse),
    /// Explain a check: what, why, evidence, limits, risk, advice.
    ///
    /// Example: secdiag explain firewall/permit-any-any --lang zh-TW
    Explain(Explain),
    /// Look into the catalogue of items, checks and thresholds, or prove that it is whole.
    ///
    /// Example: secdiag catalogue show SEC-8.2
    Catalogue(Catalogue),
    /// Take another tool's findings over: SARIF, CycloneDX, CSAF, OpenVEX, OCSF, Prowler, DefectDojo's generic form.
    ///
    /// Example: secdiag import semgrep.sarif --system trading
    Import(crate::import::ImportArgs),
    /// Ask firewall configurations: what happens to a packet, why a rule never matches, what two versions do differently.
    ///
    /// Example: secdiag firewall explain fw.conf tcp 198.51.100.7:40000 10.9.0.10:443
    Firewall(crate::firewall::FirewallArgs),
    /// List findings as they stood on a day, with owner, time limit and how often they came back.
    ///
    /// Example: secdiag findings --as-of 2025-12-31 --severity high
    Findings(crate::findings::FindingsArgs),
    /// Look at one finding's life, or write into it what happened.
    ///
    /// Example: secdiag finding accept 3f2a… --requested-by Chen --by Lin --until 2027-03-31 --reason "replaced in Q1"
    Finding(crate::findings::FindingArgs),
    /// Plan what is done about findings, report how far it is, list what is planned, late or done.
    ///
    /// Example: secdiag action add 3f2a… --what "Replace the rule" --owner Chen --due 2026-12-31 --by Lin
    Action(crate::action::ActionArgs),
    /// List incidents with their deadlines and what their formal reports lack.
    ///
    /// Example: secdiag incident list --missing --lang zh-TW
    Incident(crate::incident::IncidentArgs),
    /// Take the history of another tracker over.
    ///
    /// Example: secdiag history import tracker.jsonl --firm "Example Securities"
    History(crate::findings::HistoryArgs),
    /// Take the firm's register (systems, categories, assessments, incidents) into the workspace, or show it.
    ///
    /// Example: secdiag register import register.toml --by "Lin, IT"
    Register(crate::schedule::RegisterArgs),
    /// Plan an assessment and take it from stage to stage.
    ///
    /// Example: secdiag assessment to 2026 review --run 91e8… --by Hsieh --reason "all items read"
    Assessment(crate::assessment::AssessmentArgs),
    /// Keep track of devices over new addresses and names.
    ///
    /// Example: secdiag asset import inventory.csv --by Lin
    Asset(crate::assessment::AssetArgs),
    /// Show every system's next dates, write them as a calendar, or answer a table of what-if cases.
    ///
    /// Example: secdiag schedule --ics dates.ics
    Schedule(crate::schedule::ScheduleArgs),
    /// List the systems for which something has to be done.
    ///
    /// Example: secdiag due --as-of 2026-12-31
    Due(crate::schedule::DueArgs),
    /// Write the open findings as a table that the firm fills in, or take its answers in.
    ///
    /// Example: secdiag tracker export findings.xlsx --lang zh-TW
    Tracker(crate::tracker::TrackerArgs),
    /// Write a result for other tools.
    ///
    /// Example: secdiag export result/ --format sarif --out findings.sarif
    Export(crate::export::ExportArgs),
    /// Show the event log: what happened to anything, who did it and why.
    ///
    /// Example: secdiag log --entity evidence --as-of 2025-12-31
    Log(crate::log::LogArgs),
    /// Keep the ledger of intelligence: receive, poll, assess, act, close, search in the evidence of the past.
    ///
    /// Example: secdiag intel add advisory.json --from F-ISAC --severity high --by Lin
    Intel(crate::ledger::IntelArgs),
    /// Show the measures of mail drills, with and without the visits of mail scanners.
    ///
    /// Example: secdiag drill gophish/2026h1-results.csv gophish/2026h1-events.csv
    Drill(crate::drill::DrillArgs),
    /// List the questionnaires, or write an empty answer file to fill in.
    ///
    /// Example: secdiag questionnaire template reliability --category 1 --lang zh-TW > answers.toml
    Questionnaire(crate::questionnaire::QuestionnaireArgs),
    /// Write the generated pages of the documentation.
    #[command(hide = true)]
    GenerateDocs {
        /// Where to.
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Folder for the firm's evidence, the truth and the result.
    #[arg(long, default_value = "secdiag-demo")]
    pub(crate) out: PathBuf,
    /// Another seed makes another firm of the same kind.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) run: RunOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Diagnose {
    /// Folders, archives or files of evidence. An `assessment.toml` in a folder binds files to systems.
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Folder for the result; by default a folder named after the run in the workspace's `runs/`.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Folder that remembers: database, vault and lake.
    #[arg(long, default_value = "secdiag-workspace")]
    pub(crate) workspace: PathBuf,
    /// Date that the diagnostic is about, YYYY-MM-DD; today by default.
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<jiff::civil::Date>,
    /// Indicator lists to match traffic against: files or folders (plain, CSV, STIX).
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(crate) intel: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunOptions,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RunOptions {
    /// Item set to answer: government, financial, securities or all (default: what assessment.toml says, else all).
    #[arg(long)]
    pub(crate) regime: Option<String>,
    /// Threshold set (`secdiag catalogue thresholds`); by default the regime's.
    #[arg(long, value_name = "SET")]
    pub(crate) thresholds: Option<String>,
    /// Worker threads; by default one per core. The result does not depend on it.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<std::num::NonZeroUsize>,
    /// Language of the report and of this output.
    #[arg(long, value_enum, default_value_t = LangArg::En)]
    pub(crate) lang: LangArg,
    /// Exit with 10 when there is a finding of this severity or worse.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<SeverityArg>,
    /// Your own catalogue files, laid over the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub(crate) catalogue: Option<PathBuf>,
    /// Print the run as JSON instead of a summary.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Parse {
    /// A file of evidence, or an archive.
    pub(crate) file: PathBuf,
    /// Show the rows of this table (conn, dns, …); without it, documents and notes are shown.
    #[arg(long)]
    pub(crate) table: Option<String>,
    /// One JSON object per line instead of tab-separated columns.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Slug of a check, such as firewall/permit-any-any.
    pub(crate) check: String,
    /// Language.
    #[arg(long, value_enum, default_value_t = LangArg::En)]
    pub(crate) lang: LangArg,
    /// Your own catalogue files, laid over the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub(crate) catalogue: Option<PathBuf>,
    /// Print the catalogue's record as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Catalogue {
    #[command(subcommand)]
    pub(crate) question: CatalogueQuestion,
    /// Your own catalogue files, laid over the built-in ones.
    #[arg(long = "catalogue", value_name = "DIR", global = true)]
    pub(crate) overlay: Option<PathBuf>,
    /// Language.
    #[arg(long, value_enum, default_value_t = LangArg::En, global = true)]
    pub(crate) lang: LangArg,
    /// Print JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogueQuestion {
    /// Prove that the catalogue is whole: items, both languages, texts of checks, crosswalk, trace.
    Lint,
    /// List the items of a regime.
    Items {
        /// government, financial, securities or all.
        #[arg(long, default_value = "all")]
        regime: String,
    },
    /// Show one item, threshold set or check whole.
    Show {
        /// GOV-6.1, SEC-8.2, gcb-win11, firewall/permit-any-any, …
        id: String,
    },
    /// Show how the item sets differ and which items ask the same.
    Crosswalk,
    /// Show the trace of the article's 128 requirements: item, check, test, state.
    Trace,
    /// List the threshold sets.
    Thresholds,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LangArg {
    #[value(name = "en")]
    En,
    #[value(name = "zh-TW")]
    ZhTw,
}

impl From<LangArg> for Lang {
    fn from(lang: LangArg) -> Self {
        match lang {
            LangArg::En => Self::En,
            LangArg::ZhTw => Self::ZhTw,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SeverityArg {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl From<SeverityArg> for Severity {
    fn from(severity: SeverityArg) -> Self {
        match severity {
            SeverityArg::Info => Self::Info,
            SeverityArg::Low => Self::Low,
            SeverityArg::Medium => Self::Medium,
            SeverityArg::High => Self::High,
            SeverityArg::Critical => Self::Critical,
        }
    }
}

/// A request that cannot be carried out as it was put; exit code 2.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// A usage error for an unknown name, with the names that there are.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> anyhow::Error {
    UsageError(format!("there is no {what} `{name}`; there are: {}", known.join(", "))).into()
}
