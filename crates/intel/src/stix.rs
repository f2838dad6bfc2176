//! STIX 2.0 and 2.1 bundles, and TAXII envelopes, which hold the same objects.

use std::collections::BTreeMap;

use secdiag_model::NoteKind;
use serde_json::Value as Json;

use crate::target::Entry;
use crate::{About, List, date, pattern};

/// Object paths that name an address, a name or a mailbox; digests of files beside them.
const PATHS: [&str; 9] = [
    "ipv4-addr:value",
    "ipv6-addr:value",
    "domain-name:value",
    "url:value",
    "email-addr:value",
    "email-message:from_ref.value",
    "network-traffic:dst_ref.value",
    "network-traffic:src_ref.value",
    "network-traffic:extensions.http-request-ext.request_header.Host",
];
/// Paths of conditions that say nothing more than the type of another.
const TYPES: [&str; 2] = ["network-traffic:dst_ref.type", "network-traffic:src_ref.type"];
/// What remains of the confidence where a pattern's other conditions are left out.
const LEFT_OUT: f64 = 0.8;

/// Reads the indicator objects of a bundle into `list`.
pub(crate) fn read(bundle: &Json, list: &mut List) {
    let objects: &[Json] = bundle.get("objects").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let names = names(objects);
    let newest = newest(objects);
    let mut indicators = 0u64;
    for (place, object) in (1u64..).zip(objects) {
        list.count(text(object, "type"), 1);
        if text(object, "type") != "indicator" {
            continue;
        }
        indicators += 1;
        if newest.get(text(object, "id")).is_some_and(|newest| *newest != place) {
            list.skip("older-version", place);
        } else if object.get("revoked").and_then(Json::as_bool) == Some(true) {
            list.skip("revoked", place);
        } else if !matches!(text(object, "pattern_type"), "" | "stix") {
            list.skip("pattern-language", place);
        } else {
            indicator(object, place, &names, list);
        }
    }
    if indicators == 0 {
        let text = "the bundle holds no indicator object: what was observed or described is not by itself bad";
        list.note(NoteKind::NotUnderstood, "no-indicators", text.to_owned(), None);
    }
}

fn indicator(object: &Json, place: u64, names: &BTreeMap<&str, &str>, list: &mut List) {
    let Ok(pattern) = pattern::parse(text(object, "pattern")) else { return list.skip("pattern", place) };
    let (values, others): (Vec<_>, Vec<_>) = pattern
        .wanted
        .iter()
        .filter(|wanted| !TYPES.contains(&wanted.path.as_str()))
        .partition(|wanted| is_matched(&wanted.path));
    if values.is_empty() {
        return list.skip("pattern-of-other-things", place);
    }
    let left_out = pattern.joined && (pattern.unsupported > 0 || !others.is_empty() || values.len() > 1)
        || pattern.unsupported > 0;
    if left_out {
        list.skip("condition-left-out", place);
    }
    let stated = object.get("confidence").and_then(Json::as_f64).map(|percent| percent / 100.0);
    let label = names.get(text(object, "id")).copied().unwrap_or_else(|| text(object, "name"));
    let about = About {
        label: if label.is_empty() { kinds(object) } else { label.to_owned() },
        date: date::find(text(object, "modified")).or_else(|| date::find(text(object, "created"))),
        confidence: Some(stated.unwrap_or(List::CONFIDENCE) * if left_out { LEFT_OUT } else { 1.0 }),
        valid_from: date::micros(text(object, "valid_from")),
        valid_until: date::micros(text(object, "valid_until")),
        place,
    };
    for wanted in values {
        match Entry::parse(&wanted.value) {
            Ok(entry) => list.add(&wanted.value, &entry, &about),
            Err(why) => list.skip(why, place),
        }
    }
}

/// Whether evidence of some kind shows what a path names.
fn is_matched(path: &str) -> bool {
    let digest = path.strip_prefix("file:hashes.").unwrap_or_default().replace('-', "").to_ascii_uppercase();
    PATHS.contains(&path) || ["MD5", "SHA1", "SHA256", "SHA512"].contains(&digest.as_str())
}

/// `indicator_types` of 2.1, `labels` of 2.0.
fn kinds(object: &Json) -> String {
    let of = |key: &str| object.get(key).and_then(Json::as_array);
    let kinds = of("indicator_types").or_else(|| of("labels")).map(Vec::as_slice).unwrap_or_default();
    kinds.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", ")
}

/// By indicator, the name of the malware or actor that it indicates.
fn names(objects: &[Json]) -> BTreeMap<&str, &str> {
    let by_id: BTreeMap<&str, &str> = objects.iter().map(|object| (text(object, "id"), text(object, "name"))).collect();
    let indicates = objects.iter().filter(|object| text(object, "relationship_type") == "indicates");
    indicates
        .filter_map(|object| Some((text(object, "source_ref"), *by_id.get(text(object, "target_ref"))?)))
        .filter(|(_, name)| !name.is_empty())
        .collect()
}

/// The place of the newest version of each object.
fn newest(objects: &[Json]) -> BTreeMap<&str, u64> {
    let mut newest: BTreeMap<&str, (&str, u64)> = BTreeMap::new();
    for (place, object) in (1u64..).zip(objects) {
        let version = (text(object, "modified"), place);
        let known = newest.entry(text(object, "id")).or_insert(version);
        *known = version.max(*known);
    }
    newest.into_iter().filter(|(id, _)| !id.is_empty()).map(|(id, (_, place))| (id, place)).collect()
}

fn text<'a>(object: &'a Json, key: &str) -> &'a str {
    object.get(key).and_then(Json::as_str).unwrap_or_default()
}
