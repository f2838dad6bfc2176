//! `secdiag catalogue …`.

use secdiag_catalogue::{Catalogue, KnownCheck, TraceStatus};
use secdiag_model::{ItemId, Lang};
use serde_json::json;

use crate::args::{CatalogueQuestion, unknown};
use crate::{Exit, args, explain, inspections, out, workspace};

pub(crate) fn catalogue(options: &args::Catalogue) -> anyhow::Result<Exit> {
    let catalogue = workspace::catalogue(options.overlay.as_deref())?;
    let (lang, json) = (options.lang.into(), options.json);
    match &options.question {
        CatalogueQuestion::Lint => lint(&catalogue, json),
        CatalogueQuestion::Items { regime } => items(&catalogue, regime, lang, json),
        CatalogueQuestion::Show { id } => show(&catalogue, id, lang, json),
        CatalogueQuestion::Crosswalk => crosswalk(&catalogue, lang, json),
        CatalogueQuestion::Trace => trace(&catalogue, lang, json),
        CatalogueQuestion::Thresholds => thresholds(&catalogue, lang, json),
    }
}

fn lint(catalogue: &Catalogue, json: bool) -> anyhow::Result<Exit> {
    let known: Vec<KnownCheck> = inspections::checks().map(|check| KnownCheck { id: check.id }).collect();
    let complaints = catalogue.lint(&known);
    let met = catalogue.requirements().iter().filter(|requirement| requirement.status == TraceStatus::Met).count();
    let traced = catalogue.requirements().len();
    let counts = json!({
        "items": catalogue.items().count(),
        "checks": known.len(),
        "thresholds": catalogue.threshold_sets().count(),
        "requirements": traced,
        "requirements_met": met,
        "requirements_planned": traced - met,
        "complaints": complaints.iter().map(|complaint| json!({"place": complaint.place, "text": complaint.text})).collect::<Vec<_>>(),
    });
    if json {
        out::print_json(&counts)?;
    } else {
        for complaint in &complaints {
            out::print(&format!("{}: {}", complaint.place, complaint.text))?;
        }
        out::print(&format!(
            "{} items in both languages · {} checks documented · {} threshold sets · {traced} requirements traced ({met} met, {} planned) · {} complaints",
            counts["items"],
            known.len(),
            counts["thresholds"],
            traced - met,
            complaints.len()
        ))?;
    }
    Ok(if complaints.is_empty() { Exit::Ran } else { Exit::Failed })
}

fn items(catalogue: &Catalogue, regime: &str, lang: Lang, json: bool) -> anyhow::Result<Exit> {
    let known: Vec<_> = catalogue.regimes().iter().map(|regime| regime.id.as_str()).collect();
    let regime = catalogue.regime(regime).ok_or_else(|| unknown("regime", regime, &known))?;
    for item in catalogue.items_in(regime) {
        let checks = catalogue.checks_of(item);
        let existing = checks.iter().filter(|check| !check.planned).count();
        if json {
            out::print_json(item)?;
        } else {
            let status = workspace::word(&item.text_status);
            out::print(&format!(
                "{:<9} {} — {existing}/{} checks, text {status}",
                item.id.to_string(),
                item.title.get(lang),
                checks.len()
            ))?;
        }
    }
    Ok(Exit::Ran)
}

fn show(catalogue: &Catalogue, id: &str, lang: Lang, json: bool) -> anyhow::Result<Exit> {
    if let Some(check) = catalogue.check(id) {
        if json { out::print_json(check)? } else { out::print(&explain::page(check, catalogue, lang))? }
    } else if let Some(set) = catalogue.threshold_set(id) {
        out::print(&serde_json::to_string_pretty(set)?)?;
    } else if let Some(item) = catalogue.item(&ItemId(id.to_owned())) {
        if json { out::print_json(item)? } else { out::print(&item_page(catalogue, item, lang))? }
    } else {
        return Err(args::UsageError(format!(
            "the catalogue has no item, check or threshold set `{id}`; `secdiag catalogue items` lists the items"
        ))
        .into());
    }
    Ok(Exit::Ran)
}

