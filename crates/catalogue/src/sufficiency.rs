//! When evidence is enough. The numbers are the catalogue's; the arithmetic is here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use secdiag_model::{Bilingual, EvidenceKind, Period};
use serde::{Deserialize, Serialize};

use crate::EvidenceNeed;

/// A sufficiency rule. Written as a map with the rule's name as its only key:
/// `sufficiency: {span_or_size: {days: 30, megabytes: 100}}`; one without numbers as its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Sufficiency {
    /// Captures: each capture point covers at least `hours`, counting no silence longer than `max_gap_minutes`.
    Capture {
        /// Hours covered at each capture point.
        hours: u32,
        /// Silences up to this long still count as covered.
        max_gap_minutes: u32,
        /// Packets that the recorder lost, in percent of all, where the capture says so.
        max_drop_percent: u32,
    },
    /// Logs: first to last record spans `days` on each device, or the records of all come to `megabytes` (10^6 bytes).
    SpanOrSize {
        /// Days from first to last record. A span that lacks less than an hour counts as whole: the first and the last
        /// record of a full month lie inside it.
        days: u32,
        /// Size in 10^6 bytes.
        megabytes: u32,
    },
    /// Sampling: at least `percent` of the population or `count` units.
    Sample {
        /// Percent of the declared population.
        percent: u32,
        /// Units.
        count: u32,
    },
    /// No sampling: every unit of the declared population. Written `sufficiency: every_unit`.
    EveryUnit,
    /// Lists that age: the newest is at most `days` old on the as-of date.
    Fresh {
        /// Days.
        days: u32,
    },
}

/// What there is of a kind of evidence, for one system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Readable artefacts of the kind.
    pub artefacts: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Covered stretches by capture point or device; the empty name is "not named".
    pub periods: BTreeMap<String, Vec<Period>>,
    /// Packets captured and packets that the recorder says it lost, by capture point, where it says so.
    pub drops: BTreeMap<String, (u64, u64)>,
    /// Distinct devices or hosts.
    pub units: u64,
    /// Population declared for sampling.
    pub population: Option<u64>,
    /// Age in days of the newest artefact, where it has a date.
    pub age_days: Option<i64>,
}

/// Whether evidence is enough, with the figures that decide it, in English and Chinese.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Enough.
    pub sufficient: bool,
    /// What was measured against what is asked, one sentence without its full stop.
    pub why: Bilingual,
}

impl Sufficiency {
    /// Judges one kind of evidence of one system. Nothing is never enough.
    pub fn judge(&self, measured: &Measured) -> Verdict {
        if measured.artefacts == 0 {
            return no("nothing readable was handed in".into(), "未提供可讀取的佐證資料".into());
        }
        match *self {
            Self::Capture { hours, max_gap_minutes, max_drop_percent } => {
                capture(measured, hours, max_gap_minutes, max_drop_percent)
            }
            Self::SpanOrSize { days, megabytes } => span_or_size(measured, days, megabytes),
            Self::Sample { percent, count } => sample(measured, percent, count),
            Self::EveryUnit => every_unit(measured),
            Self::Fresh { days } => fresh(measured, days),
        }
    }
}

impl EvidenceNeed {
    /// The rule for one of the kinds; without one, a readable artefact is enough.
    pub fn rule(&self, kind: EvidenceKind) -> Option<&Sufficiency> {
        self.sufficiency_of.get(&kind).or(self.sufficiency.as_ref())
    }

    /// Judges the whole need: one kind that is enough by itself is enough. Kinds without evidence may be left out of
    /// `measured`. The reason names the kind that was enough, or what each kind that is there lacks.
    pub fn judge(&self, measured: &BTreeMap<EvidenceKind, Measured>) -> Verdict {
        let mut lacking = Vec::new();
        for kind in &self.any_of {
            let Some(found) = measured.get(kind).filter(|found| found.artefacts > 0) else { continue };
            let verdict = match self.rule(*kind) {
                Some(rule) => rule.judge(found),
                None => yes(
                    format!("{} readable {}", found.artefacts, plural(found.artefacts, "artefact")),
                    format!("有 {} 份可讀取的佐證資料", found.artefacts),
                ),
            };
            let why = Bilingual {
                en: format!("{kind}: {}", verdict.why.en),
                zh_tw: format!("{kind}：{}", verdict.why.zh_tw),
            };
            if verdict.sufficient {
                return Verdict { sufficient: true, why };
            }
            lacking.push(why);
        }
        if lacking.is_empty() {
            let codes: Vec<_> = self.any_of.iter().map(|kind| kind.code()).collect();
            return no(
                format!("no readable {} evidence", codes.join(" or ")),
                format!("未提供可讀取的 {} 佐證資料", codes.join(" 或 ")),
            );
        }
        Verdict { sufficient: false, why: joined(lacking) }
    }
}

