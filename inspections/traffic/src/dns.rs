//! DNS messages (RFC 1035, EDNS of RFC 6891), read leniently: what can be read of a broken message is kept.

use std::borrow::Cow;
use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::bytes::{u8_at, u16_be};

/// Answers of one message that are kept.
const MAX_ANSWERS: usize = 256;
/// Longest text of one answer.
const MAX_TEXT: usize = 1024;
/// Longest name on the wire (RFC 1035 §3.1).
const MAX_NAME: usize = 255;
/// Pointers followed in one name; each must point backwards.
const MAX_POINTERS: usize = 64;

/// A message.
pub(crate) struct Message {
    pub id: u16,
    pub response: bool,
    /// Response code with the upper bits from EDNS.
    pub rcode: u16,
    pub authoritative: bool,
    pub truncated: bool,
    pub questions: Vec<Question>,
    pub answers: Vec<Answer>,
    /// Nothing was wrong, and nothing was left over.
    pub whole: bool,
    /// Operation code and class are those of an ordinary question.
    pub plain: bool,
}

pub(crate) struct Question {
    pub name: String,
    pub kind: u16,
}

pub(crate) struct Answer {
    pub owner: String,
    pub text: String,
}

impl Message {
    /// Reads a message; nothing when not even its header and first name make sense.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let flags = u16_be(bytes, 2)?;
        let counts: Vec<u16> = (0..4).map(|i| u16_be(bytes, 4 + i * 2)).collect::<Option<_>>()?;
        let mut message = Self {
            id: u16_be(bytes, 0)?,
            response: flags & 0x8000 != 0,
            rcode: flags & 0x000f,
            authoritative: flags & 0x0400 != 0,
            truncated: flags & 0x0200 != 0,
            questions: Vec::new(),
            answers: Vec::new(),
            whole: false,
            plain: flags & 0x7840 == 0,
        };
        let mut at = 12;
        message.whole = message.sections(bytes, &counts, &mut at).is_some() && at == bytes.len();
        let empty = message.questions.is_empty() && message.answers.is_empty();
        (!empty || message.whole).then_some(message)
    }

    fn sections(&mut self, bytes: &[u8], counts: &[u16], at: &mut usize) -> Option<()> {
        for _ in 0..counts[0] {
            let name = name(bytes, at)?;
            let (kind, class) = (u16_be(bytes, *at)?, u16_be(bytes, *at + 2)?);
            *at += 4;
            // Internet or any; the top bit asks for a unicast answer (RFC 6762 §5.4).
            self.plain &= matches!(class & 0x7fff, 1 | 255);
            if self.questions.len() < MAX_ANSWERS {
                self.questions.push(Question { name, kind });
            }
        }
        for (section, count) in counts.iter().enumerate().skip(1) {
            for _ in 0..*count {
                self.record(bytes, at, section == 1)?;
            }
        }
        Some(())
    }

    fn record(&mut self, bytes: &[u8], at: &mut usize, is_answer: bool) -> Option<()> {
        const OPT: u16 = 41;
        let owner = name(bytes, at)?;
        let kind = u16_be(bytes, *at)?;
        let extended = u8_at(bytes, *at + 4)?;
        let len = usize::from(u16_be(bytes, *at + 8)?);
        let (start, end) = (*at + 10, *at + 10 + len);
        bytes.get(start..end)?;
        *at = end;
        if kind == OPT {
            self.rcode |= u16::from(extended) << 4;
        } else if is_answer && self.answers.len() < MAX_ANSWERS {
            let text = record_text(kind, bytes, start, end);
            self.answers.push(Answer { owner, text });
        }
        Some(())
    }
}

