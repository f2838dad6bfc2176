//! The XML encoding of CycloneDX: 1.4 and later, and the vulnerability extension of 1.2 and 1.3
//! (<https://cyclonedx.org/ext/vulnerability/>). Components and vulnerabilities are read one at a time; entities are not
//! expanded beyond XML's own five.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use secdiag_model::{Head, Match};

use super::cyclonedx::{Affected, Bom, Vulnerability, is_cvss};
use crate::collect::Collector;
use crate::finding::Cvss;

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 256;

pub(super) fn sniff(head: &Head<'_>) -> Match {
    let text = head.text().trim_start();
    if text.starts_with('<') && text.contains("cyclonedx.org/schema/bom/") { Match::Yes(95) } else { Match::No }
}

pub(super) fn read(text: &str, out: &mut Collector) -> Result<(), String> {
    let root = root(text)?;
    let version = root.attributes.iter().find_map(|(name, value)| {
        name.starts_with("xmlns").then(|| value.rsplit_once("schema/bom/").map(|(_, version)| version)).flatten()
    });
    let mut bom = Bom::new(version.unwrap_or_default(), root.attribute("serialNumber"), out)?;
    each(text, &["metadata", "component"], &["vulnerabilities"], &mut |element, _| match &*element.name {
        "metadata" => {
            let tool = element.path(&["tools", "tool"]).or_else(|| element.path(&["tools", "components", "component"]));
            (bom.tool, bom.tool_version) =
                tool.map(|tool| (tool.text("name"), tool.text("version"))).unwrap_or_default();
            let about = element.child("component");
            let named = about.map(|about| (about.attribute("type"), about.text("name"))).unwrap_or_default();
            bom.about(named.0, &named.1, out);
            if let Some(component) = about {
                add(&mut bom, component);
            }
        }
        _ => add(&mut bom, &element),
    })?;
    let mut index = 0;
    each(text, &["vulnerability"], &[], &mut |element, owner| {
        index += 1;
        out.record(format!("vulnerability {index}"));
        bom.emit(vulnerability(&element, owner), out);
    })
}

fn add(bom: &mut Bom, component: &Element) {
    let text = |name| component.text(name);
    let reference = component.attribute("bom-ref").to_owned();
    bom.component(reference, &text("group"), text("name"), text("version"), text("purl"));
    for inner in component.child("components").into_iter().flat_map(|list| list.all("component")) {
        add(bom, inner);
    }
}

fn vulnerability(element: &Element, owner: &str) -> Vulnerability {
    let list = |outer: &'static str, inner: &'static str| {
        element.child(outer).into_iter().flat_map(move |list| list.all(inner))
    };
    let content = |element: &Element| element.content.trim().to_owned();
    let analysis = element.child("analysis");
    let said = |name| analysis.map(|analysis| analysis.text(name)).unwrap_or_default();
    let tool = element.path(&["tools", "tool"]).or_else(|| element.path(&["tools", "components", "component"]));
    let mut affects: Vec<_> = list("affects", "target")
        .map(|target| Affected {
            reference: target.text("ref"),
            states: target
                .child("versions")
                .into_iter()
                .flat_map(|versions| versions.all("version"))
                .map(|version| Some(version.text("status")).filter(|state| !state.is_empty()))
                .map(|state| state.unwrap_or_else(|| "affected".to_owned()))
                .collect(),
        })
        .collect();
    // The extension names the component by an attribute, or by standing inside of it.
    let by_attribute = Some(element.attribute("ref")).filter(|reference| !reference.is_empty()).unwrap_or(owner);
    if affects.is_empty() && !by_attribute.is_empty() {
        affects.push(Affected { reference: by_attribute.to_owned(), states: Vec::new() });
    }
    let recommendations = list("recommendations", "recommendation").map(content);
    let advice = [element.text("recommendation"), element.text("workaround")].into_iter().chain(recommendations);
    let source = element.path(&["source", "url"]).map(content);
    let advisories =
        list("advisories", "advisory").map(|advisory| advisory.child("url").map_or_else(|| content(advisory), content));
    Vulnerability {
        id: element.text("id"),
        references: list("references", "reference").map(|reference| reference.text("id")).collect(),
        words: list("ratings", "rating")
            .map(|rating| rating.text("severity"))
            .filter(|word| !word.is_empty())
            .collect(),
        cvss: list("ratings", "rating")
            .filter(|rating| is_cvss(&rating.text("method"), &rating.text("vector")))
            .map(|rating| {
                let base = rating.path(&["score", "base"]).map_or_else(|| rating.text("score"), content);
                let score = base.parse().ok().filter(|score: &f64| score.is_finite());
                Cvss { vector: rating.text("vector"), score }
            })
            .collect(),
        cwes: list("cwes", "cwe").map(content).collect(),
        description: element.text("description"),
        detail: element.text("detail"),
        advice: advice.filter(|text| !text.is_empty()).collect(),
        urls: source.into_iter().chain(advisories).collect(),
        updated: element.text("updated"),
        tool: tool.map(|tool| (tool.text("name"), tool.text("version"))).unwrap_or_default(),
        state: said("state"),
        justification: [said("justification"), said("detail")].into_iter().filter(|text| !text.is_empty()).collect(),
        affects,
    }
}