/// Microseconds covered by the union of the periods, where silences of up to `max_gap_us` count as covered. Periods may
/// overlap and come in any order; one that ends before it starts covers nothing.
pub fn covered_us(periods: &[Period], max_gap_us: i64) -> i64 {
    let mut sorted: Vec<_> = periods.iter().filter(|period| period.start_us <= period.end_us).collect();
    sorted.sort_unstable();
    let mut covered = 0_i64;
    let mut reached: Option<i64> = None;
    for period in sorted {
        let from = match reached {
            Some(end) if period.start_us.saturating_sub(end) <= max_gap_us => end,
            _ => period.start_us,
        };
        covered = covered.saturating_add(period.end_us.saturating_sub(from).max(0));
        reached = Some(reached.map_or(period.end_us, |end| end.max(period.end_us)));
    }
    covered
}

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn capture(measured: &Measured, hours: u32, max_gap_minutes: u32, max_drop_percent: u32) -> Verdict {
    if measured.periods.is_empty() {
        return no("the captures do not say when they were taken".into(), "側錄檔未載明側錄時間".into());
    }
    let mut lacking = Vec::new();
    let mut least: Option<(i64, &str)> = None;
    for (point, periods) in &measured.periods {
        let covered = covered_us(periods, i64::from(max_gap_minutes) * MINUTE);
        let (en, zh) = capture_point(point);
        if covered < i64::from(hours) * HOUR {
            lacking.push(Bilingual {
                en: format!("covered {} of the {hours} h asked at {en}", duration_en(covered)),
                zh_tw: format!("{zh}涵蓋 {}，未達要求的 {hours} 小時", duration_zh(covered)),
            });
        }
        if least.is_none_or(|(shortest, _)| covered < shortest) {
            least = Some((covered, point));
        }
    }
    for (point, (captured, lost)) in &measured.drops {
        let all = u128::from(*captured) + u128::from(*lost);
        if u128::from(*lost) * 100 > u128::from(max_drop_percent) * all {
            let (en, zh) = capture_point(point);
            lacking.push(Bilingual {
                en: format!("the recorder lost {lost} of {all} packets at {en}, more than {max_drop_percent} %"),
                zh_tw: format!("{zh}側錄設備於 {all} 個封包中遺失 {lost} 個，超過 {max_drop_percent}%"),
            });
        }
    }
    if !lacking.is_empty() {
        return Verdict { sufficient: false, why: joined(lacking) };
    }
    let (covered, point) = least.unwrap_or_default();
    let (en, zh) = capture_point(point);
    match measured.periods.len() {
        1 => yes(
            format!("covered {} of the {hours} h asked at {en}", duration_en(covered)),
            format!("{zh}涵蓋 {}，達到要求的 {hours} 小時", duration_zh(covered)),
        ),
        points => yes(
            format!("covered the {hours} h asked at each of {points} capture points, {} at {en}", duration_en(covered)),
            format!("{points} 個側錄點均達到要求的 {hours} 小時，最短為{zh}的 {}", duration_zh(covered)),
        ),
    }
}

fn span_or_size(measured: &Measured, days: u32, megabytes: u32) -> Verdict {
    let (size_en, size_zh) = (megabytes_text(measured.bytes), megabytes_text(measured.bytes));
    if measured.bytes >= u64::from(megabytes) * 1_000_000 {
        return yes(
            format!("{size_en} MB of records, {megabytes} MB asked"),
            format!("紀錄共 {size_zh} MB，達到要求的 {megabytes} MB"),
        );
    }
    let asked_en = format!("{size_en} MB of records; {days} days or {megabytes} MB are asked");
    let asked_zh = format!("紀錄共 {size_zh} MB；要求 {days} 日或 {megabytes} MB");
    let spans = measured.periods.iter().filter_map(|(device, periods)| Some((span_us(periods)?, device.as_str())));
    let Some((shortest, device)) = spans.min() else {
        return no(format!("the records have no dates, {asked_en}"), format!("紀錄無日期，{asked_zh}"));
    };
    let (device_en, device_zh) = match device {
        "" => (String::new(), String::new()),
        name => (format!(" of `{name}`"), format!("「{name}」的")),
    };
    let (span_en, span_zh) = (duration_en(shortest), duration_zh(shortest));
    if shortest > i64::from(days) * DAY - HOUR {
        yes(
            format!("the records{device_en} span {span_en}, {days} days asked"),
            format!("{device_zh}紀錄涵蓋 {span_zh}，達到要求的 {days} 日"),
        )
    } else {
        no(
            format!("the records{device_en} span {span_en}, {asked_en}"),
            format!("{device_zh}紀錄僅涵蓋 {span_zh}，{asked_zh}"),
        )
    }
}

