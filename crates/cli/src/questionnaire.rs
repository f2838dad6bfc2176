//! `secdiag questionnaire`: which questionnaires there are, and empty answer files to fill in.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use secdiag_compliance::template::{Form, template};

use crate::args::{LangArg, unknown};
use crate::workspace::catalogue;
use crate::{Exit, out};

/// List the questionnaires, or write an empty answer file to fill in.
#[derive(Debug, Args)]
pub(crate) struct QuestionnaireArgs {
    #[command(subcommand)]
    deed: Deed,
    /// Language.
    #[arg(long, value_enum, default_value_t = LangArg::En, global = true)]
    lang: LangArg,
    /// Your own catalogue files, laid over the built-in ones.
    #[arg(long, value_name = "DIR", global = true)]
    catalogue: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// List them with the number of their questions.
    List,
    /// Write the questions of one, unanswered, to standard output.
    Template {
        /// Id, as `list` shows it.
        id: String,
        /// Only what systems of this category are asked.
        #[arg(long)]
        category: Option<u8>,
        /// File format.
        #[arg(long, value_enum, default_value = "toml")]
        form: FormArg,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormArg {
    Toml,
    Csv,
}

pub(crate) fn questionnaire(options: &QuestionnaireArgs) -> Result<Exit> {
    let catalogue = catalogue(options.catalogue.as_deref())?;
    match &options.deed {
        Deed::List => {
            for questionnaire in catalogue.questionnaires() {
                let title = questionnaire.title.get(options.lang.into());
                out::print(&format!("{:<20} {:>4}  {title}", questionnaire.id, questionnaire.questions.len()))?;
            }
        }
        Deed::Template { id, category, form } => {
            let known: Vec<&str> = catalogue.questionnaires().map(|each| each.id.as_str()).collect();
            let chosen = catalogue.questionnaire(id).ok_or_else(|| unknown("questionnaire", id, &known))?;
            let form = match form {
                FormArg::Toml => Form::Toml,
                FormArg::Csv => Form::Csv,
            };
            out::print(&template(chosen, *category, options.lang.into(), form))?;
        }
    }
    Ok(Exit::Ran)
}
