//! The generated pages of the documentation: checks, items, tables, command line, schemas.

use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory as _;
use secdiag_catalogue::Catalogue;
use secdiag_model::result::{CoverageFile, FindingRecord, ItemsFile, RunInfo};
use secdiag_model::{Lang, Note};

use crate::{Exit, args, catalogue, explain, inspections};

pub(crate) fn generate(folder: &Path) -> Result<Exit> {
    let built_in = Catalogue::built_in()?;
    checks(&built_in, &folder.join("checks"))?;
    items(&built_in, &folder.join("items"))?;
    write(&folder.join("tables.md"), &tables())?;
    write(&folder.join("formats.md"), &formats())?;
    write(&folder.join("cli.md"), &command_line())?;
    schemas(&folder.join("schemas"))?;
    Ok(Exit::Ran)
}

fn checks(built_in: &Catalogue, folder: &Path) -> Result<()> {
    let mut index = String::from(
        "# Checks\n\nGenerated from the catalogue; `secdiag explain CHECK` shows the same.\n\n| check | severity | items |\n|---|---|---|\n",
    );
    for check in inspections::checks() {
        let text = built_in.check(check.id).with_context(|| format!("{} has no text in the catalogue", check.id))?;
        let items: Vec<_> = text.items.keys().map(ToString::to_string).collect();
        index += &format!("| [{0}]({0}.md) | {1} | {2} |\n", check.id, text.severity.base, items.join(", "));
        let page = format!(
            "{}\n---\n\n{}",
            explain::page(text, built_in, Lang::En),
            explain::page(text, built_in, Lang::ZhTw)
        );
        write(&folder.join(check.id).with_extension("md"), &page)?;
    }
    write(&folder.join("index.md"), &index)
}

fn items(built_in: &Catalogue, folder: &Path) -> Result<()> {
    for regime in built_in.regimes().iter().filter(|regime| regime.sets.len() == 1) {
        let mut page = String::new();
        for item in built_in.items_in(regime) {
            page += &format!(
                "{}\n{}\n",
                catalogue::item_page(built_in, item, Lang::En),
                catalogue::item_page(built_in, item, Lang::ZhTw)
            );
        }
        write(&folder.join(&regime.id).with_extension("md"), &page)?;
    }
    Ok(())
}

fn tables() -> String {
    let mut page = String::from(
        "# Tables\n\nEvery row also has `_evidence` (SHA-256 of the file) and `_locator` (packet, line or record number).\n",
    );
    let mut tables: Vec<_> =
        inspections::INSPECTIONS.iter().flat_map(|inspection| inspection.meta().tables.iter().copied()).collect();
    tables.push(<secdiag_model::Indicator as secdiag_model::Record>::TABLE);
    tables.sort_by_key(|table| table.name);
    tables.dedup_by_key(|table| table.name);
    for table in tables {
        page += &format!(
            "\n## {}\n\n{}\n\n| column | type | may be empty | meaning |\n|---|---|---|---|\n",
            table.name,
            table.doc.trim()
        );
        for column in table.columns {
            page += &format!(
                "| `{}` | {:?} | {} | {} |\n",
                column.name,
                column.kind,
                if column.nullable { "yes" } else { "" },
                column.doc.trim().replace('|', "\\|")
            );
        }
    }
    page
}

fn formats() -> String {
    let mut page = String::from(
        "# Formats read\n\nRecognised by content, whatever the file is called.\n\n| format | what | kind of evidence |\n|---|---|---|\n",
    );
    for format in inspections::formats() {
        page += &format!("| `{}` | {} | {} |\n", format.id, format.title, format.kind);
    }
    page
}

fn command_line() -> String {
    let mut page = String::from("# Command line\n");
    let mut command = args::Arguments::command().term_width(100);
    command.build();
    let mut open = vec![command];
    while let Some(mut next) = open.pop() {
        let name = next.get_display_name().map_or_else(|| next.get_name().to_owned(), |name| name.replace('-', " "));
        page += &format!(
            "\n## {name}\n\n```text\n{}```\n",
            next.render_long_help()
                .to_string()
                .lines()
                .map(|line| format!("{}\n", line.trim_end()))
                .collect::<String>()
        );
        let mut below: Vec<_> =
            next.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help").cloned().collect();
        below.reverse();
        open.extend(below);
    }
    page
}

fn schemas(folder: &Path) -> Result<()> {
    let schemas = [
        ("finding", schemars::schema_for!(FindingRecord)),
        ("items", schemars::schema_for!(ItemsFile)),
        ("coverage", schemars::schema_for!(CoverageFile)),
        ("note", schemars::schema_for!(Note)),
        ("programme", schemars::schema_for!(secdiag_model::programme::Programme)),
        ("run", schemars::schema_for!(RunInfo)),
    ];
    for (name, schema) in schemas.into_iter().chain([("assessment", secdiag_evidence::assessment_schema())]) {
        write(&folder.join(name).with_extension("schema.json"), &(serde_json::to_string_pretty(&schema)? + "\n"))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    std::fs::write(path, text).with_context(|| path.display().to_string())
}
