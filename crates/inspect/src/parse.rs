//! What a parser may touch.

use std::io::Read;

use encoding_rs::{BIG5, UTF_8, UTF_16BE, UTF_16LE};
use secdiag_model::{Artefact, Note, NoteKind, Period, Record, RowValues, Sha256, Table};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Stop;

/// Where the bytes come from: the vault, or a test's memory.
pub trait Source: Sync {
    /// Opens the content of an artefact.
    fn open(&self, sha256: &Sha256) -> std::io::Result<Box<dyn Read + Send>>;
}

/// Where a parser's output goes. One sink serves one unit.
pub trait ParseSink {
    /// A row of a table; `values` calls back once per column.
    fn row(&self, table: &'static Table, evidence: Sha256, locator: u64, values: RowValues<'_>) -> Result<(), Stop>;
    /// A typed document.
    fn document(&self, document: StoredDocument);
    /// A note about the evidence.
    fn note(&self, note: Note);
    /// A stretch of time that an artefact covers.
    fn period(&self, evidence: Sha256, period: Period);
    /// Packets captured and packets that the recorder says it lost.
    fn loss(&self, evidence: Sha256, captured: u64, lost: u64);
    /// Bytes done; false asks to stop.
    fn tick(&self, bytes: u64) -> bool;
}

/// A typed value that a parser makes and checks read, such as a firewall's `Policy`.
pub trait Document: Serialize + DeserializeOwned {
    /// Stable slug of the type.
    const KIND: &'static str;
}

/// A document as it is kept: its kind, the digests it was made from, its JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredDocument {
    /// [`Document::KIND`].
    pub kind: String,
    /// Contents that it was made from, in order; the first is its main one.
    pub evidence: Vec<Sha256>,
    /// The value.
    pub value: serde_json::Value,
}

/// All that [`Inspection::parse`](crate::Inspection::parse) may touch.
pub struct ParseCx<'a> {
    source: &'a dyn Source,
    sink: &'a dyn ParseSink,
}

impl<'a> ParseCx<'a> {
    /// For the engine and the test kit.
    pub fn new(source: &'a dyn Source, sink: &'a dyn ParseSink) -> Self {
        Self { source, sink }
    }

    /// The artefact's bytes as a stream. Reading reports progress and ends early when the user cancels.
    pub fn open(&self, artefact: &Artefact) -> Result<impl Read + use<'_, 'a>, Stop> {
        let inner = self.source.open(&artefact.sha256).map_err(|error| {
            Stop::Infrastructure(format!(
                "{}: evidence cannot be read from the vault: {error}",
                artefact.display_path()
            ))
        })?;
        Ok(Ticking { inner, sink: self.sink })
    }

    /// The artefact's bytes, up to `cap`; the second value says whether there were more.
    pub fn bytes(&self, artefact: &Artefact, cap: u64) -> Result<(Vec<u8>, bool), Stop> {
        let mut bytes = Vec::new();
        match self.open(artefact)?.take(cap).read_to_end(&mut bytes) {
            Ok(_) => Ok((bytes, artefact.size > cap)),
            Err(error) => Err(error.into()),
        }
    }

    /// The artefact as text: UTF-8, UTF-16 or Big5, decided by byte-order mark and content. More than 64 MiB is cut,
    /// with a note.
    pub fn text(&self, artefact: &Artefact) -> Result<DecodedText, Stop> {
        const CAP: u64 = 64 << 20;
        let (bytes, cut) = self.bytes(artefact, CAP)?;
        let decoded = DecodedText::decode(&bytes);
        if cut {
            self.note(
                Note::new(
                    NoteKind::Broken,
                    "too-large",
                    format!("only the first {CAP} bytes were read: split the file to have the rest inspected"),
                )
                .on(artefact),
            );
        }
        if decoded.replaced > 0 {
            let text = format!("{} characters are not valid {} and were replaced", decoded.replaced, decoded.encoding);
            self.note(Note::new(NoteKind::NotUnderstood, "encoding", text).on(artefact).times(decoded.replaced));
        }
        Ok(decoded)
    }

    /// Adds a row. `locator` is the packet, line or record number that it came from.
    pub fn row<R: Record>(&self, artefact: &Artefact, locator: u64, record: &R) -> Result<(), Stop> {
        self.sink.row(R::TABLE, artefact.sha256, locator, &|each| record.values(each))
    }

