//! One report model, rendered as HTML for people and as a closing block for a terminal.
//!
//! The HTML is one file without scripts, fonts or images from elsewhere. Everything that comes from evidence is
//! escaped, and what a reader could not see in it is written out. Nothing is dropped silently: what is shortened
//! says so and names the file of the run that has it in full. The same result gives the same bytes.

mod appendix;
mod drills;
mod findings;
mod follow_up;
mod format;
mod items;
mod labels;
mod mark;
mod summary;
mod terminal;
mod view;

use secdiag_catalogue::Catalogue;
use secdiag_model::Lang;
use secdiag_model::result::RunResult;

pub use terminal::terminal_summary;

/// A report that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The template failed.
    #[error("the report cannot be rendered: {0}")]
    Render(#[from] askama::Error),
}

/// The report of a run as one self-contained HTML file.
pub fn html(result: &RunResult, catalogue: &Catalogue, lang: Lang) -> Result<String, ReportError> {
    Ok(askama::Template::render(&view::Report::new(result, catalogue, lang))?)
}
