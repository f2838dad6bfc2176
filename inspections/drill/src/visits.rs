//! Which visits people made, and which programs that look at mails before people do.
//!
//! A scanner follows links seconds after the mail was sent, from few addresses for many mailboxes, and often says that
//! it is a browser of years ago. Counting its visits turns a drill of a few percent into one of nearly all. Each visit
//! is judged with its reasons, so that an assessor can overrule it; both counts are shown.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_catalogue::{Duties, LimitId};

use crate::campaign::{Mail, Visit, What};

const SECOND: i64 = 1_000_000;

/// From which figures on a visit is held to be a program's. One that is not set speaks against nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    /// Microseconds after the mail within which no person visits.
    at_once: i64,
    /// Microseconds within which a visit is a program's when something else speaks for it too.
    soon: i64,
    /// Mailboxes that one address must have visited soon to be a scanner's.
    mailboxes: u32,
    /// Versions that a browser lies behind the newest of the campaign to be one of years ago.
    versions: u32,
}

impl Signs {
    /// The limits of the catalogue for a category of system.
    pub fn of(duties: &Duties, category: Option<u8>) -> Self {
        let value = |id| duties.allowed(id, category).map(|limit| limit.value);
        let time = |id| value(id).map_or(0, |seconds| i64::from(seconds) * SECOND);
        Self {
            at_once: time(LimitId::ScanAtOnce),
            soon: time(LimitId::ScanSoon),
            mailboxes: value(LimitId::ScanMailboxes).unwrap_or(u32::MAX),
            versions: value(LimitId::ScanBrowserVersions).unwrap_or(u32::MAX),
        }
    }
}

/// Why a visit is held to be a program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Seconds after the mail was sent.
    AtOnce,
    /// Within a minute.
    Soon,
    /// From an address that visited many mailboxes at once.
    SharedAddress,
    /// With a program that says that it is none of a person's.
    Program,
    /// With a browser of years ago.
    OldBrowser,
    /// Opened and clicked in the same second.
    SameSecond,
    /// With a probe in the request.
    Probe,
}

impl Reason {
    /// The word used in facts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AtOnce => "at_once",
            Self::Soon => "soon",
            Self::SharedAddress => "shared_address",
            Self::Program => "program",
            Self::OldBrowser => "old_browser",
            Self::SameSecond => "same_second",
            Self::Probe => "probe",
        }
    }
}

/// For every visit in its order: the reasons to hold it a program's; none where a person made it.
pub fn automated(mails: &[Mail], visits: &[Visit], signs: &Signs) -> Vec<BTreeSet<Reason>> {
    let sent: BTreeMap<&str, i64> = mails.iter().filter_map(|mail| Some((mail.person.as_str(), mail.sent?))).collect();
    let delay = |visit: &Visit| waited(*sent.get(visit.person.as_str())?, visit.at?);
    let scanners = scanners(visits, &delay, signs);
    let newest = visits.iter().filter_map(|visit| version(visit.agent.as_deref()?)).max();
    let mut moments: BTreeMap<(&str, i64), BTreeSet<What>> = BTreeMap::new();
    for visit in visits.iter().filter(|visit| visit.what != What::Report) {
        if let Some(at) = visit.at {
            moments.entry((&visit.person, at / SECOND)).or_default().insert(visit.what);
        }
    }
    let reasons = |visit: &Visit| {
        let mut reasons = BTreeSet::new();
        // A report is made in the mail program, whatever a scanner does.
        if visit.what == What::Report {
            return reasons;
        }
        let agent = visit.agent.as_deref().unwrap_or_default();
        let waited = delay(visit);
        let old = newest.zip(version(agent)).is_some_and(|(newest, own)| newest.saturating_sub(own) >= signs.versions);
        let at_once = waited.is_some_and(|waited| (0..signs.at_once).contains(&waited));
        let soon = waited.is_some_and(|waited| (0..signs.soon).contains(&waited));
        let same = visit.at.is_some_and(|at| {
            let around = [at / SECOND - 1, at / SECOND, at / SECOND + 1];
            let seen: BTreeSet<What> = around
                .iter()
                .filter_map(|second| moments.get(&(visit.person.as_str(), *second)))
                .flatten()
                .copied()
                .collect();
            seen.contains(&What::Open) && seen.contains(&What::Click)
        });
        let shared = visit.src.as_deref().is_some_and(|src| scanners.contains(src));
        for (holds, reason) in [
            (at_once, Reason::AtOnce),
            (soon && !at_once, Reason::Soon),
            (shared, Reason::SharedAddress),
            (is_program(agent), Reason::Program),
            (old, Reason::OldBrowser),
            (same, Reason::SameSecond),
            (visit.probe, Reason::Probe),
        ] {
            if holds {
                reasons.insert(reason);
            }
        }
        let sure = at_once || shared || visit.probe || is_program(agent);
        if !(sure || soon && (old || same)) {
            reasons.clear();
        }
        reasons
    };
    visits.iter().map(reasons).collect()
}

/// How long after the mail. Where both times are the same whole minute, seconds are not told: spreadsheet programs drop
/// them, and some tables tell the day only.
fn waited(sent: i64, at: i64) -> Option<i64> {
    let told = at != sent || at % (60 * SECOND) != 0;
    told.then(|| at - sent)
}

