//! The history of another tracker: one JSON object per line, as it comes out of most of them with a small script.
//!
//! `{"at": "2024-04-22T11:54:39Z", "finding": "F-970", "type": "opened", "severity": "high", "firm": "…"}` with the
//! types and fields of [`Change`]; `firm`, `actor` and `reason` are optional. The firm of a finding is named on one of
//! its lines at least, or given for all. Lines may come in any order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::event::{Act, Event};
use crate::life::Change;

/// A line that was refused. Nothing of the file is taken over while there is one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct RefusedLine {
    /// Counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

#[derive(Deserialize)]
struct Line {
    at: Timestamp,
    finding: String,
    firm: Option<String>,
    #[serde(default)]
    actor: String,
    #[serde(default)]
    reason: String,
}

/// Reads a history. `firm` is the firm of findings whose lines name none; `source` stands for an actor that is not named.
pub fn read(
    text: &str,
    firm: Option<&str>,
    source: &str,
    recorded_at: Timestamp,
) -> Result<Vec<Event>, Vec<RefusedLine>> {
    let (mut lines, mut refused) = (Vec::new(), Vec::new());
    let mut firms: BTreeMap<String, (String, u64)> = BTreeMap::new();
    for (number, text) in (1_u64..).zip(text.trim_start_matches('\u{feff}').lines()) {
        if text.trim().is_empty() {
            continue;
        }
        match parse(text) {
            Ok((line, change)) => {
                if let Some(named) = &line.firm {
                    let known = firms.entry(line.finding.clone()).or_insert_with(|| (named.clone(), number));
                    if known.0 != *named {
                        let reason = format!(
                            "finding {} belongs to {named} here and to {} on line {}",
                            line.finding, known.0, known.1
                        );
                        refused.push(RefusedLine { line: number, reason });
                    }
                }
                lines.push((number, line, change));
            }
            Err(reason) => refused.push(RefusedLine { line: number, reason }),
        }
    }
    let mut events = Vec::new();
    for (number, line, change) in lines {
        let Some(firm) = firms.get(&line.finding).map(|(firm, _)| firm.as_str()).or(firm) else {
            let reason = format!("no line names the firm of finding {}", line.finding);
            refused.push(RefusedLine { line: number, reason });
            continue;
        };
        let actor = if line.actor.trim().is_empty() { source.to_owned() } else { line.actor };
        let reason = if line.reason.trim().is_empty() { format!("as told by {source}") } else { line.reason };
        let act = Act { actor, reason, at: line.at, recorded_at };
        events.push(Event::new(firm, &line.finding, &act, &change));
    }
    if refused.is_empty() {
        Ok(events)
    } else {
        refused.sort_by_key(|refused| refused.line);
        Err(refused)
    }
}

fn parse(text: &str) -> Result<(Line, Change), String> {
    let value: Json = serde_json::from_str(text).map_err(|error| format!("not a JSON object: {error}"))?;
    let line = Line::deserialize(&value).map_err(|error| error.to_string())?;
    let change = Change::deserialize(&value).map_err(|error| error.to_string())?;
    Ok((line, change))
}
