//! Texts with facts in braces: `Rule {rule} of {device} permits everything`. `{{` and `}}` are literal braces.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::Lang;
use secdiag_model::result::FindingTexts;
use serde_json::Value;

use crate::CheckText;

/// A text of the catalogue names a fact that the finding does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("check {check}: its {text} ({lang}) names the fact `{fact}`, which the finding does not have", lang = .lang.tag())]
pub struct MissingFact {
    /// Slug of the check.
    pub check: String,
    /// `title`, `risk` or `advice`.
    pub text: &'static str,
    /// Language of the text.
    pub lang: Lang,
    /// The fact.
    pub fact: String,
}

impl CheckText {
    /// The texts of a finding with these facts: numbers as they are, lists joined, strings as they are.
    pub fn render(&self, lang: Lang, facts: &BTreeMap<String, Value>) -> Result<FindingTexts, MissingFact> {
        let fill = |text: &'static str, template: &str| {
            fill(template, lang, facts).map_err(|fact| MissingFact { check: self.id.clone(), text, lang, fact })
        };
        Ok(FindingTexts {
            title: fill("title", self.title.get(lang))?,
            risk: fill("risk", self.risk.get(lang))?,
            advice: fill("advice", self.advice.get(lang))?,
        })
    }
}

/// The facts that a template names, or what is wrong with its braces.
pub(crate) fn facts_named(template: &str) -> Result<BTreeSet<&str>, String> {
    let mut facts = BTreeSet::new();
    for part in parts(template) {
        match part {
            Part::Text(_) => {}
            Part::Fact(name) => {
                facts.insert(name);
            }
            Part::Stray(at) => {
                let near: String = template[at..].chars().take(20).collect();
                return Err(format!("brace without its other half at `{near}`"));
            }
        }
    }
    Ok(facts)
}

/// Fills a template; the error is the name of a fact that is missing. A brace that the lint complains about stays as
/// it is.
fn fill(template: &str, lang: Lang, facts: &BTreeMap<String, Value>) -> Result<String, String> {
    let mut filled = String::with_capacity(template.len() + 40);
    for part in parts(template) {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Fact(name) => filled.push_str(&shown(facts.get(name).ok_or(name)?, lang)),
            Part::Stray(at) => filled.push_str(&template[at..=at]),
        }
    }
    Ok(filled)
}

fn shown(value: &Value, lang: Lang) -> String {
    let by_lang = |en: &str, zh: &str| if lang == Lang::En { en.to_owned() } else { zh.to_owned() };
    match value {
        Value::Null => by_lang("none", "無"),
        Value::Bool(true) => by_lang("yes", "是"),
        Value::Bool(false) => by_lang("no", "否"),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            list.iter().map(|value| shown(value, lang)).collect::<Vec<_>>().join(&by_lang(", ", "、"))
        }
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

enum Part<'a> {
    Text(&'a str),
    Fact(&'a str),
    /// Byte offset of a brace that opens or closes nothing.
    Stray(usize),
}

fn parts(template: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < template.len() {
        let rest = &template[at..];
        let Some(text) = rest.find(['{', '}']) else {
            parts.push(Part::Text(rest));
            break;
        };
        if text > 0 {
            parts.push(Part::Text(&rest[..text]));
            at += text;
            continue;
        }
        if rest.starts_with("{{") || rest.starts_with("}}") {
            parts.push(Part::Text(&rest[..1]));
            at += 2;
        } else if let Some(name) = fact_name(rest) {
            parts.push(Part::Fact(name));
            at += name.len() + 2;
        } else {
            parts.push(Part::Stray(at));
            at += 1;
        }
    }
    parts
}

/// `name` of a text that starts with `{name}`.
fn fact_name(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('{')?.split_once('}')?;
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (!name.is_empty() && name.chars().all(word)).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts() -> BTreeMap<String, Value> {
        let facts = json!({"rule": "57", "hits": 218, "seconds": 480.1, "ports": [23, 21], "names": ["a", "b"],
            "on": true, "limit": null, "none": []});
        facts.as_object().unwrap().clone().into_iter().collect()
    }

    fn filled(template: &str) -> [Result<String, String>; 2] {
        [Lang::En, Lang::ZhTw].map(|lang| fill(template, lang, &facts()))
    }

    #[test]
    fn facts_take_the_place_of_their_names() {
        let both = |text: &str| [Ok(text.to_owned()), Ok(text.to_owned())];
        assert_eq!(filled("rule {rule}: {hits} hits, {seconds} s"), both("rule 57: 218 hits, 480.1 s"));
        assert_eq!(filled("規則 {rule}（{hits} 次）"), both("規則 57（218 次）"));
        assert_eq!(filled("{rule}{rule}"), both("5757"));
        assert_eq!(filled("{{rule}} is {rule}"), both("{rule} is 57"));
        assert_eq!(filled(""), both(""));
        assert_eq!(filled("[{none}]"), both("[]"));
        assert_eq!(filled("{ports} {names}"), [Ok("23, 21 a, b".to_owned()), Ok("23、21 a、b".to_owned())]);
        assert_eq!(filled("{on}/{limit}"), [Ok("yes/none".to_owned()), Ok("是/無".to_owned())]);
        assert_eq!(filled("{device}"), [Err("device".to_owned()), Err("device".to_owned())]);
    }

    #[test]
    fn braces_are_proved_and_never_lost() {
        assert_eq!(facts_named("a {b} {{c}} {d_1}"), Ok(["b", "d_1"].into()));
        assert_eq!(facts_named("規則 {rule 為"), Err("brace without its other half at `{rule 為`".to_owned()));
        assert_eq!(facts_named("a } b"), Err("brace without its other half at `} b`".to_owned()));
        assert_eq!(facts_named("{}"), Err("brace without its other half at `{}`".to_owned()));
        assert_eq!(facts_named("{Rule}"), Err("brace without its other half at `{Rule}`".to_owned()));
        assert_eq!(filled("規則 {rule 為 }")[0], Ok("規則 {rule 為 }".to_owned()));
    }

    #[test]
    fn a_missing_fact_is_named() {
        let text = "id: firewall/x\ntitle: {en: a, zh-TW: 甲}\nwhat: {en: a, zh-TW: 甲}\nwhy: {en: a, zh-TW: 甲}\n\
            evidence: {en: a, zh-TW: 甲}\nlimits: {en: a, zh-TW: 甲}\nrisk: {en: \"{hits}\", zh-TW: \"{hit}\"}\n\
            advice: {en: a, zh-TW: 甲}\nseverity: {base: low}\nitems: {}\nreferences: []\n";
        let check: CheckText = yaml_serde::from_str(text).unwrap();
        assert_eq!(check.render(Lang::En, &facts()).unwrap().risk, "218");
        assert_eq!(
            check.render(Lang::ZhTw, &facts()).unwrap_err().to_string(),
            "check firewall/x: its risk (zh-TW) names the fact `hit`, which the finding does not have"
        );
    }
}
