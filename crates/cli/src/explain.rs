//! `secdiag explain CHECK`.

use secdiag_catalogue::{Catalogue, CheckText};
use secdiag_model::Lang;

use crate::{Exit, args, out, workspace};

pub(crate) fn explain(options: &args::Explain) -> anyhow::Result<Exit> {
    let catalogue = workspace::catalogue(options.catalogue.as_deref())?;
    let Some(text) = catalogue.check(&options.check) else {
        let known: Vec<_> = catalogue.checks().map(|check| check.id.as_str()).collect();
        return Err(args::unknown("check", &options.check, &known));
    };
    if options.json {
        out::print_json(text)?;
    } else {
        out::print(&page(text, &catalogue, options.lang.into()))?;
    }
    Ok(Exit::Ran)
}

/// A check as Markdown: the same text on the terminal and in the documentation.
pub(crate) fn page(text: &CheckText, catalogue: &Catalogue, lang: Lang) -> String {
    let words = match lang {
        Lang::En => [
            "What it looks for",
            "Why it matters",
            "Evidence needed",
            "Limits",
            "Risk",
            "What to do",
            "Severity",
            "Items",
            "References",
            "category 1: one step worse",
        ],
        Lang::ZhTw => [
            "檢視內容",
            "為何重要",
            "所需佐證",
            "限制",
            "風險說明",
            "改善建議",
            "嚴重程度",
            "對應項目",
            "參考資料",
            "第一類系統加重一級",
        ],
    };
    let mut page = format!("# {}\n\n`{}`\n", plain(text.title.get(lang)), text.id);
    let sections = [
        (words[0], &text.what),
        (words[1], &text.why),
        (words[2], &text.evidence),
        (words[3], &text.limits),
        (words[4], &text.risk),
        (words[5], &text.advice),
    ];
    for (heading, body) in sections {
        page += &format!("\n## {heading}\n\n{}\n", plain(body.get(lang).trim()));
    }
    page += &format!("\n## {}\n\n- {}\n", words[6], text.severity.base);
    for rule in &text.severity.when {
        page += &format!(
            "- {} = {}: {}\n",
            rule.fact,
            rule.is.as_str().map_or_else(|| rule.is.to_string(), str::to_owned),
            rule.severity
        );
    }
    if text.severity.raise_for_category_1 {
        page += &format!("- {}\n", words[9]);
    }
    page += &format!("\n## {}\n\n", words[7]);
    for (id, aspects) in &text.items {
        let title = catalogue.item(id).map_or("", |item| item.title.get(lang));
        let aspects = if aspects.is_empty() { String::new() } else { format!(" ({})", aspects.join(", ")) };
        page += &format!("- {id} {title}{aspects}\n");
    }
    page += &format!("\n## {}\n\n", words[8]);
    for reference in &text.references {
        page += &format!("- {reference}\n");
    }
    page
}

/// Facts in braces become words in angle brackets: here there is no finding to take them from.
fn plain(text: &str) -> String {
    text.replace("{{", "\u{1}")
        .replace("}}", "\u{2}")
        .replace('{', "⟨")
        .replace('}', "⟩")
        .replace('\u{1}', "{")
        .replace('\u{2}', "}")
}
