//! Other tools: Microsoft's attack simulation (Graph `userSimulationDetails`), KnowBe4 (recipients of a phishing test),
//! and tables with well-known columns in English or Chinese, among them Microsoft's export of users.

use secdiag_records::Notes;
use serde_json::Value as Json;

use crate::campaign::{Mail, Part, Source, Visit, What, person};
use crate::table::{Row, Table, at};
use crate::when::{Times, micros};

/// Columns with the address.
pub(crate) const EMAIL: &[&str] = &[
    "email",
    "e_mail",
    "mail",
    "usermail",
    "user_mail",
    "email_address",
    "user_email",
    "recipient",
    "userprincipalname",
    "信箱",
    "電子郵件",
    "電子信箱",
    "電子郵件信箱",
    "收件人",
    "收件者",
];

/// Columns with the department.
pub(crate) const UNIT: &[&str] =
    &["department", "unit", "dept", "division", "部門", "單位", "處室", "部門名稱", "單位名稱"];

const CAMPAIGN: &[&str] = &["campaign", "campaign_name", "simulation", "simulation_name", "演練名稱", "活動名稱"];
const SENT: &[&str] =
    &["sent", "sent_at", "send_date", "delivered_at", "send_time", "寄送時間", "發送時間", "寄件時間"];
const BOUNCED: &[&str] = &["bounced", "bounced_at", "error", "退信", "退信時間"];

/// Columns with what was done: a time, or yes and no.
const DONE: [(What, &[&str]); 5] = [
    (
        What::Open,
        &[
            "opened_at",
            "opened",
            "open_time",
            "emailopened_timestamp",
            "開啟時間",
            "開信時間",
            "開啟",
            "是否開啟",
            "開信",
        ],
    ),
    (
        What::Click,
        &[
            "clicked_at",
            "clicked",
            "click_time",
            "emaillinkclicked_timestamp",
            "emaillinkclicked",
            "點閱時間",
            "點擊時間",
            "點閱",
            "點擊",
            "是否點閱",
            "是否點擊",
        ],
    ),
    (
        What::Attachment,
        &[
            "attachment_opened_at",
            "attachment_opened",
            "attachmentopened_timestamp",
            "attachmentopened",
            "附件開啟時間",
            "開啟附件",
        ],
    ),
    (
        What::Submit,
        &[
            "data_entered_at",
            "submitted_at",
            "submitted",
            "credsupplied_timestamp",
            "credsupplied",
            "compromised_timestamp",
            "compromised",
            "輸入資料時間",
            "輸入資料",
            "輸入帳密",
            "輸入密碼",
            "輸入內容",
            "提交資料",
            "submitted_data",
            "password",
        ],
    ),
    (
        What::Report,
        &[
            "reported_at",
            "reported",
            "reportedemail_timestamp",
            "reportedemail",
            "通報時間",
            "回報時間",
            "通報",
            "是否通報",
        ],
    ),
];

/// How a table tells a drill: what its columns are called, and what is written in them.
#[derive(Clone, Debug)]
pub(crate) struct Wording {
    pub(crate) email: Vec<String>,
    pub(crate) unit: Vec<String>,
    pub(crate) campaign: Vec<String>,
    pub(crate) sent: Vec<String>,
    pub(crate) bounced: Vec<String>,
    pub(crate) src: Vec<String>,
    pub(crate) agent: Vec<String>,
    /// Columns with what was done: a time, or yes and no.
    pub(crate) done: Vec<(What, Vec<String>)>,
    /// Words for yes and no beside the usual ones, in lower case.
    pub(crate) yes: Vec<String>,
    pub(crate) no: Vec<String>,
    pub(crate) times: Times,
}

/// What a cell says of something that may have been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    No,
    Yes,
    At(i64),
    /// Something else.
    Other,
}

impl Wording {
    /// Well-known columns and words.
    pub(crate) fn usual() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Self {
            email: names(EMAIL),
            unit: names(UNIT),
            campaign: names(CAMPAIGN),
            sent: names(SENT),
            bounced: names(BOUNCED),
            src: Vec::new(),
            agent: Vec::new(),
            done: DONE.iter().map(|(what, columns)| (*what, names(columns))).collect(),
            yes: Vec::new(),
            no: Vec::new(),
            times: Times::default(),
        }
    }

    pub(crate) fn said(&self, cell: &str) -> Said {
        let word = cell.trim().to_lowercase();
        if NO.contains(&word.as_str()) || self.no.contains(&word) {
            Said::No
        } else if YES.contains(&word.as_str()) || self.yes.contains(&word) {
            Said::Yes
        } else {
            self.times.micros(cell).map_or(Said::Other, Said::At)
        }
    }

    /// Whether single visits are told: from where, or with what.
    fn source(&self) -> Source {
        if self.src.is_empty() && self.agent.is_empty() { Source::Table } else { Source::Visits }
    }
}

