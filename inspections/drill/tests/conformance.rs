//! Right answers of the shared evidence (`SECDIAG_DATA`).
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read files")]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, date};
use secdiag_catalogue::{Allowed, LimitUnit};
use secdiag_drill::measure::{Measures, campaigns};
use secdiag_drill::{DRILL, Figures, Part, Signs, figures, person};
use secdiag_inspect::testkit::{Bench, Judged};
use secdiag_model::programme::Rate;
use serde_json::Value as Json;

/// Judges evidence on a day.
fn judge(bench: Bench, as_of: Date) -> Judged {
    common::judge(bench, as_of, common::catalogue(), &common::Rows::new())
}

/// The same with a catalogue of the test's own.
fn judge_with(bench: Bench, as_of: Date, catalogue: secdiag_catalogue::Catalogue) -> Judged {
    common::judge(bench, as_of, catalogue, &common::Rows::new())
}

/// Which visits the built-in catalogue holds to be programs'.
fn signs() -> Signs {
    Signs::of(common::catalogue().duties(), None)
}

fn data() -> PathBuf {
    Path::new(&std::env::var_os("SECDIAG_DATA").expect("SECDIAG_DATA names the evidence folder"))
        .join("platform/drills")
}

fn json(path: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn people(list: &Json) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|address| person(address.as_str().unwrap())).collect()
}

/// The files of a campaign, and of others given.
fn bench(campaigns: &[&str], more: &[&str]) -> Bench {
    let mut bench = Bench::default();
    for campaign in campaigns {
        for kind in ["results", "events"] {
            let name = format!("gophish/{campaign}-{kind}.csv");
            bench = bench.file(DRILL, &name, &std::fs::read(data().join(&name)).unwrap());
        }
    }
    more.iter().fold(bench, |bench, name| bench.file(DRILL, name, &std::fs::read(data().join(name)).unwrap()))
}

fn measures(bench: &Bench) -> Vec<(String, Measures)> {
    let parsed = bench.parse(DRILL);
    assert_eq!(parsed.notes, [], "everything is understood");
    let parts: Vec<Part> = parsed
        .documents
        .iter()
        .flat_map(|document| serde_json::from_value::<Vec<Part>>(document.value["parts"].clone()).unwrap())
        .collect();
    campaigns(&parts, &signs()).iter().map(|campaign| (campaign.name.clone(), campaign.measures(&|_| None))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "people are few")]
fn rate(hits: u64, of: u64) -> f64 {
    hits as f64 / of as f64
}

/// The figures as the command and the report show them, with a time for training of so many days.
fn shown(bench: &Bench, as_of: Date, days: u32) -> Vec<Figures> {
    let parsed = bench.parse(DRILL);
    let all = figures(&parsed.documents, &signs(), Some(Allowed { unit: LimitUnit::Days, value: days }), as_of);
    assert_eq!(all.later, Vec::<String>::new());
    all.drills
}

/// The Wilson interval by its definition: the rates from which what was seen is 1.96 standard errors away (a slow model).
fn wilson_by_search(hits: u64, of: u64) -> (f64, f64) {
    let (p, n) = (rate(hits, of), rate(of, 1));
    let too_far = |p0: f64| (p - p0).abs() > 1.959_963_984_540_054 * (p0 * (1.0 - p0) / n).sqrt();
    let edge = |mut far: f64, mut near: f64| {
        for _ in 0..100 {
            let middle = f64::midpoint(far, near);
            if too_far(middle) { far = middle } else { near = middle }
        }
        near
    };
    (edge(0.0, p), edge(1.0, p))
}

