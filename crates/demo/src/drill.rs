//! The mail drills: one at which too many fell for it, and one at which a mail scanner did nearly all the clicking.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::json;

use crate::random::Random;
use crate::truth::Drill;
use crate::{Book, OFFICE};

const OPENED: &str = "drill/phishing-open-rate-high";
const CLICKED: &str = "drill/phishing-click-rate-high";

/// People with a mailbox.
const PEOPLE: usize = 60;

const UNITS: [&str; 4] = ["經紀業務處", "結算交割部", "財富管理部", "稽核室"];

pub(crate) fn write(seed: u64, book: &mut Book) {
    if !book.edition.covers(OFFICE) {
        return;
    }
    let mut random = Random::new(seed, "drill");
    let (scanner, opened, clicked) = if book.edition.year < 2026 { (false, 8, 5) } else { (true, 3, 1) };
    let day = book.edition.day(45);
    let mut people: Vec<usize> = (0..PEOPLE).collect();
    random.shuffle(&mut people);
    let mut mails = Mails::new(day);
    for person in 0..PEOPLE {
        mails.send(person);
        let place = people.iter().position(|other| *other == person).unwrap_or(PEOPLE);
        if scanner {
            mails.visit(
                person,
                3,
                "Email Opened",
                "203.0.113.77",
                "Mozilla/5.0 (Windows NT 10.0) Chrome/101.0.0.0 Safari/537.36",
            );
            mails.visit(
                person,
                3,
                "Clicked Link",
                "203.0.113.77",
                "Mozilla/5.0 (Windows NT 10.0) Chrome/101.0.0.0 Safari/537.36",
            );
        }
        let own = format!("10.40.1.{}", person + 20);
        let browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0.0.0 Safari/537.36";
        let after = random.range(600, 20_000);
        if place < opened {
            mails.visit(person, after, "Email Opened", &own, browser);
        }
        if place < clicked {
            mails.visit(person, after + 40, "Clicked Link", &own, browser);
        }
        mails.result(
            person,
            if place < clicked || scanner {
                "Clicked Link"
            } else if place < opened {
                "Email Opened"
            } else {
                "Email Sent"
            },
        );
    }
    let name = book.edition.year.to_string();
    book.file(&format!("drill/{name}-results.csv"), mails.results);
    book.file(&format!("drill/{name}-events.csv"), mails.events);
    let every = if scanner { PEOPLE } else { opened };
    book.truth.drills.push(Drill {
        campaign: name.clone(),
        delivered: PEOPLE as u64,
        opened: opened as u64,
        clicked: clicked as u64,
        opened_counting_every_visit: every as u64,
        clicked_counting_every_visit: if scanner { PEOPLE } else { clicked } as u64,
    });
    let subject = json!({"kind": "record", "record": name});
    if scanner {
        book.innocent(OFFICE, subject, &[OPENED, CLICKED], "a mail scanner opened every mail and called every link");
    } else {
        book.plant(OPENED, OFFICE, subject.clone(), "8 of 60 persons opened the mail");
        book.plant(CLICKED, OFFICE, subject, "5 of 60 persons clicked");
    }
}

/// Results and events as GoPhish exports them.
struct Mails {
    day: Date,
    results: String,
    events: String,
}

impl Mails {
    fn new(day: Date) -> Self {
        Self {
            day,
            results:
                "id,status,ip,latitude,longitude,send_date,reported,modified_date,email,first_name,last_name,position\n"
                    .to_owned(),
            events: format!("campaign_id,email,time,message,details\n1,,{day}T01:00:00.000000000Z,Campaign Created,\n"),
        }
    }

    /// A moment some seconds after the mail to a person.
    fn time(&self, person: usize, seconds: u64) -> String {
        let at = self.day.at(1, 0, 0, 0).saturating_add(
            jiff::Span::new().seconds(i64::try_from(seconds).unwrap_or(0) + 2 * i64::try_from(person).unwrap_or(0)),
        );
        format!("{}.000000000Z", at.strftime("%Y-%m-%dT%H:%M:%S"))
    }

    fn send(&mut self, person: usize) {
        let sent = self.time(person, 0);
        let _ = writeln!(self.events, "1,user{person:02}@hlsec.example,{sent},Email Sent,");
    }

    fn visit(&mut self, person: usize, seconds: u64, what: &str, src: &str, agent: &str) {
        let details = format!(
            r#""{{""payload"":{{""rid"":[""r{person:02}""]}},""browser"":{{""address"":""{src}"",""user-agent"":""{agent}""}}}}""#
        );
        let at = self.time(person, seconds);
        let _ = writeln!(self.events, "1,user{person:02}@hlsec.example,{at},{what},{details}");
    }

    fn result(&mut self, person: usize, status: &str) {
        let sent = self.time(person, 0);
        let unit = UNITS[person % UNITS.len()];
        let _ = writeln!(
            self.results,
            "r{person:02},{status},,0,0,{sent},false,{sent},user{person:02}@hlsec.example,User,{person:02},{unit}"
        );
    }
}
