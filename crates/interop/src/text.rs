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
        _ => lossy(bytes),
    }
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
    }
}
