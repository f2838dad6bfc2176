//! Readers, one file per format; each is written from the format's specification.

mod csaf;
mod cyclonedx;
mod cyclonedx_xml;
mod generic;
mod ocsf;
mod openvex;
mod prowler;
mod sarif;

use secdiag_model::{EvidenceKind, Format, Head, Match, Sha256};

use crate::collect::Collector;
use crate::finding::{ImportLog, ImportedFinding};
use crate::text;

/// Largest file that is read: documents of this size are held in memory once.
pub const MAX_BYTES: usize = 512 << 20;

/// The findings of a file, in its order, and the account of its records.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Findings in the order of the file.
    pub findings: Vec<ImportedFinding>,
    /// What happened to every record.
    pub log: ImportLog,
}

/// Why a file was not taken over: one sentence. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

struct Reader {
    format: Format,
    read: fn(&str, &mut Collector) -> Result<(), String>,
}

const READERS: &[Reader] = &[
    Reader { format: SARIF, read: sarif::read },
    Reader { format: CYCLONEDX, read: cyclonedx::read },
    Reader { format: CYCLONEDX_XML, read: cyclonedx_xml::read },
    Reader { format: CSAF, read: csaf::read },
    Reader { format: OPENVEX, read: openvex::read },
    Reader { format: OCSF, read: ocsf::read },
    Reader { format: PROWLER, read: prowler::read },
    Reader { format: GENERIC_JSON, read: generic::read_json },
    Reader { format: GENERIC_CSV, read: generic::read_csv },
];

const SARIF: Format =
    Format { id: "sarif", kind: EvidenceKind::Src, title: "SARIF 2.1.0 results", sniff: sarif::sniff };
const CYCLONEDX: Format = Format {
    id: "cyclonedx-json",
    kind: EvidenceKind::Vuln,
    title: "CycloneDX vulnerabilities or VEX, JSON",
    sniff: cyclonedx::sniff,
};
const CYCLONEDX_XML: Format = Format {
    id: "cyclonedx-xml",
    kind: EvidenceKind::Vuln,
    title: "CycloneDX vulnerabilities or VEX, XML",
    sniff: cyclonedx_xml::sniff,
};
const CSAF: Format =
    Format { id: "csaf", kind: EvidenceKind::Vuln, title: "CSAF 2.0 security advisory", sniff: csaf::sniff };
const OPENVEX: Format =
    Format { id: "openvex", kind: EvidenceKind::Vuln, title: "OpenVEX statements", sniff: openvex::sniff };
const OCSF: Format = Format {
    id: "ocsf-findings",
    kind: EvidenceKind::Vuln,
    title: "OCSF findings, JSON array or lines",
    sniff: ocsf::sniff,
};
const PROWLER: Format =
    Format { id: "prowler-csv", kind: EvidenceKind::Vuln, title: "Prowler findings, CSV", sniff: prowler::sniff };
const GENERIC_JSON: Format = Format {
    id: "defectdojo-generic-json",
    kind: EvidenceKind::Vuln,
    title: "DefectDojo generic findings, JSON",
    sniff: generic::sniff_json,
};
const GENERIC_CSV: Format = Format {
    id: "defectdojo-generic-csv",
    kind: EvidenceKind::Vuln,
    title: "DefectDojo generic findings, CSV",
    sniff: generic::sniff_csv,
};

/// Formats that [`import`] reads, for those who recognise files.
pub static FORMATS: &[&Format] =
    &[&SARIF, &CYCLONEDX, &CYCLONEDX_XML, &CSAF, &OPENVEX, &OCSF, &PROWLER, &GENERIC_JSON, &GENERIC_CSV];

/// Takes over the findings of a file, whatever tool wrote it. The content decides; `name` may only break a tie.
pub fn import(bytes: &[u8], name: &str) -> Result<Import, Refusal> {
    if bytes.len() > MAX_BYTES {
        return Err(Refusal(format!("the file has {} bytes; at most {MAX_BYTES} are read", bytes.len())));
    }
    let (text, assumed) = text::decode(bytes);
    if text.trim().is_empty() {
        return Err(Refusal("the file is empty".to_owned()));
    }
    let head = Head::new(bytes, name, bytes.len() as u64);
    let mut close = Vec::new();
    let mut best: Option<(u8, &Reader)> = None;
    for reader in READERS {
        match (reader.format.sniff)(&head) {
            Match::Yes(strength) if best.is_none_or(|(other, _)| strength > other) => best = Some((strength, reader)),
            Match::Close(missing) => close.push(format!("{}: {missing}", reader.format.title)),
            Match::Yes(_) | Match::No => {}
        }
    }
    let Some((_, reader)) = best else { return Err(unrecognised(&text, &close)) };
    let mut collector = Collector::default();
    if let Some(assumed) = assumed {
        collector.note(assumed);
    }
    (reader.read)(&text, &mut collector).map_err(|why| Refusal(format!("{}: {why}", reader.format.title)))?;
    let (findings, mut log) = collector.finish();
    reader.format.id.clone_into(&mut log.format);
    log.sha256 = Some(Sha256::of(bytes));
    Ok(Import { findings, log })
}

fn unrecognised(text: &str, close: &[String]) -> Refusal {
    if !close.is_empty() {
        return Refusal(format!("the file is of no format that is read: {}", close.join("; ")));
    }
    let start = text.trim_start();
    if start.starts_with(['{', '['])
        && let Err(why) = crate::json::whole(text)
    {
        return Refusal(why);
    }
    let titles: Vec<_> = READERS.iter().map(|reader| reader.format.title).collect();
    Refusal(format!("the file is of no format that is read ({})", titles.join(", ")))
}

/// First line of a text; what follows is the description's.
fn headline(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().chars().take(300).collect()
}

/// CWE numbers named in a text such as `CWE-79`, `cwe: 79` or `external/cwe/cwe-079`.
fn cwes_in(text: &str) -> Vec<u32> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut rest = &*lower;
    while let Some(at) = rest.find("cwe") {
        rest = rest[at + 3..].trim_start_matches(['-', ':', ' ', '_']);
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if let Ok(number) = rest[..end].parse() {
            found.push(number);
        }
    }
    found
}

/// Ids of public vulnerability lists named in a text.
fn ids_in(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter_map(public_id)
}

/// The text as an id of a public vulnerability list, in the list's own spelling; nothing when it is none.
fn public_id(text: &str) -> Option<String> {
    let parts: Vec<_> = text.trim().split('-').collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match &*parts {
        [cve, year, number] if cve.eq_ignore_ascii_case("cve") && year.len() == 4 && digits(year) && digits(number) => {
            Some(text.trim().to_ascii_uppercase())
        }
        [ghsa, rest @ ..] if ghsa.eq_ignore_ascii_case("ghsa") && rest.len() == 3 => {
            Some(format!("GHSA-{}", rest.join("-").to_ascii_lowercase()))
        }
        _ => None,
    }
}

/// RFC 3986 §2.1; what is no escape stays as it is.
fn percent_decoded(uri: &str) -> String {
    if !uri.contains('%') {
        return uri.to_owned();
    }
    let bytes = uri.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match digits.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| uri.to_owned())
}
