//! Bytes to text: the encodings that exports really come in.

use std::borrow::Cow;

/// Decodes a file by its byte-order mark, or by the zero bytes of UTF-16 without one. Bytes that are neither UTF-8 nor
/// UTF-16 are read as Big5 (what spreadsheet programs in Taiwan save CSV as) where that leaves no doubt.
/// The second value says what was assumed, when something was.
pub(crate) fn decode(bytes: &[u8]) -> (Cow<'_, str>, Option<&'static str>) {
    let utf16 = |rest: &[u8], big: bool| {
        let encoding = if big { encoding_rs::UTF_16BE } else { encoding_rs::UTF_16LE };
        Cow::Owned(encoding.decode_without_bom_handling(rest).0.into_owned())
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => lossy(rest),
        [0xff, 0xfe, rest @ ..] => (utf16(rest, false), None),
        [0xfe, 0xff, rest @ ..] => (utf16(rest, true), None),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => (utf16(bytes, false), None),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => (utf16(bytes, true), None),
        _ => declared(bytes).unwrap_or_else(|| lossy(bytes)),
    }
}

/// The encoding that an XML declaration names (XML 1.0 §4.3.3), where the bytes fit it.
fn declared(bytes: &[u8]) -> Option<(Cow<'_, str>, Option<&'static str>)> {
    let start = bytes.strip_prefix(b"<?xml")?;
    let end = start.iter().take(200).position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(&start[..end]).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let label = value.get(1..)?.split(value.chars().next()?).next()?;
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes())?;
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    (!broken && encoding != encoding_rs::UTF_8).then_some((text, None))
}

fn lossy(bytes: &[u8]) -> (Cow<'_, str>, Option<&'static str>) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), None);
    }
    let (text, broken) = encoding_rs::BIG5.decode_without_bom_handling(bytes);
    if !broken {
        return (text, Some("the file is not UTF-8 and was read as Big5"));
    }
    (String::from_utf8_lossy(bytes), Some("the file has bytes that are not UTF-8; they were replaced"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        let utf16: Vec<u8> = "{\"a\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&utf16).0, "{\"a\"");
        assert_eq!(decode(b"\xef\xbb\xbfx").0, "x");
        assert_eq!(decode(b"\xfe\xff\x00x").0, "x");
        assert_eq!(decode(b"\xa4\xa4\xa4\xe5").0, "中文");
        assert!(decode(b"a\xff\xff").1.is_some());
        assert!(decode(b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>").0.ends_with("<a>é</a>"));
        assert!(decode(b"<?xml version=\"1.0\" encoding=\"big5\"?>\xa4\xa4").0.ends_with('中'));
    }
}
