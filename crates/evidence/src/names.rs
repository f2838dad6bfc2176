//! Names as a reader sees them: nothing in a file's or member's name can act on a terminal, leave its folder or hide.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Bytes as text: UTF-8 as it is, other bytes as `\xNN`. Control and direction-changing characters are written out
/// too, so that a name cannot rewrite the line that shows it.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                c if c.is_ascii_control() => _ = write!(text, "\\x{:02x}", c as u32),
                c if c.is_control() || is_direction(c) => _ = write!(text, "\\u{{{:x}}}", c as u32),
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Characters of Unicode's bidirectional algorithm (UAX #9 §2) that reorder what follows, and zero-width ones.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A path of the file system as text, its components joined with `/`.
pub(crate) fn shown_path(path: &Path) -> String {
    let components: Vec<_> = path.components().map(|part| shown(part.as_os_str().as_encoded_bytes())).collect();
    components.join("/")
}

/// A member's path as shown: empty and `.` components are dropped; a leading `/` and `..` stay visible, and harm
/// nobody, as nothing is ever written under a member's name.
pub(crate) fn member_path(name: &str) -> String {
    let root = if name.starts_with('/') { "/" } else { "" };
    let parts: Vec<_> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.is_empty() { "(no name)".to_owned() } else { format!("{root}{}", parts.join("/")) }
}

/// Makes the names of one folder or archive unique: the second `a` becomes `a#2`.
#[derive(Default)]
pub(crate) struct Unique {
    seen: BTreeMap<String, u64>,
}

impl Unique {
    /// The name, or the name with the next free number.
    pub(crate) fn name(&mut self, name: String) -> String {
        let count = self.seen.entry(name.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            return name;
        }
        let numbered = format!("{name}#{count}");
        self.name(numbered)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_shown_without_acting() {
        let cases: [(&[u8], &str); 5] = [
            ("設備/防火牆.txt".as_bytes(), "設備/防火牆.txt"),
            (b"big5-\xb3\x5d", "big5-\\xb3]"),
            (b"\x1b[31mred\n", "\\x1b[31mred\\x0a"),
            ("fdp.\u{202e}exe".as_bytes(), "fdp.\\u{202e}exe"),
            (b"", ""),
        ];
        for (bytes, text) in cases {
            assert_eq!(shown(bytes), text);
        }
    }

    #[test]
    fn member_paths_are_normalised_and_stay_honest() {
        let cases = [
            ("./a//b/", "a/b"),
            ("../../etc/passwd", "../../etc/passwd"),
            ("/etc/./passwd", "/etc/passwd"),
            ("", "(no name)"),
            ("./", "(no name)"),
            ("/", "(no name)"),
        ];
        for (name, path) in cases {
            assert_eq!(member_path(name), path);
        }
    }

    #[test]
    fn equal_names_get_numbers() {
        let mut unique = Unique::default();
        let names = ["a", "a#2", "a", "b", "a"].map(|name| unique.name(name.to_owned()));
        assert_eq!(names, ["a", "a#2", "a#2#2", "b", "a#3"]);
    }

    /// The obvious way, one component after the other.
    fn slow_member_path(name: &str) -> String {
        let mut path = String::new();
        let mut part = String::new();
        for c in name.chars().chain(['/']) {
            if c != '/' {
                part.push(c);
                continue;
            }
            if !part.is_empty() && part != "." {
                if !path.is_empty() {
                    path.push('/');
                }
                path.push_str(&part);
            }
            part.clear();
        }
        if path.is_empty() {
            return "(no name)".to_owned();
        }
        if name.starts_with('/') {
            path.insert(0, '/');
        }
        path
    }

    proptest! {
        #[test]
        fn member_path_agrees_with_the_slow_way(name in "[a./]{0,12}") {
            let path = member_path(&name);
            prop_assert_eq!(&path, &slow_member_path(&name));
            prop_assert_eq!(member_path(&path), path);
        }

        #[test]
        fn shown_names_hold_nothing_that_acts(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(!shown(&bytes).chars().any(|c| c.is_control() || is_direction(c)));
        }
    }
}