fn sample(measured: &Measured, percent: u32, count: u32) -> Verdict {
    let units = measured.units;
    if units >= u64::from(count) {
        return yes(
            format!("{units} units examined, {count} asked"),
            format!("已檢測 {units} 台，達到要求的 {count} 台"),
        );
    }
    let Some(population) = measured.population else {
        return no(
            format!(
                "{units} units examined of an unknown number: declare the population, or examine {count} \
                 ({percent} % of the population or {count} units are asked)"
            ),
            format!(
                "已檢測 {units} 台，惟未申報總數：請申報受檢設備總數，或檢測達 {count} 台（要求總數之 {percent}% 或 {count} 台）"
            ),
        );
    };
    if units > population {
        return too_many(units, population);
    }
    let share = tenths_of_percent(units, population);
    if units > 0 && u128::from(units) * 100 >= u128::from(percent) * u128::from(population) {
        yes(
            format!("{units} of {population} units examined, {share} % of the {percent} % asked"),
            format!("已檢測 {population} 台中的 {units} 台（{share}%），達到要求的 {percent}%"),
        )
    } else {
        no(
            format!(
                "{units} of {population} units examined, {share} %; {percent} % of the population or {count} units are \
                 asked"
            ),
            format!("已檢測 {population} 台中的 {units} 台（{share}%）；要求總數之 {percent}% 或 {count} 台"),
        )
    }
}

fn every_unit(measured: &Measured) -> Verdict {
    let units = measured.units;
    match measured.population {
        None => no(
            format!("{units} units examined of an unknown number: declare the population, all of which is asked"),
            format!("已檢測 {units} 台，惟未申報總數：請申報受檢設備總數（要求全數檢測）"),
        ),
        Some(population) if units > population => too_many(units, population),
        Some(population) if units == population && units > 0 => {
            yes(format!("all {population} units examined"), format!("{population} 台全數完成檢測"))
        }
        Some(population) => no(
            format!("{units} of {population} units examined; all are asked"),
            format!("已檢測 {population} 台中的 {units} 台；要求全數檢測"),
        ),
    }
}

fn too_many(units: u64, population: u64) -> Verdict {
    no(
        format!("{units} units examined, but only {population} are declared: correct the declared population"),
        format!("已檢測 {units} 台，多於申報的總數 {population} 台：請更正申報的總數"),
    )
}

fn fresh(measured: &Measured, days: u32) -> Verdict {
    let Some(age) = measured.age_days else {
        return no(
            format!("the date is unknown; at most {days} days old is asked"),
            format!("日期不明；要求不得逾 {days} 日"),
        );
    };
    let (age_en, age_zh) = if age < 0 {
        (format!("dated {} days after the date of the diagnostic", age.unsigned_abs()), {
            format!("日期晚於健診基準日 {} 日", age.unsigned_abs())
        })
    } else {
        (format!("{age} days old"), format!("距健診基準日 {age} 日"))
    };
    if age <= i64::from(days) {
        yes(format!("{age_en}, at most {days} days asked"), format!("{age_zh}，符合 {days} 日以內之要求"))
    } else {
        no(format!("{age_en}; at most {days} days old is asked"), format!("{age_zh}；要求不得逾 {days} 日"))
    }
}

/// First to last moment; nothing where there is no valid period.
fn span_us(periods: &[Period]) -> Option<i64> {
    let valid = || periods.iter().filter(|period| period.start_us <= period.end_us);
    let start = valid().map(|period| period.start_us).min()?;
    let end = valid().map(|period| period.end_us).max()?;
    Some(end.saturating_sub(start))
}

