//! `assessment.toml`: what the firm says about its evidence. The shape is documented in the crate's front page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secdiag_model::result::SystemInfo;
use secdiag_model::{
    Artefact, Binding, EvidenceKind, EvidenceSet, Format, ItemId, Note, NoteKind, Period, Recognition, SystemId, glob,
};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::take::EMPTY;
use crate::walk::Root;
use crate::{IntakeError, Vault};

/// Name of the description's file.
pub const fn file_name() -> &'static str {
    "assessment.toml"
}

/// Longest description that is read.
const MAX_BYTES: u64 = 4 << 20;

/// What `assessment.toml` says; all empty without one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// Name of the firm.
    pub firm: Option<String>,
    /// Name of the assessment.
    pub name: Option<String>,
    /// Regime, unless the command line names one.
    pub regime: Option<String>,
    /// Threshold set, unless the command line names one.
    pub thresholds: Option<String>,
    /// Systems, sorted by id.
    pub systems: Vec<SystemInfo>,
    /// What evidence belongs where, in the order written.
    pub evidence: Vec<EvidenceRule>,
    /// Statements by named people, in the order written.
    pub attestations: Vec<Attestation>,
    /// Items declared not to apply, in the order written.
    pub not_applicable: Vec<NotApplicable>,
    /// Patterns of indicator lists.
    pub intel: Vec<String>,
    /// The file's path as shown.
    source: Option<String>,
    /// What stands before the paths that its patterns mean: the name of its root where there are several, and the
    /// archive that it lies in.
    below: String,
}

/// What is said about the evidence that a pattern fits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EvidenceRule {
    /// Pattern over paths as shown.
    pub path: String,
    /// Systems that it belongs to.
    pub systems: Vec<SystemId>,
    /// See [`Binding::asset`].
    pub asset: Option<String>,
    /// See [`Binding::capture_point`].
    pub capture_point: Option<String>,
    /// See [`Binding::collected_by`].
    pub collected_by: Option<String>,
    /// See [`Binding::collected_at`].
    pub collected_at: Option<String>,
    /// See [`Binding::covers`].
    pub covers: Option<Period>,
    /// See [`Binding::declared_kind`].
    pub kind: Option<EvidenceKind>,
    /// Format id to read it as.
    pub format: Option<String>,
}

/// A statement by a named person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attestation {
    /// Item that it answers.
    pub item: ItemId,
    /// Slug of the statement within the item.
    pub id: String,
    /// System that it is about; nothing: all.
    pub system: Option<SystemId>,
    /// In the person's words.
    pub statement: String,
    /// Name.
    pub by: String,
    /// Position in the firm.
    pub role: Option<String>,
    /// When it was stated.
    pub date: Date,
}

/// An item declared not to apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotApplicable {
    /// Item.
    pub item: ItemId,
    /// System that it does not apply to; nothing: all.
    pub system: Option<SystemId>,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub by: String,
    /// When it was stated.
    pub date: Date,
}

impl Assessment {
    /// Whether an `assessment.toml` was given.
    pub fn bound(&self) -> bool {
        self.source.is_some()
    }

    /// Path of the `assessment.toml` as shown.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// The systems declared, and the unnamed one where evidence belongs to it or nothing is declared; sorted by id.
    pub fn systems_of(&self, evidence: &EvidenceSet) -> Vec<SystemInfo> {
        let unnamed = SystemId::unnamed();
        let mut systems = self.systems.clone();
        let is_used = |artefact: &Artefact| {
            artefact.recognition != Recognition::Assessment && artefact.binding.systems.contains(&unnamed)
        };
        if systems.is_empty() || evidence.artefacts.iter().any(is_used) {
            let name = unnamed.0.clone();
            systems.push(SystemInfo { id: unnamed, name, category: None, population: BTreeMap::new() });
            systems.sort_by(|a, b| a.id.cmp(&b.id));
        }
        systems
    }

