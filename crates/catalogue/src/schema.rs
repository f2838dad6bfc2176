//! Shapes of the catalogue's files.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use secdiag_model::{Bilingual, EvidenceKind, ItemId, Lang, Severity};
use serde::{Deserialize, Serialize};

use crate::Sufficiency;

/// How sure we are of an item's wording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextStatus {
    /// Read in the source named.
    Verified,
    /// Concluded from sister texts.
    Inferred,
    /// From practice; replace it when the source is at hand.
    Memory,
}

/// What an item examines (article I.5): systems, processes or protective measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protects {
    /// The systems themselves.
    Systems,
    /// How people work with them.
    Processes,
    /// What protects them.
    Measures,
}

/// One diagnostic item or sub-item of an item set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// `GOV-6.1`. Never reused.
    pub id: ItemId,
    /// Raised when the wording changes; results store `id@rev`.
    pub rev: u32,
    /// Name.
    pub title: Bilingual,
    /// What the item is to find out.
    pub objective: Bilingual,
    /// How sure we are of the wording.
    pub text_status: TextStatus,
    /// Clauses and documents.
    pub source: Vec<String>,
    /// Items of other sets that ask the same.
    #[serde(default)]
    pub views: Vec<ItemId>,
    /// System categories that the item applies to.
    pub categories: Vec<u8>,
    /// Whether the item examines systems, processes or protective measures.
    pub protects: Vec<Protects>,
    /// What must be there before the item can pass. Each entry must be met.
    #[serde(default)]
    pub evidence: Vec<EvidenceNeed>,
    /// Checks that the item asks for by slug and that may not exist yet: until they do, the item cannot pass.
    /// A check that exists says itself which items it answers.
    #[serde(default)]
    pub planned: Vec<PlannedCheck>,
    /// Statements that a named person must make.
    #[serde(default)]
    pub attestations: Vec<Attestation>,
    /// Whether attestations alone may decide the item.
    #[serde(default)]
    pub attestation_decides: bool,
    /// When the item passes.
    pub pass: Bilingual,
    /// When it fails.
    pub fail: Bilingual,
    /// What shows that it does not apply; nothing when it always applies.
    #[serde(default)]
    pub na: Option<Bilingual>,
    /// Severity of a finding without a severity of its own.
    pub severity: ItemSeverity,
    /// What to do when it fails.
    pub suggestion: Bilingual,
    /// Other frameworks.
    pub refs: ItemRefs,
    /// In force since (date of the rule), where known.
    #[serde(default)]
    pub since: Option<String>,
    /// The item that took its place.
    #[serde(default)]
    pub replaced_by: Option<ItemId>,
}

/// A top item of a set (`GOV-5`) with the items below it, `groups.yaml`. It is not decided itself; reports head their
/// grids with it, and it says which items a set has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// `GOV-5`.
    pub id: ItemId,
    /// Name.
    pub title: Bilingual,
    /// Items below it, in order: `GOV-5.1`, … or only itself.
    pub items: Vec<ItemId>,
    /// Clauses and documents.
    pub source: Vec<String>,
}

/// Evidence that an item needs: any of these kinds, enough of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceNeed {
    /// Any one of these kinds.
    pub any_of: Vec<EvidenceKind>,
    /// When it is enough; without a rule, one readable artefact is.
    #[serde(default, with = "yaml_serde::with::singleton_map_recursive")]
    #[schemars(with = "Option<Sufficiency>")]
    pub sufficiency: Option<Sufficiency>,
    /// Rules for some of the kinds only: they take the place of `sufficiency` there.
    #[serde(default, with = "yaml_serde::with::singleton_map_recursive")]
    #[schemars(with = "BTreeMap<EvidenceKind, Sufficiency>")]
    pub sufficiency_of: BTreeMap<EvidenceKind, Sufficiency>,
    /// Helpful, but the item can be decided without it.
    #[serde(default)]
    pub optional: bool,
}

/// A check that the item asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedCheck {
    /// Slug that the check will have.
    pub check: String,
    /// What it will ask.
    pub asks: Bilingual,
}

/// A statement by a named person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// Slug, unique within the item.
    pub id: String,
    /// What is stated.
    pub text: Bilingual,
}

/// Severity rule of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemSeverity {
    /// Base severity.
    pub base: Severity,
    /// What raises or lowers it.
    #[serde(default)]
    pub note: Option<Bilingual>,
}

/// Other frameworks' controls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemRefs {
    /// NIST CSF 2.0 subcategories.
    #[serde(default)]
    pub csf: Vec<String>,
    /// ISO/IEC 27001:2022 Annex A.
    #[serde(default)]
    pub iso: Vec<String>,
    /// CIS Controls v8 safeguards.
    #[serde(default)]
    pub cis: Vec<String>,
}

