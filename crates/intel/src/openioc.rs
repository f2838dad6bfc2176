//! OpenIOC 1.0 and 1.1 (Mandiant): XML with terms below AND and OR. A term by itself is an indicator; a term below AND is
//! matched alone, wider than its author meant, and with less confidence.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use secdiag_model::NoteKind;

use crate::{About, List, date};

/// Nesting that is followed.
const MAX_DEPTH: usize = 64;

/// What remains of the confidence of a term below AND.
const JOINED: f64 = 0.8;

/// Whether XML is OpenIOC: by the name of its first element.
pub(crate) fn is_openioc(text: &str) -> bool {
    let head: String = text.chars().take(4096).collect();
    head.contains("<ioc ")
        || head.contains("<ioc>")
        || head.contains("<OpenIOC")
        || head.contains("schemas.mandiant.com/20")
}

/// Terms whose content names something that evidence shows; compared without regard to case.
const TERMS: &[&str] = &[
    "portitem/remoteip",
    "routeentryitem/destination",
    "routeentryitem/gateway",
    "dnsentryitem/host",
    "dnsentryitem/recordname",
    "dnsentryitem/recorddata/host",
    "dnsentryitem/recorddata/ipv4address",
    "network/dns",
    "network/uri",
    "network/string",
    "urlhistoryitem/url",
    "urlhistoryitem/hostname",
    "formhistoryitem/hostname",
    "cookiehistoryitem/hostname",
    "filedownloadhistoryitem/sourceurl",
    "fileitem/md5sum",
    "fileitem/sha1sum",
    "fileitem/sha256sum",
    "fileitem/sha512sum",
    "processitem/sectionlist/memorysection/md5sum",
    "serviceitem/pathmd5sum",
    "email/from",
    "email/receivedfromip",
    "email/receivedfromhost",
    "email/attachment/content/hash",
    "taskitem/md5sum",
    "driveritem/md5sum",
];

#[derive(Default)]
struct Term {
    path: String,
    condition: String,
    negated: bool,
}

/// Reads the terms into `list`.
pub(crate) fn read(text: &str, list: &mut List) {
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut joined: Vec<bool> = Vec::new();
    let mut term = Term::default();
    let mut label = String::new();
    let mut place = 0;
    let mut content = String::new();
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let text = format!("the file breaks off: {error}");
                list.note(NoteKind::Broken, "xml-broken", text, Some(format!("byte {}", reader.buffer_position())));
                return;
            }
        };
        match event {
            Event::Start(start) => {
                if path.len() >= MAX_DEPTH {
                    let text = format!("elements lie more than {MAX_DEPTH} deep: the rest was not read");
                    return list.note(NoteKind::Broken, "xml-broken", text, None);
                }
                let name = begin(&start, &mut term, &mut joined, list);
                path.push(name);
                content.clear();
            }
            Event::Empty(start) => {
                let name = begin(&start, &mut term, &mut joined, list);
                if name == "indicator" {
                    joined.pop();
                }
            }
            Event::Text(part) => content.push_str(&part),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(c)) => content.push(c),
                _ => content.push_str(entity(&reference)),
            },
            Event::CData(part) => content.push_str(&part),
            Event::End(_) => match path.pop().as_deref() {
                Some("short_description") if label.is_empty() => content.trim().clone_into(&mut label),
                Some("content") => {
                    place += 1;
                    take(&term, &content, &joined, &label, place, list);
                }
                Some("indicator") => drop(joined.pop()),
                _ => {}
            },
            Event::Eof => return,
            _ => {}
        }
    }
}

