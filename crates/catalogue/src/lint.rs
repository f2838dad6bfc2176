//! Proves that the catalogue is whole: nothing is missing between the item sets, the checks and the trace, and both
//! languages say everything.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::{Bilingual, ItemId};
use serde_json::Value;

use crate::template::facts_named;
use crate::{Catalogue, CheckText, Item, Protects, Question, TraceStatus};

/// Something wrong with the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// File or id, with the field where there is one: `GOV-5.1 title`.
    pub place: String,
    /// What is wrong and what to do.
    pub text: String,
}

impl std::fmt::Display for Complaint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// A check of the binary, for comparing with the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct KnownCheck {
    /// Slug.
    pub id: &'static str,
}

impl Catalogue {
    /// Everything wrong with the catalogue, sorted by place. `known` are the checks that the binary has.
    pub fn lint(&self, known: &[KnownCheck]) -> Vec<Complaint> {
        let mut lint = Lint {
            catalogue: self,
            simplified: SIMPLIFIED.chars().filter(|c| is_han(*c)).collect(),
            complaints: BTreeSet::new(),
        };
        lint.groups();
        lint.items();
        lint.views();
        lint.checks();
        lint.known(known);
        lint.trace();
        lint.thresholds_and_regimes();
        lint.categories();
        lint.questionnaires();
        lint.duties();
        lint.texts();
        lint.complaints.into_iter().collect()
    }
}

/// Requirements of the article.
const REQUIREMENTS: usize = 128;

/// Elements of an assessment report (INS 捌).
const REPORT_ELEMENTS: usize = 10;

/// Below this many characters an advice cannot name object, action and expected state.
const SHORTEST_ADVICE: (usize, usize) = (40, 15);

/// One per line of sixty: characters of GB 2312 that Traditional text writes differently and that Big5, the character
/// set of Taiwan, does not have (as the OpenCC tables convert them), with the commonest of those that Big5 has as
/// rarities. Characters that both scripts use, such as 台, 里, 后 or 准, are not among them.
const SIMPLIFIED: &str = include_str!("simplified.txt");

/// Terms of the mainland, however written, with what Taiwan says.
const MAINLAND: &[(&str, &str)] = &[
    ("網絡", "網路"),
    ("軟件", "軟體"),
    ("硬件", "硬體"),
    ("服務器", "伺服器"),
    ("默認", "預設"),
    ("缺省", "預設"),
    ("數據庫", "資料庫"),
    ("信息安全", "資訊安全"),
    ("賬號", "帳號"),
    ("賬戶", "帳戶"),
    ("登錄密碼", "登入密碼"),
    ("端口", "連接埠"),
    ("內存", "記憶體"),
    ("硬盤", "硬碟"),
    ("屏幕", "螢幕"),
    ("字節", "位元組"),
    ("打印機", "印表機"),
    ("防火墻", "防火牆"),
];

struct Lint<'a> {
    catalogue: &'a Catalogue,
    simplified: BTreeSet<char>,
    complaints: BTreeSet<Complaint>,
}