    /// Indicator lists among the evidence, by `intel`.
    pub fn intel<'a>(&self, evidence: &'a EvidenceSet) -> Vec<&'a Artefact> {
        let fits = |artefact: &&Artefact| self.intel.iter().any(|pattern| self.fits(pattern, artefact));
        evidence.artefacts.iter().filter(fits).collect()
    }

    /// Reads a description.
    pub fn parse(text: &str, path: &str) -> Result<Self, IntakeError> {
        read(text).map_err(|problem| {
            let (line, column) = line_and_column(text, problem.at);
            IntakeError::Assessment { path: path.to_owned(), line, column, message: problem.message }
        })
    }

    /// Whether a pattern fits an artefact, or the archive that it is a member of.
    fn fits(&self, pattern: &str, artefact: &Artefact) -> bool {
        let path = artefact.display_path();
        let fits = |path: &str| {
            glob::matches(pattern, path)
                || (!self.below.is_empty()
                    && path.strip_prefix(&self.below).is_some_and(|path| glob::matches(pattern, path)))
        };
        fits(&path) || path.match_indices("!/").any(|(end, _)| fits(&path[..end]))
    }

    /// The format that an artefact is to be read as, whatever its content looks like.
    pub(crate) fn forced(&self, artefact: &Artefact) -> Option<&str> {
        let mut fitting = self.evidence.iter().rev().filter(|rule| self.fits(&rule.path, artefact));
        fitting.find_map(|rule| rule.format.as_deref())
    }

    /// Binds the evidence: systems, devices, periods, kinds.
    pub(crate) fn bind(&self, evidence: &mut EvidenceSet, formats: &[&'static Format], notes: &mut Vec<Note>) {
        let Some(source) = &self.source else { return };
        let fallback = match self.systems.as_slice() {
            [only] => only.id.clone(),
            _ => SystemId::unnamed(),
        };
        let mut rules_used = vec![false; self.evidence.len()];
        let mut intel_used = vec![false; self.intel.len()];
        let mut read_after_all = BTreeSet::new();
        let mut unbound = Vec::new();
        for artefact in &mut evidence.artefacts {
            if artefact.display_path() == *source {
                artefact.recognition = Recognition::Assessment;
                read_after_all.insert((artefact.path.clone(), artefact.member.clone()));
                continue;
            }
            let mut systems = BTreeSet::new();
            let mut format = None;
            for (rule, used) in self.evidence.iter().zip(&mut rules_used) {
                if !self.fits(&rule.path, artefact) {
                    continue;
                }
                *used = true;
                systems.extend(rule.systems.iter().cloned());
                rule.apply(&mut artefact.binding);
                format = rule.format.as_deref().or(format);
            }
            for (pattern, used) in self.intel.iter().zip(&mut intel_used) {
                if self.fits(pattern, artefact) {
                    *used = true;
                    artefact.binding.declared_kind.get_or_insert(EvidenceKind::Cti);
                    // A plain list looks like any text: that it is one is for the description to say.
                    if let Recognition::Unsupported { .. } = artefact.recognition {
                        let format = INDICATOR_LIST.to_owned();
                        artefact.recognition = Recognition::Recognised { format, kind: EvidenceKind::Cti };
                        read_after_all.insert((artefact.path.clone(), artefact.member.clone()));
                    }
                }
            }
            if systems.is_empty() {
                if self.systems.len() > 1 && !matches!(artefact.recognition, Recognition::Container { .. }) {
                    unbound.push(artefact.display_path());
                }
                systems.insert(fallback.clone());
            }
            artefact.binding.systems = systems.into_iter().collect();
            if let Some(id) = format
                && force_format(artefact, id, formats, notes)
            {
                read_after_all.insert((artefact.path.clone(), artefact.member.clone()));
            }
        }
        notes.retain(|note| {
            note.kind != NoteKind::Unsupported || !read_after_all.contains(&(note.path.clone(), note.member.clone()))
        });
        let here =
            |reason: &str, text: String| Note { path: source.clone(), ..Note::new(NoteKind::Assumed, reason, text) };
        let unused = self.evidence.iter().map(|rule| &rule.path).zip(rules_used);
        for (pattern, _) in unused.chain(self.intel.iter().zip(intel_used)).filter(|(_, used)| !used) {
            notes.push(here("pattern-unused", format!("no evidence fits the pattern `{pattern}`")));
        }
        if let Some(first) = unbound.first() {
            let text =
                format!("no pattern names a system for {first} and what else is unbound: it belongs to `unnamed`");
            notes.push(here("unbound", text).times(unbound.len() as u64));
        }
    }
}

