//! The report as a reader gets it.
#![allow(clippy::unwrap_used)]

mod support;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use secdiag_catalogue::Catalogue;
use secdiag_model::Lang;
use secdiag_model::result::RunResult;
use secdiag_report::html;

const LANGS: [Lang; 2] = [Lang::En, Lang::ZhTw];

fn report(result: &RunResult, lang: Lang) -> String {
    html(result, &Catalogue::built_in().unwrap(), lang).unwrap()
}

/// Text between tags, without the style sheet.
fn text(page: &str) -> String {
    let body = page.split_once("<body").unwrap().1;
    let mut out = String::new();
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        out.push('\n');
        rest = after.split_once('>').map_or("", |(_, rest)| rest);
    }
    out
}

/// Headings, column headings and anchors of sections: what stays when the texts change.
fn outline(page: &str) -> String {
    let mut out = String::new();
    for part in page.split_once("<main").unwrap().1.split('<').skip(1) {
        let Some((tag, text)) = part.split_once('>') else { continue };
        let name = tag.split_whitespace().next().unwrap_or_default();
        let text = text.trim();
        match name {
            "section" => writeln!(out, "{}", tag.split(" aria").next().unwrap()).unwrap(),
            "article" => writeln!(out, "{}", tag.split(" id").next().unwrap()).unwrap(),
            "h1" | "h2" | "h3" | "h4" | "caption" | "dt" => writeln!(out, "  {name} {text}").unwrap(),
            "th" if tag.contains("scope=\"col\"") => writeln!(out, "    {text}").unwrap(),
            "span" if tag.contains("\"no\"") => writeln!(out, "    {text}").unwrap(),
            _ => {}
        }
    }
    out
}

#[test]
fn outline_of_the_report() {
    insta::assert_snapshot!("outline_en", outline(&report(&support::three_systems(), Lang::En)));
    insta::assert_snapshot!("outline_zh_tw", outline(&report(&support::one_system(), Lang::ZhTw)));
}

#[test]
fn summary_says_what_the_figures_say() {
    let page = text(&report(&support::three_systems(), Lang::En));
    assert!(page.contains("5 of 23 decided items are deficient."));
    assert!(page.contains("14 could not be decided: 9 for want of evidence, 4 because a check is missing, 1 because an inspection failed. What is not decided is not a pass. Items are counted once for each of 3 systems."));
    let page = text(&report(&support::one_system(), Lang::ZhTw));
    assert!(page.contains("已判定的 7 個項目中，有 5 個不符合。"));
    assert!(
        page.contains("另有 6 個無法判定：3 個佐證不足、2 個尚無檢核點、1 個因檢測異常未能查核。未判定不等於通過。")
    );
    assert!(page.contains("民國 115 年 11 月 23 日"));
}

#[test]
fn a_run_over_nothing_is_not_a_good_report() {
    let page = text(&report(&support::empty(), Lang::En));
    assert!(page.contains("The run holds no items."));
    assert!(page.contains("No findings. That is worth what was looked at"));
    assert!(page.contains("No evidence was given."));
    assert!(!page.contains("Every item was decided"));
}

#[test]
fn hostile_text_stays_text() {
    for lang in LANGS {
        let page = report(&support::hostile(), lang);
        for markup in [
            "<script",
            "<img",
            "onerror=alert(2)>",
            "<svg onload",
            "{{ 7*7 }}\u{0}",
            "\u{1b}",
            "\u{202e}",
            "\u{0}",
            "\u{2028}",
        ] {
            assert!(!page.contains(markup), "{markup:?}");
        }
        // The only elements are the templates' own, and the style sheet ends where it should.
        assert_eq!(page.matches("</style").count(), 1);
        assert_eq!(page.matches("<title>Information").count() + page.matches("<title>資安").count(), 1);
        assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "shown to the reader, as text");
        assert!(page.contains("invoice\\u{202e}fdp.exe"), "what reorders text is written out");
        let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        assert_eq!(style.matches('{').count(), style.matches('}').count());
        for attribute in page.split("id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(attribute.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)), "{attribute}");
        }
    }
}

#[test]
fn nothing_comes_from_elsewhere() {
    for lang in LANGS {
        let page = report(&support::three_systems(), lang);
        for outside in ["src=", "<link", "<script", "@import", "http://", "https://", "url(h"] {
            assert!(!page.contains(outside), "{outside}");
        }
        for target in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let id = target.strip_prefix('#').unwrap();
            assert!(page.contains(&format!("id=\"{id}\"")), "no target for {target}");
        }
    }
}

#[test]
fn ids_are_unique() {
    for result in [support::three_systems(), support::many(400, 50)] {
        let page = report(&result, Lang::En);
        let mut ids: Vec<_> = page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(all, ids.len());
    }
}

