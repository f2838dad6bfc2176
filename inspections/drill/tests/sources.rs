//! One campaign told by every tool comes to the same measures; the order of files and records does not matter; rates and
//! intervals behave as proportions do; hostile files are noted, never believed and never a crash.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

mod common;

use std::fmt::Write as _;

use jiff::civil::{Date, date};
use proptest::prelude::*;
use secdiag_drill::measure::{Counts, campaigns, wilson};
use secdiag_drill::{DRILL, Part, Signs};
use secdiag_inspect::testkit::{Bench, Judged};
use serde_json::json;

/// Judges evidence on a day.
fn judge(bench: Bench, as_of: Date) -> Judged {
    common::judge(bench, as_of, common::catalogue(), &common::Rows::new())
}

/// Which visits the built-in catalogue holds to be programs'.
fn signs() -> Signs {
    Signs::of(common::catalogue().duties(), None)
}

/// What a person did, and how many minutes after the mail.
#[derive(Clone, Debug)]
struct Person {
    unit: usize,
    opened: bool,
    clicked: bool,
    submitted: bool,
    reported: bool,
}

const UNITS: [&str; 2] = ["交易部", "稽核室"];

fn address(number: usize) -> String {
    format!("p{number:03}@firm.example")
}

/// The mail went out at `number` seconds past the hour; things were done minutes later.
fn time(number: usize, minutes: u64) -> String {
    format!("2026-10-12T0{}:{:02}:{:02}Z", 1 + minutes / 60, minutes % 60, number % 60)
}

fn gophish(people: &[Person]) -> Bench {
    let mut results = "id,status,ip,send_date,reported,modified_date,email,position,smtp_id\n".to_owned();
    let mut events = "email,message,time,details,campaign_id\n".to_owned();
    for (number, person) in people.iter().enumerate() {
        let (email, sent) = (address(number), time(number, 0));
        let _ = writeln!(events, "{email},Email Sent,{sent},,7");
        let mut status = "Email Sent";
        for (done, message, minutes) in [
            (person.opened, "Email Opened", 20),
            (person.clicked, "Clicked Link", 21),
            (person.submitted, "Submitted Data", 22),
        ] {
            if done {
                let details = format!(
                    r#""{{""payload"":{{""rid"":[""r{number}""]}},""browser"":{{""address"":""10.0.1.{number}""}}}}""#
                );
                let _ = writeln!(events, "{email},{message},{},{details},7", time(number, minutes));
                status = message;
            }
        }
        if person.reported {
            let _ = writeln!(events, "{email},Email Reported,{},,7", time(number, 40));
        }
        let _ =
            writeln!(results, "r{number},{status},,{sent},{},{sent},{email},{},1", person.reported, UNITS[person.unit]);
    }
    Bench::default().file(DRILL, "a-results.csv", results.as_bytes()).file(DRILL, "a-events.csv", events.as_bytes())
}

fn api(people: &[Person]) -> Bench {
    let (mut results, mut timeline) = (Vec::new(), Vec::new());
    for (number, person) in people.iter().enumerate() {
        let email = address(number);
        results.push(json!({"email": email, "status": "Email Sent", "send_date": time(number, 0), "position": UNITS[person.unit]}));
        timeline.push(json!({"email": email, "message": "Email Sent", "time": time(number, 0), "details": ""}));
        for (done, message, minutes) in [
            (person.opened, "Email Opened", 20),
            (person.clicked, "Clicked Link", 21),
            (person.submitted, "Submitted Data", 22),
            (person.reported, "Email Reported", 40),
        ] {
            if done {
                timeline
                    .push(json!({"email": email, "message": message, "time": time(number, minutes), "details": ""}));
            }
        }
    }
    let text = json!({"id": 7, "name": "autumn", "results": results, "timeline": timeline}).to_string();
    Bench::default().file(DRILL, "campaign.json", text.as_bytes())
}