/// An item as Markdown.
pub(crate) fn item_page(catalogue: &Catalogue, item: &secdiag_catalogue::Item, lang: Lang) -> String {
    let words = match lang {
        Lang::En => [
            "Objective",
            "Evidence",
            "Checks",
            "planned",
            "Statements",
            "Pass",
            "Fail",
            "Not applicable",
            "Suggestion",
            "Asked also by",
            "Sources",
            "Text",
            "Severity",
            "optional",
        ],
        Lang::ZhTw => [
            "目的",
            "佐證資料",
            "檢核點",
            "規劃中",
            "聲明",
            "符合條件",
            "不符合條件",
            "不適用",
            "改善建議",
            "對應項目",
            "來源",
            "文字狀態",
            "嚴重程度",
            "非必要",
        ],
    };
    let mut page = format!("# {} {}\n\n{}: {}\n\n", item.id, item.title.get(lang), words[0], item.objective.get(lang));
    page += &format!("{}:\n", words[1]);
    for need in &item.evidence {
        let kinds: Vec<_> = need.any_of.iter().map(ToString::to_string).collect();
        let rule = need
            .sufficiency
            .as_ref()
            .map_or(String::new(), |rule| format!(" {}", serde_json::to_string(rule).unwrap_or_default()));
        page += &format!(
            "- {}{rule}{}\n",
            kinds.join(" | "),
            if need.optional { format!(" ({})", words[13]) } else { String::new() }
        );
    }
    page += &format!("\n{}:\n", words[2]);
    for check in catalogue.checks_of(item) {
        let state = if check.planned { format!(" ({})", words[3]) } else { String::new() };
        page += &format!("- {}{state}\n", check.check);
    }
    if !item.attestations.is_empty() {
        page += &format!("\n{}:\n", words[4]);
        for attestation in &item.attestations {
            page += &format!("- {}: {}\n", attestation.id, attestation.text.get(lang));
        }
    }
    page += &format!("\n{}: {}\n{}: {}\n", words[5], item.pass.get(lang), words[6], item.fail.get(lang));
    if let Some(na) = &item.na {
        page += &format!("{}: {}\n", words[7], na.get(lang));
    }
    page += &format!("{}: {}\n{}: {}\n", words[12], item.severity.base, words[8], item.suggestion.get(lang));
    let views: Vec<_> = item.views.iter().map(ToString::to_string).collect();
    page += &format!(
        "{}: {}\n{}: {}\n{}: {}\n",
        words[9],
        views.join(", "),
        words[10],
        item.source.join("; "),
        words[11],
        workspace::word(&item.text_status)
    );
    page += &format!(
        "CSF 2.0: {} · ISO/IEC 27001: {} · CIS v8: {}\n",
        item.refs.csf.join(", "),
        item.refs.iso.join(", "),
        item.refs.cis.join(", ")
    );
    page
}

fn crosswalk(catalogue: &Catalogue, lang: Lang, json: bool) -> anyhow::Result<Exit> {
    if json {
        let views: Vec<_> = catalogue
            .items()
            .filter(|item| item.id.set() == "SEC")
            .map(|item| json!({"item": item.id, "views": item.views}))
            .collect();
        out::print_json(&json!({"differences": catalogue.crosswalk().differences, "items": views}))?;
        return Ok(Exit::Ran);
    }
    for row in &catalogue.crosswalk().differences {
        out::print(&format!(
            "{}\n  GOV  {}\n  FIN  {}\n  SEC  {}\n",
            row.topic.get(lang),
            row.government.get(lang),
            row.financial.get(lang),
            row.securities.get(lang)
        ))?;
    }
    for item in catalogue.items().filter(|item| item.id.set() == "SEC") {
        let views = if item.views.is_empty() {
            "–".to_owned()
        } else {
            item.views.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        out::print(&format!("{:<9} {} ⇄ {views}", item.id.to_string(), item.title.get(lang)))?;
    }
    Ok(Exit::Ran)
}

fn trace(catalogue: &Catalogue, lang: Lang, json: bool) -> anyhow::Result<Exit> {
    for requirement in catalogue.requirements() {
        if json {
            out::print_json(requirement)?;
            continue;
        }
        let items: Vec<_> = requirement.items.iter().map(ToString::to_string).collect();
        let tests = if requirement.tests.is_empty() {
            String::new()
        } else {
            format!("\n       {}", requirement.tests.join("\n       "))
        };
        out::print(&format!(
            "{:<5} {:<7} {}\n       {} · {}{tests}",
            requirement.id,
            workspace::word(&requirement.status),
            requirement.text.get(lang),
            items.join(", "),
            requirement.checks.join(", ")
        ))?;
    }
    Ok(Exit::Ran)
}

fn thresholds(catalogue: &Catalogue, lang: Lang, json: bool) -> anyhow::Result<Exit> {
    for set in catalogue.threshold_sets() {
        if json {
            out::print_json(set)?;
        } else {
            out::print(&format!("{:<14} {} ({}, {})", set.id, set.title.get(lang), set.publisher, set.version))?;
        }
    }
    Ok(Exit::Ran)
}
