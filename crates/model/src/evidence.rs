//! Evidence: immutable artefacts named by their SHA-256, with where they came from and what they are.

use std::cell::OnceCell;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Sha256, SystemId};

/// Kinds of evidence that items ask for (codes of the catalogue).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "`title` says what each is")]
pub enum EvidenceKind {
    Diag,
    Inv,
    Pcap,
    Flow,
    Fwlog,
    Idslog,
    Seclog,
    Dnslog,
    Epcol,
    Srvcol,
    Evtx,
    Swinv,
    Avstat,
    Adx,
    Ldap,
    Locpol,
    Fwcfg,
    Netcfg,
    Vuln,
    Pentest,
    Src,
    Dast,
    Webroot,
    Fim,
    Perf,
    Dbaud,
    App,
    Apprpt,
    Keys,
    Cert,
    Doc,
    Accrev,
    Bcp,
    Cti,
    Ddos,
    Phish,
    Train,
    Quest,
}

impl EvidenceKind {
    /// Every kind, in the order of the catalogue's legend.
    pub const ALL: &[Self] = &[
        Self::Diag,
        Self::Inv,
        Self::Pcap,
        Self::Flow,
        Self::Fwlog,
        Self::Idslog,
        Self::Seclog,
        Self::Dnslog,
        Self::Epcol,
        Self::Srvcol,
        Self::Evtx,
        Self::Swinv,
        Self::Avstat,
        Self::Adx,
        Self::Ldap,
        Self::Locpol,
        Self::Fwcfg,
        Self::Netcfg,
        Self::Vuln,
        Self::Pentest,
        Self::Src,
        Self::Dast,
        Self::Webroot,
        Self::Fim,
        Self::Perf,
        Self::Dbaud,
        Self::App,
        Self::Apprpt,
        Self::Keys,
        Self::Cert,
        Self::Doc,
        Self::Accrev,
        Self::Bcp,
        Self::Cti,
        Self::Ddos,
        Self::Phish,
        Self::Train,
        Self::Quest,
    ];

    /// The code, such as `FWCFG`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Diag => "DIAG",
            Self::Inv => "INV",
            Self::Pcap => "PCAP",
            Self::Flow => "FLOW",
            Self::Fwlog => "FWLOG",
            Self::Idslog => "IDSLOG",
            Self::Seclog => "SECLOG",
            Self::Dnslog => "DNSLOG",
            Self::Epcol => "EPCOL",
            Self::Srvcol => "SRVCOL",
            Self::Evtx => "EVTX",
            Self::Swinv => "SWINV",
            Self::Avstat => "AVSTAT",
            Self::Adx => "ADX",
            Self::Ldap => "LDAP",
            Self::Locpol => "LOCPOL",
            Self::Fwcfg => "FWCFG",
            Self::Netcfg => "NETCFG",
            Self::Vuln => "VULN",
            Self::Pentest => "PENTEST",
            Self::Src => "SRC",
            Self::Dast => "DAST",
            Self::Webroot => "WEBROOT",
            Self::Fim => "FIM",
            Self::Perf => "PERF",
            Self::Dbaud => "DBAUD",
            Self::App => "APP",
            Self::Apprpt => "APPRPT",
            Self::Keys => "KEYS",
            Self::Cert => "CERT",
            Self::Doc => "DOC",
            Self::Accrev => "ACCREV",
            Self::Bcp => "BCP",
            Self::Cti => "CTI",
            Self::Ddos => "DDOS",
            Self::Phish => "PHISH",
            Self::Train => "TRAIN",
            Self::Quest => "QUEST",
        }
    }
}