fn knowbe4(people: &[Person]) -> Bench {
    let at = |done: bool, number, minutes| if done { json!(time(number, minutes)) } else { json!(null) };
    let all: Vec<_> = people
        .iter()
        .enumerate()
        .map(|(number, person)| {
            json!({"recipient_id": number, "pst_id": 9, "user": {"email": address(number), "department": UNITS[person.unit]},
                "delivered_at": time(number, 0), "opened_at": at(person.opened, number, 20),
                "clicked_at": at(person.clicked, number, 21), "data_entered_at": at(person.submitted, number, 22),
                "reported_at": at(person.reported, number, 40), "bounced_at": null})
        })
        .collect();
    Bench::default().file(DRILL, "recipients.json", json!(all).to_string().as_bytes())
}

fn microsoft(people: &[Person]) -> Bench {
    let all: Vec<_> = people
        .iter()
        .enumerate()
        .map(|(number, person)| {
            let events: Vec<_> = [
                (true, "MessageDelivered", 0),
                (person.opened, "MessageRead", 20),
                (person.clicked, "LinkClicked", 21),
                (person.submitted, "CredentialHarvested", 22),
            ]
            .into_iter()
            .filter(|(done, ..)| *done)
            .map(|(_, name, minutes)| json!({"eventName": name, "eventDateTime": time(number, minutes)}))
            .collect();
            let reported = if person.reported { json!(time(number, 40)) } else { json!(null) };
            json!({"isCompromised": person.submitted, "compromisedDateTime": null, "reportedPhishDateTime": reported,
                "simulationUser": {"email": address(number)}, "simulationEvents": events})
        })
        .collect();
    let (first, second) = all.split_at(all.len() / 2);
    let pages = json!([{"value": first, "@odata.nextLink": "next"}, {"value": second}]);
    Bench::default().file(DRILL, "simulation.json", pages.to_string().as_bytes())
}

fn table(people: &[Person]) -> Bench {
    let mut text = "\u{feff}信箱;部門;寄送時間;開啟時間;是否點閱;輸入資料;是否通報\n".to_owned();
    for (number, person) in people.iter().enumerate() {
        let yes = |done: bool| if done { "是" } else { "否" };
        let opened = if person.opened { time(number, 20) } else { String::new() };
        let (email, unit, sent) = (address(number), UNITS[person.unit], time(number, 0));
        let (clicked, submitted, reported) = (yes(person.clicked), yes(person.submitted), yes(person.reported));
        let _ = writeln!(text, "{email};{unit};{sent};{opened};{clicked};{submitted};{reported}");
    }
    Bench::default().file(DRILL, "vendor.csv", text.as_bytes())
}

fn counts(bench: &Bench) -> Counts {
    let parsed = bench.parse(DRILL);
    assert_eq!(parsed.notes, []);
    let parts: Vec<Part> = parsed
        .documents
        .iter()
        .flat_map(|document| serde_json::from_value::<Vec<Part>>(document.value["parts"].clone()).unwrap())
        .collect();
    let told = campaigns(&parts, &signs());
    assert_eq!(told.len(), 1, "{:?}", told.iter().map(|campaign| &campaign.name).collect::<Vec<_>>());
    told[0].measures(&|_| None).human
}

fn person() -> impl Strategy<Value = Person> {
    (0..2usize, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(unit, opened, clicked, submitted, reported)| Person {
            unit,
            opened,
            clicked: clicked || submitted,
            submitted,
            reported,
        },
    )
}

