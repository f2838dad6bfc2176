//! MISP events as JSON (<https://www.misp-standard.org/rfc/misp-standard-core.html>): attributes meant for detection.

use serde_json::Value as Json;

use crate::{About, List, date};

/// Whether the value is an event, or an answer of a MISP server with events.
pub(crate) fn is_event(value: &Json) -> bool {
    !events(value).is_empty()
}

/// Reads the attributes of the events into `list`.
pub(crate) fn read(value: &Json, list: &mut List) {
    let mut place = 0;
    for event in events(value) {
        list.count("event", 1);
        list.count("object", array(event, "Object").len() as u64);
        let info = text(event, "info");
        if let Some(date) = date::find(text(event, "date")) {
            list.date(date);
        }
        let objects = array(event, "Object").iter().filter(|object| !flag(object, "deleted"));
        let attributes = array(event, "Attribute").iter().chain(objects.flat_map(|object| array(object, "Attribute")));
        for attribute in attributes {
            place += 1;
            list.count("attribute", 1);
            list.count("to_ids", u64::from(flag(attribute, "to_ids")));
            if flag(attribute, "deleted") || !flag(attribute, "to_ids") {
                list.skip("not-for-detection", place);
                continue;
            }
            let seconds = match attribute.get("timestamp") {
                Some(Json::String(text)) => text.parse().ok(),
                Some(number) => number.as_i64(),
                None => None,
            };
            let about = About {
                label: info.to_owned(),
                date: seconds.filter(|seconds| *seconds > 0).and_then(date::of_seconds),
                place,
                ..About::default()
            };
            let value = text(attribute, "value");
            let (first, second) = value.split_once('|').unwrap_or((value, ""));
            match text(attribute, "type") {
                "ip-dst" | "ip-src" | "domain" | "hostname" | "url" | "md5" | "sha1" | "sha256" | "sha512"
                | "email" | "email-src" | "email-dst" => list.entry(value, &about),
                "filename|md5" | "filename|sha1" | "filename|sha256" | "filename|sha512" => list.entry(second, &about),
                "ip-dst|port" | "ip-src|port" | "hostname|port" => list.entry(first, &about),
                "domain|ip" => {
                    list.entry(first, &about);
                    list.entry(second, &about);
                }
                _ => list.skip("attribute-of-other-things", place),
            }
        }
    }
}

fn events(value: &Json) -> Vec<&Json> {
    let listed = value.get("response").or(Some(value)).and_then(Json::as_array);
    if let Some(list) = listed {
        return list.iter().filter_map(|entry| entry.get("Event")).collect();
    }
    // Exports of one event may leave the wrapper out.
    if value.get("info").is_some() && value.get("Attribute").is_some_and(Json::is_array) {
        return vec![value];
    }
    let event = value.get("Event").or_else(|| value.get("response")?.get("Event"));
    event.filter(|event| event.is_object()).into_iter().collect()
}

fn array<'a>(value: &'a Json, key: &str) -> &'a [Json] {
    value.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Json, key: &str) -> &'a str {
    value.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// True as a boolean, or as the texts that older servers write.
fn flag(value: &Json, key: &str) -> bool {
    match value.get(key) {
        Some(Json::Bool(yes)) => *yes,
        Some(Json::String(text)) => matches!(text.as_str(), "1" | "true"),
        Some(Json::Number(number)) => number.as_i64() == Some(1),
        _ => false,
    }
}
