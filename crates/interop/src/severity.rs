//! Severities of other tools on our scale.

use secdiag_model::Severity;

use crate::finding::{Cvss, Grade};

/// Words that tools use, lower case, on our scale.
const WORDS: &[(&str, Severity)] = &[
    ("critical", Severity::Critical),
    ("fatal", Severity::Critical),
    ("urgent", Severity::Critical),
    ("high", Severity::High),
    ("important", Severity::High),
    ("medium", Severity::Medium),
    ("moderate", Severity::Medium),
    ("low", Severity::Low),
    ("minor", Severity::Low),
    ("info", Severity::Info),
    ("informational", Severity::Info),
    ("information", Severity::Info),
    ("none", Severity::Info),
    ("negligible", Severity::Info),
];

/// Levels of SARIF 2.1.0 §3.27.10 on our scale. The standard defines no severities; `error` is a serious problem,
/// `warning` a problem, `note` a minor problem, `none` no severity.
const SARIF_LEVELS: &[(&str, Severity)] =
    &[("error", Severity::High), ("warning", Severity::Medium), ("note", Severity::Low), ("none", Severity::Info)];

/// Lower bounds of the qualitative severity rating scale of CVSS 3.1 §5 and 4.0 §6.
const CVSS_BANDS: &[(f64, Severity)] =
    &[(9.0, Severity::Critical), (7.0, Severity::High), (4.0, Severity::Medium), (0.1, Severity::Low)];

/// A word of a tool.
pub(crate) fn word(given: &str) -> Option<Severity> {
    let lower = given.trim().to_lowercase();
    WORDS.iter().find(|(word, _)| *word == lower).map(|(_, severity)| *severity)
}

/// Whether what a tool wrote has a place on our scale.
pub(crate) fn is_known(given: &str) -> bool {
    let scored = ["CVSS ", "security-severity "].iter().any(|start| given.starts_with(start));
    scored || word(given).is_some() || sarif_level(given).is_some()
}

/// A level of SARIF.
pub(crate) fn sarif_level(given: &str) -> Option<Severity> {
    SARIF_LEVELS.iter().find(|(level, _)| *level == given).map(|(_, severity)| *severity)
}

/// The level of SARIF that we write for a severity. `none` is for results that are no failures (§3.27.10).
pub(crate) fn to_sarif_level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A CVSS base score.
pub(crate) fn score(score: f64) -> Severity {
    CVSS_BANDS.iter().find(|(from, _)| score >= *from).map_or(Severity::Info, |(_, severity)| *severity)
}

/// A score inside the band of a severity, for formats that know scores only.
pub(crate) fn to_score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}

/// The severity of a rated vulnerability: the worst word given, else the worst score of the newest CVSS version, else
/// what the newest vector says; info with the word `unrated` where nothing is given.
pub(crate) fn of_ratings(words: &[String], cvss: &[Cvss]) -> Grade {
    if let Some((severity, given)) =
        words.iter().filter_map(|given| Some((word(given)?, given))).max_by_key(|(s, _)| *s)
    {
        return Grade { ours: severity, given: given.clone() };
    }
    let rated = cvss
        .iter()
        .filter_map(|rating| Some((version(&rating.vector), rating.score.or_else(|| base_score(&rating.vector))?)));
    let best = rated.max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    match best {
        Some((_, value)) => Grade { ours: score(value), given: format!("CVSS {value}") },
        None => Grade { ours: Severity::Info, given: words.first().cloned().unwrap_or_else(|| "unrated".to_owned()) },
    }
}

/// Which CVSS version a vector is of; 0 where it does not say.
fn version(vector: &str) -> u32 {
    match vector {
        v if v.starts_with("CVSS:4") => 4,
        v if v.starts_with("CVSS:3") || v.contains("/UI:") => 3,
        v if v.contains("Au:") => 2,
        _ => 0,
    }
}

/// Base score of a CVSS 3.0 or 3.1 vector (FIRST, CVSS 3.1 specification §7.1, Appendix A for rounding).
pub(crate) fn base_score(vector: &str) -> Option<f64> {
    if version(vector) != 3 {
        return None;
    }
    let metric = |name: &str| {
        vector.split('/').find_map(|part| part.split_once(':').filter(|(key, _)| *key == name).map(|(_, value)| value))
    };
    let changed = match metric("S")? {
        "C" => true,
        "U" => false,
        _ => return None,
    };
    let reach = weight(metric("AV")?, &[("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2)])?;
    let effort = weight(metric("AC")?, &[("L", 0.77), ("H", 0.44)])?;
    let rights = match (metric("PR")?, changed) {
        ("N", _) => 0.85,
        ("L", false) => 0.62,
        ("L", true) => 0.68,
        ("H", false) => 0.27,
        ("H", true) => 0.5,
        _ => return None,
    };
    let help = weight(metric("UI")?, &[("N", 0.85), ("R", 0.62)])?;
    let mut untouched = 1.0;
    for name in ["C", "I", "A"] {
        untouched *= 1.0 - weight(metric(name)?, &[("H", 0.56), ("L", 0.22), ("N", 0.0)])?;
    }
    let iss: f64 = 1.0 - untouched;
    let impact = if changed { 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02).powi(15) } else { 6.42 * iss };
    if impact <= 0.0 {
        return Some(0.0);
    }
    let exploitability = 8.22 * reach * effort * rights * help;
    let total = if changed { 1.08 * (impact + exploitability) } else { impact + exploitability };
    let scaled = (total.min(10.0) * 100_000.0).round();
    Some(if scaled % 10_000.0 == 0.0 { scaled / 100_000.0 } else { ((scaled / 10_000.0).floor() + 1.0) / 10.0 })
}

fn weight(value: &str, table: &[(&str, f64)]) -> Option<f64> {
    table.iter().find(|(name, _)| *name == value).map(|(_, weight)| *weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_vectors_as_first_publishes_them() {
        for (vector, expected) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
            ("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
            ("AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.8),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ] {
            assert_eq!(base_score(vector), Some(expected), "{vector}");
        }
        assert_eq!(base_score("AV:N/AC:M/Au:N/C:C/I:C/A:C"), None);
        assert_eq!(base_score("CVSS:3.1/AV:N"), None);
    }

    #[test]
    fn words_before_scores_and_the_worst_of_each() {
        let cvss = [Cvss { vector: String::new(), score: Some(9.9) }];
        assert_eq!(of_ratings(&["low".into(), "High".into(), "Unknown".into()], &cvss).ours, Severity::High);
        assert_eq!(of_ratings(&[], &cvss).ours, Severity::Critical);
        assert_eq!(of_ratings(&[], &[]).given, "unrated");
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        for severity in Severity::DESCENDING {
            assert_eq!(score(to_score(severity).parse().unwrap()), severity);
        }
    }
}