proptest! {
    #[test]
    fn every_tool_tells_the_same_campaign(people in proptest::collection::vec(person(), 2..40)) {
        let expected = Counts {
            delivered: people.len() as u64,
            opened: people.iter().filter(|p| p.opened || p.clicked).count() as u64,
            clicked: people.iter().filter(|p| p.clicked).count() as u64,
            submitted: people.iter().filter(|p| p.submitted).count() as u64,
            reported: people.iter().filter(|p| p.reported).count() as u64,
        };
        for bench in [gophish(&people), api(&people), knowbe4(&people), microsoft(&people), table(&people)] {
            prop_assert_eq!(counts(&bench), expected);
        }
    }

    #[test]
    fn the_interval_holds_the_rate_and_narrows_with_numbers(hits in 0..500u64, more in 0..500u64) {
        let of = hits + more;
        let (low, high) = wilson(hits, of);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let rate = if of == 0 { 0.5 } else { hits as f64 / of as f64 };
        prop_assert!(0.0 <= low && low <= rate + 1e-12 && rate <= high + 1e-12 && high <= 1.0);
        let (low10, high10) = wilson(hits * 10, of * 10);
        prop_assert!(high10 - low10 <= high - low + 1e-12);
        let (other_low, other_high) = wilson(more, of);
        prop_assert!((low - (1.0 - other_high)).abs() < 1e-9 && (high - (1.0 - other_low)).abs() < 1e-9);
    }

    #[test]
    fn hostile_files_are_read_or_noted(at in 0..900usize, byte: u8, which in 0..7usize) {
        let sources = [
            ("e.csv", "email,message,time,details\na@b,Clicked Link,2026-10-12T01:00:00Z,\"{}\"\na@b,Email Sent,2026-10-12T00:00:00Z,\n".to_owned()),
            ("r.csv", "email,status,send_date,reported\na@b,Clicked Link,2026-10-12T01:00:00Z,true\n".to_owned()),
            ("c.json", json!({"timeline": [{"email": "a@b", "message": "Clicked Link", "time": "x", "details": {"payload": 1}}], "results": []}).to_string()),
            ("t.csv", "信箱,開啟,點閱\na@b,是,2026/10/12\n".to_owned()),
            ("p.csv", "email;clicked;password\r\na@b;yes;\"Hun\"\"ter\"\r\n".to_owned()),
            ("m.toml", MAP.to_owned()),
            ("d.toml", "secdiag = \"ddos\"\npublic = [\"w\"]\n[[drill]]\ndate = 2026-01-01\nsystems = [\"w\"]\n".to_owned()),
        ];
        let (name, text) = &sources[which];
        let mut bytes = text.clone().into_bytes();
        let place = at % bytes.len();
        bytes[place] = byte;
        for (_, redact) in secdiag_drill::REDACTIONS {
            let _ = redact(&bytes);
        }
        for declared in secdiag_drill::DECLARES(&String::from_utf8_lossy(&bytes)) {
            let _ = (declared.redact)(sources[3].1.as_bytes());
        }
        if secdiag_inspect::testkit::recognise(DRILL.meta().formats, name, &bytes).is_some() {
            let _ = judge(Bench::default().file(DRILL, name, &bytes), date(2026, 11, 23));
        }
    }
}