impl Lint<'_> {
    fn add(&mut self, place: impl ToString, text: impl Into<String>) {
        self.complaints.insert(Complaint { place: place.to_string(), text: text.into() });
    }

    fn groups(&mut self) {
        let catalogue = self.catalogue;
        let mut listed = BTreeSet::new();
        let mut groups = BTreeSet::new();
        for group in catalogue.groups() {
            if !groups.insert(&group.id) {
                self.add(&group.id, "defined twice in groups.yaml; remove one");
            }
            if group.items.is_empty() {
                self.add(&group.id, "has no items in groups.yaml; list those below it");
            }
            self.sources(&group.id, &group.source);
            for item in &group.items {
                if item.parent() != group.id.0 {
                    self.add(&group.id, format!("lists {item}, which is not below it; move it to {}", item.parent()));
                }
                if !listed.insert(item) {
                    self.add(&group.id, format!("lists {item} a second time; remove one"));
                }
                if catalogue.item(item).is_none() {
                    self.add(item, "is listed in groups.yaml but has no record; write it in items/");
                }
            }
        }
        for item in catalogue.items().filter(|item| !listed.contains(&item.id)) {
            self.add(&item.id, format!("is not listed in groups.yaml; add it to {}", item.id.parent()));
        }
    }

    fn items(&mut self) {
        let catalogue = self.catalogue;
        let mut asked: BTreeMap<&str, (&Bilingual, &ItemId)> = BTreeMap::new();
        let mut protects: BTreeSet<Protects> = BTreeSet::new();
        for item in catalogue.items() {
            self.item(item);
            protects.extend(&item.protects);
            for planned in &item.planned {
                match asked.get(planned.check.as_str()) {
                    Some((asks, first)) if **asks != planned.asks => self.add(
                        &item.id,
                        format!("asks for {} in other words than {first} does; use the same words", planned.check),
                    ),
                    Some(_) => {}
                    None => {
                        asked.insert(&planned.check, (&planned.asks, &item.id));
                    }
                }
            }
        }
        for class in [Protects::Systems, Protects::Processes, Protects::Measures] {
            if !protects.contains(&class) {
                self.add("items/", format!("no item protects {class:?}; tag those that do").to_lowercase());
            }
        }
    }

    fn item(&mut self, item: &Item) {
        let catalogue = self.catalogue;
        let id = &item.id;
        self.sources(id, &item.source);
        if item.rev == 0 {
            self.add(id, "rev counts from 1");
        }
        if item.protects.is_empty() {
            self.add(id, "protects nothing; say whether it examines systems, processes or measures");
        }
        if item.categories.is_empty() {
            self.add(id, "applies to no category; list those it applies to");
        }
        for category in &item.categories {
            if !catalogue.categories().iter().any(|known| known.id == *category) {
                self.add(id, format!("names category {category}, which categories.yaml does not have"));
            }
        }
        if !item.evidence.iter().any(|need| !need.optional) {
            self.add(id, "needs no evidence; name at least one need that is not optional");
        }
        for need in &item.evidence {
            if need.any_of.is_empty() {
                self.add(id, "has an evidence need without kinds; fill any_of");
            }
            for kind in need.sufficiency_of.keys().filter(|kind| !need.any_of.contains(kind)) {
                self.add(id, format!("has a rule for {kind}, which is not in its any_of"));
            }
        }
        let mut planned = BTreeSet::new();
        for check in &item.planned {
            if !planned.insert(&check.check) {
                self.add(id, format!("plans {} twice; remove one", check.check));
            }
            if !is_slug(&check.check) {
                self.add(id, format!("plans `{}`; a check's slug is family/bad-thing", check.check));
            }
            if catalogue.check(&check.check).is_some_and(|text| !text.items.contains_key(id)) {
                self.add(
                    id,
                    format!(
                        "waits for {0}, which exists without answering it; add {id} to the items of {0}",
                        check.check
                    ),
                );
            }
        }
        if catalogue.checks_of(item).is_empty() && item.attestations.is_empty() {
            self.add(id, "has neither checks nor attestations; nothing could decide it");
        }
        let mut attestations = BTreeSet::new();
        for attestation in item.attestations.iter().filter(|attestation| !attestations.insert(&attestation.id)) {
            self.add(id, format!("has the attestation {} twice; rename one", attestation.id));
        }
        if item.attestation_decides && item.attestations.is_empty() {
            self.add(id, "says that attestations decide it but has none; write them or remove attestation_decides");
        }
        if item.replaced_by.as_ref().is_some_and(|other| catalogue.item(other).is_none()) {
            self.add(id, "is replaced by an item that does not exist");
        }
        self.concrete(&format!("{id} suggestion"), &item.suggestion);
    }

    fn views(&mut self) {
        let catalogue = self.catalogue;
        for item in catalogue.items() {
            let id = &item.id;
            for view in &item.views {
                match catalogue.item(view) {
                    None => self.add(id, format!("views {view}, which does not exist")),
                    Some(_) if view.set() == id.set() => {
                        self.add(id, format!("views {view}, which is of its own set; views join sets"));
                    }
                    Some(other) if !other.views.contains(id) => {
                        self.add(view, format!("is viewed by {id} but does not view it; add {id} to its views"));
                    }
                    Some(_) => {}
                }
            }
            if id.set() != "SEC" && !item.views.iter().any(|view| view.set() == "SEC") {
                self.add(id, "is lost: no item of the securities set views it");
            }
        }
    }

    fn checks(&mut self) {
        let catalogue = self.catalogue;
        for check in catalogue.checks() {
            let id = &check.id;
            if !is_slug(id) {
                self.add(id, "is not a slug; a check's slug is family/bad-thing");
            }
            if check.items.is_empty() {
                self.add(id, "answers no item; name those it counts for in items");
            }
            for item in check.items.keys().filter(|item| catalogue.item(item).is_none()) {
                self.add(id, format!("answers {item}, which does not exist"));
            }
            if check.weight == 0 {
                self.add(id, "has no weight; 1 is the usual one");
            }
            if check.references.iter().all(|reference| reference.trim().is_empty()) {
                self.add(id, "has no references; name the standard, paper or guide that it rests on");
            }
            self.severity(check);
            self.placeholders(check);
            self.concrete(&format!("{id} advice"), &check.advice);
        }
    }

    fn severity(&mut self, check: &CheckText) {
        let aspects: BTreeSet<&String> = check.items.values().flatten().collect();
        let mut seen: Vec<(&str, &Value)> = Vec::new();
        for rule in &check.severity.when {
            let rule_text = format!("`{}` is {}", rule.fact, rule.is);
            if rule.is.is_array() || rule.is.is_object() {
                self.add(&check.id, format!("severity rule {rule_text}: a rule compares with one value"));
            }
            if rule.fact == "aspect" {
                let known = rule.is.as_str().is_some_and(|aspect| aspects.iter().any(|known| *known == aspect));
                if !aspects.is_empty() && !known {
                    self.add(&check.id, format!("severity rule {rule_text}: no item of the check names this aspect"));
                }
            }
            if seen.contains(&(rule.fact.as_str(), &rule.is)) {
                self.add(&check.id, format!("severity rule {rule_text} stands twice; the second never decides"));
            }
            seen.push((&rule.fact, &rule.is));
        }
        if let Some(last) = check.severity.when.last()
            && last.severity == check.severity.base
        {
            self.add(&check.id, format!("its last severity rule (`{}`) gives the base; remove it", last.fact));
        }
    }

    fn placeholders(&mut self, check: &CheckText) {
        for (name, text) in [("title", &check.title), ("risk", &check.risk), ("advice", &check.advice)] {
            let place = format!("{} {name}", check.id);
            match (facts_named(&text.en), facts_named(&text.zh_tw)) {
                (Ok(en), Ok(zh)) => {
                    // A fact that is itself words has a Chinese twin: `{demand}` in English is `{demand_zh}` in Chinese.
                    let zh: BTreeSet<&str> = zh
                        .into_iter()
                        .map(|fact| fact.strip_suffix("_zh").filter(|twin| en.contains(twin)).unwrap_or(fact))
                        .collect();
                    let differing: Vec<_> = en.symmetric_difference(&zh).copied().collect();
                    if !differing.is_empty() {
                        self.add(place, format!("only one language names {}; name it in both", differing.join(", ")));
                    }
                }
                (en, zh) => {
                    for (lang, problem) in [("en", en.err()), ("zh-TW", zh.err())] {
                        if let Some(problem) = problem {
                            self.add(&place, format!("{lang}: {problem}; write {{fact}}, or {{{{ for a brace"));
                        }
                    }
                }
            }
        }
    }

    fn known(&mut self, known: &[KnownCheck]) {
        let catalogue = self.catalogue;
        let binary: BTreeSet<&str> = known.iter().map(|check| check.id).collect();
        for id in binary.iter().filter(|id| catalogue.check(id).is_none()) {
            self.add(*id, format!("has no texts; write checks/{id}.yaml"));
        }
        for check in catalogue.checks().filter(|check| !binary.contains(check.id.as_str())) {
            self.add(&check.id, "has texts, but the program has no such check; remove its file or add the check");
        }
    }

    fn trace(&mut self) {
        let catalogue = self.catalogue;
        let planned: BTreeSet<&str> =
            catalogue.items().flat_map(|item| &item.planned).map(|planned| planned.check.as_str()).collect();
        let mut seen = BTreeSet::new();
        for requirement in catalogue.requirements() {
            let id = &requirement.id;
            if !seen.insert(id.as_str()) {
                self.add(id, "is traced twice; remove one");
            }
            if requirement.article.trim().is_empty() {
                self.add(id, "names no section of the article");
            }
            for item in requirement.items.iter().filter(|item| catalogue.item(item).is_none()) {
                self.add(id, format!("names the item {item}, which does not exist"));
            }
            let exists = |check: &str| catalogue.check(check).is_some() || planned.contains(check);
            for check in requirement.checks.iter().filter(|check| !exists(check)) {
                self.add(id, format!("names the check {check}, which neither exists nor is planned by an item"));
            }
            if requirement.status == TraceStatus::Met {
                for check in requirement.checks.iter().filter(|check| catalogue.check(check).is_none()) {
                    self.add(id, format!("is met, but its check {check} is only planned; leave it out, or plan it"));
                }
                if requirement.tests.is_empty() {
                    self.add(id, "is met without a test; name the test that shows it, or plan it");
                }
                if requirement.items.is_empty() && requirement.checks.is_empty() {
                    self.add(id, "is met without an item or check; name what carries it, or plan it");
                }
            }
        }
        let expected: BTreeSet<String> = (1..=REQUIREMENTS).map(|number| format!("R{number}")).collect();
        for id in expected.iter().filter(|id| !seen.contains(id.as_str())) {
            self.add(id, "is not traced; write it in trace/");
        }
        for id in seen.iter().filter(|id| !expected.contains(**id)) {
            self.add(*id, format!("is no requirement of the article; they are R1 to R{REQUIREMENTS}"));
        }
    }

    fn thresholds_and_regimes(&mut self) {
        let catalogue = self.catalogue;
        for set in catalogue.threshold_sets() {
            let place = format!("thresholds/{}", set.id);
            if set.settings.is_empty() {
                self.add(&place, "demands nothing; write its settings");
            }
            if set.publisher.trim().is_empty() || set.version.trim().is_empty() {
                self.add(&place, "lacks publisher or version");
            }
            for (setting, threshold) in &set.settings {
                if threshold.source.trim().is_empty() {
                    self.add(&place, format!("{setting:?} has no source; name the rule and its document"));
                }
                match (threshold.at_least, threshold.at_most) {
                    (None, None) => self.add(&place, format!("{setting:?} has no limit; write at_least or at_most")),
                    (Some(least), Some(most)) if least > most => {
                        self.add(&place, format!("{setting:?} asks for at least {least} and at most {most}"));
                    }
                    _ => {}
                }
            }
        }
        let mut ids = BTreeSet::new();
        for regime in catalogue.regimes() {
            let place = format!("regimes.yaml {}", regime.id);
            if !ids.insert(&regime.id) {
                self.add(&place, "is defined twice; remove one");
            }
            if catalogue.threshold_set(&regime.thresholds).is_none() {
                self.add(&place, format!("uses the threshold set {}, which does not exist", regime.thresholds));
            }
            for set in &regime.sets {
                if !catalogue.items().any(|item| item.id.set() == set) {
                    self.add(&place, format!("names the item set {set}, which has no items"));
                }
            }
            if regime.sets.is_empty() {
                self.add(&place, "names no item set");
            }
            self.sources(&place, &regime.source);
        }
    }

    fn categories(&mut self) {
        let catalogue = self.catalogue;
        let ids: Vec<_> = catalogue.categories().iter().map(|category| category.id).collect();
        if ids != [1, 2, 3] {
            self.add("categories.yaml", format!("has the categories {ids:?}; they are 1, 2 and 3"));
        }
        for category in catalogue.categories() {
            let place = format!("categories.yaml {}", category.id);
            if category.cycle_years == 0 || category.incident_months == 0 {
                self.add(&place, "lacks a cycle or a time limit after incidents");
            }
            self.sources(&place, &category.source);
        }
    }

    fn questionnaires(&mut self) {
        let catalogue = self.catalogue;
        let mut ids = BTreeSet::new();
        let known: BTreeSet<&str> = catalogue.questions().map(|question| question.id.as_str()).collect();
        for questionnaire in catalogue.questionnaires() {
            let place = format!("questionnaires/{}", questionnaire.id);
            self.sources(&place, &questionnaire.source);
            if questionnaire.version.trim().is_empty() {
                self.add(&place, "has no version; name the version or date of its rule");
            }
            if questionnaire.questions.is_empty() {
                self.add(&place, "asks nothing; write its questions");
            }
            let mut areas = BTreeSet::new();
            for area in &questionnaire.areas {
                if !areas.insert(area.id.as_str()) {
                    self.add(&area.id, "is an area twice; remove one");
                }
                if area.rhythm_months.is_some_and(|months| months == 0 || 12 % months != 0) {
                    self.add(
                        &area.id,
                        "has a rhythm that does not divide the year; periods are counted by the calendar",
                    );
                }
                self.sources(&area.id, &area.source);
                if !questionnaire.questions.iter().any(|question| question.area.as_ref() == Some(&area.id)) {
                    self.add(&area.id, "is an area without a question; ask at least one");
                }
            }
            let sections: BTreeSet<&str> = questionnaire
                .scoring
                .iter()
                .flat_map(|scoring| &scoring.sections)
                .map(|section| section.id.as_str())
                .collect();
            if let Some(scoring) = &questionnaire.scoring {
                self.sources(format!("{place} scoring"), &scoring.source);
                if scoring.unproven_percent > 100 {
                    self.add(&place, "gives an unproven yes more than a proven one; unproven_percent is at most 100");
                }
            }
            for question in &questionnaire.questions {
                let counted = question.section.as_deref().is_some_and(|section| sections.contains(section));
                if (question.section.is_some() || questionnaire.scoring.is_some()) && !counted || question.weight == 0 {
                    self.add(
                        &question.id,
                        "is not counted: its section is one of the questionnaire's scoring, its weight 1 or more",
                    );
                }
                if !ids.insert(question.id.as_str()) {
                    self.add(&question.id, "is asked twice; ids are unique over all questionnaires");
                }
                if question.area.as_deref().is_some_and(|area| !areas.contains(area)) {
                    self.add(&question.id, "belongs to an area that its questionnaire does not have");
                }
                for other in question.requires.iter().filter(|other| !known.contains(other.as_str())) {
                    self.add(&question.id, format!("requires {other}, which no questionnaire asks"));
                }
                self.question(question);
            }
        }
    }

    fn question(&mut self, question: &Question) {
        let catalogue = self.catalogue;
        let id = &question.id;
        self.sources(id, &question.source);
        if question.fresh_months == 0 {
            self.add(id, "accepts no evidence: fresh_months counts from 1");
        }
        if question.categories.is_empty() {
            self.add(id, "is asked of no category; list those it applies to");
        }
        for category in &question.categories {
            if !catalogue.categories().iter().any(|known| known.id == *category) {
                self.add(id, format!("names category {category}, which categories.yaml does not have"));
            }
        }
        if catalogue.item(&question.item).is_none() {
            self.add(id, format!("belongs to {}, which does not exist", question.item));
        }
        // Until the check exists its gaps would be reported by nobody.
        let Some(check) = catalogue.check(&question.check) else {
            self.add(id, format!("feeds {}, which does not exist", question.check));
            return;
        };
        let counts =
            check.items.get(&question.item).is_some_and(|topics| topics.is_empty() || topics.contains(&question.topic));
        if !counts {
            self.add(
                id,
                format!("feeds {}, which does not count {} for {}", question.check, question.topic, question.item),
            );
        }
    }

    fn duties(&mut self) {
        let duties = self.catalogue.duties();
        let mut seen = BTreeSet::new();
        for limit in &duties.limits {
            let place = format!("duties.yaml {:?}", limit.id);
            if !seen.insert(limit.id) {
                self.add(&place, "is limited twice; remove one");
            }
            if limit.value.into_iter().chain(limit.by_category.values().copied()).any(|value| value == 0) {
                self.add(&place, "has a limit of 0, which nothing meets; leave it out where there is none");
            }
            self.sources(&place, &limit.source);
            // A rule may leave the logs of a category alone; a check without any other limit would never look.
            let may_be_none = limit.id == crate::LimitId::SecurityLogRetention;
            let none = |category: &&crate::Category| duties.limit(limit.id, Some(category.id)).is_none();
            for category in self.catalogue.categories().iter().filter(none).filter(|_| !may_be_none) {
                self.complaints.insert(Complaint {
                    place: place.clone(),
                    text: format!("has no value for category {}; write one", category.id),
                });
            }
        }
        for id in crate::LimitId::ALL.iter().filter(|id| !seen.contains(*id)) {
            self.add(format!("duties.yaml {id:?}"), "is not there; write it with its value and source");
        }
        let elements: BTreeSet<&str> = duties.report_elements.iter().map(|element| element.id.as_str()).collect();
        if elements.len() != REPORT_ELEMENTS || duties.report_elements.len() != REPORT_ELEMENTS {
            self.add("duties.yaml report_elements", format!("are not the {REPORT_ELEMENTS} of the rule, each once"));
        }
        if duties.qualifications.is_empty() {
            self.add("duties.yaml qualifications", "are none; write the kinds that assessors need");
        }
        for qualification in &duties.qualifications {
            self.sources(format!("duties.yaml {}", qualification.id), &qualification.source);
        }
        for change in &duties.rule_changes {
            let place = format!("duties.yaml rule change {}", change.date);
            let parts: Vec<_> = change.date.split('-').map(str::len).collect();
            if parts != [4, 2, 2] || !change.date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                self.add(&place, "has no date of the form YYYY-MM-DD");
            }
            self.sources(&place, &change.source);
        }
        for element in &duties.report_elements {
            for item in element.items.iter().filter(|item| self.catalogue.item(item).is_none()) {
                self.add(format!("duties.yaml {}", element.id), format!("names {item}, which does not exist"));
            }
            self.sources(format!("duties.yaml {}", element.id), &element.source);
        }
    }

    fn sources(&mut self, place: impl ToString, sources: &[String]) {
        if sources.iter().all(|source| source.trim().is_empty()) {
            self.add(place, "has no source; name the clause and document");
        }
    }

    fn concrete(&mut self, place: &str, text: &Bilingual) {
        let (en, zh) = SHORTEST_ADVICE;
        if text.en.chars().count() < en || text.zh_tw.chars().count() < zh {
            self.add(place, "is too short to be concrete; name object, action and expected state");
        }
    }

    fn texts(&mut self) {
        for (place, text) in texts(self.catalogue) {
            self.text(&place, text);
        }
    }

    fn text(&mut self, place: &str, text: &Bilingual) {
        if text.en.trim().is_empty() {
            self.add(place, "the English text is empty");
        }
        if let Some(han) = text.en.chars().find(|c| is_han(*c)) {
            self.add(place, format!("the English text has the Chinese character {han}; translate it"));
        }
        if text.zh_tw.trim().is_empty() {
            self.add(place, "the Chinese text is empty");
        } else if !text.zh_tw.chars().any(is_han) {
            self.add(place, "the Chinese text has no Chinese character; translate it");
        }
        let simplified: BTreeSet<char> = text.zh_tw.chars().filter(|c| self.simplified.contains(c)).collect();
        if !simplified.is_empty() {
            let simplified: String = simplified.into_iter().collect();
            self.add(place, format!("the Chinese text has the Simplified {simplified}; write Traditional Chinese"));
        }
        for (term, taiwan) in MAINLAND.iter().filter(|(term, _)| text.zh_tw.contains(term)) {
            self.add(place, format!("the Chinese text says {term}; Taiwan says {taiwan}"));
        }
    }
}

