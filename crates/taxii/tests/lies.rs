//! Servers that lie, die or refuse: nothing is lost, nothing comes twice, nothing goes on for ever.
#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use secdiag_taxii::{Answer, Collection, Cursor, MEDIA, Page, Polled, TaxiiError, Transport, collections, poll};
use serde_json::{Value as Json, json};

/// Later than every date of the servers here.
const NOW: &str = "~";

type Script = Box<dyn FnMut(&str, usize) -> Result<Answer, String>>;

/// A server as a function of the address and of how often it was asked.
struct Fake {
    script: Script,
    asked: Vec<String>,
    waited: u64,
}

impl Fake {
    fn new(script: impl FnMut(&str, usize) -> Result<Answer, String> + 'static) -> Self {
        Self { script: Box::new(script), asked: Vec::new(), waited: 0 }
    }
}

impl Transport for Fake {
    fn get(&mut self, url: &str) -> Result<Answer, String> {
        assert!(self.asked.len() < 500, "the client goes on for ever");
        self.asked.push(url.to_owned());
        (self.script)(url, self.asked.len())
    }

    fn wait(&mut self, seconds: u64) {
        self.waited += seconds;
    }
}

fn ok(body: &Json) -> Answer {
    Answer { status: 200, content_type: MEDIA.to_owned(), body: body.to_string().into_bytes(), ..Answer::default() }
}

fn object(number: usize) -> Json {
    json!({"type": "indicator", "id": format!("indicator--{number}"), "modified": "2026-01-01T00:00:00Z"})
}

fn collection() -> Collection {
    Collection { root: "https://taxii.example/api/".into(), id: "c1".into(), title: "C".into(), can_read: true }
}

/// Everything that was handed over, and how it ended.
fn read(fake: &mut Fake, cursor: Cursor) -> (Vec<String>, Cursor, Result<Polled, TaxiiError>) {
    let (mut ids, mut kept) = (Vec::new(), cursor.clone());
    let ended = poll(fake, &collection(), cursor, NOW, 2, &mut |page: &Page| {
        ids.extend(page.new.iter().map(|object| object["id"].as_str().unwrap().to_owned()));
        kept = page.cursor.clone();
        Ok::<(), TaxiiError>(())
    });
    (ids, kept, ended)
}

fn parameters(url: &str) -> BTreeMap<String, String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// An honest server with `count` objects, the date of object n being second n.
fn honest(count: usize, tokens: bool) -> impl FnMut(&str, usize) -> Result<Answer, String> {
    move |url, _| {
        let asked = parameters(url);
        let size: usize = asked["limit"].parse().unwrap();
        let second = |text: &String| text.trim_start_matches('t').parse::<usize>().unwrap();
        let after = asked.get("added_after").map_or(0, second);
        let from = asked.get("next").map_or(after, |token| token.parse().unwrap());
        let to = (from + size).min(count);
        let objects: Vec<Json> = (from..to).map(object).collect();
        let mut body = json!({"more": to < count, "objects": objects});
        if tokens && to < count {
            body["next"] = json!(to.to_string());
        }
        let added_last = (to > from).then(|| format!("t{to:06}"));
        Ok(Answer { added_last, ..ok(&body) })
    }
}

proptest! {
    /// Cut off after any request, with tokens or without: going on gives every object once, and a second poll nothing.
    #[test]
    fn every_object_once_wherever_it_breaks_off(count in 0usize..25, dies in 1usize..20, tokens: bool) {
        let mut server = honest(count, tokens);
        let mut fake = Fake::new(move |url, times| if times == dies { Err("connection reset".into()) } else { server(url, times) });
        let (mut ids, mut cursor, mut ended) = read(&mut fake, Cursor::default());
        if ended.is_err() {
            // The cursor is what a workspace keeps: it survives being written down.
            let text = serde_json::to_string(&cursor).unwrap();
            let (more, later, again) = read(&mut fake, serde_json::from_str(&text).unwrap());
            ids.extend(more);
            (cursor, ended) = (later, again);
        }
        prop_assert!(ended.is_ok(), "{:?}", ended);
        prop_assert_eq!(ids, (0..count).map(|n| format!("indicator--{n}")).collect::<Vec<_>>());
        let (again, _, ended) = read(&mut Fake::new(honest(count, tokens)), cursor);
        prop_assert_eq!(again.len(), 0);
        prop_assert_eq!(ended.unwrap().new, 0);
    }

    #[test]
    fn any_answer_is_survived(body in proptest::collection::vec(any::<u8>(), 0..200), status in 100u16..600, kind in "[a-z/+;= .0-9]{0,30}") {
        let answer = Answer { status, content_type: kind, body, ..Answer::default() };
        let again = answer.clone();
        let _ = read(&mut Fake::new(move |_, _| Ok(answer.clone())), Cursor::default());
        let _ = collections(&mut Fake::new(move |_, _| Ok(again.clone())), "https://taxii.example/");
    }
}