fn yes(en: String, zh_tw: String) -> Verdict {
    Verdict { sufficient: true, why: Bilingual { en, zh_tw } }
}

fn no(en: String, zh_tw: String) -> Verdict {
    Verdict { sufficient: false, why: Bilingual { en, zh_tw } }
}

fn joined(texts: Vec<Bilingual>) -> Bilingual {
    let (en, zh_tw): (Vec<_>, Vec<_>) = texts.into_iter().map(|text| (text.en, text.zh_tw)).unzip();
    Bilingual { en: en.join("; "), zh_tw: zh_tw.join("；") }
}

fn capture_point(name: &str) -> (String, String) {
    match name {
        "" => ("the unnamed capture point".to_owned(), "未命名側錄點".to_owned()),
        name => (format!("capture point `{name}`"), format!("側錄點「{name}」")),
    }
}

/// Rounded down, so that a figure never says more than was measured: `30 d 2 h`, `5 h 59 min`, `59 min`.
fn duration_en(us: i64) -> String {
    match us {
        _ if us >= DAY => format!("{} d {} h", us / DAY, us % DAY / HOUR),
        _ if us >= HOUR => format!("{} h {} min", us / HOUR, us % HOUR / MINUTE),
        _ => format!("{} min", us / MINUTE),
    }
}

fn duration_zh(us: i64) -> String {
    match us {
        _ if us >= DAY => format!("{} 日 {} 小時", us / DAY, us % DAY / HOUR),
        _ if us >= HOUR => format!("{} 小時 {} 分", us / HOUR, us % HOUR / MINUTE),
        _ => format!("{} 分", us / MINUTE),
    }
}