/// Notes what an element says; gives its name.
fn begin(start: &BytesStart<'_>, term: &mut Term, joined: &mut Vec<bool>, list: &mut List) -> String {
    let name = start.local_name().as_ref().to_lowercase();
    let get = |key: &str| {
        let found = start
            .attributes()
            .flatten()
            .find(|attribute| attribute.key.local_name().as_ref().eq_ignore_ascii_case(key));
        found.map(|attribute| attribute.value.to_lowercase()).unwrap_or_default()
    };
    match name.as_str() {
        "ioc" => {
            if let Some(day) = date::find(&get("last-modified")).or_else(|| date::find(&get("published-date"))) {
                list.date(day);
            }
        }
        "indicator" => {
            list.count("indicator", 1);
            joined.push(get("operator") == "and");
        }
        "indicatoritem" => {
            list.count("term", 1);
            *term = Term { path: String::new(), condition: get("condition"), negated: get("negate") == "true" };
        }
        "context" => term.path = get("search"),
        _ => {}
    }
    name
}

fn entity(name: &str) -> &'static str {
    match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    }
}

fn take(term: &Term, content: &str, joined: &[bool], label: &str, place: u64, list: &mut List) {
    if term.negated || !matches!(term.condition.as_str(), "is" | "contains" | "" | "equals") {
        return list.skip("condition-left-out", place);
    }
    if !TERMS.contains(&term.path.as_str()) {
        return list.skip("pattern-of-other-things", place);
    }
    let below_and = joined.contains(&true);
    if below_and {
        list.skip("condition-left-out", place);
    }
    let confidence = List::CONFIDENCE * if below_and { JOINED } else { 1.0 };
    list.entry(content, &About { label: label.to_owned(), confidence: Some(confidence), place, ..About::default() });
}

#[cfg(test)]
mod tests {
    use crate::read_list;

    const IOC: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="6d2a1b03" last-modified="2026-05-04T10:00:00">
 <short_description>ZEUS &amp; friends</short_description>
 <definition><Indicator operator="OR" id="1">
  <IndicatorItem id="2" condition="is"><Context document="PortItem" search="PortItem/remoteIP" type="mir"/><Content type="IP">203.0.113.7</Content></IndicatorItem>
  <IndicatorItem id="3" condition="contains"><Context search="DnsEntryItem/Host"/><Content type="string">bad.example</Content></IndicatorItem>
  <IndicatorItem id="4" condition="is"><Context search="FileItem/Md5sum"/><Content type="md5">D41D8CD98F00B204E9800998ECF8427E</Content></IndicatorItem>
  <Indicator operator="AND" id="5">
   <IndicatorItem id="6" condition="is"><Context search="Network/DNS"/><Content type="string">c2.example</Content></IndicatorItem>
   <IndicatorItem id="7" condition="is"><Context search="FileItem/FileName"/><Content type="string">a.exe</Content></IndicatorItem>
  </Indicator>
  <IndicatorItem id="8" condition="isnot"><Context search="Network/DNS"/><Content type="string">good.example</Content></IndicatorItem>
 </Indicator></definition></ioc>"#;

    #[test]
    fn terms_become_indicators_and_the_rest_is_counted() {
        let (indicators, info, _) = read_list("zeus.ioc", IOC.as_bytes(), None);
        let told: Vec<String> =
            indicators.iter().map(|i| format!("{} {} {:.2} [{}]", i.kind, i.value, i.confidence, i.label)).collect();
        assert_eq!(
            told,
            [
                "ip 203.0.113.7 0.75 [ZEUS & friends]",
                "domain bad.example 0.75 [ZEUS & friends]",
                "hash d41d8cd98f00b204e9800998ecf8427e 0.75 [ZEUS & friends]",
                "domain c2.example 0.60 [ZEUS & friends]",
            ]
        );
        assert_eq!((info.form.as_str(), info.date.as_str()), ("openioc", "2026-05-04"));
        assert_eq!((info.skipped["condition-left-out"], info.skipped["pattern-of-other-things"]), (2, 1));
        assert_eq!(info.census["term"], 6);
        for cut in [100, 400, IOC.len() - 20] {
            let (_, _, notes) = read_list("x", &IOC.as_bytes()[..cut], None);
            assert!(!notes.is_empty(), "{cut}");
        }
    }
}
