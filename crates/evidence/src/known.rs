//! Formats that no inspection reads yet, so that a reader is told what a file is rather than "unknown"; and names
//! that promise another content than the file has.

use std::borrow::Cow;

use secdiag_model::{EvidenceKind, Head};
use serde::de::IgnoredAny;

/// What a file is, as far as its head tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Slug.
    pub(crate) id: &'static str,
    /// Name for readers.
    pub(crate) title: Cow<'static, str>,
    /// Whether the content proves it (a magic number, a grammar) rather than suggests it (the look of its lines).
    pub(crate) proven: bool,
}

impl Known {
    #[expect(clippy::unnecessary_wraps, reason = "an answer of `identify`")]
    fn proven(id: &'static str, title: impl Into<Cow<'static, str>>) -> Option<Self> {
        Some(Self { id, title: title.into(), proven: true })
    }

    #[expect(clippy::unnecessary_wraps, reason = "an answer of `identify`")]
    fn likely(id: &'static str, title: impl Into<Cow<'static, str>>) -> Option<Self> {
        Some(Self { id, title: title.into(), proven: false })
    }
}

/// Identifies a head; nothing when it is like nothing known.
pub(crate) fn identify(head: &Head<'_>) -> Option<Known> {
    by_magic(head).or_else(|| if head.is_binary() { None } else { by_text(head) })
}