/// A name at `at`, which moves behind it: lower case, labels joined by dots, bytes that are not printable ASCII (and
/// dots and backslashes inside labels) as `\DDD`; the root is `.`.
fn name(bytes: &[u8], at: &mut usize) -> Option<String> {
    let mut text = String::new();
    let (mut here, mut limit, mut len, mut jumped) = (*at, *at, 0, false);
    for _ in 0..MAX_POINTERS + MAX_NAME {
        let first = u8_at(bytes, here)?;
        match first >> 6 {
            0 if first == 0 => {
                if !jumped {
                    *at = here + 1;
                }
                if text.is_empty() {
                    text.push('.');
                }
                return Some(text);
            }
            0 => {
                let label = bytes.get(here + 1..here + 1 + usize::from(first))?;
                len += label.len() + 1;
                if len > MAX_NAME {
                    return None;
                }
                if !text.is_empty() {
                    text.push('.');
                }
                push_escaped(&mut text, label);
                here += 1 + label.len();
            }
            3 => {
                let target = usize::from(u16_be(bytes, here)? & 0x3fff);
                if !jumped {
                    *at = here + 2;
                    jumped = true;
                }
                // A pointer must point before the part of the name that it ends.
                if target >= limit {
                    return None;
                }
                (here, limit) = (target, target);
            }
            _ => return None,
        }
    }
    None
}

fn push_escaped(text: &mut String, label: &[u8]) {
    for byte in label {
        match byte {
            b'.' | b'\\' => {
                let _ = write!(text, "\\{byte:03}");
            }
            0x21..=0x7e => text.push(char::from(byte.to_ascii_lowercase())),
            _ => {
                let _ = write!(text, "\\{byte:03}");
            }
        }
    }
}

/// The data of a record for a reader: addresses, names, texts, else the generic form of RFC 3597 §5.
fn record_text(kind: u16, bytes: &[u8], start: usize, end: usize) -> String {
    let data = bytes.get(start..end).unwrap_or_default();
    let name_at = |mut at: usize| name(bytes.get(..end).unwrap_or_default(), &mut at);
    let known = match kind {
        1 => data.try_into().ok().map(|octets: [u8; 4]| Ipv4Addr::from(octets).to_string()),
        28 => data.try_into().ok().map(|octets: [u8; 16]| Ipv6Addr::from(octets).to_string()),
        // NS, CNAME, SOA (its first name), PTR, DNAME.
        2 | 5 | 6 | 12 | 39 => name_at(start),
        // MX, KX, AFSDB, RT, SVCB, HTTPS: a number, then the name.
        15 | 18 | 21 | 36 | 64 | 65 => name_at(start + 2),
        // SRV: three numbers, then the name.
        33 => name_at(start + 6),
        // TXT, SPF: character strings; what belongs together is often split at 255 bytes (RFC 7208 §3.3).
        16 | 99 => {
            let mut text = String::new();
            let mut rest = data;
            while let Some((len, more)) = rest.split_first() {
                let string = more.get(..usize::from(*len)).unwrap_or(more);
                push_text(&mut text, string);
                rest = more.get(string.len()..).unwrap_or_default();
            }
            Some(text)
        }
        _ => None,
    };
    let mut text = known.unwrap_or_else(|| {
        let mut text = format!("\\# {} ", data.len());
        for byte in data.iter().take(64) {
            let _ = write!(text, "{byte:02x}");
        }
        text
    });
    // All characters are ASCII here.
    text.truncate(MAX_TEXT);
    text
}

fn push_text(text: &mut String, string: &[u8]) {
    for byte in string {
        if text.len() >= MAX_TEXT {
            return;
        }
        match byte {
            b'\\' => text.push_str("\\092"),
            0x20..=0x7e => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\{byte:03}");
            }
        }
    }
}