/// Wilson 1927 by Newcombe's examples (1998, table I): 81 of 263 and 15 of 148.
#[test]
fn the_interval_is_wilson_s() {
    for (hits, of, low, high) in
        [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
    {
        let (l, h) = wilson(hits, of);
        assert!((l - low).abs() < 5e-5 && (h - high).abs() < 5e-5, "{hits}/{of}: {l} {h}");
    }
}

#[test]
fn contradictions_are_told_and_an_assessor_can_overrule() {
    let header = "email,message,time,details\n";
    let events = format!(
        "{header}a@firm.example,Email Sent,2026-10-12T01:00:00Z,\na@firm.example,Clicked Link,2026-10-12T01:00:05Z,\n\
         b@firm.example,Clicked Link,2026-10-12T02:00:00Z,\na@firm.example,Email Opened,2026-10-12T00:30:00Z,\n"
    );
    let bench = |more: &str| {
        let bench = Bench::default().file(DRILL, "x-events.csv", events.as_bytes());
        if more.is_empty() { bench } else { bench.file(DRILL, "review.toml", more.as_bytes()) }
    };
    let judged = judge(bench(""), date(2026, 11, 23));
    let reasons: Vec<&str> = judged.notes.iter().map(|note| note.reason.as_str()).collect();
    assert_eq!(reasons, ["more-visitors-than-mails", "visit-before-mail"]);
    assert!(!judged.checks().contains(&"drill/phishing-click-rate-high"), "five seconds after the mail is a program");
    let review = "secdiag = \"drill-review\"\n[[visit]]\nperson = \"A@firm.example\"\nautomated = false\nreason = \"said so on the telephone\"\n";
    assert!(judge(bench(review), date(2026, 11, 23)).checks().contains(&"drill/phishing-click-rate-high"));
}

/// Notes as `reason, place, count`.
fn told(judged: &[secdiag_model::Note]) -> Vec<(&str, &str, u64)> {
    judged.iter().map(|note| (note.reason.as_str(), note.place.as_deref().unwrap_or_default(), note.count)).collect()
}

#[test]
fn without_a_list_of_users_training_is_never_enough() {
    const CHECK: &str = "drill/training-hours-short";
    let training = |hours: u32| {
        format!("email,course,completed_on,hours\na@firm.example,x,2026-10-01,{hours}\nb@firm.example,x,2026-10-01,3\n")
    };
    let bench = |hours| Bench::default().file(DRILL, "training.csv", training(hours).as_bytes());
    let looked = |judged: &Judged| judged.looked.iter().any(|looked| looked.check == CHECK);
    for (hours, found) in [(3, false), (1, true)] {
        let judged = judge(bench(hours), date(2026, 11, 23));
        assert_eq!((judged.checks().contains(&CHECK), looked(&judged)), (found, false), "{hours}");
        assert_eq!(told(&judged.notes), [("no-list-of-users", "", 1)]);
    }
    let people = "email,unit,role\na@firm.example,u,staff\nb@firm.example,u,staff\n";
    let judged = judge(bench(3).file(DRILL, "people.csv", people.as_bytes()), date(2026, 11, 23));
    assert_eq!((judged.checks().contains(&CHECK), looked(&judged)), (false, true));
    assert_eq!(judged.notes, []);
}

#[test]
fn courses_that_were_not_passed_are_counted_in_a_note() {
    let text = "email,course,completed_on,hours,result\r\na@firm.example,x,2026-10-01,3,pass\r\n\
                a@firm.example,x,2026-10-01,3,未通過\r\nb@firm.example,x,,3,incomplete\r\n";
    let parsed = Bench::default().file(DRILL, "training.csv", text.as_bytes()).parse(DRILL);
    assert_eq!(told(&parsed.notes), [("course-failed", "line 3", 2)]);
    assert_eq!(parsed.notes[0].kind, secdiag_model::NoteKind::Assumed, "it was understood");
    assert_eq!(parsed.documents[0].value["courses"].as_array().unwrap().len(), 1);
}

#[test]
fn a_judgement_that_meets_no_visit_is_told_with_its_place() {
    let events = "email,message,time,details\na@firm.example,Email Sent,2026-10-12T01:00:00Z,\n\
                  a@firm.example,Clicked Link,2026-10-12T02:00:00Z,\n";
    let review = "secdiag = \"drill-review\"\n\
                  [[visit]]\nperson = \"a@firm.example\"\nautomated = true\nreason = \"x\"\n\
                  [[visit]]\nperson = \"b@firm.example\"\nautomated = true\nreason = \"x\"\n\
                  [[visit]]\nperson = \"a@firm.example\"\ncampaign = \"2019\"\nautomated = true\nreason = \"x\"\n";
    let bench =
        Bench::default().file(DRILL, "x-events.csv", events.as_bytes()).file(DRILL, "review.toml", review.as_bytes());
    let judged = judge(bench, date(2026, 11, 23));
    assert_eq!(told(&judged.notes), [("review-without-visit", "line 6", 1), ("review-without-visit", "line 10", 1)]);
    assert!(!format!("{:?}", judged.notes).contains("@firm.example"));
}

#[test]
fn lines_are_those_of_the_file_whatever_ends_them() {
    for end in ["\n", "\r\n"] {
        let text =
            ["信箱,開啟,點閱", "a@firm.example,是,否", "nobody,是,否", "", "b@firm.example,是,perhaps", ""].join(end);
        let parsed = Bench::default().file(DRILL, "t.csv", text.as_bytes()).parse(DRILL);
        assert_eq!(told(&parsed.notes), [("record-refused", "line 3", 1), ("unknown-word", "line 5", 1)], "{end:?}");
        let mails = &parsed.documents[0].value["parts"][0]["mails"];
        assert_eq!((&mails[0]["line"], &mails[1]["line"]), (&json!(2), &json!(5)), "{end:?}");
    }
}

const MAP: &str = "secdiag = \"drill-map\"\n[[file]]\nname = \"wynik*\"\ncampaign = \"autumn\"\nyes = [\"tak\"]\n\
    no = [\"nie\"]\ntime = \"%d.%m.%Y %H:%M:%S\"\nzone = \"+02:00\"\n[file.columns]\naddress = \"Kto\"\nunit = \"Dzial\"\n\
    sent = \"Wyslano\"\nopened = \"Otwarto\"\nclicked = \"Klik\"\nsubmitted = \"Podano\"\nreported = \"Zgloszono\"\nip = \"Skad\"\n\
    agent = \"Czym\"\n";

/// A file that a map makes a table.
fn mapped(bench: Bench, name: &str, bytes: &[u8]) -> Bench {
    let id = if name.ends_with("xlsx") { "drill-mapped-xlsx" } else { "drill-mapped" };
    let format = DRILL.meta().formats.iter().find(|format| format.id == id).unwrap();
    bench.file_as(format, name, bytes)
}

#[test]
fn a_map_says_which_column_holds_what() {
    let header = ["Kto", "Dzial", "Wyslano", "Otwarto", "Klik", "Podano", "Zgloszono", "Skad", "Czym"];
    let sent = "12.10.2026 09:00:07";
    let rows = [
        ["a@firm.example", "IT", sent, "12.10.2026 09:20:00", "tak", "nie", "nie", "10.0.0.1", "Chrome/141.0"],
        ["b@firm.example", "IT", sent, "12.10.2026 09:00:09", "nie", "nie", "tak", "40.0.0.1", "scanner"],
        ["c@firm.example", "HR", sent, "nie", "tak", "[dropped]", "nie", "10.0.0.3", "Chrome/141.0"],
    ];
    let text = [header].iter().chain(&rows).map(|row| row.join(";") + "\r\n").collect::<String>();
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (at, row) in (0..).zip([header].iter().chain(&rows)) {
        sheet.write_row(at, 0, *row).unwrap();
    }
    let map = || Bench::default().file(DRILL, "map.toml", MAP.as_bytes());
    for bench in
        [mapped(map(), "wynik.csv", text.as_bytes()), mapped(map(), "wynik.xlsx", &workbook.save_to_buffer().unwrap())]
    {
        let parsed = bench.parse(DRILL);
        assert_eq!(told(&parsed.notes), [("taken-as-handed-in", "line 4", 1)]);
        let parts = parsed
            .documents
            .iter()
            .flat_map(|document| serde_json::from_value::<Vec<Part>>(document.value["parts"].clone()).unwrap());
        let campaigns = campaigns(&parts.collect::<Vec<_>>(), &signs());
        let [campaign] = &campaigns[..] else { panic!("{campaigns:?}") };
        assert_eq!(
            (campaign.name.as_str(), campaign.launched, campaign.tells_visits),
            ("autumn", Some(date(2026, 10, 12)), true)
        );
        let measures = campaign.measures(&|_| None);
        let human = Counts { delivered: 3, opened: 2, clicked: 2, submitted: 1, reported: 1 };
        assert_eq!((measures.human, measures.automated), (human, 1), "a program opened the mail of b");
        assert_eq!(judge(bench, date(2026, 11, 23)).notes, []);
    }
}

#[test]
fn what_a_map_and_its_tables_lack_is_told() {
    let bench = Bench::default().file(DRILL, "map.toml", MAP.as_bytes());
    let bench = mapped(bench, "wynik-1.csv", b"Kto;Klik;Uwagi\na@firm.example;tak;x\n");
    let bench = mapped(bench, "other.csv", b"Kto;Klik\na@firm.example;tak\n");
    let parsed = bench.parse(DRILL);
    let reasons: Vec<&str> = parsed.notes.iter().map(|note| note.reason.as_str()).collect();
    assert_eq!(reasons, [&["map-missing"][..], &["column-missing"; 7]].concat());
    assert!(parsed.notes[1].text.ends_with("but kto, klik, uwagi"), "{}", parsed.notes[1].text);
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, ["Kto", "Klik", "Podano"]).unwrap();
    sheet.write_row(1, 0, ["a@firm.example", "tak"]).unwrap();
    let bench = Bench::default().file(DRILL, "map.toml", MAP.as_bytes());
    let parsed = mapped(bench, "wynik.xlsx", &workbook.save_to_buffer().unwrap()).parse(DRILL);
    assert_eq!(parsed.notes.len(), 6, "a column without a filled cell is there: {:?}", parsed.notes);
    assert!(parsed.notes[0].text.ends_with("but kto, klik, podano"), "{}", parsed.notes[0].text);
    let alone = judge(Bench::default().file(DRILL, "map.toml", MAP.as_bytes()), date(2026, 11, 23));
    assert_eq!(told(&alone.notes), [("map-without-file", "line 2", 1)]);
}