fn same(told: &Rate, hits: u64, of: u64, what: &str) {
    assert!((told.rate.unwrap() - rate(hits, of)).abs() < 1e-6, "{what}: {told:?}");
    let (low, high) = wilson_by_search(hits, of);
    assert!((told.low - low).abs() < 2e-6 && (told.high - high).abs() < 2e-6, "{what}: {told:?}, {low} to {high}");
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn every_unit_has_its_rates_with_their_intervals() {
    for name in ["2025h1", "2025h2", "2026h1"] {
        let truth = json(&data().join(format!("gophish/{name}-truth.json")));
        let told = shown(&bench(&[name], &[]), date(2026, 6, 30), 30);
        let [figures] = &told[..] else { panic!("{told:?}") };
        let (drill, people) = (&figures.drill, &figures.drill.people);
        assert_eq!(drill.campaign, name);
        for (rate, key) in [
            (&people.rates.opened, "open_rate"),
            (&people.rates.clicked, "click_rate"),
            (&people.rates.submitted, "submit_rate"),
            (&people.rates.reported, "report_rate"),
        ] {
            // The truth has six places, and so have the figures.
            let right = truth["human"][key].as_f64().unwrap();
            assert!((rate.rate.unwrap() - right).abs() < 1.5e-6, "{name} {key}: {rate:?}, truth {right}");
        }
        for (rate, key) in
            [(&drill.every_visit.rates.opened, "open_rate"), (&drill.every_visit.rates.clicked, "click_rate")]
        {
            let right = truth["counting_every_event"][key].as_f64().unwrap();
            assert!((rate.rate.unwrap() - right).abs() < 1.5e-6, "{name} counting every visit {key}: {rate:?}");
        }
        let right: Vec<&str> = truth["by_department"].as_object().unwrap().keys().map(String::as_str).collect();
        let units: Vec<&str> = drill.units.keys().map(String::as_str).collect();
        assert_eq!(units.iter().collect::<BTreeSet<_>>(), right.iter().collect::<BTreeSet<_>>(), "{name}");
        let mut sums = [0; 5];
        for (unit, of) in &drill.units {
            let right = &truth["by_department"][unit];
            let figures = [of.delivered, of.opened, of.clicked];
            assert_eq!(figures, ["delivered", "opened", "clicked"].map(|key| right[key].as_u64().unwrap()), "{unit}");
            for (rate, hits) in [
                (&of.rates.opened, of.opened),
                (&of.rates.clicked, of.clicked),
                (&of.rates.submitted, of.submitted),
                (&of.rates.reported, of.reported),
            ] {
                same(rate, hits, of.delivered, &format!("{name} {unit}"));
            }
            let all = [of.delivered, of.opened, of.clicked, of.submitted, of.reported];
            sums.iter_mut().zip(all).for_each(|(sum, count)| *sum += count);
        }
        let all = [people.delivered, people.opened, people.clicked, people.submitted, people.reported];
        assert_eq!(sums, all, "{name}: the units are all persons");
        assert_eq!(people.training, None, "without training records nothing is known");
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn who_was_retrained_in_time_is_who_the_truth_names_in_every_unit() {
    let truth = json(&data().join("training/training-2025h2-truth.json"));
    let all = bench(&["2025h2"], &["training/training-2025h2.csv"]);
    let told = shown(&all, date(2026, 3, 31), 30);
    let [figures] = &told[..] else { panic!("{told:?}") };
    let of = |word: &str| -> BTreeSet<String> {
        let became = figures.retrained.iter().filter(|(_, became)| became.word() == word);
        became.map(|(person, _)| person.clone()).collect()
    };
    assert_eq!(figures.clickers, people(&truth["must_train"]));
    for (word, key) in [("in_time", "trained_in_time"), ("late", "late"), ("missing", "missing")] {
        assert_eq!(of(word), people(&truth[key]), "{word}");
    }
    let count = |key: &str| truth[key].as_array().unwrap().len() as u64;
    let training = figures.drill.people.training.clone().unwrap();
    assert_eq!(
        (training.clicked, training.in_time, training.late, training.missing, training.waiting),
        (count("must_train"), count("trained_in_time"), count("late"), count("missing"), 0)
    );
    assert!((training.closure.unwrap() - rate(count("trained_in_time"), count("must_train"))).abs() < 1e-6);
    // Launched on 13 October, 30 days: the day itself does not count.
    assert_eq!((truth["launch"].as_str(), training.until.as_str()), (Some("2025-10-13"), "2025-11-12"));
    let mut sums = [0; 4];
    for (unit, of) in &figures.drill.units {
        let training = of.training.as_ref().unwrap();
        assert_eq!(training.clicked, of.clicked, "{unit}");
        assert_eq!(training.closure.is_none(), training.clicked == 0, "{unit}");
        let all = [training.clicked, training.in_time, training.late, training.missing];
        sums.iter_mut().zip(all).for_each(|(sum, count)| *sum += count);
    }
    assert_eq!(sums, [training.clicked, training.in_time, training.late, training.missing]);
    // On the last day there is still time for those who have not come.
    let then = shown(&all, date(2025, 11, 12), 30).remove(0).drill.people.training.unwrap();
    assert_eq!((then.in_time, then.late, then.missing, then.waiting), (count("trained_in_time"), 0, 0, 3));
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn rates_of_people_are_those_of_the_truth() {
    for name in ["2025h1", "2025h2", "2026h1"] {
        let truth = json(&data().join(format!("gophish/{name}-truth.json")));
        let told = measures(&bench(&[name], &[]));
        let [(found, measures)] = &told[..] else { panic!("{told:?}") };
        assert_eq!(found, name);
        let of = measures.human.delivered;
        assert_eq!(Some(of), truth["delivered"].as_u64());
        for (hits, which, key) in [
            (measures.human.opened, "human", "open_rate"),
            (measures.human.clicked, "human", "click_rate"),
            (measures.human.submitted, "human", "submit_rate"),
            (measures.human.reported, "human", "report_rate"),
            (measures.every.opened, "counting_every_event", "open_rate"),
            (measures.every.clicked, "counting_every_event", "click_rate"),
        ] {
            let right = truth[which][key].as_f64().unwrap();
            println!("{name} {which} {key}: {:.4}, truth {right:.4}", rate(hits, of));
            assert!((rate(hits, of) - right).abs() <= 0.01, "{name} {which} {key}");
        }
        let clickers = people(&truth["clickers"]);
        let right = measures.clickers.intersection(&clickers).count() as u64;
        let (precision, recall) = (rate(right, measures.clickers.len() as u64), rate(right, clickers.len() as u64));
        println!("{name} clickers: precision {precision:.3}, recall {recall:.3}; automated {}", measures.automated);
        assert!(precision >= 0.98 && recall >= 0.95, "{name}");
        assert_eq!(Some(measures.automated), truth["automated_recipients"].as_u64(), "{name}");
        for (unit, counts) in truth["by_department"].as_object().unwrap() {
            let told = measures.units[unit];
            let figures = [told.delivered, told.opened, told.clicked];
            assert_eq!(figures, ["delivered", "opened", "clicked"].map(|key| counts[key].as_u64().unwrap()), "{unit}");
        }
        let judged = judge(bench(&[name], &[]), date(2026, 6, 30));
        let fires = |check: &str| judged.checks().contains(&check);
        assert_eq!(fires("drill/phishing-open-rate-high"), truth["verdict_open_lt_10pct"] == false, "{name}");
        assert_eq!(fires("drill/phishing-click-rate-high"), truth["verdict_click_lt_6pct"] == false, "{name}");
    }
}

fn not_retrained(judged: &Judged, state: &str) -> BTreeSet<String> {
    let late = judged.findings.iter().filter(|finding| finding.check == "drill/clicker-not-retrained");
    late.filter(|finding| finding.facts["state"] == state)
        .map(|finding| finding.facts["person"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn who_was_not_trained_in_time_is_who_the_truth_names() {
    const AS_OF: Date = date(2026, 3, 31);
    let truth = json(&data().join("training/training-2025h2-truth.json"));
    // That firm allows 30 days.
    let overlay = std::env::temp_dir().join(format!("secdiag-drill-{}", std::process::id()));
    std::fs::create_dir_all(&overlay).unwrap();
    let duties =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue/duties.yaml")).unwrap();
    assert!(duties.contains("unit: days\n    value: 60"));
    std::fs::write(
        overlay.join("duties.yaml"),
        duties.replace("unit: days\n    value: 60", "unit: days\n    value: 30"),
    )
    .unwrap();
    let catalogue = secdiag_catalogue::Catalogue::with_overlay(&overlay).unwrap();
    std::fs::remove_dir_all(&overlay).unwrap();
    let judged = judge_with(bench(&["2025h2"], &["training/training-2025h2.csv"]), AS_OF, catalogue);
    assert_eq!(not_retrained(&judged, "late"), people(&truth["late"]));
    assert_eq!(not_retrained(&judged, "missing"), people(&truth["missing"]));
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn all_campaigns_together_are_told_apart_and_name_nobody() {
    let all = bench(&["2025h1", "2025h2", "2026h1"], &["training/training-2025h2.csv"]);
    let told = measures(&all);
    assert_eq!(told.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["2025h1", "2025h2", "2026h1"]);
    let parsed = format!("{:?}", all.parse(DRILL).documents.iter().map(|d| d.value.to_string()).collect::<Vec<_>>());
    let judged = judge(all, date(2026, 6, 30));
    for text in [parsed, format!("{:?}", judged.findings), format!("{:?}", judged.notes)] {
        assert!(!text.contains("@securities.example") && !text.contains("[redacted]"));
    }
}