/// Texts and policy of a check, `catalogue/checks/<family>/<slug>.yaml`. The logic is code; everything a reader sees
/// or a firm may want to change is here. `title`, `risk` and `advice` may name the finding's facts in braces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckText {
    /// Slug: `firewall/permit-any-any`.
    pub id: String,
    /// Headline of a finding.
    pub title: Bilingual,
    /// What the check looks for.
    pub what: Bilingual,
    /// Why it matters.
    pub why: Bilingual,
    /// What evidence it needs.
    pub evidence: Bilingual,
    /// What it cannot see.
    pub limits: Bilingual,
    /// Risk description of a finding: extent and impact.
    pub risk: Bilingual,
    /// Concrete improvement: object, action and expected state.
    pub advice: Bilingual,
    /// Severity.
    pub severity: CheckSeverity,
    /// Weight in scores; 1 unless there is a reason.
    #[serde(default = "one")]
    pub weight: u32,
    /// Items that the check answers, each with the sides of its question that count there (none: all of them).
    pub items: BTreeMap<ItemId, Vec<String>>,
    /// Standards, papers, vendor guides.
    pub references: Vec<String>,
}

fn one() -> u32 {
    1
}

/// Severity of a check's findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckSeverity {
    /// Without a rule that matches.
    pub base: Severity,
    /// The first that matches decides.
    #[serde(default)]
    pub when: Vec<SeverityRule>,
    /// One step worse for a system of category 1.
    #[serde(default)]
    pub raise_for_category_1: bool,
}

/// A severity for findings with certain facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeverityRule {
    /// Name of the fact; `aspect` is the finding's aspect.
    pub fact: String,
    /// Its value.
    pub is: serde_json::Value,
    /// The severity then.
    pub severity: Severity,
}

/// A check as an item sees it, resolved from the checks' own lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemCheck {
    /// Slug.
    pub check: String,
    /// Sides of the check's question that count here; empty: all.
    pub aspects: Vec<String>,
    /// Weight in scores.
    pub weight: u32,
    /// Whether the check exists.
    pub planned: bool,
}

/// A regime: which item sets a run answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Regime {
    /// `government`, `financial`, `securities`, `all`.
    pub id: String,
    /// Name.
    pub title: Bilingual,
    /// Item sets by prefix.
    pub sets: Vec<String>,
    /// Threshold set used unless another is chosen.
    pub thresholds: String,
    /// Rule that the regime rests on.
    pub source: Vec<String>,
}

/// A system category with its cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// 1, 2 or 3.
    pub id: u8,
    /// Name.
    pub title: Bilingual,
    /// Definition, as generally worded.
    pub definition: Bilingual,
    /// Years between assessments.
    pub cycle_years: u32,
    /// Months to a re-assessment after a major incident.
    pub incident_months: u32,
    /// Other wordings with their sources.
    #[serde(default)]
    pub wordings: Vec<String>,
    /// Clauses and documents.
    pub source: Vec<String>,
}

/// How the two published sets differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crosswalk {
    /// One row per difference or per trap.
    pub differences: Vec<CrosswalkRow>,
}

/// One difference between the item sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrosswalkRow {
    /// What is compared: origin, object, scope, …
    pub topic: Bilingual,
    /// Government set.
    pub government: Bilingual,
    /// Financial and insurance set.
    pub financial: Bilingual,
    /// What the securities set does about it.
    pub securities: Bilingual,
}

/// State of a requirement of the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceStatus {
    /// Shown by the tests named.
    Met,
    /// Not yet.
    Planned,
}

/// One sentence of the article as a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// `R1` to `R128`.
    pub id: String,
    /// Section of the article.
    pub article: String,
    /// What must be shown.
    pub text: Bilingual,
    /// Items that carry it.
    #[serde(default)]
    pub items: Vec<ItemId>,
    /// Checks that answer it, existing or planned.
    #[serde(default)]
    pub checks: Vec<String>,
    /// Tests that show it, as `crate::path::name` or `file: name`; none while planned.
    #[serde(default)]
    pub tests: Vec<String>,
    /// Met or planned.
    pub status: TraceStatus,
}

/// `sla.yaml`: time limits of open findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sla {
    /// Clauses and documents.
    pub source: Vec<String>,
    /// Days by severity and category of the system; a severity that is not here has no limit.
    pub days: BTreeMap<Severity, BTreeMap<u8, u32>>,
}

impl Sla {
    /// Last day of the time limit of a finding whose clock began on `clock`; a system without a category is judged as
    /// one of the first.
    pub fn due(&self, severity: Severity, category: Option<u8>, clock: Date) -> Option<Date> {
        let days = *self.days.get(&severity)?.get(&category.unwrap_or(1))?;
        clock.checked_add(jiff::Span::new().days(days)).ok()
    }
}

/// `tracker.yaml`: what the table looks like in which a firm answers to its findings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tracker {
    /// Name of the sheet.
    pub sheet: Bilingual,
    /// Visible columns in their order.
    pub columns: Vec<TrackerColumn>,
    /// States that may be answered.
    pub statuses: Vec<TrackerWord>,
    /// Words for the severities.
    pub severities: Vec<TrackerWord>,
}