/// Offset, bytes, slug, title. Longer and more certain ones first where two could match.
const MAGIC: &[(usize, &[u8], &str, &str)] = &[
    (0, b"\x0a\x0d\x0d\x0a", "pcapng", "pcapng capture"),
    (0, b"\xd4\xc3\xb2\xa1", "pcap", "pcap capture"),
    (0, b"\xa1\xb2\xc3\xd4", "pcap", "pcap capture"),
    (0, b"\x4d\x3c\xb2\xa1", "pcap", "pcap capture with nanoseconds"),
    (0, b"\xa1\xb2\x3c\x4d", "pcap", "pcap capture with nanoseconds"),
    (0, b"\x34\xcd\xb2\xa1", "pcap", "pcap capture, modified by Kuznetzov"),
    (0, b"snoop\0\0\0", "snoop", "snoop capture (RFC 1761)"),
    (0, b"XCP\0", "netxray", "NetXRay capture"),
    (0, b"ElfFile\0", "evtx", "Windows event log (EVTX)"),
    (0, b"0\0\0\0LfLe", "evt", "Windows event log before Vista (EVT)"),
    (0, b"regf", "registry-hive", "Windows registry hive"),
    (0, b"PReg\x01\0\0\0", "registry-pol", "Group Policy registry file (registry.pol)"),
    (0, b"SQLite format 3\0", "sqlite", "SQLite database"),
    (4, b"\xef\xcd\xab\x89", "ese", "Extensible Storage Engine database (such as NTDS.DIT)"),
    (0, b"%PDF-", "pdf", "PDF document"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole", "OLE compound file (Office 97, MSI or encrypted Office)"),
    (0, b"{\\rtf", "rtf", "RTF document"),
    (0, b"\x7fELF", "elf", "ELF program or library"),
    (0, b"\xcf\xfa\xed\xfe", "mach-o", "Mach-O program"),
    (0, b"\xce\xfa\xed\xfe", "mach-o", "Mach-O program"),
    (0, b"\xfe\xed\xfa\xcf", "mach-o", "Mach-O program"),
    (0, b"\xfe\xed\xfa\xce", "mach-o", "Mach-O program"),
    (0, b"dex\n", "dex", "Android program (DEX)"),
    (0, b"\0asm", "wasm", "WebAssembly module"),
    (0, b"\xfe\xed\xfe\xed", "jks", "Java key store (JKS)"),
    (0, b"\xce\xce\xce\xce", "jceks", "Java key store (JCEKS)"),
    (0, b"\x89PNG\r\n\x1a\n", "png", "PNG image"),
    (0, b"\xff\xd8\xff", "jpeg", "JPEG image"),
    (0, b"GIF87a", "gif", "GIF image"),
    (0, b"GIF89a", "gif", "GIF image"),
    (0, b"II*\0", "tiff", "TIFF image"),
    (0, b"MM\0*", "tiff", "TIFF image"),
    (0, b"Rar!\x1a\x07", "rar", "RAR archive"),
    (0, b"MSCF\0\0\0\0", "cab", "Windows cabinet"),
    (0, b"!<arch>\ndebian-binary", "deb", "Debian package"),
    (0, b"!<arch>\n", "ar", "ar archive"),
    (0, b"\xed\xab\xee\xdb", "rpm", "RPM package"),
    (0, b"070701", "cpio", "cpio archive"),
    (0, b"070702", "cpio", "cpio archive"),
    (0, b"070707", "cpio", "cpio archive"),
    (0, b"\x04\x22\x4d\x18", "lz4", "LZ4 stream"),
    (0, b"LZIP\x01", "lzip", "lzip stream"),
    (0, b"\x1f\x9d", "compress", "compress (.Z) stream"),
    (0, b"SZDD\x88\xf0\x27\x33", "szdd", "MS-DOS compressed file"),
    (0, b"\x78\x9f\x3e\x22", "tnef", "TNEF mail attachment"),
    (0x8001, b"CD001", "iso9660", "ISO 9660 disc image"),
    (0, b"PAR1", "parquet", "Parquet table"),
    (0, b"MDMP", "minidump", "Windows minidump"),
    (0, b"PAGEDU64", "crash-dump", "Windows crash dump"),
    (0, b"PAGEDUMP", "crash-dump", "Windows crash dump"),
    (0, b"KDMV", "vmdk", "VMware disk image"),
    (0, b"vhdxfile", "vhdx", "Hyper-V disk image"),
    (0, b"conectix", "vhd", "Virtual PC disk image"),
    (0, b"QFI\xfb", "qcow", "QEMU disk image"),
    (0, b"EVF\x09\x0d\x0a\xff\x00", "ewf", "Expert Witness disk image (E01)"),
    (0, b"\x4c\0\0\0\x01\x14\x02\0", "lnk", "Windows shortcut"),
    (0, b"MAM\x04", "prefetch", "Windows prefetch file"),
    (4, b"SCCA", "prefetch", "Windows prefetch file"),
    (0, b"LPKSHHRH", "journal", "systemd journal"),
    (0, b"\x0c\xa5\x01\0", "nfdump", "nfdump flow file"),
    (0, b"\x0c\xa5\x02\0", "nfdump", "nfdump flow file"),
    (0, b"\x03\0\x08\0", "axml", "Android binary XML"),
    (0, b"\x02\0\x0c\0", "arsc", "Android resource table"),
];

fn by_magic(head: &Head<'_>) -> Option<Known> {
    let bytes = head.bytes;
    for (offset, magic, id, title) in MAGIC {
        if bytes.get(*offset..).is_some_and(|rest| rest.starts_with(magic)) {
            return Known::proven(id, *title);
        }
    }
    match bytes {
        [b'M', b'Z', ..] => {
            let offset = bytes.get(0x3c..0x40).map(|raw| u32::from_le_bytes([raw[0], raw[1], raw[2], raw[3]]) as usize);
            match offset.and_then(|offset| bytes.get(offset..)) {
                Some(rest) if rest.starts_with(b"PE\0\0") => Known::proven("pe", "Windows program or library (PE)"),
                _ if head.is_binary() => Known::proven("pe", "DOS or Windows program"),
                _ => None,
            }
        }
        // Universal Mach-O files have the same magic number; they count architectures where a class has its version.
        [0xca, 0xfe, 0xba, 0xbe, _, _, high, low, ..] => match u16::from_be_bytes([*high, *low]) {
            45.. => Known::proven("class", "Java class"),
            _ => Known::proven("mach-o", "Mach-O universal program"),
        },
        [b'R', b'I', b'F', b'F', _, _, _, _, kind @ ..] if kind.starts_with(b"WEBP") => {
            Known::proven("webp", "WebP image")
        }
        // A DER SEQUENCE (X.690) as long as the file.
        [0x30, 0x82, high, low, ..] if u64::from(u16::from_be_bytes([*high, *low])) + 4 == head.size => {
            Known::proven("der", "DER structure (certificate, key or request)")
        }
        [0x60, 0xea, ..] => Known::proven("arj", "ARJ archive"),
        _ => None,
    }
}

fn by_text(head: &Head<'_>) -> Option<Known> {
    let text = head.text().trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let whole = head.size <= head.bytes.len() as u64;
    match text.as_bytes().first()? {
        b'<' => markup(text).or_else(|| lines(text)),
        b'{' | b'[' => json(text, whole).or_else(|| lines(text)),
        b'-' => pem(text).or_else(|| lines(text)),
        // Tools print attributes before a block; tables and logs quote blocks too, and stay what they are.
        _ => lines(text).or_else(|| pem(text).map(|known| Known { proven: false, ..known })),
    }
}

/// HTML, or XML with its root element: what stands before the first element is skipped.
fn markup(text: &str) -> Option<Known> {
    let mut rest = text;
    let mut declared = false;
    loop {
        rest = rest.trim_start();
        let skip = |rest: &str, end: &str| rest.find(end).map(|at| at + end.len());
        let next = if rest.starts_with("<?") {
            declared = true;
            skip(rest, "?>")
        } else if rest.starts_with("<!--") {
            skip(rest, "-->")
        } else if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
            if rest.get(9..).is_some_and(|rest| rest.trim_start().get(..4).is_some_and(is_html)) {
                return Known::proven("html", "HTML document");
            }
            // An internal subset stands in brackets and may hold `>`.
            let end = rest.find('>')?;
            match rest.find('[') {
                Some(open) if open < end => skip(rest, "]").and_then(|at| Some(at + skip(&rest[at..], ">")?)),
                _ => Some(end + 1),
            }
        } else {
            break;
        };
        rest = &rest[next?..];
    }
    let name = rest.strip_prefix('<')?;
    let end = name.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')))?;
    let (name, after) = name.split_at(end);
    if name.is_empty() || !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    if is_html(name) {
        return Known::proven("html", "HTML document");
    }
    // `<134>Oct 1 …` is syslog, `<user@host>` a mail address.
    let closes = after.starts_with(['>', '/']) || after.starts_with(|c: char| c.is_whitespace());
    (closes && (declared || after.contains('>')))
        .then(|| Known::proven("xml", format!("XML with root element <{name}>")))
        .flatten()
}