impl fmt::Display for EvidenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What intake made of one file or archive member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Recognition {
    /// An inspection reads it.
    Recognised {
        /// Format id, such as `pcap` or `fortios`.
        format: String,
        /// The kind of evidence that it is.
        kind: EvidenceKind,
    },
    /// An archive whose members were taken in, each as evidence of its own.
    Container {
        /// Format id, such as `zip`.
        format: String,
        /// Members taken in.
        members: u64,
    },
    /// Known or unknown, but no inspection reads it.
    Unsupported {
        /// What it is, where that is known.
        format: Option<String>,
        /// Why it is not read.
        reason: String,
        /// Formats that came close, with what was missing.
        close: Vec<String>,
    },
    /// The description of the assessment itself (`assessment.toml`): read as such, and not evidence about a system.
    Assessment,
    /// Not readable, or not to its end.
    Broken {
        /// What is wrong and where.
        reason: String,
    },
}

/// Where a piece of evidence belongs and how it came about; from `assessment.toml`, else empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Binding {
    /// Systems that the evidence is about; never empty after intake (the unnamed system at least).
    pub systems: Vec<SystemId>,
    /// The device or host that it was taken from.
    pub asset: Option<String>,
    /// Where on the network a capture was taken.
    pub capture_point: Option<String>,
    /// Who collected it and how.
    pub collected_by: Option<String>,
    /// When it was collected (ISO 8601, as written).
    pub collected_at: Option<String>,
    /// First and last moment that a log covers, microseconds since 1970 UTC, as declared.
    pub covers: Option<Period>,
    /// The kind that `assessment.toml` declares. It says what the evidence is where no inspection reads it, so that
    /// its presence, size and period still count.
    #[serde(default)]
    pub declared_kind: Option<EvidenceKind>,
}

impl Binding {
    /// The day on which it was collected, as written there; nothing: not told.
    pub fn collected_on(&self) -> Option<jiff::civil::Date> {
        self.collected_at.as_ref()?.get(..10)?.parse().ok()
    }
}

/// One piece of evidence at one place: the same content at two places is two artefacts with one digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Artefact {
    /// Name of the content; the digest of nothing where nothing could be read (a file without permission, a member
    /// with a password), which is always `broken`.
    pub sha256: Sha256,
    /// Bytes that could be read.
    pub size: u64,
    /// Path below the folder given to the run, with `/`; bytes that are not UTF-8 are written `\xNN`.
    pub path: String,
    /// Member inside an archive; nested members are joined with `!/`.
    pub member: Option<String>,
    /// What it is.
    pub recognition: Recognition,
    /// Where it belongs.
    pub binding: Binding,
}

impl Artefact {
    /// `path` or `path!/member`: how the artefact is shown to a reader.
    pub fn display_path(&self) -> String {
        match &self.member {
            Some(member) => format!("{}!/{member}", self.path),
            None => self.path.clone(),
        }
    }

    /// Last component of the path: the file's name.
    pub fn file_name(&self) -> &str {
        let inner = self.member.as_deref().unwrap_or(&self.path);
        inner.rsplit('/').next().unwrap_or(inner)
    }

    /// Format id, where an inspection reads it.
    pub fn format(&self) -> Option<&str> {
        match &self.recognition {
            Recognition::Recognised { format, .. } => Some(format),
            _ => None,
        }
    }

    /// Kind of evidence, where an inspection reads it.
    pub fn kind(&self) -> Option<EvidenceKind> {
        match &self.recognition {
            Recognition::Recognised { kind, .. } => Some(*kind),
            _ => None,
        }
    }
}

/// All artefacts of a run, sorted by path and member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceSet {
    /// Sorted by `(path, member)`.
    pub artefacts: Vec<Artefact>,
}

impl EvidenceSet {
    /// Puts the artefacts into their order.
    pub fn new(mut artefacts: Vec<Artefact>) -> Self {
        artefacts.sort_by(|a, b| (&a.path, &a.member).cmp(&(&b.path, &b.member)));
        Self { artefacts }
    }