/// Every text of the catalogue with its place.
fn texts(catalogue: &Catalogue) -> Vec<(String, &Bilingual)> {
    let mut texts: Vec<(String, &Bilingual)> = Vec::new();
    for group in catalogue.groups() {
        texts.push((format!("groups.yaml {} title", group.id), &group.title));
    }
    for item in catalogue.items() {
        let mut add = |field: &str, text| texts.push((format!("{} {field}", item.id), text));
        add("title", &item.title);
        add("objective", &item.objective);
        add("pass", &item.pass);
        add("fail", &item.fail);
        add("suggestion", &item.suggestion);
        item.na.iter().for_each(|text| add("na", text));
        item.severity.note.iter().for_each(|text| add("severity note", text));
        item.planned.iter().for_each(|planned| add(&planned.check, &planned.asks));
        item.attestations.iter().for_each(|attestation| add(&attestation.id, &attestation.text));
    }
    for check in catalogue.checks() {
        let mut add = |field: &str, text| texts.push((format!("{} {field}", check.id), text));
        add("title", &check.title);
        add("what", &check.what);
        add("why", &check.why);
        add("evidence", &check.evidence);
        add("limits", &check.limits);
        add("risk", &check.risk);
        add("advice", &check.advice);
    }
    for set in catalogue.threshold_sets() {
        texts.push((format!("thresholds/{} title", set.id), &set.title));
    }
    let tracker = catalogue.tracker();
    texts.push(("tracker.yaml sheet".to_owned(), &tracker.sheet));
    for column in &tracker.columns {
        texts.push((format!("tracker.yaml {}", column.column), &column.title));
    }
    for word in tracker.statuses.iter().chain(&tracker.severities) {
        texts.push((format!("tracker.yaml {}", word.code), &word.label));
    }
    for (reason, text) in &catalogue.words().notes {
        texts.push((format!("words.yaml notes {reason}"), text));
    }
    for (name, text) in &catalogue.words().incident_report {
        texts.push((format!("words.yaml incident_report {name}"), text));
    }
    for (key, text) in &catalogue.words().programme {
        texts.push((format!("words.yaml programme {key}"), text));
    }
    for regime in catalogue.regimes() {
        texts.push((format!("regimes.yaml {} title", regime.id), &regime.title));
    }
    for category in catalogue.categories() {
        texts.push((format!("categories.yaml {} title", category.id), &category.title));
        texts.push((format!("categories.yaml {} definition", category.id), &category.definition));
    }
    for questionnaire in catalogue.questionnaires() {
        texts.push((format!("questionnaires/{} title", questionnaire.id), &questionnaire.title));
        for area in &questionnaire.areas {
            texts.push((format!("{} title", area.id), &area.title));
            area.applies_to.iter().for_each(|text| texts.push((format!("{} applies_to", area.id), text)));
        }
        for section in questionnaire.scoring.iter().flat_map(|scoring| &scoring.sections) {
            texts.push((format!("questionnaires/{} {} title", questionnaire.id, section.id), &section.title));
        }
        for question in &questionnaire.questions {
            texts.push((format!("{} text", question.id), &question.text));
            texts.push((format!("{} evidence", question.id), &question.evidence));
        }
    }
    let duties = catalogue.duties();
    texts.extend(duties.limits.iter().map(|limit| (format!("duties.yaml {:?} title", limit.id), &limit.title)));
    texts.extend(duties.qualifications.iter().map(|kind| (format!("duties.yaml {} title", kind.id), &kind.title)));
    texts.extend(duties.report_elements.iter().map(|part| (format!("duties.yaml {} title", part.id), &part.title)));
    texts
        .extend(duties.rule_changes.iter().map(|change| (format!("duties.yaml {} title", change.date), &change.title)));
    for (number, row) in catalogue.crosswalk().differences.iter().enumerate() {
        let mut add = |field: &str, text| texts.push((format!("crosswalk.yaml row {} {field}", number + 1), text));
        add("topic", &row.topic);
        add("government", &row.government);
        add("financial", &row.financial);
        add("securities", &row.securities);
    }
    for requirement in catalogue.requirements() {
        texts.push((format!("{} text", requirement.id), &requirement.text));
    }
    texts
}