#[test]
fn each_language_keeps_to_itself() {
    let han = |c: char| matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}');
    for result in [support::three_systems(), support::one_system(), support::empty(), support::many(60, 10)] {
        let catalogue = Catalogue::built_in().unwrap();
        let mut page = report(&result, Lang::En);
        // Rules and their publishers are cited by the name that they have.
        let sources = catalogue.regimes().iter().flat_map(|regime| regime.source.clone());
        let mut names: Vec<_> = sources.chain(catalogue.threshold_sets().map(|set| set.publisher.clone())).collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        for name in names {
            page = page.replace(&name, "");
        }
        let found: String = page.chars().filter(|c| han(*c)).collect();
        assert_eq!(found, "");
    }
    // The other way round: what the templates themselves say is only in the table of labels, which has its own test.
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "html") {
            continue;
        }
        let template = std::fs::read_to_string(&path).unwrap();
        let words = without(&without(&without(&template, "{%", "%}"), "{{", "}}"), "<", ">");
        assert_eq!(
            words.replace("&nbsp;", "").matches(char::is_alphabetic).collect::<String>(),
            "",
            "{}",
            path.display()
        );
    }
}

fn without(text: &str, open: &str, close: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        out.push_str(before);
        rest = after.split_once(close).map_or("", |(_, rest)| rest);
    }
    out + rest
}

#[test]
fn the_same_result_gives_the_same_bytes() {
    let result = support::three_systems();
    assert_eq!(report(&result, Lang::ZhTw), report(&result, Lang::ZhTw));
}

/// Every finding, every item, every note's reason and every readable or broken file is in the page.
fn assert_whole(result: &RunResult, lang: Lang) {
    let page = report(result, lang);
    for finding in &result.findings {
        assert_eq!(page.matches(&format!("id=\"f-{}\"", finding.id)).count(), 1, "{}", finding.id);
    }
    for item in &result.items {
        assert_eq!(page.matches(&format!("id=\"i-{}\"", item.item)).count(), 1, "{}", item.item);
    }
    for note in &result.notes {
        assert!(page.contains(&format!("<code>{}</code>", note.reason)), "{}", note.reason);
    }
    for resolved in &result.run.resolved {
        assert!(page.contains(&resolved.id));
    }
}

#[test]
fn nothing_is_dropped() {
    for lang in LANGS {
        assert_whole(&support::three_systems(), lang);
        assert_whole(&support::many(300, 40), lang);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn nothing_is_dropped_at_any_size(n in 0_u64..60, files in 0_u64..30) {
        assert_whole(&support::many(n, files), Lang::En);
    }

    #[test]
    fn any_text_is_rendered_as_text(text in "\\PC{0,40}|[<>&\"'{}%\u{0}-\u{1f}\u{200b}-\u{202f}a-z]{0,40}") {
        let mut result = support::many(3, 3);
        result.run.firm = Some(text.clone());
        result.findings[0].title.clone_from(&text);
        result.findings[0].evidence[0].excerpt.clone_from(&text);
        result.coverage.evidence[0].path = text;
        let page = report(&result, Lang::En);
        let plain = report(&support::many(3, 3), Lang::En);
        // Lines of an excerpt are elements of ours; apart from them the page has the elements that it had.
        let elements = |page: &str| page.matches('<').count() - 4 * page.matches("<span class=\"l").count();
        prop_assert!(elements(&page).abs_diff(elements(&plain)) <= 6);
        let reordering = page.contains('\u{202e}');
        prop_assert!(!reordering);
    }
}

#[test]
fn large_runs_stay_readable() {
    let start = Instant::now();
    let result = support::many(5_000, 12_000);
    for lang in LANGS {
        let page = report(&result, lang);
        assert!(page.len() < 20_000_000, "{} bytes", page.len());
        assert!(page.contains(if lang == Lang::En {
            "3,800 more are not listed here."
        } else {
            "另有 3,800 個未列於此。"
        }));
        assert_eq!(page.matches(" id=\"f-").count(), 5_000);
    }
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn the_ten_elements_are_listed_and_the_missing_one_is_named() {
    let page = text(&report(&support::three_systems(), Lang::ZhTw));
    for element in [
        "評估人員資格",
        "評估範圍",
        "評估作業項目與標的",
        "評估紀錄",
        "缺失項目",
        "缺失嚴重程度",
        "缺失類別",
        "風險說明",
        "具體改善建議",
        "社交演練結果",
    ] {
        assert!(page.contains(element), "{element}");
    }
    assert!(page.contains("未提供：本次執行未含評估人員資料"));
    assert!(page.contains("第 2 節之項目 SEC-10.3"));
}

/// WCAG 2.2 §1.4.3: text at least 4.5 to 1 against what it stands on, in light and in dark.
#[test]
fn text_has_contrast() {
    let css = include_str!("../templates/report.css");
    let blocks: Vec<&str> = css.split(":root {").skip(1).map(|block| block.split_once('}').unwrap().0).collect();
    let value = |block: &str, name: &str| -> Option<f64> {
        let hex = block.split_once(&format!("--{name}: #"))?.1.get(..6)?;
        let channel = |at: usize| {
            let c = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        Some(0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4))
    };
    for block in &blocks[..2] {
        for ink in [
            "ink",
            "soft",
            "accent",
            "critical",
            "high",
            "medium",
            "low",
            "info",
            "pass",
            "fail",
            "observation",
            "na",
            "insufficient",
            "untested",
            "error",
        ] {
            for ground in ["paper", "card", "wash"] {
                let (a, b) = (value(block, ink).unwrap(), value(block, ground).unwrap());
                let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(ratio >= 4.5, "{ink} on {ground}: {ratio:.2}");
            }
        }
    }
}