    /// Artefacts of one of these formats, in order.
    pub fn of_formats<'a>(&'a self, formats: &'a [&'static Format]) -> impl Iterator<Item = &'a Artefact> {
        self.artefacts
            .iter()
            .filter(move |artefact| artefact.format().is_some_and(|id| formats.iter().any(|format| format.id == id)))
    }
}

/// A stretch of time that evidence covers without a gap worth naming.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Period {
    /// First moment, microseconds since 1970 UTC.
    pub start_us: i64,
    /// Last moment, microseconds since 1970 UTC.
    pub end_us: i64,
}

/// The beginning of a file, as recognisers see it.
pub struct Head<'a> {
    /// Up to the first 64 KiB.
    pub bytes: &'a [u8],
    /// The file's name. Content decides; a name may only break a tie.
    pub name: &'a str,
    /// Size of the whole file in bytes.
    pub size: u64,
    text: OnceCell<String>,
}

impl<'a> Head<'a> {
    /// How much of a file recognisers see.
    pub const LEN: usize = 64 * 1024;

    /// The head of a file; `bytes` beyond [`Head::LEN`] are ignored.
    pub fn new(bytes: &'a [u8], name: &'a str, size: u64) -> Self {
        Self { bytes: &bytes[..bytes.len().min(Self::LEN)], name, size, text: OnceCell::new() }
    }

    /// The head as text: UTF-8 or UTF-16 by byte-order mark (or by its zero bytes), anything else byte by byte, so
    /// that ASCII keywords are found whatever the encoding.
    pub fn text(&self) -> &str {
        self.text.get_or_init(|| {
            let utf16 = |bytes: &[u8], big: bool| {
                let units = bytes.chunks_exact(2).map(|pair| {
                    if big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) }
                });
                char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            };
            match self.bytes {
                [0xff, 0xfe, rest @ ..] => utf16(rest, false),
                [0xfe, 0xff, rest @ ..] => utf16(rest, true),
                [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
                [first, 0, second, 0, ..] if *first != 0 && *second != 0 => utf16(self.bytes, false),
                bytes => String::from_utf8_lossy(bytes).into_owned(),
            }
        })
    }

    /// True when the head holds bytes that text does not (control characters other than tab, line ends, form feed).
    pub fn is_binary(&self) -> bool {
        self.text().chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}'))
    }
}

/// A recogniser's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// Something else.
    No,
    /// Nearly; says what was missing, for the reader who expected it to be read.
    Close(&'static str),
    /// This format. The number breaks ties between formats that share features: 100 for a magic number, less for
    /// words in a text.
    Yes(u8),
}

/// Rewrites the bytes of a format that may hold what nobody must keep, such as passwords that people handed in at a
/// drill. Nothing: there is nothing to drop.
///
/// # Errors
///
/// Why the bytes cannot be rewritten as a whole: then they are not kept at all.
pub type Redact = fn(&[u8]) -> Result<Option<Vec<u8>>, String>;

/// The same with what it was told.
pub type Rewrite = dyn Fn(&[u8]) -> Result<Option<Vec<u8>>, String> + Send + Sync;

/// What one file of the evidence says of others of a name before any of them is taken in.
pub struct Declared {
    /// Pattern over the names of files ([`crate::glob`]).
    pub name: String,
    /// What such a file is read as; nothing where its content cannot be that.
    pub format: fn(&Head<'_>) -> Option<&'static Format>,
    /// How it is rewritten before it is kept; see [`Redact`].
    pub redact: Box<Rewrite>,
}

/// Reads what a TOML or YAML file says of others; nothing where it is about something else.
pub type Declare = fn(&str) -> Vec<Declared>;

/// A format that intake can recognise by content.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Stable slug, such as `cisco-asa`.
    pub id: &'static str,
    /// The kind of evidence that it is.
    pub kind: EvidenceKind,
    /// Name for readers, such as `Cisco ASA configuration`.
    pub title: &'static str,
    /// Decides by content.
    pub sniff: fn(&Head<'_>) -> Match,
}
