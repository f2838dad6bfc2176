//! `secdiag drill`: the measures of mail drills, before anything is judged.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use jiff::civil::Date;
use secdiag_catalogue::{Catalogue, LimitId};
use secdiag_drill::{All, Figures, Signs, figures};
use secdiag_evidence::{Options, Vault};
use secdiag_inspect::StoredDocument;
use secdiag_model::programme::{Drill, DrillFigures, DrillRates, Rate, Retraining};
use secdiag_model::{EvidenceSet, Lang};
use serde::Serialize;

use crate::action::aligned;
use crate::args::LangArg;
use crate::workspace::{catalogue, today};
use crate::{Exit, out, told};

/// Show who opened, clicked, handed data in and reported at mail drills, with and without the visits of programs, of all
/// persons and by unit, each with its Wilson interval, and who of those who clicked was trained again in time.
#[derive(Debug, Args)]
pub(crate) struct DrillArgs {
    /// Exports of GoPhish, Microsoft, KnowBe4 or others, and training records; files or folders.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Drills up to this day, and courses completed by it, YYYY-MM-DD; today by default.
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// Your own catalogue files, laid over the built-in ones (the time for training is in duties.yaml).
    #[arg(long, value_name = "DIR")]
    catalogue: Option<PathBuf>,
    /// Language.
    #[arg(long, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,
    /// One JSON object per campaign.
    #[arg(long)]
    json: bool,
}

/// A campaign as JSON.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    drill: &'a Drill,
    /// Who clicked, by pseudonym.
    clickers: Vec<&'a str>,
    /// What became of each of them.
    retrained: BTreeMap<&'a str, &'static str>,
}

pub(crate) fn drill(options: &DrillArgs) -> Result<Exit> {
    let limits = Options {
        redactions: secdiag_drill::REDACTIONS,
        declares: Some(secdiag_drill::DECLARES),
        ..Options::default()
    };
    let documents = told::documents(&options.paths, secdiag_drill::DRILL, &limits)?;
    let catalogue = catalogue(options.catalogue.as_deref())?;
    let as_of = options.as_of.unwrap_or_else(today);
    let all = of_documents(documents.iter().map(|(_, document)| document), &catalogue, as_of);
    let lang = Lang::from(options.lang);
    if !all.later.is_empty() {
        let values = [("names", all.later.join(", ")), ("day", as_of.to_string())];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        out::error(&catalogue.words().say("drill-later", lang, &values));
    }
    if all.drills.is_empty() {
        if all.later.is_empty() {
            out::error("no mail drill was recognised: see `secdiag parse FILE` for what a file is");
        }
        return Ok(Exit::NothingToInspect);
    }
    for campaign in &all.drills {
        if options.json {
            out::print_json(&Row {
                drill: &campaign.drill,
                clickers: campaign.clickers.iter().map(String::as_str).collect(),
                retrained: campaign.retrained.iter().map(|(who, became)| (who.as_str(), became.word())).collect(),
            })?;
        } else {
            show(campaign, &catalogue, lang)?;
        }
    }
    Ok(Exit::Ran)
}

fn of_documents<'a>(
    documents: impl IntoIterator<Item = &'a StoredDocument>,
    catalogue: &Catalogue,
    as_of: Date,
) -> All {
    let duties = catalogue.duties();
    figures(documents, &Signs::of(duties, None), duties.allowed(LimitId::ClickerRetraining, None), as_of)
}

/// The figures of the drills among the evidence of a diagnostic.
pub(crate) fn of_evidence(
    evidence: &EvidenceSet,
    vault: &Vault,
    catalogue: &Catalogue,
    as_of: Date,
) -> Result<Vec<Drill>> {
    // The diagnostic has told of what was not understood.
    let (documents, _) = told::parsed(evidence, vault, secdiag_drill::DRILL)?;
    Ok(of_documents(&documents, catalogue, as_of).drills.into_iter().map(|figures| figures.drill).collect())
}