#[test]
fn a_server_that_goes_in_circles_is_left() {
    let circle = |url: &str, _| {
        let token = if parameters(url).contains_key("next") { "a" } else { "b" };
        Ok(ok(&json!({"more": true, "next": token, "objects": [object(1), object(if token == "a" { 2 } else { 1 })]})))
    };
    let (ids, _, ended) = read(&mut Fake::new(circle), Cursor::default());
    assert_eq!(ids, ["indicator--1", "indicator--2"], "what came before is kept, once");
    assert!(matches!(ended, Err(TaxiiError::Lies { .. })), "{ended:?}");

    let endless = |_: &str, times: usize| Ok(ok(&json!({"more": true, "next": times.to_string(), "objects": []})));
    let (_, _, ended) = read(&mut Fake::new(endless), Cursor::default());
    assert!(ended.unwrap_err().to_string().contains("nothing new"));

    // Without tokens, and the dates stand still.
    let still = |_: &str, times: usize| {
        Ok(Answer { added_last: Some("t1".into()), ..ok(&json!({"more": true, "objects": [object(times)]})) })
    };
    let (ids, _, ended) = read(&mut Fake::new(still), Cursor::default());
    assert!(ids.len() < 4 && matches!(ended, Err(TaxiiError::Lies { .. })), "{ids:?} {ended:?}");

    let no_way_on = |_: &str, _| Ok(ok(&json!({"more": true, "objects": [object(1)]})));
    let (ids, _, ended) = read(&mut Fake::new(no_way_on), Cursor::default());
    assert_eq!((ids.len(), ended.unwrap().notes.len()), (1, 1));
}

#[test]
fn refusals_say_what_to_do_and_a_busy_server_is_waited_for() {
    for (status, words) in [
        (401, "user and password"),
        (403, "may not read"),
        (404, "nothing here"),
        (406, "TAXII 2.1"),
        (302, "elsewhere"),
        (500, "failed"),
    ] {
        let (_, _, ended) =
            read(&mut Fake::new(move |_, _| Ok(Answer { status, ..Answer::default() })), Cursor::default());
        let said = ended.unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }
    let mut honest = honest(3, true);
    let mut busy = Fake::new(move |url, times| {
        if times == 1 {
            Ok(Answer { status: 429, retry_after: Some(7), ..Answer::default() })
        } else {
            honest(url, times)
        }
    });
    assert_eq!(read(&mut busy, Cursor::default()).0.len(), 3);
    assert_eq!(busy.waited, 7);
    let mut always = Fake::new(|_, _| Ok(Answer { status: 503, retry_after: Some(9_999_999), ..Answer::default() }));
    assert!(read(&mut always, Cursor::default()).2.is_err());
    assert!(always.waited < 1_000 && always.asked.len() < 6);
    let unreadable = Collection { can_read: false, ..collection() };
    let ended =
        poll(&mut Fake::new(|_, _| panic!("it was asked")), &unreadable, Cursor::default(), NOW, 2, &mut |_| {
            Ok::<(), TaxiiError>(())
        });
    assert!(ended.unwrap_err().to_string().contains("may not be read"));
}

#[test]
fn discovery_finds_roots_and_tells_of_those_that_fail() {
    let script = |url: &str, _| match url {
        "https://taxii.example/taxii2/" => {
            Ok(ok(&json!({"title": "T", "api_roots": ["https://taxii.example/one/", "/two/"]})))
        }
        "https://taxii.example/one/collections/" => Ok(ok(
            &json!({"collections": [{"id": "c1", "title": "A", "can_read": true}, {"id": "../x", "can_read": true}]}),
        )),
        "https://taxii.example/two/collections/" => Ok(Answer { status: 404, ..Answer::default() }),
        other => panic!("{other}"),
    };
    let (found, failed) = collections(&mut Fake::new(script), "https://taxii.example/taxii2").unwrap();
    assert_eq!(found.iter().map(|collection| collection.id.as_str()).collect::<Vec<_>>(), ["c1"]);
    assert_eq!(failed.len(), 2, "{failed:?}");
}

#[test]
fn a_server_that_dates_into_the_future_is_asked_again_from_now_on() {
    let dated = |_: &str, _: usize| {
        let mut answer = ok(&json!({"more": false, "objects": [object(1)]}));
        answer.added_last = Some("2999-01-01T00:00:00Z".into());
        Ok(answer)
    };
    let mut kept = Cursor::default();
    let now = "2026-06-30T08:00:00Z";
    let polled = poll(&mut Fake::new(dated), &collection(), Cursor::default(), now, 2, &mut |page: &Page| {
        kept = page.cursor.clone();
        Ok::<(), TaxiiError>(())
    })
    .unwrap();
    assert_eq!(kept.added_after.as_deref(), Some(now));
    assert!(polled.notes[0].contains("2999-01-01"), "{:?}", polled.notes);
}