fn is_html(name: &str) -> bool {
    name.eq_ignore_ascii_case("html")
}

fn json(text: &str, whole: bool) -> Option<Known> {
    let mut values = 0;
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    for value in &mut stream {
        match value {
            Ok(IgnoredAny) => values += 1,
            Err(error) if error.is_eof() && !whole => {
                values += 1;
                break;
            }
            Err(_) => return None,
        }
    }
    if values == 1 { Known::proven("json", "JSON") } else { Known::proven("jsonl", "JSON Lines") }
}

/// Text with a PEM block (RFC 7468) near its beginning.
fn pem(text: &str) -> Option<Known> {
    let label = text
        .lines()
        .take(200)
        .find_map(|line| line.trim().strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")))?;
    let title = match label {
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => "X.509 certificate (PEM)",
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "certificate request (PEM)",
        "X509 CRL" => "certificate revocation list (PEM)",
        "PUBLIC KEY" | "RSA PUBLIC KEY" | "SSH2 PUBLIC KEY" => "public key (PEM)",
        "OPENSSH PRIVATE KEY" => "OpenSSH private key",
        _ if label.ends_with("PRIVATE KEY") || label == "PRIVATE KEY BLOCK" => "private key (PEM)",
        _ if label.starts_with("PGP ") => "OpenPGP data (ASCII armour)",
        _ => "PEM data",
    };
    Known::proven("pem", title)
}

/// What the first lines look like.
fn lines(text: &str) -> Option<Known> {
    if let Some(interpreter) = text.strip_prefix("#!") {
        let name = interpreter.lines().next().unwrap_or_default().trim();
        return Known::likely("script", format!("script for {}", crate::names::shown(clip(name).as_bytes())));
    }
    for (start, id, title) in [
        ("#separator ", "zeek", "Zeek log"),
        ("Windows Registry Editor Version", "reg", "Windows registry export"),
        ("REGEDIT4", "reg", "Windows registry export"),
        ("%YAML", "yaml", "YAML"),
        ("---\n", "yaml", "YAML"),
        ("---\r\n", "yaml", "YAML"),
        ("#Software: Microsoft", "w3c-log", "W3C extended log"),
        ("#Version: 1.0", "w3c-log", "W3C extended log"),
        ("version: 1\n", "ldif", "LDIF directory export"),
        ("dn: ", "ldif", "LDIF directory export"),
        ("dn:: ", "ldif", "LDIF directory export"),
        ("AAA,progname,nmon", "nmon", "nmon performance recording"),
        ("<?php", "php", "PHP script"),
        ("<%@", "jsp", "JSP or ASP page"),
    ] {
        if text.starts_with(start) {
            return Known::likely(id, title);
        }
    }
    let sample: Vec<_> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).take(40).collect();
    let most = |is: fn(&str) -> bool| sample.iter().filter(|line| is(line)).count() * 3 >= sample.len() * 2;
    if most(is_access_log) {
        return Known::likely("access-log", "web server access log");
    }
    if most(is_syslog) {
        return Known::likely("syslog", "log lines with a syslog or ISO 8601 time stamp");
    }
    if let Some(known) = separated(&sample) {
        return Some(known);
    }
    let settings: Vec<_> = sample.iter().copied().filter(|line| !line.starts_with(['#', ';'])).collect();
    let sections = settings.iter().filter(|line| line.starts_with('[') && line.contains(']')).count();
    let pairs = settings.iter().filter(|line| line.contains('=')).count();
    if sections > 0 && pairs > 0 && (sections + pairs) * 3 >= settings.len() * 2 {
        return Known::likely("ini", "INI or TOML settings");
    }
    let is_yaml = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("- ")
            || line.split_once(':').is_some_and(|(key, value)| is_key(key) && value.starts_with(' '))
            || line.strip_suffix(':').is_some_and(is_key)
    };
    let yaml = settings.iter().filter(|line| is_yaml(line)).count();
    if settings.len() >= 2 && yaml * 5 >= settings.len() * 4 {
        return Known::likely("yaml", "YAML or key: value text");
    }
    None
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\''))
}