/// `family/bad-thing`, in lower-case words joined by hyphens.
fn is_slug(text: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty()
            && part.split('-').all(|w| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
    };
    text.split_once('/').is_some_and(|(family, thing)| word(family) && word(thing))
}

/// CJK unified ideographs with extension A.
fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

#[cfg(test)]
mod tests {
    use secdiag_model::EvidenceKind;
    use secdiag_model::Severity::{High, Low};
    use serde_json::json;

    use super::*;
    use crate::{SeverityRule, Sufficiency};

    const CHECK: &str = r#"
id: local/tape-unlabelled
title: {en: "Tape {tape} has no label", zh-TW: "磁帶 {tape} 無標籤"}
what: {en: Looks for tapes without a label., zh-TW: 檢查無標籤之磁帶。}
why: {en: Nobody finds them again., zh-TW: 事後無法查找。}
evidence: {en: The tape list., zh-TW: 磁帶清冊。}
limits: {en: Sees only what is listed., zh-TW: 僅及清冊所列。}
risk: {en: "Tape {tape} may be overwritten.", zh-TW: "磁帶 {tape} 可能遭覆寫。"}
advice: {en: "Label the tape {tape} with its content and date, and enter it in the list.", zh-TW: "於磁帶 {tape} 標示內容與日期，並登載於清冊。"}
severity: {base: low, when: [{fact: aspect, is: offsite, severity: high}]}
items: {FIN-7.1: [], SEC-9.1: [onsite, offsite]}
references: [Own practice]
"#;