/// Words for no.
const NO: &[&str] = &[
    "",
    "no",
    "false",
    "n",
    "0",
    "-",
    "–",
    "n/a",
    "null",
    "none",
    "not submitted",
    "否",
    "無",
    "未",
    "沒有",
    "未輸入",
    "未提交",
    "未填",
    "未填寫",
];

/// Words for yes.
const YES: &[&str] = &["yes", "true", "y", "1", "x", "v", "是", "有", "✓", "✔", "已輸入", "已提交"];

/// Whether a table's columns are those of a drill: an address, and what was done with the mail.
pub(crate) fn is_drill(columns: &[String]) -> bool {
    let has = |names: &[&str]| columns.iter().any(|column| names.contains(&column.as_str()));
    let click = DONE[1].1;
    has(EMAIL) && has(click) && DONE.iter().filter(|(_, names)| has(names)).count() >= 2
}

/// A table; several campaigns in one are told apart by their name.
pub(crate) fn table(table: &Table, name: &str, wording: &Wording, notes: &mut Notes) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for row in table.rows() {
        let Some(email) = table.get(row, &wording.email).filter(|email| email.contains('@')) else {
            notes.add("record-refused", &at(row.line), "a record without an address");
            continue;
        };
        let campaign = table.get(row, &wording.campaign).unwrap_or(name);
        let place = parts.iter().position(|part| part.name == campaign).unwrap_or_else(|| {
            parts.push(Part { name: campaign.to_owned(), source: wording.source(), ..Part::default() });
            parts.len() - 1
        });
        record(table, row, wording, email, &mut parts[place], notes);
    }
    parts
}

fn record(table: &Table, row: &Row, wording: &Wording, email: &str, part: &mut Part, notes: &mut Notes) {
    let who = person(email);
    let sent = match table.get(row, &wording.sent).map(|cell| wording.said(cell)) {
        Some(Said::At(when)) => Some(when),
        Some(Said::Other) => {
            notes.add("not-a-time", &at(row.line), "the time of sending cannot be read");
            None
        }
        Some(Said::Yes | Said::No) | None => None,
    };
    part.mails.push(Mail {
        person: who.clone(),
        unit: table.get(row, &wording.unit).unwrap_or_default().to_owned(),
        sent,
        delivered: table.filled(row, &wording.bounced).all(|cell| wording.said(cell) == Said::No),
        line: row.line,
    });
    let text = |columns| table.get(row, columns).map(str::to_owned);
    for (what, columns) in &wording.done {
        let said: Vec<Said> = table.filled(row, columns).map(|cell| wording.said(cell)).collect();
        let at_time = said.iter().find_map(|said| if let Said::At(when) = said { Some(*when) } else { None });
        let mut done = at_time.is_some() || said.contains(&Said::Yes);
        if said.contains(&Said::Other) && *what == What::Submit {
            let text =
                "a cell for what was handed in is neither a time nor yes or no: it was taken for the thing itself";
            notes.add("taken-as-handed-in", &at(row.line), text);
            done = true;
        } else if said.contains(&Said::Other) {
            let text = format!("a cell of `{what:?}` is neither a time nor yes or no: it was not counted");
            notes.add("unknown-word", &at(row.line), text);
        }
        if done {
            let (src, agent) = (text(&wording.src), text(&wording.agent));
            part.visits.push(Visit { src, agent, ..visit(&who, *what, at_time, row.line) });
        }
    }
}

fn visit(who: &str, what: What, when: Option<i64>, line: u64) -> Visit {
    Visit { person: who.to_owned(), at: when, what, src: None, agent: None, probe: false, line }
}

