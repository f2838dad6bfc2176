//! `drill/ddos-drill-unproven`
//!
//! # What
//! A drill against denial of service whose record says when it began, while captures or logs of that time show no more
//! traffic than at other times.
//!
//! # Why
//! A drill on paper drills nobody: an actual one leaves its flood in the traffic.
//!
//! # Evidence
//! Records with `started`, and captures, flow records or logs that cover the drill and at least half an hour besides.
//!
//! # Limits
//! The flood may have been taken off before the place of the capture: then say so beside the finding. Needs five times as
//! many conversations or packets in a minute of the drill as in the middle minute of the rest.
//!
//! # References
//! INS 伍 (actual drills); platform of record: minutes T0 to T3.

use secdiag_inspect::{Check, JudgeCx, Looked, Query};
use secdiag_model::{Conn, Record};
use serde::Deserialize;

use crate::view::{View, proof, record};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/ddos-drill-unproven", &["ddos-records"]).asks(&[&TRAFFIC]);

pub(crate) const TRAFFIC: Query =
    Query { name: "drill/ddos-traffic", sql: include_str!("ddos_traffic.sql"), tables: &[Conn::TABLE] };

/// How much more traffic a drill leaves.
const TIMES: u64 = 5;

/// Minutes outside the drill that are needed to say what is usual.
const USUAL: usize = 30;

/// How long a drill is held to last whose record does not say.
const MINUTES: u64 = 60;

const MICROS: i64 = 60_000_000;

/// A minute of `ddos_traffic.sql`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Minute {
    #[serde(rename = "minute")]
    at: i64,
    conversations: u64,
    packets: u64,
}

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let mut looked = 0;
    for (file, ddos) in view.ddos() {
        for drill in ddos.drills.iter().filter(|drill| drill.date <= cx.as_of) {
            let Some(started) = drill.started else { continue };
            let lasts = i64::try_from(drill.recover_minutes.unwrap_or(MINUTES)).unwrap_or(i64::MAX / MICROS);
            let end = started.saturating_add(lasts.saturating_mul(MICROS));
            // The minute in which it began counts whole.
            let during = |minute: &&Minute| minute.at > started - MICROS && minute.at <= end;
            let inside: Vec<&Minute> = view.minutes.iter().filter(during).collect();
            let outside: Vec<&Minute> = view.minutes.iter().filter(|minute| !during(minute)).collect();
            // Evidence of another time proves nothing either way.
            if inside.is_empty() || outside.len() < USUAL {
                continue;
            }
            looked += 1;
            let peak = |of: fn(&Minute) -> u64| inside.iter().map(|minute| of(minute)).max().unwrap_or_default();
            let usual = |of: fn(&Minute) -> u64| middle(outside.iter().map(|minute| of(minute)).collect());
            let (conversations, packets) = (|minute: &Minute| minute.conversations, |minute: &Minute| minute.packets);
            let rose = |of: fn(&Minute) -> u64| peak(of) >= usual(of).max(1).saturating_mul(TIMES);
            if rose(conversations) || rose(packets) {
                continue;
            }
            let place = proof(file, &drill.at, format!("drill of {}", drill.date));
            cx.report(
                record(&CHECK, format!("traffic of the drill of {}", drill.date), place)
                    .fact("date", drill.date.to_string())
                    .fact("minutes", inside.len() as u64)
                    .fact("peak", peak(conversations))
                    .fact("usual", usual(conversations)),
            );
        }
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "drills"));
    }
}

fn middle(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
