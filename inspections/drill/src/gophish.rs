//! GoPhish: the results and events that its campaign page exports as CSV, and a campaign of its API
//! (`/api/campaigns/:id`). Columns are found by name: forks add some.
//!
//! Of what people handed in, nothing is read: the fields of a form are looked at only for the word `rid` and for probes.

use secdiag_records::Notes;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::campaign::{Mail, Part, Source, Visit, What, person};
use crate::table::{Table, at};
use crate::when::micros;

/// Columns of results.
pub(crate) const RESULTS: &[&str] = &["email", "status", "send_date"];

/// Columns of events.
pub(crate) const EVENTS: &[&str] = &["email", "time", "message", "details"];

pub(crate) fn results(text: &str, name: &str, notes: &mut Notes) -> Part {
    let table = Table::csv(text, notes);
    let mut part = Part { name: name.to_owned(), source: Source::GophishResults, ..Part::default() };
    for row in table.rows() {
        let get = |column: &str| table.get(row, &[column]).unwrap_or_default();
        result(
            &Row {
                email: get("email"),
                status: get("status"),
                position: get("position"),
                ip: get("ip"),
                send_date: get("send_date"),
                modified_date: get("modified_date"),
                reported: get("reported").eq_ignore_ascii_case("true"),
            },
            row.line,
            &mut part,
            notes,
        );
    }
    part
}

pub(crate) fn events(text: &str, name: &str, notes: &mut Notes) -> Part {
    let table = Table::csv(text, notes);
    let mut part = Part { name: name.to_owned(), source: Source::GophishEvents, ..Part::default() };
    for row in table.rows() {
        let get = |column: &str| table.get(row, &[column]).unwrap_or_default();
        event(get("email"), get("time"), get("message"), get("details"), row.line, &mut part, notes);
    }
    part
}