/// One decimal, rounded down.
fn megabytes_text(bytes: u64) -> String {
    format!("{}.{}", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

/// One decimal, rounded down.
fn tenths_of_percent(part: u64, whole: u64) -> String {
    let tenths = (u128::from(part) * 1000).checked_div(u128::from(whole)).unwrap_or_default();
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn plural(count: u64, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CAPTURE: Sufficiency = Sufficiency::Capture { hours: 6, max_gap_minutes: 5, max_drop_percent: 1 };
    const LOGS: Sufficiency = Sufficiency::SpanOrSize { days: 30, megabytes: 100 };
    const SAMPLE: Sufficiency = Sufficiency::Sample { percent: 10, count: 100 };
    const FRESH: Sufficiency = Sufficiency::Fresh { days: 7 };

    fn minutes(start: i64, end: i64) -> Period {
        Period { start_us: start * MINUTE, end_us: end * MINUTE }
    }

    fn captured(points: &[(&str, &[Period])]) -> Measured {
        let periods = points.iter().map(|(point, periods)| ((*point).to_owned(), periods.to_vec())).collect();
        Measured { artefacts: 1, periods, ..Measured::default() }
    }

    fn logged(span_us: i64, bytes: u64) -> Measured {
        let periods = BTreeMap::from([("fw-1".to_owned(), vec![Period { start_us: 7, end_us: 7 + span_us }])]);
        Measured { artefacts: 1, bytes, periods, ..Measured::default() }
    }

    fn sampled(units: u64, population: Option<u64>) -> Measured {
        Measured { artefacts: 1, units, population, ..Measured::default() }
    }

    #[track_caller]
    fn check(rule: &Sufficiency, measured: &Measured, sufficient: bool, en: &str) {
        let verdict = rule.judge(measured);
        assert_eq!((verdict.sufficient, verdict.why.en.as_str()), (sufficient, en));
        assert!(verdict.why.zh_tw.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{}", verdict.why.zh_tw);
    }

    #[test]
    fn captures_need_six_hours_at_each_point() {
        check(
            &CAPTURE,
            &captured(&[("core", &[minutes(0, 359)])]),
            false,
            "covered 5 h 59 min of the 6 h asked at capture point `core`",
        );
        check(
            &CAPTURE,
            &captured(&[("core", &[minutes(0, 360)])]),
            true,
            "covered 6 h 0 min of the 6 h asked at capture point `core`",
        );
        let six_hours = [minutes(0, 360)];
        check(
            &CAPTURE,
            &captured(&[("core", &six_hours), ("dmz", &[minutes(0, 10)]), ("", &[])]),
            false,
            "covered 0 min of the 6 h asked at the unnamed capture point; covered 10 min of the 6 h asked at capture point `dmz`",
        );
        check(
            &CAPTURE,
            &captured(&[("core", &[minutes(0, 500)]), ("dmz", &six_hours)]),
            true,
            "covered the 6 h asked at each of 2 capture points, 6 h 0 min at capture point `dmz`",
        );
        assert_eq!(
            CAPTURE.judge(&captured(&[("core", &[minutes(0, 359)])])).why.zh_tw,
            "側錄點「core」涵蓋 5 小時 59 分，未達要求的 6 小時"
        );
    }

    #[test]
    fn silences_count_up_to_the_limit_and_overlaps_count_once() {
        let hours = |periods: &[Period]| CAPTURE.judge(&captured(&[("core", periods)])).sufficient;
        assert!(hours(&[minutes(0, 180), minutes(185, 360)]), "5 minutes of silence are covered");
        assert!(!hours(&[minutes(0, 180), minutes(186, 361)]), "6 are not");
        assert!(hours(&[minutes(0, 180), minutes(1000, 1180)]), "two stretches add up");
        assert!(!hours(&[minutes(0, 300), minutes(0, 300)]), "the same stretch twice is one stretch");
        assert!(!hours(&[minutes(0, 300), minutes(100, 200), minutes(50, 310)]), "and so are overlapping ones");
        assert!(!hours(&[minutes(360, 0)]), "a period that ends before it starts covers nothing");
    }

    #[test]
    fn captures_that_lost_too_much_are_refused() {
        let mut measured = captured(&[("core", &[minutes(0, 360)])]);
        measured.drops.insert("core".to_owned(), (99, 1));
        assert!(CAPTURE.judge(&measured).sufficient);
        measured.drops.insert("core".to_owned(), (98, 1));
        check(&CAPTURE, &measured, false, "the recorder lost 1 of 99 packets at capture point `core`, more than 1 %");
        measured.drops.insert("core".to_owned(), (0, 0));
        assert!(CAPTURE.judge(&measured).sufficient);
    }

    #[test]
    fn logs_need_thirty_days_or_a_hundred_megabytes() {
        check(
            &LOGS,
            &logged(29 * DAY, 99_999_999),
            false,
            "the records of `fw-1` span 29 d 0 h, 99.9 MB of records; 30 days or 100 MB are asked",
        );
        check(&LOGS, &logged(30 * DAY, 1), true, "the records of `fw-1` span 30 d 0 h, 30 days asked");
        check(&LOGS, &logged(DAY, 100_000_000), true, "100.0 MB of records, 100 MB asked");
        assert!(LOGS.judge(&logged(30 * DAY - 20_000_000, 1)).sufficient, "a month from midnight to midnight");
        assert!(!LOGS.judge(&logged(30 * DAY - HOUR, 1)).sufficient);
        let mut two = logged(31 * DAY, 1);
        two.periods.insert("ids-1".to_owned(), vec![minutes(0, 60)]);
        check(
            &LOGS,
            &two,
            false,
            "the records of `ids-1` span 1 h 0 min, 0.0 MB of records; 30 days or 100 MB are asked",
        );
        two.periods.clear();
        check(&LOGS, &two, false, "the records have no dates, 0.0 MB of records; 30 days or 100 MB are asked");
    }

    #[test]
    fn samples_need_a_tenth_or_a_hundred() {
        check(
            &SAMPLE,
            &sampled(99, Some(1000)),
            false,
            "99 of 1000 units examined, 9.9 %; 10 % of the population or 100 units are asked",
        );
        check(&SAMPLE, &sampled(99, Some(990)), true, "99 of 990 units examined, 10.0 % of the 10 % asked");
        check(&SAMPLE, &sampled(100, Some(100_000)), true, "100 units examined, 100 asked");
        check(&SAMPLE, &sampled(100, None), true, "100 units examined, 100 asked");
        check(
            &SAMPLE,
            &sampled(99, None),
            false,
            "99 units examined of an unknown number: declare the population, or examine 100 (10 % of the population or 100 units are asked)",
        );
        check(
            &SAMPLE,
            &sampled(5, Some(3)),
            false,
            "5 units examined, but only 3 are declared: correct the declared population",
        );
        assert!(!SAMPLE.judge(&sampled(0, Some(0))).sufficient);
    }

    #[test]
    fn where_nothing_is_sampled_all_units_are_asked() {
        let rule = Sufficiency::EveryUnit;
        check(&rule, &sampled(12, Some(12)), true, "all 12 units examined");
        check(&rule, &sampled(11, Some(12)), false, "11 of 12 units examined; all are asked");
        check(
            &rule,
            &sampled(13, Some(12)),
            false,
            "13 units examined, but only 12 are declared: correct the declared population",
        );
        check(
            &rule,
            &sampled(500, None),
            false,
            "500 units examined of an unknown number: declare the population, all of which is asked",
        );
        assert!(!rule.judge(&sampled(0, Some(0))).sufficient);
    }

    #[test]
    fn lists_need_a_date() {
        let aged = |age_days| Measured { artefacts: 1, age_days, ..Measured::default() };
        check(&FRESH, &aged(Some(7)), true, "7 days old, at most 7 days asked");
        check(&FRESH, &aged(Some(8)), false, "8 days old; at most 7 days old is asked");
        check(&FRESH, &aged(Some(-2)), true, "dated 2 days after the date of the diagnostic, at most 7 days asked");
        check(&FRESH, &aged(None), false, "the date is unknown; at most 7 days old is asked");
    }

    #[test]
    fn nothing_is_never_enough() {
        for rule in [CAPTURE, LOGS, SAMPLE, FRESH, Sufficiency::EveryUnit] {
            check(
                &rule,
                &Measured { units: 500, bytes: u64::MAX, ..Measured::default() },
                false,
                "nothing readable was handed in",
            );
        }
    }

    #[test]
    fn one_kind_that_is_enough_is_enough() {
        let need = EvidenceNeed {
            any_of: vec![EvidenceKind::Adx, EvidenceKind::Locpol],
            sufficiency: None,
            sufficiency_of: BTreeMap::from([(EvidenceKind::Locpol, SAMPLE)]),
            optional: false,
        };
        let judge = |kinds: &[(EvidenceKind, Measured)]| {
            let verdict = need.judge(&kinds.iter().cloned().collect());
            (verdict.sufficient, verdict.why.en)
        };
        let adx = (EvidenceKind::Adx, sampled(1, None));
        let locpol = (EvidenceKind::Locpol, sampled(3, Some(100)));
        assert_eq!(judge(&[]), (false, "no readable ADX or LOCPOL evidence".to_owned()));
        assert_eq!(judge(&[adx, locpol.clone()]), (true, "ADX: 1 readable artefact".to_owned()));
        assert_eq!(
            judge(&[locpol]),
            (false, "LOCPOL: 3 of 100 units examined, 3.0 %; 10 % of the population or 100 units are asked".to_owned())
        );
    }

    proptest! {
        /// The slow and obvious model: colour every cell of a line, then colour gaps that are short enough.
        #[test]
        fn union_agrees_with_the_obvious_model(
            periods in prop::collection::vec((0_i64..200, 0_i64..40), 0..12),
            max_gap in 0_i64..12,
        ) {
            let mut cells = [false; 260];
            for (start, length) in &periods {
                for cell in *start..start + length {
                    cells[usize::try_from(cell).unwrap()] = true;
                }
            }
            // Periods without length cover nothing, but a silence ends at them: their moments are the gaps' borders.
            let mut borders: Vec<i64> = periods.iter().flat_map(|(start, length)| [*start, start + length]).collect();
            borders.sort_unstable();
            for pair in borders.windows(2) {
                if pair[1] - pair[0] <= max_gap {
                    for cell in pair[0]..pair[1] {
                        cells[usize::try_from(cell).unwrap()] = true;
                    }
                }
            }
            let expected = cells.iter().filter(|cell| **cell).count();
            let periods: Vec<_> = periods.iter().map(|(start, length)| minutes(*start, start + length)).collect();
            prop_assert_eq!(covered_us(&periods, max_gap * MINUTE), i64::try_from(expected).unwrap() * MINUTE);
        }

        /// Hostile times never overflow, and more evidence never covers less.
        #[test]
        fn any_times_are_borne(periods in prop::collection::vec((any::<i64>(), any::<i64>()), 0..8)) {
            let periods: Vec<_> = periods.iter().map(|(start_us, end_us)| Period { start_us: *start_us, end_us: *end_us }).collect();
            let all = covered_us(&periods, i64::MAX);
            prop_assert!(all >= 0);
            if let Some((_, fewer)) = periods.split_last() {
                prop_assert!(covered_us(fewer, 0) <= covered_us(&periods, 0));
            }
        }
    }
}
