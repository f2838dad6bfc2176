//! The `secdiag` command: arguments in, calls, rendering out.

mod action;
mod args;
mod assessment;
mod catalogue;
mod demo;
mod diagnose;
mod docs;
mod drill;
mod explain;
mod export;
mod findings;
mod firewall;
mod import;
mod incident;
mod inspections;
mod intel;
mod known;
mod ledger;
mod log;
mod out;
mod parse;
mod programme;
mod progress;
mod questionnaire;
mod schedule;
mod told;
mod tracker;
mod workspace;

use std::process::ExitCode;

use args::Command;
use clap::Parser;

/// How a command ended: the process's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// It ran.
    Ran,
    /// It failed, or an inspection crashed.
    Failed,
    /// There was nothing to inspect.
    NothingToInspect,
    /// `--fail-on` was asked for and met.
    FailOnMet,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ran => 0,
            Exit::Failed => 1,
            Exit::NothingToInspect => 3,
            Exit::FailOnMet => 10,
        })
    }
}

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| out::error(&format!("internal error: {panic}"))));
    let arguments = args::Arguments::parse();
    let done = match arguments.command {
        Command::Demo(options) => demo::demo(&options),
        Command::Diagnose(options) => diagnose::diagnose(&options).map(|done| done.exit),
        Command::Parse(options) => parse::parse(&options),
        Command::Explain(options) => explain::explain(&options),
        Command::Catalogue(options) => catalogue::catalogue(&options),
        Command::Import(options) => import::import(&options),
        Command::Export(options) => export::export(&options),
        Command::Assessment(options) => assessment::assessment(&options),
        Command::Asset(options) => assessment::asset(&options),
        Command::Log(options) => log::log(&options),
        Command::Intel(options) => ledger::intel(&options),
        Command::Drill(options) => drill::drill(&options),
        Command::Firewall(options) => firewall::firewall(&options),
        Command::Tracker(options) => tracker::tracker(&options),
        Command::Findings(options) => findings::findings(&options),
        Command::Finding(options) => findings::finding(&options),
        Command::History(options) => findings::history(&options),
        Command::Action(options) => action::action(&options),
        Command::Incident(options) => incident::incident(&options),
        Command::Register(options) => schedule::register(&options),
        Command::Schedule(options) => schedule::schedule(&options),
        Command::Due(options) => schedule::due(&options),
        Command::Questionnaire(options) => questionnaire::questionnaire(&options),
        Command::GenerateDocs { folder } => docs::generate(&folder),
    };
    match done {
        Ok(exit) => exit.into(),
        // A reader that went away (`secdiag … | head`) is not an error.
        Err(error) if out::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            out::error(&format!("error: {error:#}"));
            ExitCode::from(if error.is::<args::UsageError>() { 2 } else { 1 })
        }
    }
}