    fn built_in() -> Catalogue {
        Catalogue::built_in().unwrap()
    }

    /// The built-in catalogue with one more check, whatever else it has at the moment.
    fn good() -> Catalogue {
        let mut catalogue = built_in();
        let check: CheckText = yaml_serde::from_str(CHECK).unwrap();
        catalogue.checks.insert(check.id.clone(), check);
        catalogue
    }

    fn known(catalogue: &Catalogue) -> Vec<KnownCheck> {
        catalogue.checks().map(|check| KnownCheck { id: check.id.clone().leak() }).collect()
    }

    /// What the lint says of a changed catalogue and did not say of the good one.
    fn complaints(change: impl FnOnce(&mut Catalogue)) -> Vec<String> {
        let mut catalogue = good();
        let known = known(&catalogue);
        let before: BTreeSet<Complaint> = catalogue.lint(&known).into_iter().collect();
        change(&mut catalogue);
        catalogue
            .lint(&known)
            .into_iter()
            .filter(|found| !before.contains(found))
            .map(|found| found.to_string())
            .collect()
    }

    fn id(text: &str) -> ItemId {
        ItemId(text.to_owned())
    }

    fn item<'a>(catalogue: &'a mut Catalogue, item: &str) -> &'a mut Item {
        catalogue.items.get_mut(&id(item)).unwrap()
    }

    fn check(catalogue: &mut Catalogue) -> &mut CheckText {
        catalogue.checks.get_mut("local/tape-unlabelled").unwrap()
    }

    #[track_caller]
    fn one(change: impl FnOnce(&mut Catalogue), expected: &str) {
        assert_eq!(complaints(change), [expected]);
    }

    #[test]
    fn built_in_catalogue_is_clean() {
        let catalogue = built_in();
        let complaints: Vec<_> = catalogue.lint(&known(&catalogue)).iter().map(ToString::to_string).collect();
        assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
    }

    #[test]
    fn the_three_sets_have_the_items_of_the_regulation() {
        let catalogue = built_in();
        for (set, top, items) in [("GOV", 6, 14), ("FIN", 8, 44), ("SEC", 12, 64)] {
            assert_eq!(catalogue.groups().iter().filter(|group| group.id.set() == set).count(), top);
            let listed = catalogue.groups().iter().filter(|group| group.id.set() == set).flat_map(|group| &group.items);
            assert_eq!(listed.count(), items, "{set}");
        }
    }

    #[test]
    fn items_and_groups_agree() {
        let expected = [
            "GOV-5.2: is listed in groups.yaml but has no record; write it in items/",
            "FIN-6.2: views GOV-5.2, which does not exist",
        ];
        let found = complaints(|c| drop(c.items.remove(&id("GOV-5.2"))));
        for line in expected {
            assert!(found.contains(&line.to_owned()), "{found:?}");
        }
        one(|c| drop(c.groups[4].items.remove(1)), "GOV-5.2: is not listed in groups.yaml; add it to GOV-5");
        one(|c| c.groups[4].source.clear(), "GOV-5: has no source; name the clause and document");
        assert_eq!(
            complaints(|c| c.groups[4].items.push(id("GOV-6.1"))),
            [
                "GOV-5: lists GOV-6.1, which is not below it; move it to GOV-6",
                "GOV-6: lists GOV-6.1 a second time; remove one"
            ]
        );
    }

    #[test]
    fn items_are_whole() {
        one(
            |c| item(c, "GOV-6.4").protects.clear(),
            "GOV-6.4: protects nothing; say whether it examines systems, processes or measures",
        );
        one(
            |c| item(c, "GOV-6.4").categories.push(4),
            "GOV-6.4: names category 4, which categories.yaml does not have",
        );
        one(
            |c| item(c, "GOV-5.1").evidence.clear(),
            "GOV-5.1: needs no evidence; name at least one need that is not optional",
        );
        one(
            |c| {
                let rule = Sufficiency::Fresh { days: 1 };
                item(c, "GOV-5.1").evidence[0].sufficiency_of.insert(EvidenceKind::Pcap, rule);
            },
            "GOV-5.1: has a rule for PCAP, which is not in its any_of",
        );
        one(
            |c| item(c, "FIN-1.2").attestations.clear(),
            "FIN-1.2: says that attestations decide it but has none; write them or remove attestation_decides",
        );
        one(
            |c| item(c, "GOV-5.1").suggestion.en = "Fix it.".to_owned(),
            "GOV-5.1 suggestion: is too short to be concrete; name object, action and expected state",
        );
        one(
            |c| {
                let planned = &mut item(c, "GOV-2.2").planned;
                planned.push(planned[0].clone());
            },
            "GOV-2.2: plans devicelog/abnormal-outbound twice; remove one",
        );
        one(
            |c| item(c, "GOV-2.2").planned[0].check = "Abnormal".to_owned(),
            "GOV-2.2: plans `Abnormal`; a check's slug is family/bad-thing",
        );
        let found = complaints(|c| item(c, "FIN-2.5").planned[0].asks.en.push('!'));
        assert!(
            found.iter().any(|line| line.contains("asks for devicelog/silent-source in other words than FIN-2.5 does")),
            "{found:?}"
        );
        let found = complaints(|c| {
            c.items.values_mut().for_each(|item| item.protects.retain(|class| *class != Protects::Measures));
        });
        assert!(found.contains(&"items/: no item protects measures; tag those that do".to_owned()), "{found:?}");
    }

    #[test]
    fn no_item_is_lost_between_the_sets() {
        one(
            |c| item(c, "GOV-3.2").views.push(id("GOV-4.2")),
            "GOV-3.2: views GOV-4.2, which is of its own set; views join sets",
        );
        one(|c| item(c, "FIN-8.4").views.push(id("SEC-99")), "FIN-8.4: views SEC-99, which does not exist");
        let found = complaints(|c| item(c, "FIN-8.4").views.clear());
        assert_eq!(
            found,
            [
                "FIN-8.4: is lost: no item of the securities set views it",
                "FIN-8.4: is viewed by SEC-10.4 but does not view it; add SEC-10.4 to its views",
            ]
        );
    }

    #[test]
    fn texts_are_in_both_languages() {
        one(|c| item(c, "GOV-5.1").title.en.clear(), "GOV-5.1 title: the English text is empty");
        one(|c| item(c, "GOV-5.1").title.zh_tw.clear(), "GOV-5.1 title: the Chinese text is empty");
        one(
            |c| item(c, "GOV-5.1").title.zh_tw = "Password".to_owned(),
            "GOV-5.1 title: the Chinese text has no Chinese character; translate it",
        );
        one(
            |c| item(c, "GOV-5.1").title.en = "Password 密碼".to_owned(),
            "GOV-5.1 title: the English text has the Chinese character 密; translate it",
        );
        one(
            |c| item(c, "GOV-5.1").title.zh_tw = "密码设定".to_owned(),
            "GOV-5.1 title: the Chinese text has the Simplified 码设; write Traditional Chinese",
        );
        one(
            |c| check(c).why.zh_tw = "軟件".to_owned(),
            "local/tape-unlabelled why: the Chinese text says 軟件; Taiwan says 軟體",
        );
        one(|c| c.regimes[0].title.zh_tw.clear(), "regimes.yaml government title: the Chinese text is empty");
    }

    #[test]
    fn questionnaires_are_whole() {
        fn change(c: &mut Catalogue) -> &mut Question {
            &mut c.questionnaires.get_mut("control-areas").unwrap().questions[0]
        }
        one(|c| change(c).text.zh_tw.clear(), "CC-11000.1 text: the Chinese text is empty");
        one(|c| change(c).fresh_months = 0, "CC-11000.1: accepts no evidence: fresh_months counts from 1");
        one(|c| change(c).categories.push(7), "CC-11000.1: names category 7, which categories.yaml does not have");
        one(
            |c| change(c).check = "compliance/nothing".to_owned(),
            "CC-11000.1: feeds compliance/nothing, which does not exist",
        );
        one(
            |c| change(c).topic = "weather".to_owned(),
            "CC-11000.1: feeds compliance/gap-open, which does not count weather for SEC-9.3",
        );
        one(
            |c| change(c).section = Some("before".to_owned()),
            "CC-11000.1: is not counted: its section is one of the questionnaire's scoring, its weight 1 or more",
        );
        one(|c| change(c).requires.push("X-1".to_owned()), "CC-11000.1: requires X-1, which no questionnaire asks");
        one(
            |c| {
                let again = change(c).clone();
                c.questionnaires.get_mut("control-areas").unwrap().questions.push(again);
            },
            "CC-11000.1: is asked twice; ids are unique over all questionnaires",
        );
        one(
            |c| c.questionnaires.get_mut("control-areas").unwrap().areas[0].rhythm_months = Some(5),
            "CC-11000: has a rhythm that does not divide the year; periods are counted by the calendar",
        );
    }

    #[test]
    fn the_simplified_list_spares_what_traditional_text_uses() {
        let spared =
            "台里才只後后面干系于丑斗范谷郁志注游占吃群准餘余制衝沖松採采回向表著了強雇霉祕秘周姜胡須並併佈布癡雲云";
        let wrong: String = spared.chars().filter(|c| SIMPLIFIED.contains(*c)).collect();
        assert_eq!(wrong, "");
        assert!(SIMPLIFIED.chars().filter(|c| is_han(*c)).count() > 2000);
        let missing: String = "这们来对为说时会国过发经现应关间网络软数据库设备务检测评价护认证码权"
            .chars()
            .filter(|c| !SIMPLIFIED.contains(*c))
            .collect();
        // Both scripts write these.
        assert_eq!(missing, "据");
    }

    #[test]
    fn checks_are_whole() {
        one(|c| check(c).items.clear(), "local/tape-unlabelled: answers no item; name those it counts for in items");
        one(
            |c| drop(check(c).items.insert(id("GOV-9"), Vec::new())),
            "local/tape-unlabelled: answers GOV-9, which does not exist",
        );
        one(|c| check(c).weight = 0, "local/tape-unlabelled: has no weight; 1 is the usual one");
        one(
            |c| check(c).references.clear(),
            "local/tape-unlabelled: has no references; name the standard, paper or guide that it rests on",
        );
        one(
            |c| check(c).advice.zh_tw = "請改善磁帶 {tape}".to_owned(),
            "local/tape-unlabelled advice: is too short to be concrete; name object, action and expected state",
        );
        one(
            |c| check(c).risk.zh_tw = "磁帶可能遭覆寫。".to_owned(),
            "local/tape-unlabelled risk: only one language names tape; name it in both",
        );
        assert_eq!(complaints(|c| check(c).risk.zh_tw = "磁帶 {tape_zh} 可能遭覆寫。".to_owned()), [""; 0]);
        one(
            |c| check(c).title.en = "Tape {tape has no label".to_owned(),
            "local/tape-unlabelled title: en: brace without its other half at `{tape has no label`; write {fact}, or {{ for a brace",
        );
        one(
            |c| check(c).title.en = "Tape {tape} has {{no} label".to_owned(),
            "local/tape-unlabelled title: en: brace without its other half at `} label`; write {fact}, or {{ for a brace",
        );
    }

    #[test]
    fn severity_rules_decide_something() {
        let rule = |fact: &str, is: Value, severity| SeverityRule { fact: fact.to_owned(), is, severity };
        one(
            |c| check(c).severity.when[0].is = json!("abroad"),
            "local/tape-unlabelled: severity rule `aspect` is \"abroad\": no item of the check names this aspect",
        );
        one(
            |c| check(c).severity.when.push(rule("aspect", json!("offsite"), High)),
            "local/tape-unlabelled: severity rule `aspect` is \"offsite\" stands twice; the second never decides",
        );
        one(
            |c| check(c).severity.when.push(rule("zone", json!(["a"]), High)),
            "local/tape-unlabelled: severity rule `zone` is [\"a\"]: a rule compares with one value",
        );
        one(
            |c| check(c).severity.when.push(rule("zone", json!("a"), Low)),
            "local/tape-unlabelled: its last severity rule (`zone`) gives the base; remove it",
        );
    }

    #[test]
    fn checks_of_program_and_catalogue_agree() {
        one(
            |c| drop(c.checks.remove("local/tape-unlabelled")),
            "local/tape-unlabelled: has no texts; write checks/local/tape-unlabelled.yaml",
        );
        let catalogue = good();
        let found = catalogue.lint(&[]);
        assert!(found.contains(&Complaint {
            place: "local/tape-unlabelled".to_owned(),
            text: "has texts, but the program has no such check; remove its file or add the check".to_owned()
        }));
        let mut sorted = found.clone();
        sorted.sort();
        assert_eq!(found, sorted);
        let found = complaints(|c| {
            let mut other = check(c).clone();
            "compliance/monitoring-gap".clone_into(&mut other.id);
            other.items = BTreeMap::from([(id("SEC-9.1"), Vec::new())]);
            other.severity.when.clear();
            c.checks.insert(other.id.clone(), other);
        });
        assert!(
            found.contains(&"FIN-7.1: waits for compliance/monitoring-gap, which exists without answering it; add FIN-7.1 to the items of compliance/monitoring-gap".to_owned()),
            "{found:?}"
        );
    }

    #[test]
    fn every_requirement_is_traced_once() {
        let requirement = |name: &str, status: &str| {
            let text = format!(
                "{{id: {name}, article: II.1, text: {{en: a, zh-TW: 甲}}, items: [GOV-1], checks: [local/tape-unlabelled], tests: [a::b], status: {status}}}"
            );
            yaml_serde::from_str::<crate::Requirement>(&text).unwrap()
        };
        let traced = |change: &dyn Fn(&mut Vec<crate::Requirement>)| {
            let mut catalogue = good();
            catalogue.requirements = (1..=128).map(|n| requirement(&format!("R{n}"), "met")).collect();
            change(&mut catalogue.requirements);
            let found = catalogue.lint(&known(&catalogue));
            let of_trace = |place: &str| {
                place.strip_prefix('R').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            };
            found.into_iter().filter(|found| of_trace(&found.place)).map(|found| found.to_string()).collect::<Vec<_>>()
        };
        assert!(traced(&|_| ()).is_empty());
        assert_eq!(traced(&|all| drop(all.remove(6))), ["R7: is not traced; write it in trace/"]);
        assert_eq!(traced(&|all| all.push(requirement("R7", "planned"))), ["R7: is traced twice; remove one"]);
        assert_eq!(
            traced(&|all| all.push(requirement("R129", "planned"))),
            ["R129: is no requirement of the article; they are R1 to R128"]
        );
        assert_eq!(
            traced(&|all| all[0].tests.clear()),
            ["R1: is met without a test; name the test that shows it, or plan it"]
        );
        assert_eq!(
            traced(&|all| {
                all[0].items.clear();
                all[0].checks.clear();
            }),
            ["R1: is met without an item or check; name what carries it, or plan it"]
        );
        assert_eq!(traced(&|all| all[0].items.push(id("GOV-9"))), ["R1: names the item GOV-9, which does not exist"]);
        assert_eq!(
            traced(&|all| {
                all[0] = requirement("R1", "planned");
                all[0].checks.push("a/b".to_owned());
            }),
            ["R1: names the check a/b, which neither exists nor is planned by an item"]
        );
        let ahead = |status: &'static str| {
            traced(&|all| {
                all[0] = requirement("R1", status);
                all[0].checks.push("devicelog/log-gap".to_owned());
            })
        };
        assert_eq!(ahead("planned"), [""; 0]);
        assert_eq!(
            ahead("met"),
            ["R1: is met, but its check devicelog/log-gap is only planned; leave it out, or plan it"]
        );
    }

    #[test]
    fn thresholds_regimes_and_categories_stand() {
        one(
            |c| c.thresholds.get_mut("cis").unwrap().settings.clear(),
            "thresholds/cis: demands nothing; write its settings",
        );
        one(
            |c| {
                c.thresholds.get_mut("cis").unwrap().settings.get_mut(&crate::Setting::History).unwrap().at_least =
                    None;
            },
            "thresholds/cis: History has no limit; write at_least or at_most",
        );
        one(
            |c| c.regimes[0].thresholds = "tcb".to_owned(),
            "regimes.yaml government: uses the threshold set tcb, which does not exist",
        );
        one(
            |c| c.regimes[0].sets.push("ABC".to_owned()),
            "regimes.yaml government: names the item set ABC, which has no items",
        );
        one(|c| c.categories[2].cycle_years = 0, "categories.yaml 3: lacks a cycle or a time limit after incidents");
        one(
            |c| c.duties.limits[0].value = Some(0),
            "duties.yaml AnswerAge: has a limit of 0, which nothing meets; leave it out where there is none",
        );
        one(
            |c| {
                c.duties.limits[3].value = None;
                c.duties.limits[3].by_category.insert(3, 24);
            },
            "duties.yaml ContinuityDrill: has no value for category 2; write one",
        );
        one(
            |c| drop(c.duties.report_elements.pop()),
            "duties.yaml report_elements: are not the 10 of the rule, each once",
        );
        one(|c| c.categories.swap(0, 1), "categories.yaml: has the categories [2, 1, 3]; they are 1, 2 and 3");
    }
}