/// Common and combined log format: `host ident user [day/month/year:…`.
fn is_access_log(line: &str) -> bool {
    let mut words = line.splitn(4, ' ');
    let host = words.next().unwrap_or_default();
    !host.is_empty()
        && words.by_ref().take(2).count() == 2
        && words.next().is_some_and(|rest| {
            let date: Vec<_> = rest.as_bytes().iter().take(13).copied().collect();
            matches!(date.as_slice(), [b'[', _, _, b'/', _, _, _, b'/', _, _, _, _, b':'])
        })
}

/// A priority (`<134>`), a BSD time stamp (`Oct  1 00:00:00`, RFC 3164 §4.1.2) or an ISO 8601 one.
fn is_syslog(line: &str) -> bool {
    let bytes = line.as_bytes();
    let priority = bytes.first() == Some(&b'<')
        && bytes
            .iter()
            .take(5)
            .position(|b| *b == b'>')
            .is_some_and(|end| end > 1 && bytes[1..end].iter().all(u8::is_ascii_digit));
    let pattern = |shape: &[u8]| {
        bytes.len() >= shape.len()
            && shape.iter().zip(bytes).all(|(shape, byte)| match shape {
                b'9' => byte.is_ascii_digit(),
                b'_' => byte.is_ascii_digit() || *byte == b' ',
                b'a' => byte.is_ascii_alphabetic(),
                b'T' => matches!(byte, b'T' | b' ' | b','),
                other => other == byte,
            })
    };
    priority
        || pattern(b"aaa _9 99:99:99")
        || pattern(b"9999-99-99T99:99:99")
        || pattern(b"[9999-99-99T99:99:99")
        || pattern(b"9999/99/99T99:99:99")
}

/// Two lines or more with the same number of separators outside quotes.
fn separated(sample: &[&str]) -> Option<Known> {
    let rows: Vec<_> = sample.iter().filter(|line| !line.starts_with('#')).take(10).collect();
    if rows.len() < 2 {
        return None;
    }
    for (separator, least, id, title) in
        [('\t', 1, "tsv", "tab-separated table"), (',', 1, "csv", "CSV table"), (';', 2, "csv", "CSV table with `;`")]
    {
        let count = |line: &str| {
            let mut quoted = false;
            line.chars()
                .filter(|c| {
                    quoted ^= *c == '"';
                    *c == separator && !quoted
                })
                .count()
        };
        let columns = count(rows[0]);
        if columns >= least && rows.iter().all(|row| count(row) == columns) {
            return Known::likely(id, title);
        }
    }
    None
}

fn clip(text: &str) -> &str {
    text.char_indices().nth(80).map_or(text, |(end, _)| &text[..end])
}

