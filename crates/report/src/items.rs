//! The grid of items: one table per item set, grouped by top item.

use secdiag_model::result::ItemResult;
use secdiag_model::{ItemId, Severity, SystemId};

use crate::format;
use crate::labels::fill;
use crate::mark::{Mark, decided};
use crate::view::Cx;

/// A matrix of more systems than this does not fit a page; the table below it has them all.
const MATRIX_SYSTEMS: usize = 12;

/// One item set.
pub(crate) struct ItemSet {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) caption: String,
    pub(crate) matrix: Option<Matrix>,
    pub(crate) groups: Vec<Group>,
}

/// Outcomes by item and system.
pub(crate) struct Matrix {
    pub(crate) systems: Vec<String>,
    pub(crate) words: bool,
    pub(crate) rows: Vec<MatrixRow>,
}

/// One item over all systems; nothing where the item was not asked of the system.
pub(crate) struct MatrixRow {
    pub(crate) anchor: String,
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) cells: Vec<Option<Mark>>,
}

/// A top item with its sub-items.
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) title: Option<String>,
    pub(crate) rows: Vec<Row>,
}

/// One item for one system.
pub(crate) struct Row {
    /// Only on the first row of an item, with the number of its rows.
    pub(crate) head: Option<RowHead>,
    pub(crate) system: String,
    pub(crate) outcome: Mark,
    pub(crate) score: Option<u8>,
    pub(crate) coverage: Option<u8>,
    pub(crate) findings: Vec<SeverityCount>,
    pub(crate) why: String,
    pub(crate) trustworthy: bool,
}

/// Name of an item.
pub(crate) struct RowHead {
    pub(crate) anchor: String,
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) span: usize,
}

/// How many findings of a severity.
pub(crate) struct SeverityCount {
    pub(crate) mark: Mark,
    pub(crate) count: String,
}

impl ItemSet {
    pub(crate) fn all(cx: &Cx<'_>) -> Vec<Self> {
        let mut items: Vec<&ItemResult> = cx.result.items.iter().collect();
        items.sort_by(|a, b| (&a.item, &a.system).cmp(&(&b.item, &b.system)));
        items.chunk_by(|a, b| a.item.set() == b.item.set()).map(|set| Self::new(cx, set)).collect()
    }

    fn new(cx: &Cx<'_>, items: &[&ItemResult]) -> Self {
        let id = items.first().map(|item| item.item.set()).unwrap_or_default();
        let systems: Vec<&SystemId> = cx.systems.iter().copied().collect();
        let n = items.iter().filter(|item| decided(item.outcome)).count();
        Self {
            title: set_title(cx, id),
            caption: distribution_caption(cx, n, items.len()),
            matrix: (2..=MATRIX_SYSTEMS).contains(&systems.len()).then(|| Matrix::new(cx, items, &systems)),
            groups: items
                .chunk_by(|a, b| a.item.parent() == b.item.parent())
                .map(|group| Group::new(cx, group))
                .collect(),
            id: format::anchor(id),
        }
    }
}

impl Matrix {
    fn new(cx: &Cx<'_>, items: &[&ItemResult], systems: &[&SystemId]) -> Self {
        let row = |of_item: &[&ItemResult]| {
            let first = of_item.first()?;
            let cell = |system: &&SystemId| {
                let of_system = of_item.iter().find(|item| item.system == **system);
                of_system.map(|item| Mark::outcome(item.outcome, cx.lang))
            };
            Some(MatrixRow {
                anchor: item_anchor(&first.item),
                id: format::visible(&first.item.0),
                title: format::visible(first.title.get(cx.lang)),
                cells: systems.iter().map(cell).collect(),
            })
        };
        Self {
            systems: systems.iter().map(|system| cx.system(system)).collect(),
            words: systems.len() <= 4,
            rows: items.chunk_by(|a, b| a.item == b.item).filter_map(row).collect(),
        }
    }
}

impl Group {
    fn new(cx: &Cx<'_>, items: &[&ItemResult]) -> Self {
        let id = items.first().map(|item| item.item.parent()).unwrap_or_default();
        let rows = items.chunk_by(|a, b| a.item == b.item).flat_map(|of_item| Row::of_item(cx, of_item));
        // A top item without sub-items is its own group: its row has the title already.
        let alone = items.iter().all(|item| item.item.0 == id);
        let title = if alone { None } else { cx.group_title(id) };
        Self { id: format::visible(id), title, rows: rows.collect() }
    }
}

impl Row {
    /// Systems of which the same is to be said share a row.
    fn of_item(cx: &Cx<'_>, items: &[&ItemResult]) -> Vec<Self> {
        let mut shared: Vec<Vec<&ItemResult>> = Vec::new();
        for &item in items {
            match shared.iter_mut().find(|these| says_the_same(these[0], item)) {
                Some(these) => these.push(item),
                None => shared.push(vec![item]),
            }
        }
        let span = shared.len();
        shared.iter().enumerate().map(|(at, these)| Self::new(cx, these, (at == 0).then_some(span))).collect()
    }

    fn new(cx: &Cx<'_>, items: &[&ItemResult], span: Option<usize>) -> Self {
        let item = items[0];
        Self {
            head: span.map(|span| RowHead {
                anchor: item_anchor(&item.item),
                id: format::visible(&item.item.0),
                title: format::visible(item.title.get(cx.lang)),
                span,
            }),
            system: cx.names(items.iter().map(|item| &item.system)),
            outcome: Mark::outcome(item.outcome, cx.lang),
            score: item.score.map(format::hundredths),
            coverage: item.coverage.map(format::hundredths),
            findings: severity_counts(cx, |severity| item.findings.get(&severity).copied().unwrap_or_default()),
            why: format::visible(item.why.get(cx.lang)),
            trustworthy: item.trustworthy,
        }
    }
}

fn says_the_same(a: &ItemResult, b: &ItemResult) -> bool {
    let said = |item: &ItemResult| (item.outcome, item.score, item.coverage, item.trustworthy);
    said(a) == said(b) && a.why == b.why && a.title == b.title && a.findings.is_empty() && b.findings.is_empty()
}

/// Severities that occur, most severe first.
pub(crate) fn severity_counts(cx: &Cx<'_>, count: impl Fn(Severity) -> u64) -> Vec<SeverityCount> {
    let counts = Severity::DESCENDING.into_iter().map(|severity| (severity, count(severity)));
    counts
        .filter(|(_, n)| *n > 0)
        .map(|(severity, n)| SeverityCount { mark: Mark::severity(severity, cx.lang), count: format::number(n) })
        .collect()
}

/// Where the grid has an item.
pub(crate) fn item_anchor(id: &ItemId) -> String {
    format!("i-{}", format::anchor(&id.0))
}

/// Name of an item set.
pub(crate) fn set_title(cx: &Cx<'_>, id: &str) -> String {
    match id {
        "GOV" => cx.l.set_gov.to_owned(),
        "FIN" => cx.l.set_fin.to_owned(),
        "SEC" => cx.l.set_sec.to_owned(),
        other => fill(cx.l.set_other, &[("id", &format::visible(other))]),
    }
}

/// `9 of 13 decided`.
pub(crate) fn distribution_caption(cx: &Cx<'_>, decided: usize, all: usize) -> String {
    let values = [decided, all].map(|n| format::number(format::len(n)));
    fill(cx.l.distribution_caption, &[("decided", &values[0]), ("all", &values[1])])
}
