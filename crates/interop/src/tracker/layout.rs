//! Which columns a tracker has and what they are called: data of whoever asks for the tracker.

use secdiag_model::{Bilingual, Lang};
use serde::{Deserialize, Serialize};

use super::TrackerRow;
use crate::keys;

/// Longest text of a cell (Excel: 32,767 characters); what is longer is cut.
const MAX_CELL: usize = 32_000;

/// The columns of a tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are the fields of `TrackerRow` and `Response`")]
pub enum Column {
    Id,
    Digest,
    Base,
    Severity,
    Title,
    System,
    Asset,
    Check,
    Place,
    Advice,
    FirstSeen,
    Owner,
    Plan,
    Due,
    Status,
    Comment,
}

impl Column {
    /// The columns that people do not see.
    pub const HIDDEN: [Self; 3] = [Self::Id, Self::Digest, Self::Base];
    /// The columns that the firm fills in.
    pub const RESPONSE: [Self; 5] = [Self::Owner, Self::Plan, Self::Due, Self::Status, Self::Comment];

    /// Whether the firm fills it in.
    pub fn is_response(self) -> bool {
        Self::RESPONSE.contains(&self)
    }

    /// Header of a column that has no text of its own.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Id => "secdiag:id",
            Self::Digest => "secdiag:digest",
            Self::Base => "secdiag:base",
            Self::Severity => "severity",
            Self::Title => "title",
            Self::System => "system",
            Self::Asset => "asset",
            Self::Check => "check",
            Self::Place => "place",
            Self::Advice => "advice",
            Self::FirstSeen => "first_seen",
            Self::Owner => "owner",
            Self::Plan => "plan",
            Self::Due => "due",
            Self::Status => "status",
            Self::Comment => "comment",
        }
    }
}

/// What a tracker looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// Name of the sheet; at most 31 characters.
    pub sheet: String,
    /// Language that stands first.
    pub lang: Lang,
    /// Visible columns in their order. Columns to answer in that are not listed are added at the end.
    pub columns: Vec<ColumnText>,
    /// States that may be answered.
    pub statuses: Vec<Choice>,
    /// Words for the severities; the code is the severity's own word.
    pub severities: Vec<Choice>,
    /// People to choose from; others may be typed in.
    #[serde(default)]
    pub owners: Vec<String>,
}

/// Header of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnText {
    /// Which.
    pub column: Column,
    /// Header.
    pub title: Bilingual,
    /// Width in characters.
    pub width: f64,
}

/// A word that may stand in a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Code in our data.
    pub code: String,
    /// What people read.
    pub label: Bilingual,
}

impl Layout {
    /// All columns in the order in which they are written: the hidden ones first.
    pub(super) fn all(&self) -> Vec<Column> {
        let listed = self.columns.iter().map(|text| text.column).filter(|column| !Column::HIDDEN.contains(column));
        let mut all: Vec<_> = Column::HIDDEN.into_iter().chain(listed).collect();
        let missing: Vec<_> = Column::RESPONSE.into_iter().filter(|column| !all.contains(column)).collect();
        all.extend(missing);
        all
    }

    /// Columns whose cells are not to be changed.
    pub(super) fn fixed(&self) -> Vec<Column> {
        self.all().into_iter().filter(|column| !column.is_response() && !Column::HIDDEN.contains(column)).collect()
    }

    pub(super) fn text_of(&self, column: Column) -> Option<&ColumnText> {
        self.columns.iter().find(|text| text.column == column)
    }

    /// Header in both languages, on two lines.
    pub(super) fn header(&self, column: Column) -> String {
        match self.text_of(column) {
            Some(text) => self.both(&text.title, "\n"),
            None => column.code().to_owned(),
        }
    }

    /// Whether a cell is the header of a column: in both languages, in one, or its code.
    pub(super) fn is_header(&self, column: Column, cell: &str) -> bool {
        let cell = squeezed(cell);
        let title = self.text_of(column).map(|text| &text.title);
        let forms = title.map(|title| {
            [
                squeezed(&title.en),
                squeezed(&title.zh_tw),
                squeezed(&format!("{}{}", title.en, title.zh_tw)),
                squeezed(&format!("{}{}", title.zh_tw, title.en)),
            ]
        });
        cell == squeezed(column.code()) || forms.is_some_and(|forms| forms.contains(&cell))
    }

