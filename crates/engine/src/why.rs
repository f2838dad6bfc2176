//! The sentences that say what decides an item, in both languages.

use secdiag_model::Bilingual;

fn text(en: String, zh_tw: String) -> Bilingual {
    Bilingual { en, zh_tw }
}

/// Joins sentences.
pub(crate) fn join(parts: &[Bilingual]) -> Bilingual {
    let each = |get: fn(&Bilingual) -> &str, between: &str| parts.iter().map(get).collect::<Vec<_>>().join(between);
    text(each(|part| &part.en, " "), each(|part| &part.zh_tw, ""))
}

/// The worst findings that decide a failure or an observation.
pub(crate) fn findings(titles: &[(&str, &str)], count: usize) -> Bilingual {
    let (en, zh_tw) = titles.first().copied().unwrap_or_default();
    match count {
        0 | 1 => text(format!("{en}."), format!("{zh_tw}。")),
        _ => text(format!("{en}, and {} more.", count - 1), format!("{zh_tw}，另有 {} 項。", count - 1)),
    }
}

/// All checks passed.
pub(crate) fn passed(looked_at: &[String], looked_at_zh: &[String]) -> Bilingual {
    text(
        format!("Looked at {}; no deficiency found.", looked_at.join(", ")),
        format!("已檢視{}，未發現缺失。", looked_at_zh.join("、")),
    )
}

/// Checks that this version lacks.
pub(crate) fn planned(existing: usize, all: usize) -> Bilingual {
    match existing {
        0 => text(
            format!("None of the {all} checks that the item asks for exists in this version."),
            format!("本項所需的 {all} 項檢核，本版均尚未提供。"),
        ),
        _ => text(
            format!(
                "{existing} of the {all} checks that the item asks for exist in this version, so it cannot pass yet."
            ),
            format!("本項所需的 {all} 項檢核，本版已提供 {existing} 項，尚不足以判定符合。"),
        ),
    }
}

/// Checks that had nothing to look at.
pub(crate) fn nothing_to_look_at(checks: &[&str]) -> Bilingual {
    text(
        format!("Nothing in the evidence that {} could look at.", checks.join(", ")),
        format!("佐證資料中沒有可供 {} 檢視的內容。", checks.join("、")),
    )
}

/// A crash.
pub(crate) fn crashed(checks: &[&str]) -> Bilingual {
    text(
        format!("{} crashed (see the notes), so the item says nothing.", checks.join(", ")),
        format!("{} 執行失敗（詳見備註），本項無法判定。", checks.join("、")),
    )
}

/// Items that need a statement.
pub(crate) fn attestation_missing(ids: &[&str]) -> Bilingual {
    text(
        format!("The statement {} by a named person is missing.", ids.join(", ")),
        format!("缺少具名人員的聲明（{}）。", ids.join("、")),
    )
}

/// Decided by attestation.
pub(crate) fn attested(by: &str) -> Bilingual {
    text(format!("Decided by the statement of {by}."), format!("依 {by} 之聲明判定。"))
}

/// Nothing decides the item.
pub(crate) fn no_checks() -> Bilingual {
    text(
        "The item is decided by documents and statements that were not given.".into(),
        "本項須以文件及聲明判定，但未提供。".into(),
    )
}

/// Does not apply.
pub(crate) fn not_applicable(reason: &str, by: &str) -> Bilingual {
    text(
        format!("Does not apply: {reason} (stated by {by}, inventory supplied)."),
        format!("不適用：{reason}（由 {by} 聲明，並已提供資產清冊）。"),
    )
}

/// Said not to apply, but not shown.
pub(crate) fn not_applicable_unproved(by: &str) -> Bilingual {
    text(
        format!("{by} states that the item does not apply, but no asset inventory (INV) shows it: supply one."),
        format!("{by} 聲明本項不適用，但未提供資產清冊（INV）佐證，請補充。"),
    )
}

/// Said not to apply, but the evidence shows the contrary.
pub(crate) fn not_applicable_contradicted(by: &str) -> Bilingual {
    text(
        format!("{by} states that the item does not apply, but evidence of its kind was supplied."),
        format!("{by} 聲明本項不適用，但已收到本項所涉的佐證資料，兩者不符。"),
    )
}