/// A campaign of the API.
#[derive(Deserialize)]
struct Campaign {
    #[serde(default)]
    name: String,
    #[serde(default)]
    results: Vec<ApiResult>,
    #[serde(default)]
    timeline: Vec<ApiEvent>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct ApiResult {
    email: String,
    status: String,
    position: String,
    ip: String,
    send_date: String,
    modified_date: String,
    reported: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ApiEvent {
    email: String,
    time: String,
    message: String,
    details: Json,
}

/// One campaign or a list of them.
pub(crate) fn api(text: &str, name: &str, notes: &mut Notes) -> Vec<Part> {
    let campaigns = match serde_json::from_str::<Json>(text) {
        Ok(Json::Array(all)) => all,
        Ok(one) => vec![one],
        Err(error) => {
            notes.add("does-not-parse", &at(error.line() as u64), format!("the file is not valid JSON: {error}"));
            return Vec::new();
        }
    };
    let mut parts = Vec::new();
    for (number, campaign) in (1..).zip(campaigns) {
        let campaign: Campaign = match serde_json::from_value(campaign) {
            Ok(campaign) => campaign,
            Err(error) => {
                notes.add("record-refused", &at(number), format!("no campaign of GoPhish: {error}"));
                continue;
            }
        };
        let title = if campaign.name.is_empty() { name } else { &campaign.name };
        let mut part = Part { name: title.to_owned(), source: Source::GophishEvents, ..Part::default() };
        for (number, row) in (1..).zip(&campaign.results) {
            let row = Row {
                email: &row.email,
                status: &row.status,
                position: &row.position,
                ip: &row.ip,
                send_date: &row.send_date,
                modified_date: &row.modified_date,
                reported: row.reported,
            };
            result(&row, number, &mut part, notes);
        }
        // The timeline tells every visit: what the results say of them is told twice.
        if !campaign.timeline.is_empty() {
            part.visits.clear();
            let units: std::collections::BTreeMap<String, String> =
                part.mails.iter().map(|mail| (mail.person.clone(), mail.unit.clone())).collect();
            let before = std::mem::take(&mut part.mails);
            for (number, row) in (1..).zip(&campaign.timeline) {
                let details = match &row.details {
                    Json::String(text) => text.clone(),
                    Json::Null => String::new(),
                    other => other.to_string(),
                };
                event(&row.email, &row.time, &row.message, &details, number, &mut part, notes);
            }
            if part.mails.is_empty() {
                part.mails = before;
            }
            for mail in &mut part.mails {
                mail.unit = units.get(&mail.person).cloned().unwrap_or_default();
            }
        }
        parts.push(part);
    }
    parts
}

struct Row<'a> {
    email: &'a str,
    status: &'a str,
    position: &'a str,
    ip: &'a str,
    send_date: &'a str,
    modified_date: &'a str,
    reported: bool,
}

fn result(row: &Row<'_>, line: u64, part: &mut Part, notes: &mut Notes) {
    if row.email.is_empty() {
        notes.add("record-refused", &at(line), "a result without an address");
        return;
    }
    let reached: &[What] = match row.status.to_lowercase().as_str() {
        "submitted data" => &[What::Open, What::Click, What::Submit],
        "clicked link" => &[What::Open, What::Click],
        "email opened" => &[What::Open],
        "email sent" | "error" | "error sending email" => &[],
        "scheduled" | "queued" | "sending" | "retrying" | "unknown" => {
            notes.add(
                "not-sent",
                &at(line),
                format!("a mail that is `{}` was not sent: it counts for nothing", row.status),
            );
            return;
        }
        other => {
            notes.add("unknown-word", &at(line), format!("the status `{other}` is not known: only the mail counts"));
            &[]
        }
    };
    let who = person(row.email);
    let delivered = !row.status.to_lowercase().starts_with("error");
    part.mails.push(Mail {
        person: who.clone(),
        unit: row.position.to_owned(),
        sent: micros(row.send_date),
        delivered,
        line,
    });
    let src = (!row.ip.is_empty()).then(|| row.ip.to_owned());
    let visit =
        |what, src: Option<String>, at| Visit { person: who.clone(), at, what, src, agent: None, probe: false, line };
    // The time of the last change belongs to the furthest step only.
    let last = reached.len();
    part.visits.extend(reached.iter().enumerate().map(|(step, what)| {
        visit(*what, src.clone(), (step + 1 == last && !row.reported).then(|| micros(row.modified_date)).flatten())
    }));
    if row.reported {
        part.visits.push(visit(What::Report, None, micros(row.modified_date)));
    }
}

/// Form fields and browser of an event.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Details {
    payload: serde_json::Map<String, Json>,
    browser: Browser,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Browser {
    address: String,
    #[serde(rename = "user-agent")]
    agent: String,
}

fn event(email: &str, time: &str, message: &str, details: &str, line: u64, part: &mut Part, notes: &mut Notes) {
    let what = match message.to_lowercase().as_str() {
        "email sent" | "error sending email" => None,
        "email opened" => Some(What::Open),
        "clicked link" => Some(What::Click),
        "submitted data" => Some(What::Submit),
        "email reported" => Some(What::Report),
        // Of the campaign, not of a person; a proxied request is the page behind the click.
        "campaign created" | "campaign complete" | "proxied request" => return,
        other => {
            notes.add("unknown-word", &at(line), format!("the event `{other}` is not known: it was not counted"));
            return;
        }
    };
    if email.is_empty() {
        notes.add("record-refused", &at(line), format!("an event `{message}` without an address"));
        return;
    }
    let who = person(email);
    let when = micros(time);
    if when.is_none() {
        notes.add("not-a-time", &at(line), format!("the event `{message}` has no time that can be read"));
    }
    let Some(what) = what else {
        let delivered = message.eq_ignore_ascii_case("email sent");
        part.mails.push(Mail { person: who, unit: String::new(), sent: when, delivered, line });
        return;
    };
    let details: Details = if details.is_empty() {
        Details::default()
    } else {
        serde_json::from_str(details).unwrap_or_else(|_| {
            notes.add(
                "details-not-json",
                &at(line),
                "the details of an event are no JSON: address and program are not known",
            );
            Details::default()
        })
    };
    let filled = |text: String| (!text.is_empty()).then_some(text);
    let odd = |text: &str| ["'", "%27", "\"", "<"].iter().any(|sign| text.contains(sign));
    let probe = details.payload.get("rid").is_some_and(|rid| match rid {
        Json::Array(all) => all.iter().filter_map(Json::as_str).any(odd),
        Json::String(text) => odd(text),
        _ => false,
    });
    part.visits.push(Visit {
        person: who,
        at: when,
        what,
        src: filled(details.browser.address),
        agent: filled(details.browser.agent),
        probe,
        line,
    });
}