#[test]
fn a_workbook_with_typed_passwords_is_refused_and_one_with_times_is_not() {
    let redact = |id: &str| secdiag_drill::REDACTIONS.iter().find(|(known, _)| *known == id).unwrap().1;
    let book = |secret: &str| {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.write_row(0, 0, ["信箱", "點閱", "輸入密碼"]).unwrap();
        sheet.write_row(1, 0, ["a@firm.example", "是", secret]).unwrap();
        workbook.save_to_buffer().unwrap()
    };
    for kept in ["是", "否", "", "2026/10/12 09:30"] {
        assert_eq!(redact("drill-table-xlsx")(&book(kept)), Ok(None), "{kept}");
    }
    let refused = redact("drill-table-xlsx")(&book("Hunter2!")).unwrap_err();
    assert!(refused.contains("輸入密碼") && !refused.contains("Hunter2"), "{refused}");
    assert!(redact("drill-table-xlsx")(&book("Hunter2!")[..300]).is_err());
}

#[test]
fn a_firm_s_own_limits_say_which_visits_are_programs() {
    const CHECK: &str = "drill/phishing-click-rate-high";
    let events = "email,message,time,details\na@firm.example,Email Sent,2026-10-12T01:00:01Z,\n\
                  a@firm.example,Clicked Link,2026-10-12T01:00:06Z,\n";
    let bench = || Bench::default().file(DRILL, "x-events.csv", events.as_bytes());
    let built_in = include_str!("../../../catalogue/duties.yaml");
    let (ours, theirs) = ("unit: seconds\n    value: 10", "unit: seconds\n    value: 5");
    assert!(built_in.contains(ours));
    let overlay = std::env::temp_dir().join(format!("secdiag-signs-{}", std::process::id()));
    std::fs::create_dir_all(&overlay).unwrap();
    std::fs::write(overlay.join("duties.yaml"), built_in.replace(ours, theirs)).unwrap();
    let catalogue = secdiag_catalogue::Catalogue::with_overlay(&overlay).unwrap();
    std::fs::remove_dir_all(&overlay).unwrap();
    assert!(!judge(bench(), date(2026, 11, 23)).checks().contains(&CHECK));
    let judged = common::judge(bench(), date(2026, 11, 23), catalogue, &common::Rows::new());
    assert!(judged.checks().contains(&CHECK));
}