    /// What people read for a code.
    pub(super) fn label(&self, choices: &[Choice], code: &str) -> String {
        let choice = choices.iter().find(|choice| choice.code == code);
        choice.map_or_else(|| code.to_owned(), |choice| self.both(&choice.label, " "))
    }

    /// The code of the state that was chosen or typed.
    pub(super) fn status(&self, cell: &str) -> Option<&str> {
        code_of(&self.statuses, cell)
    }

    /// The text of a row's cell; dates as `YYYY-MM-DD`.
    pub(super) fn cell(&self, row: &TrackerRow, column: Column) -> String {
        let response = &row.response;
        let text = match column {
            Column::Id => row.id.clone(),
            Column::Digest => self.digest(&row.id, &self.base(row), |column| self.cell(row, column)),
            Column::Base => self.base(row),
            Column::Severity => self.label(&self.severities, row.severity.word()),
            Column::Title => row.title.clone(),
            Column::System => row.system.clone(),
            Column::Asset => row.asset.clone(),
            Column::Check => row.check.clone(),
            Column::Place => row.place.clone(),
            Column::Advice => row.advice.clone(),
            Column::FirstSeen => row.first_seen.clone(),
            Column::Owner => response.owner.clone(),
            Column::Plan => response.plan.clone(),
            Column::Due => response.due.map(|due| due.to_string()).unwrap_or_default(),
            Column::Status => {
                if response.status.is_empty() {
                    String::new()
                } else {
                    self.label(&self.statuses, &response.status)
                }
            }
            Column::Comment => response.comment.clone(),
        };
        if text.chars().count() > MAX_CELL { text.chars().take(MAX_CELL).chain(['…']).collect() } else { text }
    }

    /// Digest of a row's fixed cells with its id and base.
    pub(super) fn digest(&self, id: &str, base: &str, cell: impl Fn(Column) -> String) -> String {
        let mut parts = vec![id.to_owned(), base.to_owned()];
        parts.extend(self.fixed().into_iter().map(|column| {
            let text = clean(&cell(column));
            // Whatever language stands first.
            let code = (column == Column::Severity).then(|| code_of(&self.severities, &text)).flatten();
            code.map_or(text.clone(), str::to_owned)
        }));
        keys::digest(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Digest of an answer.
    pub(super) fn base(&self, row: &TrackerRow) -> String {
        let parts: Vec<_> = Column::RESPONSE.iter().map(|column| clean(&self.answer(row, *column))).collect();
        let mut all = vec![row.id.as_str()];
        all.extend(parts.iter().map(String::as_str));
        keys::digest(&all)
    }

    /// An answer independent of the language.
    fn answer(&self, row: &TrackerRow, column: Column) -> String {
        if column == Column::Status { row.response.status.clone() } else { self.cell(row, column) }
    }

    fn both(&self, text: &Bilingual, between: &str) -> String {
        let (first, second) = match self.lang {
            Lang::En => (&text.en, &text.zh_tw),
            Lang::ZhTw => (&text.zh_tw, &text.en),
        };
        [first, second].into_iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(between)
    }
}

/// The code of a word in either language, both of them, or the code itself.
fn code_of<'a>(choices: &'a [Choice], cell: &str) -> Option<&'a str> {
    let cell = squeezed(cell);
    let fits = |choice: &&Choice| {
        let Bilingual { en, zh_tw } = &choice.label;
        let forms = [choice.code.clone(), en.clone(), zh_tw.clone(), format!("{en}{zh_tw}"), format!("{zh_tw}{en}")];
        !cell.is_empty() && forms.iter().any(|form| squeezed(form) == cell)
    };
    choices.iter().find(fits).map(|choice| choice.code.as_str())
}

/// What programs change without anyone asking: line ends, white space at the ends, the form of dates.
pub(super) fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim();
    super::date::parse(text).map_or_else(|| text.to_owned(), |date| date.to_string())
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}