/// A column of the tracker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackerColumn {
    /// Which, such as `first_seen`.
    pub column: String,
    /// Header.
    pub title: Bilingual,
    /// Width in characters.
    pub width: f64,
}

/// A word of the tracker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackerWord {
    /// Code in our data.
    pub code: String,
    /// What people read.
    pub label: Bilingual,
}

/// `words.yaml`: words of results that code says in English only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// What checks count, such as `rules`: in Traditional Chinese, with the measure word.
    pub counted: BTreeMap<String, String>,
    /// Why a note was made, such as `truncated`.
    pub notes: BTreeMap<String, Bilingual>,
    /// Blocks of an incident's formal report, by their names in the register.
    #[serde(default)]
    pub incident_report: BTreeMap<String, Bilingual>,
    /// What commands say about the programme, by key; `{name}` is filled in.
    #[serde(default)]
    pub programme: BTreeMap<String, Bilingual>,
}

impl Words {
    /// A counted thing in a language; a word that is not here is shown as it is.
    pub fn counted<'a>(&'a self, what: &'a str, lang: Lang) -> &'a str {
        match lang {
            Lang::En => what,
            Lang::ZhTw => self.counted.get(what).map_or(what, String::as_str),
        }
    }

    /// The reason of a note in a language; a reason that is not here is shown as it is.
    pub fn note<'a>(&'a self, reason: &'a str, lang: Lang) -> &'a str {
        self.notes.get(reason).map_or(reason, |words| words.get(lang))
    }

    /// A block of an incident's formal report in a language; a name that is not here is shown as it is.
    pub fn block<'a>(&'a self, name: &'a str, lang: Lang) -> &'a str {
        self.incident_report.get(name).map_or(name, |words| words.get(lang))
    }

    /// What a command says, with its values filled in; a key that is not here is shown as it is.
    pub fn say(&self, key: &str, lang: Lang, values: &[(&str, &str)]) -> String {
        let mut said = String::new();
        let mut rest = self.programme.get(key).map_or(key, |words| words.get(lang));
        // Once through, so that a value that looks like a place is not filled again.
        while let Some((before, place)) = rest.split_once('{') {
            let known = place.split_once('}').and_then(|(name, after)| {
                values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, after))
            });
            said.push_str(before);
            if let Some((value, after)) = known {
                said.push_str(value);
                rest = after;
            } else {
                said.push('{');
                rest = place;
            }
        }
        said + rest
    }
}

/// JSON schemas of the catalogue's files, by the places where they stand, for editors and for `docs/schemas/`.
pub fn file_schemas() -> [(&'static str, schemars::Schema); 13] {
    [
        ("groups.yaml", schemars::schema_for!(Vec<Group>)),
        ("items/*.yaml", schemars::schema_for!(Vec<Item>)),
        ("checks/*/*.yaml", schemars::schema_for!(CheckText)),
        ("thresholds/*.yaml", schemars::schema_for!(crate::ThresholdSet)),
        ("questionnaires/*.yaml", schemars::schema_for!(crate::Questionnaire)),
        ("duties.yaml", schemars::schema_for!(crate::Duties)),
        ("regimes.yaml", schemars::schema_for!(Vec<Regime>)),
        ("categories.yaml", schemars::schema_for!(Vec<Category>)),
        ("crosswalk.yaml", schemars::schema_for!(Crosswalk)),
        ("sla.yaml", schemars::schema_for!(Sla)),
        ("tracker.yaml", schemars::schema_for!(Tracker)),
        ("words.yaml", schemars::schema_for!(Words)),
        ("trace/*.yaml", schemars::schema_for!(Vec<Requirement>)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_written_as_maps_or_names() {
        let text = "any_of: [PCAP, LOCPOL, SRVCOL]\nsufficiency: {fresh: {days: 7}}\n\
            sufficiency_of: {LOCPOL: {sample: {percent: 10, count: 100}}, SRVCOL: every_unit}\n";
        let need: EvidenceNeed = yaml_serde::from_str(text).unwrap();
        assert_eq!(need.rule(EvidenceKind::Pcap), Some(&Sufficiency::Fresh { days: 7 }));
        assert_eq!(need.rule(EvidenceKind::Locpol), Some(&Sufficiency::Sample { percent: 10, count: 100 }));
        assert_eq!(need.rule(EvidenceKind::Srvcol), Some(&Sufficiency::EveryUnit));
        let again: EvidenceNeed = serde_json::from_value(serde_json::to_value(&need).unwrap()).unwrap();
        assert_eq!(again, need);
        let wrong = yaml_serde::from_str::<EvidenceNeed>("any_of: [PCAP]\nsufficiency: {capture: {hours: 6}}\n");
        assert!(wrong.unwrap_err().to_string().contains("max_gap_minutes"));
    }

    #[test]
    fn schemas_say_how_rules_are_written() {
        let (_, items) = &file_schemas()[1];
        let text = items.as_value().to_string();
        assert!(text.contains("max_gap_minutes") && text.contains("every_unit"), "{text}");
    }
}