    /// Adds a document made from these artefacts.
    pub fn document<D: Document>(&self, artefacts: &[Artefact], document: &D) -> Result<(), Stop> {
        let value = serde_json::to_value(document)
            .map_err(|error| Stop::Infrastructure(format!("a {} cannot be written as JSON: {error}", D::KIND)))?;
        let evidence = artefacts.iter().map(|artefact| artefact.sha256).collect();
        self.sink.document(StoredDocument { kind: D::KIND.to_owned(), evidence, value });
        Ok(())
    }

    /// Adds a note.
    pub fn note(&self, note: Note) {
        self.sink.note(note);
    }

    /// Says that the artefact covers a stretch of time; a parser splits at every silence longer than a minute, and
    /// the catalogue's sufficiency rule decides which silences count.
    pub fn period(&self, artefact: &Artefact, period: Period) {
        self.sink.period(artefact.sha256, period);
    }

    /// Says how many packets a capture holds and how many its recorder lost, where the capture tells.
    pub fn loss(&self, artefact: &Artefact, captured: u64, lost: u64) {
        self.sink.loss(artefact.sha256, captured, lost);
    }

    /// For long work between reads: ends with [`Stop::Cancelled`] when the user cancelled.
    pub fn check_cancelled(&self) -> Result<(), Stop> {
        if self.sink.tick(0) { Ok(()) } else { Err(Stop::Cancelled) }
    }
}

/// Counts what is read and turns a cancel into an error that becomes [`Stop::Cancelled`].
struct Ticking<'a> {
    inner: Box<dyn Read + Send>,
    sink: &'a dyn ParseSink,
}

impl Read for Ticking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        if self.sink.tick(n as u64) { Ok(n) } else { Err(std::io::Error::other(Cancelled)) }
    }
}

/// The error inside an `io::Error` when a read ended because the user cancelled.
#[derive(Debug)]
struct Cancelled;

impl std::fmt::Display for Cancelled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cancelled")
    }
}

impl std::error::Error for Cancelled {}

impl From<std::io::Error> for Stop {
    /// A read that failed: the user's cancel, or the machine.
    fn from(error: std::io::Error) -> Self {
        if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Cancelled>) {
            Self::Cancelled
        } else {
            Self::Infrastructure(error.to_string())
        }
    }
}

/// A text with the encoding that it was read in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedText {
    /// Without a byte-order mark.
    pub text: String,
    /// Name of the encoding, such as `UTF-16LE`.
    pub encoding: &'static str,
    /// Characters that were not valid in it.
    pub replaced: u64,
}

impl DecodedText {
    /// Byte-order mark first, then zero bytes (UTF-16 without a mark), then valid UTF-8, then Big5 where all of it is
    /// valid Big5, else UTF-8 with replacements.
    pub fn decode(bytes: &[u8]) -> Self {
        let encoding = match bytes {
            [0xef, 0xbb, 0xbf, ..] => UTF_8,
            [0xff, 0xfe, ..] => UTF_16LE,
            [0xfe, 0xff, ..] => UTF_16BE,
            [a, 0, b, 0, ..] if *a != 0 && *b != 0 => UTF_16LE,
            [0, a, 0, b, ..] if *a != 0 && *b != 0 => UTF_16BE,
            _ if std::str::from_utf8(bytes).is_ok() => UTF_8,
            _ if BIG5.decode_without_bom_handling_and_without_replacement(bytes).is_some() => BIG5,
            _ => UTF_8,
        };
        let (text, encoding, malformed) = encoding.decode(bytes);
        let replaced = if malformed { text.matches(char::REPLACEMENT_CHARACTER).count() as u64 } else { 0 };
        Self { text: text.into_owned(), encoding: encoding.name(), replaced }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_met_in_taiwan_are_told_apart() {
        let cases: [(&[u8], &str, &str); 5] = [
            (b"\xef\xbb\xbfplain", "plain", "UTF-8"),
            (b"\xff\xfeA\0B\0", "AB", "UTF-16LE"),
            (b"A\0B\0", "AB", "UTF-16LE"),
            (b"\xb1K\xbdX", "密碼", "Big5"),
            ("密碼".as_bytes(), "密碼", "UTF-8"),
        ];
        for (bytes, text, encoding) in cases {
            let decoded = DecodedText::decode(bytes);
            assert_eq!((decoded.text.as_str(), decoded.encoding, decoded.replaced), (text, encoding, 0));
        }
        assert_eq!(DecodedText::decode(b"ok \xff\xff\x00").replaced, 2);
    }
}