/// Name of a record type (IANA registry), `TYPEn` for the others.
pub(crate) fn type_name(kind: u16) -> Cow<'static, str> {
    Cow::Borrowed(match kind {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        10 => "NULL",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        17 => "RP",
        18 => "AFSDB",
        24 => "SIG",
        25 => "KEY",
        28 => "AAAA",
        29 => "LOC",
        30 => "NXT",
        33 => "SRV",
        35 => "NAPTR",
        36 => "KX",
        37 => "CERT",
        39 => "DNAME",
        41 => "OPT",
        42 => "APL",
        43 => "DS",
        44 => "SSHFP",
        45 => "IPSECKEY",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        49 => "DHCID",
        50 => "NSEC3",
        51 => "NSEC3PARAM",
        52 => "TLSA",
        53 => "SMIMEA",
        55 => "HIP",
        59 => "CDS",
        60 => "CDNSKEY",
        61 => "OPENPGPKEY",
        62 => "CSYNC",
        63 => "ZONEMD",
        64 => "SVCB",
        65 => "HTTPS",
        99 => "SPF",
        108 => "EUI48",
        109 => "EUI64",
        249 => "TKEY",
        250 => "TSIG",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        256 => "URI",
        257 => "CAA",
        other => return format!("TYPE{other}").into(),
    })
}

/// Name of a response code (IANA registry), `RCODEn` for the others.
pub(crate) fn rcode_name(code: u16) -> Cow<'static, str> {
    Cow::Borrowed(match code {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        16 => "BADVERS",
        17 => "BADKEY",
        18 => "BADTIME",
        22 => "BADTRUNC",
        23 => "BADCOOKIE",
        other => return format!("RCODE{other}").into(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUERY: &[u8] = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x03WWW\x07example\x03org\0\0\x01\0\x01";

    #[test]
    fn a_question_and_its_answer() {
        let query = Message::parse(QUERY).unwrap();
        assert!(query.whole && query.plain && !query.response);
        assert_eq!((query.id, query.questions[0].name.as_str()), (0x1234, "www.example.org"));

        let mut response = QUERY.to_vec();
        response[2] = 0x84;
        response[3] = 0x03;
        response[7] = 3;
        response[11] = 1;
        response.extend(b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x06\x03cdn\xc0\x10");
        response.extend(b"\xc0\x2d\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\x01\x02\x03");
        response.extend(b"\xc0\x2d\0\x10\0\x01\0\0\0\x3c\0\x06\x02a\\\x02\x07b");
        response.extend(b"\0\0\x29\x10\0\x01\0\0\0\0\0");
        let response = Message::parse(&response).unwrap();
        let answers: Vec<_> = response.answers.iter().map(|answer| answer.text.as_str()).collect();
        assert_eq!(answers, ["cdn.example.org", "10.1.2.3", "a\\092\\007b"]);
        assert_eq!(response.answers[1].owner, "cdn.example.org");
        assert!(response.whole && response.authoritative);
        assert_eq!(rcode_name(response.rcode), "RCODE19");
    }

    #[test]
    fn loops_and_bytes_that_are_not_text() {
        let header = b"\0\0\0\0\0\x01\0\0\0\0\0\0";
        let message = |name: &[u8]| Message::parse(&[header, name, b"\0\x01\0\x01"].concat());
        assert!(message(b"\xc0\x0c").is_none());
        assert!(message(b"\x01a\xc0\x0c").is_none());
        assert!(message(b"\x01a\xc0\x40").is_none());
        assert_eq!(message(b"\x04a.\xffB\0").unwrap().questions[0].name, "a\\046\\255b");
        assert_eq!(message(b"\0").unwrap().questions[0].name, ".");
        assert!(
            message(
                &[&[63u8][..], &[b'a'; 63], &[63], &[b'a'; 63], &[63], &[b'a'; 63], &[63], &[b'a'; 63], &[0]].concat()
            )
            .is_none()
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            Message::parse(&bytes);
        }

        #[test]
        fn any_change_of_a_message_is_survived(at in 0..QUERY.len(), byte in any::<u8>()) {
            let mut bytes = QUERY.to_vec();
            bytes[at] = byte;
            Message::parse(&bytes);
        }
    }
}