/// Microsoft Graph, `userSimulationDetails`: one object, a page (`value`) or several pages.
pub(crate) fn microsoft(text: &str, name: &str, notes: &mut Notes) -> Vec<Part> {
    let mut part = Part { name: name.to_owned(), source: Source::Microsoft, ..Part::default() };
    let (links, pages) = (text.matches("\"@odata.nextLink\"").count(), text.matches("\"value\"").count());
    if links > 0 && links >= pages {
        notes.add(
            "page-missing",
            &at(0),
            "the last page names a next one that is not here: users are missing; export all pages",
        );
    }
    for (number, user) in (1..).zip(objects(text, notes)) {
        let who = &user["simulationUser"];
        let address = [&who["email"], &who["userPrincipalName"], &who["userId"]].into_iter().find_map(Json::as_str);
        let Some(address) = address.filter(|address| !address.is_empty()) else {
            notes.add("record-refused", &at(number), "a user of the simulation without an address");
            continue;
        };
        let who = person(address);
        let mut sent = None;
        for event in user["simulationEvents"].as_array().into_iter().flatten() {
            let (kind, when) = (event["eventName"].as_str().unwrap_or_default(), time(&event["eventDateTime"]));
            let what = match kind.to_lowercase().as_str() {
                "messagedelivered" | "successfullydeliveredemail" => {
                    sent = when;
                    continue;
                }
                "messageread" | "emailread" | "readmessage" => What::Open,
                "linkclicked" | "emaillinkclicked" => What::Click,
                "attachmentopened" => What::Attachment,
                "credentialharvested" | "credsupplied" | "credentialsupplied" => What::Submit,
                "messagereported" | "reportedemail" => What::Report,
                // Of the mailbox, not of what the drill measures.
                "messageforwarded" | "messagereplied" | "messagedeleted" | "outofoffice" => continue,
                other => {
                    notes.add(
                        "unknown-word",
                        &at(number),
                        format!("the event `{other}` is not known: it was not counted"),
                    );
                    continue;
                }
            };
            let src = event["ipAddress"].as_str().or_else(|| event["clientIPAddress"].as_str());
            part.visits.push(Visit {
                src: src.map(str::to_owned),
                agent: event["browser"].as_str().map(str::to_owned),
                ..visit(&who, what, when, number)
            });
        }
        let of = |part: &Part, what| part.visits.iter().any(|visit| visit.line == number && visit.what == what);
        // Compromised is whoever did what the simulation is about: a click alone may be all of it.
        let done = [What::Submit, What::Click, What::Attachment].into_iter().any(|what| of(&part, what));
        if user["isCompromised"].as_bool() == Some(true) && !done {
            part.visits.push(visit(&who, What::Click, time(&user["compromisedDateTime"]), number));
        }
        if let Some(when) = time(&user["reportedPhishDateTime"]).filter(|_| !of(&part, What::Report)) {
            part.visits.push(visit(&who, What::Report, Some(when), number));
        }
        part.mails.push(Mail { person: who, unit: String::new(), sent, delivered: true, line: number });
    }
    vec![part]
}

/// KnowBe4, recipients of a phishing security test.
pub(crate) fn knowbe4(text: &str, name: &str, notes: &mut Notes) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (number, recipient) in (1..).zip(objects(text, notes)) {
        let user = &recipient["user"];
        let address = [&user["email"], &recipient["email"]].into_iter().find_map(Json::as_str);
        let Some(address) = address.filter(|address| !address.is_empty()) else {
            notes.add("record-refused", &at(number), "a recipient without an address");
            continue;
        };
        let campaign = match &recipient["pst_id"] {
            Json::Number(id) => format!("{name} {id}"),
            _ => name.to_owned(),
        };
        let place = parts.iter().position(|part| part.name == campaign).unwrap_or_else(|| {
            parts.push(Part { name: campaign, source: Source::KnowBe4, ..Part::default() });
            parts.len() - 1
        });
        let who = person(address);
        let text = |key: &str| recipient[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        for (what, keys) in [
            (What::Open, &["opened_at"][..]),
            (What::Click, &["clicked_at"]),
            (What::Attachment, &["attachment_opened_at", "macro_enabled_at"]),
            (What::Submit, &["data_entered_at"]),
            (What::Report, &["reported_at"]),
        ] {
            if let Some(when) = keys.iter().find_map(|key| time(&recipient[*key])) {
                let agent =
                    text("browser").map(|browser| format!("{browser} {}", text("browser_version").unwrap_or_default()));
                let src = text("ip");
                parts[place].visits.push(Visit { src, agent, ..visit(&who, what, Some(when), number) });
            }
        }
        parts[place].mails.push(Mail {
            person: who,
            unit: user["department"].as_str().unwrap_or_default().to_owned(),
            sent: time(&recipient["delivered_at"]).or_else(|| time(&recipient["scheduled_at"])),
            delivered: time(&recipient["bounced_at"]).is_none(),
            line: number,
        });
    }
    parts
}

fn time(value: &Json) -> Option<i64> {
    value.as_str().and_then(micros)
}

/// The objects of a file: one, a list, pages of them; JSON Lines of each.
fn objects(text: &str, notes: &mut Notes) -> Vec<Json> {
    let mut found = Vec::new();
    for (number, value) in (1..).zip(serde_json::Deserializer::from_str(text).into_iter::<Json>()) {
        match value {
            Ok(value) => spread(value, &mut found),
            Err(error) => {
                notes.add("does-not-parse", &at(number), format!("the file breaks off: {error}"));
                break;
            }
        }
    }
    found
}

fn spread(value: Json, found: &mut Vec<Json>) {
    match value {
        Json::Array(all) => all.into_iter().for_each(|value| spread(value, found)),
        Json::Object(mut map) => match map.remove("value").or_else(|| map.remove("data")) {
            Some(page @ Json::Array(_)) => spread(page, found),
            _ => found.push(Json::Object(map)),
        },
        _ => {}
    }
}