impl EvidenceRule {
    fn apply(&self, binding: &mut Binding) {
        fn set<T: Clone>(target: &mut Option<T>, value: Option<&T>) {
            if let Some(value) = value {
                *target = Some(value.clone());
            }
        }
        set(&mut binding.asset, self.asset.as_ref());
        set(&mut binding.capture_point, self.capture_point.as_ref());
        set(&mut binding.collected_by, self.collected_by.as_ref());
        set(&mut binding.collected_at, self.collected_at.as_ref());
        set(&mut binding.covers, self.covers.as_ref());
        set(&mut binding.declared_kind, self.kind.as_ref());
    }
}

/// What a file that the description names under `intel` is recognised as.
const INDICATOR_LIST: &str = "indicator-list";

/// Makes an artefact what `assessment.toml` says that it is. Archives that were opened and what could not be read
/// stay what they are.
fn force_format(artefact: &mut Artefact, id: &str, formats: &[&'static Format], notes: &mut Vec<Note>) -> bool {
    if matches!(artefact.recognition, Recognition::Container { .. } | Recognition::Broken { .. }) {
        return false;
    }
    let Some(format) = formats.iter().find(|format| format.id == id) else {
        let text = format!("the description says that it is `{id}`, which no inspection of this run reads");
        notes.push(Note::new(NoteKind::Unsupported, "unknown-format", text).on(artefact));
        return false;
    };
    if artefact.format() != Some(id) {
        let text =
            format!("read as {} because the description says so; its content does not look like it", format.title);
        notes.push(Note::new(NoteKind::Assumed, "format-forced", text).on(artefact));
    }
    artefact.recognition = Recognition::Recognised { format: id.to_owned(), kind: format.kind };
    true
}

/// Parses the descriptions that lie in given folders, so that a mistake shows before hours of hashing.
pub(crate) fn check_early(roots: &[Root]) -> Result<Vec<Assessment>, IntakeError> {
    let mut found = Vec::new();
    for root in roots.iter().filter(|root| !root.is_file) {
        let path = root.disk.join(file_name());
        if path.symlink_metadata().is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_BYTES)
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            let text = text.trim_start_matches('\u{feff}');
            let below = if root.prefix.is_empty() { String::new() } else { format!("{}/", root.prefix) };
            found.push(Assessment { below, ..Assessment::parse(text, &joined(&root.prefix, file_name()))? });
        }
    }
    Ok(found)
}