fn show(figures: &Figures, catalogue: &Catalogue, lang: Lang) -> Result<()> {
    let (drill, words) = (&figures.drill, catalogue.words());
    let (persons, mailboxes) = (drill.people.delivered.to_string(), drill.automated_mailboxes.to_string());
    let values = [
        ("campaign", drill.campaign.as_str()),
        ("day", drill.launched.as_deref().unwrap_or("–")),
        ("persons", &persons),
        ("mailboxes", &mailboxes),
    ];
    out::print(&words.say("drill-head", lang, &values))?;
    if !drill.visits_told {
        out::print(&format!("  {}", words.say("drill-visits-not-told", lang, &[])))?;
    }
    for (key, hits, rate) in ACTS {
        let of = &drill.people;
        out::print(&format!(
            "  {:>6}  {}  {}   [{}]",
            hits(of),
            percent(rate(&of.rates)),
            words.say(key, lang, &[]),
            words.say("drill-every-visit", lang, &[("rate", &share(rate(&drill.every_visit.rates).rate))])
        ))?;
    }
    let training = match &drill.people.training {
        Some(training) => {
            let values = [
                ("n", training.in_time.to_string()),
                ("of", training.clicked.to_string()),
                ("rate", share(training.closure)),
                ("until", training.until.clone()),
                ("late", training.late.to_string()),
                ("missing", training.missing.to_string()),
                ("waiting", training.waiting.to_string()),
            ];
            let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
            words.say("drill-training", lang, &values)
        }
        None => words.say("drill-training-unknown", lang, &[]),
    };
    out::print(&format!("  {training}"))?;
    units(drill, catalogue, lang)
}

/// The units as a table; nothing where no unit is told of anybody.
fn units(drill: &Drill, catalogue: &Catalogue, lang: Lang) -> Result<()> {
    if drill.units.keys().all(String::is_empty) {
        return Ok(());
    }
    let words = catalogue.words();
    let mut head = vec![words.say("drill-unit", lang, &[]), words.say("drill-persons", lang, &[])];
    head.extend(ACTS.iter().map(|(key, ..)| words.say(key, lang, &[])));
    head.push(words.say("drill-retrained", lang, &[]));
    let mut rows = vec![head];
    for (name, of) in &drill.units {
        let name = if name.is_empty() { words.say("drill-no-unit", lang, &[]) } else { name.clone() };
        let mut row = vec![name, of.delivered.to_string()];
        row.extend(ACTS.iter().map(|(_, hits, rate)| format!("{} {}", hits(of), percent(rate(&of.rates)))));
        row.push(of.training.as_ref().map_or_else(|| "–".to_owned(), closed));
        rows.push(row);
    }
    let table = aligned(&rows);
    out::print(&table.lines().map(|line| format!("      {line}\n")).collect::<String>())
}

/// Who of those who clicked was trained again in time.
fn closed(training: &Retraining) -> String {
    format!("{}/{} {}", training.in_time, training.clicked, share(training.closure))
}

/// One of the things done: its word, the count and the rate.
type Done = (&'static str, fn(&DrillFigures) -> u64, fn(&DrillRates) -> &Rate);

const ACTS: [Done; 4] = [
    ("drill-opened", |of| of.opened, |rates| &rates.opened),
    ("drill-clicked", |of| of.clicked, |rates| &rates.clicked),
    ("drill-submitted", |of| of.submitted, |rates| &rates.submitted),
    ("drill-reported", |of| of.reported, |rates| &rates.reported),
];

/// `10.6 % (7.9–14.0 %)`.
fn percent(rate: &Rate) -> String {
    format!("{} ({:.1}–{:.1} %)", share(rate.rate), rate.low * 100.0, rate.high * 100.0)
}

/// `10.6 %`, or a dash where there is nothing to be a share of.
fn share(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.1} %", rate * 100.0))
}
