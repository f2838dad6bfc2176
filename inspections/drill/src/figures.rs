//! The figures of mail drills, of all persons and by unit, as the command and the report show them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use secdiag_catalogue::Allowed;
use secdiag_inspect::StoredDocument;
use secdiag_model::programme::{Drill, DrillFigures, DrillRates, Rate, Retraining};
use serde::Deserialize as _;

use crate::campaign::{Part, Visit};
use crate::measure::{Campaign, Counts, Measures, campaigns, wilson};
use crate::people::Course;
use crate::retraining::{Retrained, Trained};
use crate::review::Review;
use crate::visits::Signs;
use crate::{Document as _, Told};

/// A drill with its figures, and who is behind them, by pseudonym.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The figures.
    pub drill: Drill,
    /// Who clicked.
    pub clickers: BTreeSet<String>,
    /// What became of each of them; empty where no training records are given, or the day of the drill is not told.
    pub retrained: BTreeMap<String, Retrained>,
}

/// What files tell of mail drills, by the day of the drill.
#[derive(Clone, Debug, Default)]
pub struct All {
    /// Drills up to the day asked, oldest first.
    pub drills: Vec<Figures>,
    /// Names of drills after that day: they were left out.
    pub later: Vec<String>,
}

/// The figures out of what files tell, as of a day. `retraining` is the time within which those who clicked are
/// trained again; assessors' judgements about single visits count as the check counts them.
pub fn figures<'a>(
    documents: impl IntoIterator<Item = &'a StoredDocument>,
    signs: &Signs,
    retraining: Option<Allowed>,
    as_of: Date,
) -> All {
    let told: Vec<Told> = documents
        .into_iter()
        .filter(|document| document.kind == Told::KIND)
        .filter_map(|document| Told::deserialize(&document.value).ok())
        .collect();
    let parts: Vec<Part> = told.iter().flat_map(|told| told.parts.iter().cloned()).collect();
    let courses: Vec<&Course> = told.iter().flat_map(|told| &told.courses).collect();
    let reviews: Vec<&Review> = told.iter().flat_map(|told| &told.reviews).collect();
    let trained = Trained::of(courses.iter().copied(), as_of);
    let limit = retraining.filter(|_| !courses.is_empty());
    let mut all = All::default();
    for campaign in campaigns(&parts, signs) {
        if campaign.launched.is_some_and(|day| day > as_of) {
            all.later.push(campaign.name);
            continue;
        }
        let overruled = |visit: &Visit| {
            reviews.iter().find(|review| review.is_about(&campaign, visit)).map(|review| !review.automated)
        };
        let measures = campaign.measures(&overruled);
        let became = |person: &String| {
            let (launched, limit) = campaign.launched.zip(limit)?;
            Some((person.clone(), trained.became(person, launched, limit, as_of)))
        };
        let retrained = measures.clickers.iter().filter_map(became).collect();
        let until = campaign.launched.zip(limit).map(|(launched, limit)| limit.until(launched));
        all.drills.push(Figures {
            drill: drill(&campaign, &measures, &retrained, until),
            clickers: measures.clickers,
            retrained,
        });
    }
    all
}

fn drill(
    campaign: &Campaign,
    measures: &Measures,
    retrained: &BTreeMap<String, Retrained>,
    until: Option<Date>,
) -> Drill {
    let mut of_unit: BTreeMap<&str, BTreeMap<&str, Retrained>> = BTreeMap::new();
    for mail in &campaign.mails {
        if let Some(became) = retrained.get(&mail.person) {
            of_unit.entry(&mail.unit).or_default().insert(&mail.person, *became);
        }
    }
    let none = BTreeMap::new();
    let unit = |(name, counts): (&String, &Counts)| {
        let became = of_unit.get(name.as_str()).unwrap_or(&none).values().copied();
        (name.clone(), of(counts, until.map(|until| closure(became, until))))
    };
    Drill {
        campaign: campaign.name.clone(),
        launched: campaign.launched.map(|day| day.to_string()),
        visits_told: campaign.tells_visits,
        automated_mailboxes: measures.automated,
        first_report_seconds: measures.first_report,
        people: of(&measures.human, until.map(|until| closure(retrained.values().copied(), until))),
        every_visit: of(&measures.every, None),
        units: measures.units.iter().map(unit).collect(),
    }
}

fn of(counts: &Counts, training: Option<Retraining>) -> DrillFigures {
    let rate = |hits| rate(hits, counts.delivered);
    DrillFigures {
        delivered: counts.delivered,
        opened: counts.opened,
        clicked: counts.clicked,
        submitted: counts.submitted,
        reported: counts.reported,
        rates: DrillRates {
            opened: rate(counts.opened),
            clicked: rate(counts.clicked),
            submitted: rate(counts.submitted),
            reported: rate(counts.reported),
        },
        training,
    }
}

/// A rate with its Wilson interval at 95 %; without persons there is no rate, and anything is possible.
fn rate(hits: u64, of: u64) -> Rate {
    let (low, high) = wilson(hits, of);
    Rate { rate: share(hits, of), low: rounded(low), high: rounded(high) }
}

#[expect(clippy::cast_precision_loss, reason = "people are fewer than 2^52")]
fn share(hits: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| rounded(hits as f64 / of as f64))
}

/// To six places: more says nothing about people, and the last ones differ from machine to machine.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn closure(became: impl Iterator<Item = Retrained>, until: Date) -> Retraining {
    let mut training = Retraining { until: until.to_string(), ..Retraining::default() };
    for became in became {
        training.clicked += 1;
        match became {
            Retrained::InTime => training.in_time += 1,
            Retrained::Late(_) => training.late += 1,
            Retrained::Missing => training.missing += 1,
            Retrained::Waiting => training.waiting += 1,
        }
    }
    training.closure = share(training.in_time, training.clicked);
    training
}
