//! Three indicator lists of three forms, a few days old on the day of the diagnostic.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::Book;
use crate::capture::{BAD_DOMAIN, BAD_NETWORK, CONTROL_SERVER, EXPIRED, SCANNER};
use crate::edition::Edition;
use crate::random::Random;

pub(crate) fn write(seed: u64, book: &mut Book) {
    let mut random = Random::new(seed, "intel");
    let (edition, month) = (book.edition, book.edition.month());
    book.file(&format!("intel/f-isac-{month}.stix.json"), stix(edition, &mut random));
    book.file(&format!("intel/controllers-{month}.csv"), csv(edition, &mut random));
    book.file(&format!("intel/scanners-{month}.txt"), plain(edition, &mut random));
}

/// STIX 2.1: a listed name, a listed network, an entry that has ended, and one of a kind that traffic does not show.
fn stix(edition: &Edition, random: &mut Random) -> String {
    let network = format!("[ipv4-addr:value = '{}/{}']", BAD_NETWORK.0, BAD_NETWORK.1);
    let hash = hex(&std::array::from_fn::<u8, 32, _>(|_| random.byte()));
    let made = format!("{}T01:00:00.000Z", edition.day(4));
    let entries = [
        ("Fake updater", format!("[domain-name:value = '{BAD_DOMAIN}']"), None),
        ("Rented network of a botnet", network, None),
        (
            "Former control server",
            format!("[ipv4-addr:value = '{EXPIRED}']"),
            Some(format!("{}T00:00:00.000Z", edition.day(30))),
        ),
        ("Dropper", format!("[file:hashes.'SHA-256' = '{hash}']"), None),
        ("Phishing page", format!("[domain-name:value = 'login-{}.example']", random.range(100, 999)), None),
    ];
    let mut objects = vec![json!({
        "type": "identity", "spec_version": "2.1", "id": format!("identity--{}", uuid(random)),
        "created": made, "modified": made,
        "name": "Example sharing centre", "identity_class": "organization",
    })];
    for (name, pattern, until) in entries {
        let mut indicator = json!({
            "type": "indicator", "spec_version": "2.1", "id": format!("indicator--{}", uuid(random)),
            "created": made, "modified": made,
            "name": name, "indicator_types": ["malicious-activity"], "pattern": pattern, "pattern_type": "stix",
            "valid_from": format!("{}T00:00:00.000Z", edition.day(90)), "confidence": 80,
        });
        if let (Some(until), Json::Object(map)) = (until, &mut indicator) {
            map.insert("valid_until".into(), until.into());
        }
        objects.push(indicator);
    }
    let bundle = json!({"type": "bundle", "id": format!("bundle--{}", uuid(random)), "objects": objects});
    serde_json::to_string_pretty(&bundle).unwrap_or_default()
}

fn csv(edition: &Edition, random: &mut Random) -> String {
    let mut text = String::from("indicator,type,label,date,confidence\n");
    let day = edition.day(5);
    let _ = writeln!(text, "{CONTROL_SERVER},ip,control server,{day},90");
    for _ in 0..random.range(6, 12) {
        let _ = writeln!(text, "203.0.113.{},ip,control server,{day},70", random.range(220, 250));
    }
    let _ = writeln!(text, "panel-{}.example,domain,control panel,{day},70", random.range(100, 999));
    text
}

fn plain(edition: &Edition, random: &mut Random) -> String {
    let mut text = format!("# Scanners and brute forcers\n# Updated: {}\n", edition.day(4));
    let mut addresses: Vec<String> =
        (0..random.range(8, 16)).map(|_| format!("203.0.113.{}", random.range(160, 210))).collect();
    addresses.push(SCANNER.to_string());
    addresses.push(CONTROL_SERVER.to_string());
    random.shuffle(&mut addresses);
    for address in addresses {
        let _ = writeln!(text, "{address}");
    }
    text
}

/// RFC 9562, version 4 in form; the seed decides it.
fn uuid(random: &mut Random) -> String {
    let mut bytes: [u8; 16] = std::array::from_fn(|_| random.byte());
    bytes[6] = 0x40 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    let hex = hex(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
