//! One system's documents, put to the files that they came from.

use secdiag_catalogue::{Allowed, Catalogue, LimitId};
use secdiag_inspect::{Document, Facts, JudgeCx, Stop};
use secdiag_model::{Artefact, EvidenceSet, Note, NoteKind};
use secdiag_records::continuity::Continuity;

use crate::answers::Answers;
use crate::asked::{self, Asked};
use crate::formats::ContinuityDocument;
use crate::records::Records;
use crate::results::ResultReport;

/// What checks look at.
pub(crate) struct View<'a> {
    /// The catalogue of the run.
    pub(crate) catalogue: &'a Catalogue,
    /// The system's evidence.
    pub(crate) evidence: &'a EvidenceSet,
    /// Category of the system, where declared.
    pub(crate) category: Option<u8>,
    /// Continuity records.
    pub(crate) continuity: Vec<Known<'a, Continuity>>,
    /// Registers and papers.
    pub(crate) records: Vec<Known<'a, Records>>,
    /// Results of ours among the evidence.
    pub(crate) results: Vec<Known<'a, ResultReport>>,
    /// The questions with what was answered.
    pub(crate) asked: Vec<Asked<'a>>,
}

/// A document and its file.
pub(crate) struct Known<'a, D> {
    pub(crate) artefact: &'a Artefact,
    pub(crate) value: D,
}

impl<'a> View<'a> {
    /// Nothing where the run handed over no catalogue, or the system has no file of ours.
    pub(crate) fn gather(facts: &Facts<'a>, cx: &JudgeCx<'a>) -> Result<Option<Self>, Stop> {
        let answers = known::<Answers>(facts)?;
        let continuity: Vec<_> = known::<ContinuityDocument>(facts)?
            .into_iter()
            .map(|known| Known { artefact: known.artefact, value: known.value.0 })
            .collect();
        let records = known::<Records>(facts)?;
        let results = known::<ResultReport>(facts)?;
        if answers.is_empty() && continuity.is_empty() && records.is_empty() && results.is_empty() {
            return Ok(None);
        }
        let catalogue = cx.catalogue;
        let category = cx.system.category;
        if category.is_none() {
            let text = "the system's category is not declared: its records are held to the limits of category 1";
            cx.note(Note::new(NoteKind::Assumed, "category-1-assumed", text));
        }
        let asked = asked::ask(catalogue, category, &answers, facts.evidence, cx);
        Ok(Some(Self { catalogue, evidence: facts.evidence, category, continuity, records, results, asked }))
    }

    /// Every record of one kind of the continuity files, with its file.
    pub(crate) fn of_continuity<'v, T: 'v>(
        &'v self,
        list: fn(&Continuity) -> &[T],
    ) -> impl Iterator<Item = (&'a Artefact, &'v T)> {
        self.continuity.iter().flat_map(move |known| list(&known.value).iter().map(|record| (known.artefact, record)))
    }

    /// Every record of one kind of the registers, with its file.
    pub(crate) fn of_records<'v, T: 'v>(
        &'v self,
        list: fn(&Records) -> &[T],
    ) -> impl Iterator<Item = (&'a Artefact, &'v T)> {
        self.records.iter().flat_map(move |known| list(&known.value).iter().map(|record| (known.artefact, record)))
    }

    /// A limit for this system; nothing where none is set.
    pub(crate) fn limit(&self, id: LimitId) -> Option<Allowed> {
        self.catalogue.duties().allowed(id, self.category)
    }
}

fn known<'a, D: Document>(facts: &Facts<'a>) -> Result<Vec<Known<'a, D>>, Stop> {
    let documents = facts.documents::<D>()?;
    Ok(documents
        .into_iter()
        .filter_map(|document| Some(Known { artefact: *document.artefacts.first()?, value: document.value }))
        .collect())
}
