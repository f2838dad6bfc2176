//! What people handed in at a drill never enters the workspace: the file is rewritten before it is kept.

use serde_json::Value as Json;

use crate::table::name;

/// What stands in the place of what was dropped.
const DROPPED: &str = "[dropped]";

/// Fields of a form that stay: the id of the recipient, made by the tool.
const KEPT: &str = "rid";

/// Rewrites GoPhish events as CSV: form fields other than the recipient's id are dropped. Nothing when there is nothing
/// to drop.
///
/// # Errors
///
/// The text is no CSV that can be rewritten as a whole.
pub fn events_csv(bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let mut details = None;
    let mut dropped = false;
    for record in reader.byte_records() {
        let record = record.map_err(|error| error.to_string())?;
        let Some(at) = details else {
            details = record.iter().position(|cell| name(&String::from_utf8_lossy(cell)) == "details");
            details.ok_or("it has no column `details`")?;
            writer.write_byte_record(&record).map_err(|error| error.to_string())?;
            continue;
        };
        let fields: Vec<Vec<u8>> = record
            .iter()
            .enumerate()
            .map(|(place, cell)| {
                // A cell beyond the last column is the rest of a row that was not quoted: it may hold anything.
                let rewritten = (place >= at).then(|| details_text(&String::from_utf8_lossy(cell))).flatten();
                dropped |= rewritten.is_some();
                rewritten.map_or_else(|| cell.to_vec(), String::into_bytes)
            })
            .collect();
        writer.write_record(&fields).map_err(|error| error.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    Ok(dropped.then_some(bytes))
}

/// The same for a campaign of GoPhish's API.
///
/// # Errors
///
/// The text is no JSON.
pub fn api_json(bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut value: Json = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let mut dropped = false;
    timelines(&mut value, &mut dropped);
    Ok(dropped.then(|| value.to_string().into_bytes()))
}

fn timelines(value: &mut Json, dropped: &mut bool) {
    match value {
        Json::Array(all) => all.iter_mut().for_each(|value| timelines(value, dropped)),
        Json::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), &mut *value) {
                    ("details", Json::String(text)) => {
                        if let Some(rewritten) = details_text(text) {
                            *text = rewritten;
                            *dropped = true;
                        }
                    }
                    ("payload", payload) => *dropped |= payload_value(payload),
                    (_, other) => timelines(other, dropped),
                }
            }
        }
        _ => {}
    }
}

/// The details of an event without what was handed in; nothing where they hold none.
fn details_text(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return None;
    }
    let Ok(mut details) = serde_json::from_str::<Json>(text) else { return Some(DROPPED.to_owned()) };
    let mut dropped = false;
    timelines(&mut details, &mut dropped);
    dropped.then(|| details.to_string())
}

fn payload_value(payload: &mut Json) -> bool {
    let Json::Object(fields) = payload else {
        let any = !payload.is_null();
        *payload = Json::Null;
        return any;
    };
    let mut dropped = false;
    for (field, value) in fields {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let done = *value == Json::from(vec![DROPPED]);
        if field != KEPT && !empty && !done {
            *value = Json::from(vec![DROPPED]);
            dropped = true;
        }
    }
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_fields_go_and_everything_else_stays() {
        let row = r#"1,a@b.example,2026-01-01T00:00:00Z,Submitted Data,"{""payload"":{""rid"":[""x1""],""password"":[""Hunter2!""]},""browser"":{""address"":""10.0.0.1""}}""#;
        let text =
            format!("campaign_id,email,time,message,details\n1,a@b.example,2026-01-01T00:00:00Z,Email Sent,\n{row}\n");
        let kept = String::from_utf8(events_csv(text.as_bytes()).unwrap().unwrap()).unwrap();
        assert!(!kept.contains("Hunter2"), "{kept}");
        for stays in ["a@b.example", "x1", "10.0.0.1", "Email Sent", "password"] {
            assert!(kept.contains(stays), "{stays}: {kept}");
        }
        assert_eq!(events_csv(kept.as_bytes()).unwrap(), None, "nothing is left to drop");
        let api = r#"{"id":1,"results":[],"timeline":[{"email":"a","message":"Submitted Data","details":"{\"payload\":{\"rid\":[\"x\"],\"pw\":[\"Hunter2!\"]}}"}]}"#;
        let kept = String::from_utf8(api_json(api.as_bytes()).unwrap().unwrap()).unwrap();
        assert!(!kept.contains("Hunter2") && kept.contains("rid"), "{kept}");
        assert_eq!(api_json(kept.as_bytes()).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_read_is_dropped_whole() {
        let text = "email,time,message,details\na,b,Submitted Data,password=Hunter2!,more Hunter2!\n";
        let kept = String::from_utf8(events_csv(text.as_bytes()).unwrap().unwrap()).unwrap();
        assert!(!kept.contains("Hunter2"), "{kept}");
        assert!(api_json(b"{\"timeline\": [").is_err());
        assert!(events_csv(b"a,b\n1,2\n").is_err());
    }
}
