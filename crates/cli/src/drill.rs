//! `secdiag drill`: the measures of mail drills, before anything is judged.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use secdiag_catalogue::Catalogue;
use secdiag_drill::Signs;
use secdiag_drill::measure::{Campaign, Counts, Measures, campaigns, wilson};
use secdiag_evidence::Options;
use secdiag_model::Lang;
use serde_json::json;

use crate::args::LangArg;
use crate::{Exit, out, told};

/// Show who opened, clicked, handed data in and reported at mail drills, with and without the visits of programs.
#[derive(Debug, Args)]
pub(crate) struct DrillArgs {
    /// Exports of GoPhish, Microsoft, KnowBe4 or others; files or folders.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Language.
    #[arg(long, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,
    /// One JSON object per campaign.
    #[arg(long)]
    json: bool,
}

pub(crate) fn drill(options: &DrillArgs) -> Result<Exit> {
    let limits = Options {
        redactions: secdiag_drill::REDACTIONS,
        declares: Some(secdiag_drill::DECLARES),
        ..Options::default()
    };
    let documents = told::documents(&options.paths, secdiag_drill::DRILL, &limits)?;
    let parts: Vec<_> = documents.iter().flat_map(|(_, document)| secdiag_drill::parts(document)).collect();
    let catalogue = Catalogue::built_in()?;
    let all = campaigns(&parts, &Signs::of(catalogue.duties(), None));
    if all.is_empty() {
        out::error("no mail drill was recognised: see `secdiag parse FILE` for what a file is");
        return Ok(Exit::NothingToInspect);
    }
    for campaign in &all {
        show(options, campaign, &campaign.measures(&|_| None))?;
    }
    Ok(Exit::Ran)
}

fn show(options: &DrillArgs, campaign: &Campaign, measures: &Measures) -> Result<()> {
    if options.json {
        return out::print_json(&json!({
            "campaign": campaign.name, "launched": campaign.launched, "visits_told": campaign.tells_visits,
            "people": measures.human, "every_visit": measures.every, "automated_mailboxes": measures.automated,
            "first_report_seconds": measures.first_report, "units": measures.units, "clickers": measures.clickers,
        }));
    }
    let zh = Lang::from(options.lang) == Lang::ZhTw;
    let day = campaign.launched.map(|day| day.to_string()).unwrap_or_default();
    let (human, every) = (&measures.human, &measures.every);
    out::print(&if zh {
        format!("{}  {day}  送達 {} 人，{} 個信箱曾遭程式造訪", campaign.name, human.delivered, measures.automated)
    } else {
        format!(
            "{}  {day}  {} persons, programs visited {} mailboxes",
            campaign.name, human.delivered, measures.automated
        )
    })?;
    let rows: [(&str, &str, Count); 4] = [
        ("opened", "開啟", |counts| counts.opened),
        ("clicked", "點閱", |counts| counts.clicked),
        ("handed in data", "輸入資料", |counts| counts.submitted),
        ("reported", "通報", |counts| counts.reported),
    ];
    for (en, zh_tw, of) in rows {
        let (low, high) = wilson(of(human), human.delivered);
        let (name, beside) = if zh { (zh_tw, "計入所有造訪") } else { (en, "counting every visit") };
        out::print(&format!(
            "  {:>6}  {:>5.1} %  ({:.1}–{:.1} %)  {name}   [{beside}: {:.1} %]",
            of(human),
            share(of(human), human.delivered),
            low * 100.0,
            high * 100.0,
            share(of(every), human.delivered)
        ))?;
    }
    for (unit, counts) in measures.units.iter().filter(|(unit, _)| !unit.is_empty()) {
        let words = if zh { ["人", "開啟", "點閱"] } else { ["persons", "opened", "clicked"] };
        out::print(&format!(
            "      {unit}: {} {}, {} {}, {} {}",
            counts.delivered, words[0], counts.opened, words[1], counts.clicked, words[2]
        ))?;
    }
    Ok(())
}

/// One of the counts.
type Count = fn(&Counts) -> u64;

#[expect(clippy::cast_precision_loss, reason = "people are fewer than 2^52")]
fn share(hits: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { hits as f64 * 100.0 / of as f64 }
}