/// What a file's name promises: its extension, the slugs that keep the promise, whether a content like nothing known
/// breaks it (formats with a magic number) or not (texts, whose recognition is a guess), and the kind of evidence
/// that keeps it too.
struct Promise {
    extensions: &'static [&'static str],
    kept_by: &'static [&'static str],
    has_magic: bool,
    kind: Option<EvidenceKind>,
}

const fn magic(extensions: &'static [&'static str], kept_by: &'static [&'static str]) -> Promise {
    Promise { extensions, kept_by, has_magic: true, kind: None }
}

const fn text(extensions: &'static [&'static str], kept_by: &'static [&'static str]) -> Promise {
    Promise { extensions, kept_by, has_magic: false, kind: None }
}

const ZIPS: &[&str] =
    &["zip", "docx", "xlsx", "pptx", "visio", "odf", "epub", "jar", "war", "apk", "aab", "ipa", "ooxml"];

const PROMISES: &[Promise] = &[
    Promise {
        extensions: &["pcap", "pcapng", "cap"],
        kept_by: &["pcap", "pcapng", "snoop", "netxray"],
        has_magic: true,
        kind: Some(EvidenceKind::Pcap),
    },
    magic(&["evtx"], &["evtx"]),
    magic(&["pdf"], &["pdf"]),
    magic(&["png", "jpg", "jpeg", "gif"], &["png", "jpeg", "gif", "webp"]),
    magic(&["zip"], ZIPS),
    magic(&["docx", "xlsx", "pptx", "vsdx"], &["docx", "xlsx", "pptx", "visio", "ooxml", "ole"]),
    magic(&["jar", "war", "apk", "ipa", "aab"], &["jar", "war", "apk", "ipa", "aab", "zip"]),
    magic(&["gz", "tgz"], &["gzip"]),
    magic(&["bz2", "tbz", "tbz2"], &["bzip2"]),
    magic(&["xz", "txz"], &["xz"]),
    magic(&["zst", "tzst"], &["zstd"]),
    magic(&["7z"], &["7z"]),
    magic(&["rar"], &["rar"]),
    magic(&["tar"], &["tar"]),
    magic(&["sqlite", "sqlite3"], &["sqlite"]),
    text(&["json", "jsonl", "ndjson"], &["json", "jsonl"]),
    text(&["xml"], &["xml", "html", "axml"]),
    text(&["html", "htm"], &["html", "xml"]),
    text(&["pem", "crt", "cer"], &["pem", "der"]),
    text(&["csv", "tsv", "log"], &["json", "jsonl", "xml"]),
    text(
        &["txt", "conf", "cfg", "ini", "rules", "yaml", "yml", "md", "ldif"],
        &["json", "jsonl", "xml", "html", "pem"],
    ),
];