/// Addresses from which many mailboxes were visited, nearly all of them soon after their mail was sent. An office
/// behind one address visits late.
fn scanners<'a>(visits: &'a [Visit], delay: &dyn Fn(&Visit) -> Option<i64>, signs: &Signs) -> BTreeSet<&'a str> {
    let mut of_address: BTreeMap<&str, (BTreeSet<&str>, usize, usize)> = BTreeMap::new();
    for visit in visits {
        let (Some(src), Some(waited)) = (visit.src.as_deref(), delay(visit)) else { continue };
        let (mailboxes, soon, all) = of_address.entry(src).or_default();
        *all += 1;
        if (0..signs.soon).contains(&waited) {
            mailboxes.insert(&visit.person);
            *soon += 1;
        }
    }
    of_address
        .into_iter()
        .filter(|(_, (mailboxes, soon, all))| {
            mailboxes.len() as u64 >= u64::from(signs.mailboxes) && soon * 10 >= all * 8
        })
        .map(|(src, _)| src)
        .collect()
}

/// Programs that name themselves. Proxies that fetch pictures when a person opens a mail are none.
fn is_program(agent: &str) -> bool {
    const WORDS: &[&str] = &[
        "bot/",
        "crawler",
        "spider",
        "scanner",
        "headless",
        "phantomjs",
        "python",
        "curl/",
        "wget",
        "go-http-client",
        "java/",
        "libwww",
        "okhttp",
        "httpclient",
        "preview",
        "safelinks",
        "barracuda",
        "proofpoint",
        "mimecast",
        "urldefense",
        "powershell",
    ];
    let agent = agent.to_lowercase();
    WORDS.iter().any(|word| agent.contains(word))
}

/// Major version of a browser that counts as Chrome does (Chrome, Edge and what is built on them; Firefox keeps pace).
fn version(agent: &str) -> Option<u32> {
    let after = ["Chrome/", "Firefox/"].iter().find_map(|name| agent.split_once(name))?.1;
    after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(person: &str) -> Mail {
        Mail { person: person.into(), sent: Some(0), delivered: true, ..Mail::default() }
    }

    fn visit(person: &str, second: i64, what: What, src: &str, agent: &str) -> Visit {
        let (person, src, agent) = (person.into(), Some(src.into()), Some(agent.into()));
        Visit { person, at: Some(second * SECOND), what, src, agent, probe: false, line: 0 }
    }

    const NEW: &str = "Mozilla/5.0 Chrome/141.0.0.0 Safari/537.36";
    const OLD: &str = "Mozilla/5.0 Chrome/101.0.0.0 Safari/537.36";

    const SIGNS: Signs = Signs { at_once: 10 * SECOND, soon: 60 * SECOND, mailboxes: 3, versions: 20 };

    fn judged(visits: &[Visit]) -> Vec<bool> {
        let mails: Vec<Mail> = ["a", "b", "c", "d"].iter().map(|person| mail(person)).collect();
        automated(&mails, visits, &SIGNS).iter().map(|reasons| !reasons.is_empty()).collect()
    }

    #[test]
    fn a_person_who_is_quick_is_a_person_and_a_program_that_is_slow_is_a_program() {
        use What::{Click, Open, Report};
        // Thirty seconds after the mail, and nothing else speaks against it.
        assert_eq!(judged(&[visit("a", 30, Open, "10.0.0.1", NEW)]), [false]);
        assert_eq!(
            judged(&[visit("a", 30, Open, "10.0.0.1", NEW), visit("a", 30, Click, "10.0.0.1", NEW)]),
            [true, true]
        );
        assert_eq!(
            judged(&[visit("a", 30, Click, "10.0.0.1", OLD), visit("b", 900, Click, "10.0.0.2", NEW)]),
            [true, false]
        );
        assert_eq!(judged(&[visit("a", 4, Open, "10.0.0.1", NEW)]), [true]);
        assert_eq!(judged(&[visit("a", 4, Report, "10.0.0.1", NEW)]), [false]);
        assert_eq!(judged(&[visit("a", 4_000, Click, "10.0.0.1", "python-requests/2.32")]), [true]);
        assert_eq!(judged(&[visit("a", 4_000, Click, "10.0.0.1", "Googlebot/2.1")]), [true]);
        // A telephone's name, a picture that a mail provider fetches when it is looked at, clocks that differ.
        for agent in [
            "Mozilla/5.0 (Linux; Android 13; CUBOT X70) Chrome/141.0.0.0",
            "Mozilla/5.0 (via ggpht.com GoogleImageProxy)",
        ] {
            assert_eq!(judged(&[visit("a", 4_000, Open, "10.0.0.1", agent)]), [false], "{agent}");
        }
        assert_eq!(judged(&[visit("a", -3_600, Open, "10.0.0.1", NEW)]), [false]);
        // Old browsers exist; alone they say nothing.
        assert_eq!(
            judged(&[visit("a", 4_000, Click, "10.0.0.1", OLD), visit("b", 900, Click, "10.0.0.2", NEW)]),
            [false, false]
        );
    }

    #[test]
    fn times_without_seconds_speak_against_nobody() {
        let [minute, day] = [60, 86_400].map(|length| {
            let mails = [Mail { sent: Some(length * SECOND), ..mail("a") }];
            automated(&mails, &[visit("a", length, What::Click, "10.0.0.1", NEW)], &SIGNS)
        });
        assert_eq!((minute, day), (vec![BTreeSet::new()], vec![BTreeSet::new()]));
    }

    #[test]
    fn an_address_that_visits_many_mailboxes_at_once_is_a_scanner_and_an_office_is_not() {
        let at = |seconds: [i64; 4], src: &str| -> Vec<Visit> {
            ["a", "b", "c", "d"]
                .iter()
                .zip(seconds)
                .map(|(person, s)| visit(person, s, What::Click, src, NEW))
                .collect()
        };
        assert_eq!(judged(&at([20, 30, 40, 50], "40.0.0.1")), [true; 4]);
        assert_eq!(judged(&at([300, 900, 2_000, 50], "10.9.9.9")), [false; 4]);
    }
}