/// An element with everything below it; names without their prefix.
#[derive(Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    content: String,
    children: Vec<Self>,
}

impl Element {
    fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    fn path(&self, names: &[&str]) -> Option<&Self> {
        names.iter().try_fold(self, |element, name| element.child(name))
    }

    fn text(&self, name: &str) -> String {
        self.child(name).map(|child| child.content.trim().to_owned()).unwrap_or_default()
    }

    fn open(start: &BytesStart<'_>) -> Result<Self, String> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| broken(&error))?;
            let value =
                attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).map_err(|error| broken(&error))?;
            attributes.push((AsRef::<str>::as_ref(&attribute.key).to_owned(), value.into_owned()));
        }
        let name = start.local_name();
        Ok(Self { name: AsRef::<str>::as_ref(&name).to_owned(), attributes, ..Self::default() })
    }
}

/// The document's first element, without what is in it.
fn root(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().map_err(|error| broken(&error))? {
            Event::Start(start) | Event::Empty(start) => return Element::open(&start),
            Event::Eof => return Err("the document has no element".to_owned()),
            _ => {}
        }
    }
}

/// Calls `take` with every outermost element of these names, and the reference of the component around it; what is in
/// elements named `skip` is left out.
fn each(text: &str, names: &[&str], skip: &[&str], take: &mut dyn FnMut(Element, &str)) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    // What is being built, innermost last; empty outside of the elements looked for.
    let mut building: Vec<Element> = Vec::new();
    let mut owners: Vec<(usize, String)> = Vec::new();
    let mut depth = 0_usize;
    let mut skipping: Option<usize> = None;
    loop {
        let event = reader.read_event().map_err(|error| broken(&error))?;
        let empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(start) | Event::Empty(start) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(format!("elements are nested deeper than {MAX_DEPTH}"));
                }
                let name = start.local_name();
                let name: &str = name.as_ref();
                if skipping.is_none() && skip.contains(&name) {
                    skipping = Some(depth);
                }
                if skipping.is_none() {
                    if !building.is_empty() || names.contains(&name) {
                        building.push(Element::open(&start)?);
                    } else if name == "component" {
                        owners.push((depth, Element::open(&start)?.attribute("bom-ref").to_owned()));
                    }
                }
                if empty {
                    close(&mut depth, &mut skipping, &mut building, &mut owners, take);
                }
            }
            Event::End(_) => close(&mut depth, &mut skipping, &mut building, &mut owners, take),
            Event::Text(text) if skipping.is_none() => {
                if let Some(element) = building.last_mut() {
                    element.content.push_str(&text.xml10_content());
                }
            }
            Event::CData(text) if skipping.is_none() => {
                if let Some(element) = building.last_mut() {
                    element.content.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                let name: &str = reference.as_ref();
                let known = match reference.resolve_char_ref().map_err(|error| broken(&error))? {
                    Some(c) => c,
                    None => match name {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "apos" => '\'',
                        "quot" => '"',
                        _ => return Err(format!("the document uses the entity `&{name};`, which is not expanded")),
                    },
                };
                if let Some(element) = building.last_mut() {
                    element.content.push(known);
                }
            }
            Event::Eof if depth > 0 => {
                return Err("the file ends inside of an element: it was cut off".to_owned());
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn close(
    depth: &mut usize,
    skipping: &mut Option<usize>,
    building: &mut Vec<Element>,
    owners: &mut Vec<(usize, String)>,
    take: &mut dyn FnMut(Element, &str),
) {
    let skipped = skipping.is_some();
    if *skipping == Some(*depth) {
        *skipping = None;
    }
    if owners.last().is_some_and(|(at, _)| at == depth) {
        owners.pop();
    }
    *depth = depth.saturating_sub(1);
    if skipped {
        return;
    }
    if let Some(done) = building.pop() {
        match building.last_mut() {
            Some(parent) => parent.children.push(done),
            None => take(done, owners.last().map_or("", |(_, reference)| reference)),
        }
    }
}

fn broken(error: &dyn std::fmt::Display) -> String {
    format!("the file is not well-formed XML: {error}")
}