/// When a name promises another content: what it promises. `content` is the slug of what the content proves to be,
/// `kind` what an inspection recognised.
pub(crate) fn broken_promise(name: &str, content: Option<&str>, kind: Option<EvidenceKind>) -> Option<String> {
    let extension = name.rsplit_once('.')?.1.to_ascii_lowercase();
    let promise = PROMISES.iter().find(|promise| promise.extensions.contains(&extension.as_str()))?;
    let kept = match content {
        Some(content) => promise.kept_by.contains(&content),
        None => !promise.has_magic || (kind.is_some() && kind == promise.kind),
    };
    (!kept).then(|| format!(".{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(bytes: &[u8]) -> Option<&'static str> {
        identify(&Head::new(bytes, "", bytes.len() as u64)).map(|known| known.id)
    }

    #[test]
    fn common_formats_are_named() {
        let mut pe = vec![0; 0x80];
        pe[..2].copy_from_slice(b"MZ");
        pe[0x3c] = 0x40;
        pe[0x40..0x44].copy_from_slice(b"PE\0\0");
        let cases: [(&[u8], Option<&str>); 43] = [
            (b"%PDF-1.7\n", Some("pdf")),
            (&pe, Some("pe")),
            (b"\x7fELF\x02\x01", Some("elf")),
            (b"\xca\xfe\xba\xbe\0\0\0\x34", Some("class")),
            (b"\xca\xfe\xba\xbe\0\0\0\x02", Some("mach-o")),
            (b"ElfFile\0\0", Some("evtx")),
            (b"\x30\x82\0\x02ab", Some("der")),
            (b"<!DOCTYPE html><html>", Some("html")),
            (b"\n<HTML lang=en>", Some("html")),
            (b"<?xml version='1.0'?><!-- x > y --><!DOCTYPE a [<!ENTITY b '>'>]>\n<nmaprun x='1'>", Some("xml")),
            (b"<a:b xmlns:a='x'/>", Some("xml")),
            (b"<134>Oct  1 00:00:00 fw msg\n", Some("syslog")),
            (b"<user@example.com> wrote\n", None),
            (b"<", None),
            (b"<?xml", None),
            (b"{\"a\": [1, 2]}\n", Some("json")),
            (b"[1, 2]", Some("json")),
            (b"{\"a\": 1}\n{\"a\": 2}\n", Some("jsonl")),
            (b"{not json}", None),
            (b"[section]\nkey = 1\nother = 2\n", Some("ini")),
            (b"-----BEGIN CERTIFICATE-----\nMIIB", Some("pem")),
            (b"Bag Attributes\n-----BEGIN RSA PRIVATE KEY-----\nMIIB", Some("pem")),
            (b"#separator \\x09\n#fields\tts\n", Some("zeek")),
            (b"#!/bin/sh\necho\n", Some("script")),
            (b"Windows Registry Editor Version 5.00\r\n", Some("reg")),
            (b"\xff\xfeW\0i\0n\0d\0o\0w\0s\0 \0R\0e\0g\0i\0s\0t\0r\0y\0 \0E\0d\0i\0t\0o\0r\0 \0V\0e\0r\0s\0i\0o\0n\0", Some("reg")),
            (b"a,b,c\n1,\"2,2\",3\n", Some("csv")),
            (b"a\tb\n1\t2\n", Some("tsv")),
            (b"name: x\nlist:\n  - a\n  - b\n", Some("yaml")),
            (b"---\na: 1\n", Some("yaml")),
            (b"dn: dc=example\nobjectClass: top\n", Some("ldif")),
            (b"10.0.0.1 - bob [10/Oct/2026:13:55:36 +0800] \"GET / HTTP/1.1\" 200 1\n", Some("access-log")),
            (b"2026-10-01T00:00:00+08:00 host sshd[1]: x\n", Some("syslog")),
            (b"Oct  1 00:00:00 host sshd[1]: x\nJan 12 00:00:00 h y\n", Some("syslog")),
            (b"plain words\nand more of them\n", None),
            (b"host,output\na,x\nb,\"\n-----BEGIN CERTIFICATE-----\n\"\n", Some("pem")),
            (b"host,output\na,x\nb,y\n-----BEGIN CERTIFICATE-----,z\n", Some("csv")),
            (b"\x00\x01\x02\x03", None),
            (b"", None),
            (b"\xfe\xed\xfe\xed\0\0\0\x02", Some("jks")),
            (b"\x02\0\x0c\0", Some("arsc")),
            (b"PReg\x01\0\0\0", Some("registry-pol")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("webp")),
        ];
        for (bytes, expected) in cases {
            assert_eq!(id(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_head_that_ends_inside_a_json_value_is_still_json() {
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(2 * Head::LEN));
        assert_eq!(id(long.as_bytes()), Some("json"));
        let lines = "{\"a\": 1}\n".repeat(Head::LEN / 4);
        assert_eq!(id(lines.as_bytes()), Some("jsonl"));
        assert_eq!(id(b"{\"a\": \"cut"), None, "a whole file that is cut is not JSON");
    }

    #[test]
    fn names_that_promise_something_else_are_noticed() {
        let cases = [
            ("a.pcap", Some("html"), None, true),
            ("a.PCAP", None, None, true),
            ("a.pcap", Some("pcapng"), Some(EvidenceKind::Pcap), false),
            ("a.cap", None, Some(EvidenceKind::Pcap), false),
            ("a.txt", Some("pe"), None, true),
            ("a.txt", Some("json"), None, false),
            ("a.txt", None, None, false),
            ("a.json", Some("html"), None, true),
            ("a.json", None, None, false),
            ("a.docx", Some("zip"), None, true),
            ("a.docx", Some("ole"), None, false),
            ("a", Some("pe"), None, false),
            ("a.gz", Some("gzip"), None, false),
        ];
        for (name, content, kind, broken) in cases {
            assert_eq!(broken_promise(name, content, kind).is_some(), broken, "{name} {content:?}");
        }
    }
}