/// The description among the evidence: directly in a given folder, or in an archive given as such.
pub(crate) fn find(roots: &[Root], evidence: &EvidenceSet, vault: &Vault) -> Result<Assessment, IntakeError> {
    let mut found: Option<Assessment> = None;
    for artefact in &evidence.artefacts {
        let Some(below) = roots.iter().find_map(|root| root_of(root, artefact)) else { continue };
        let path = artefact.display_path();
        if let Some(Assessment { source: Some(first), .. }) = &found {
            return Err(IntakeError::TwoAssessments { first: first.clone(), second: path });
        }
        let problem = |message: String| IntakeError::Assessment { path: path.clone(), line: 1, column: 1, message };
        if artefact.size > MAX_BYTES {
            return Err(problem(format!("it is longer than {MAX_BYTES} bytes")));
        }
        if let Recognition::Broken { reason } = &artefact.recognition
            && reason != EMPTY
        {
            return Err(problem(reason.clone()));
        }
        let vault_error = |source| IntakeError::Vault { path: vault.root().to_owned(), source };
        let mut bytes = Vec::new();
        vault.file(&artefact.sha256).map_err(vault_error)?.read_to_end(&mut bytes).map_err(vault_error)?;
        let text = String::from_utf8(bytes).map_err(|_| problem("it is not UTF-8: save it as UTF-8".to_owned()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        found = Some(Assessment { source: Some(path.clone()), below, ..Assessment::parse(text, &path)? });
    }
    Ok(found.unwrap_or_default())
}

/// When an artefact is the root's description: what stands before the paths that it describes.
fn root_of(root: &Root, artefact: &Artefact) -> Option<String> {
    let is_it = match &artefact.member {
        None => !root.is_file && artefact.path == joined(&root.prefix, file_name()),
        Some(member) => root.is_file && artefact.path == root.prefix && member == file_name(),
    };
    let separator = if artefact.member.is_some() { "!/" } else { "/" };
    is_it.then(|| if root.prefix.is_empty() { String::new() } else { format!("{}{separator}", root.prefix) })
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}

/// JSON schema of `assessment.toml`, for editors.
pub fn schema() -> Schema {
    schemars::schema_for!(File)
}

/// A mistake, at a byte of the text.
struct Problem {
    at: usize,
    message: String,
}

impl Problem {
    fn new<T>(place: &Spanned<T>, message: String) -> Self {
        Self { at: place.span().start, message }
    }
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

fn read(text: &str) -> Result<Assessment, Problem> {
    let file: File = toml::from_str(text).map_err(|error: toml::de::Error| Problem {
        at: error.span().map_or(0, |span| span.start),
        message: error.message().trim().to_owned(),
    })?;
    let mut systems: BTreeMap<SystemId, SystemInfo> = BTreeMap::new();
    for system in file.system {
        let id = system.id.get_ref();
        let problem = |message: String| Err(Problem::new(&system.id, message));
        if id.trim().is_empty() || id == SystemId::UNNAMED {
            return problem(format!("`{id}` cannot be the id of a system: choose another"));
        }
        if !(1..=3).contains(system.category.as_ref().map_or(&1, Spanned::get_ref)) {
            let place = system.category.as_ref().map_or(0, |category| category.span().start);
            return Err(Problem { at: place, message: "a category is 1, 2 or 3".to_owned() });
        }
        let info = SystemInfo {
            id: SystemId(id.clone()),
            name: system.name.unwrap_or_else(|| id.clone()),
            category: system.category.map(Spanned::into_inner),
            population: system.population.into_iter().map(|(kind, count)| (kind.code().to_owned(), count)).collect(),
        };
        if systems.insert(info.id.clone(), info).is_some() {
            return problem(format!("the system `{id}` is declared twice"));
        }
    }
    let declared = |id: Spanned<String>| {
        let system = SystemId(id.get_ref().clone());
        if systems.contains_key(&system) {
            return Ok(system);
        }
        let known: Vec<_> = systems.keys().map(|id| id.0.as_str()).collect();
        let known =
            if known.is_empty() { "none is declared".to_owned() } else { format!("declared: {}", known.join(", ")) };
        Err(Problem::new(&id, format!("the system `{system}` is not declared ({known})")))
    };

    let mut evidence = Vec::new();
    for rule in file.evidence {
        if rule.path.get_ref().is_empty() {
            return Err(Problem::new(&rule.path, "an empty pattern fits nothing".to_owned()));
        }
        evidence.push(EvidenceRule {
            path: rule.path.into_inner(),
            systems: rule.systems.into_iter().map(declared).collect::<Result<_, _>>()?,
            asset: rule.asset,
            capture_point: rule.capture_point,
            collected_by: rule.collected_by,
            collected_at: rule.collected_at.map(|at| at.0),
            covers: rule.covers.map(period).transpose()?,
            kind: rule.kind,
            format: rule.format,
        });
    }
    let mut attestations = Vec::new();
    for attestation in file.attestation {
        attestations.push(Attestation {
            item: ItemId(attestation.item),
            id: attestation.id,
            system: attestation.system.map(declared).transpose()?,
            statement: attestation.statement,
            by: person(attestation.by)?,
            role: attestation.role,
            date: date(&attestation.date)?,
        });
    }
    let mut not_applicable = Vec::new();
    for entry in file.not_applicable {
        not_applicable.push(NotApplicable {
            item: ItemId(entry.item),
            system: entry.system.map(declared).transpose()?,
            reason: entry.reason,
            by: person(entry.by)?,
            date: date(&entry.date)?,
        });
    }
    Ok(Assessment {
        firm: file.firm,
        name: file.assessment,
        regime: file.regime,
        thresholds: file.thresholds,
        systems: systems.into_values().collect(),
        evidence,
        attestations,
        not_applicable,
        intel: file.intel,
        source: None,
        below: String::new(),
    })
}

fn person(by: Spanned<String>) -> Result<String, Problem> {
    if by.get_ref().trim().is_empty() {
        return Err(Problem::new(&by, "a statement needs the name of the person who makes it".to_owned()));
    }
    Ok(by.into_inner())
}

fn date(text: &Spanned<Moment>) -> Result<Date, Problem> {
    let Moment(written) = text.get_ref();
    written.parse().map_err(|_| Problem::new(text, format!("`{written}` is not a date: write 2026-10-05")))
}

fn period(covers: [Spanned<Moment>; 2]) -> Result<Period, Problem> {
    let moment = |text: &Spanned<Moment>| {
        let Moment(written) = text.get_ref();
        let parsed: Result<Timestamp, _> = written.parse();
        parsed.map(Timestamp::as_microsecond).map_err(|_| {
            let message = format!("`{written}` is not a moment with its offset: write 2026-10-01T00:00:00+08:00");
            Problem::new(text, message)
        })
    };
    let (start_us, end_us) = (moment(&covers[0])?, moment(&covers[1])?);
    if start_us > end_us {
        return Err(Problem::new(&covers[1], "the period ends before it begins".to_owned()));
    }
    Ok(Period { start_us, end_us })
}

/// The file as written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "assessment.toml")]
struct File {
    /// Name of the firm.
    firm: Option<String>,
    /// Name of the assessment.
    assessment: Option<String>,
    /// `government`, `financial`, `securities` or `all`.
    regime: Option<String>,
    /// Threshold set.
    thresholds: Option<String>,
    /// Patterns of indicator lists among the evidence.
    #[serde(default)]
    intel: Vec<String>,
    /// Information systems.
    #[serde(default)]
    system: Vec<SystemEntry>,
    /// What evidence belongs where.
    #[serde(default)]
    evidence: Vec<EvidenceEntry>,
    /// Statements by named people.
    #[serde(default)]
    attestation: Vec<AttestationEntry>,
    /// Items that do not apply.
    #[serde(default)]
    not_applicable: Vec<NotApplicableEntry>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SystemEntry {
    /// Id, as the other tables name it.
    #[schemars(with = "String")]
    id: Spanned<String>,
    /// Name for readers; the id unless given.
    name: Option<String>,
    /// 1, 2 or 3.
    #[schemars(with = "Option<u8>")]
    category: Option<Spanned<u8>>,
    /// How many there are of a kind of evidence, for sampling, such as `{ LOCPOL = 120 }`.
    #[serde(default)]
    population: BTreeMap<EvidenceKind, u64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EvidenceEntry {
    /// Pattern: `*` and `?` within a name, `**` across folders; `archive.zip!/…` for members.
    #[schemars(with = "String")]
    path: Spanned<String>,
    /// Ids of systems.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    systems: Vec<Spanned<String>>,
    /// Device or host that it was taken from.
    asset: Option<String>,
    /// Where on the network a capture was taken.
    capture_point: Option<String>,
    /// Who collected it and how.
    collected_by: Option<String>,
    /// When it was collected.
    collected_at: Option<Moment>,
    /// First and last moment that it covers, with offsets.
    #[schemars(with = "Option<[Moment; 2]>")]
    covers: Option<[Spanned<Moment>; 2]>,
    /// Code of the kind of evidence, such as `FWLOG`.
    kind: Option<EvidenceKind>,
    /// Format to read it as.
    format: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AttestationEntry {
    /// Item, such as `SEC-1.1`.
    item: String,
    /// Slug of the statement within the item.
    id: String,
    /// System that it is about; all unless given.
    #[schemars(with = "Option<String>")]
    system: Option<Spanned<String>>,
    /// What is stated.
    statement: String,
    /// Name of the person.
    #[schemars(with = "String")]
    by: Spanned<String>,
    /// Position.
    role: Option<String>,
    /// Date.
    #[schemars(with = "Moment")]
    date: Spanned<Moment>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NotApplicableEntry {
    /// Item, such as `SEC-9.1`.
    item: String,
    /// System that it does not apply to; all unless given.
    #[schemars(with = "Option<String>")]
    system: Option<Spanned<String>>,
    /// Why.
    reason: String,
    /// Name of the person.
    #[schemars(with = "String")]
    by: Spanned<String>,
    /// Date.
    #[schemars(with = "Moment")]
    date: Spanned<Moment>,
}

/// A date or time: TOML's own, or a text.
struct Moment(String);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Moment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date or time, such as 2026-10-05 or 2026-10-01T00:00:00+08:00")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
                Ok(Moment(text.trim().to_owned()))
            }

            // TOML's own dates arrive as a map of one private field.
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Moment, A::Error> {
                let date = toml::value::Datetime::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Moment(date.to_string()))
            }
        }

        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "A date or a moment with its offset: 2026-10-05, 2026-10-01T00:00:00+08:00"})
    }
}
