//! Patterns over the paths and names of evidence, as `assessment.toml` and other files of a firm write them.
//!
//! `*` stands for any characters of one path component, `?` for one character, and a component `**` for any number
//! of components, none included. Everything else is literal. A pattern that ends in `/` means all below.

/// Whether the pattern describes the whole path.
pub fn matches(pattern: &str, path: &str) -> bool {
    let below;
    let pattern = if pattern.ends_with('/') {
        below = format!("{pattern}**");
        &below
    } else {
        pattern
    };
    let pattern: Vec<Vec<char>> = pattern.split('/').map(|part| part.chars().collect()).collect();
    let path: Vec<Vec<char>> = path.split('/').map(|part| part.chars().collect()).collect();
    wildcard(
        &pattern,
        &path,
        |part| *part == ['*', '*'],
        |pattern, part| wildcard(pattern, part, |c| *c == '*', |pattern, c| *pattern == '?' || pattern == c),
    )
}

/// Matches a sequence with "any number of anything" elements: on a mismatch, the last such element takes one more.
/// Time is the product of the lengths at worst, whatever the pattern.
fn wildcard<P, T>(pattern: &[P], items: &[T], is_any: impl Fn(&P) -> bool, is: impl Fn(&P, &T) -> bool) -> bool {
    let (mut p, mut i) = (0, 0);
    let mut retry = None;
    while i < items.len() {
        if p < pattern.len() && is_any(&pattern[p]) {
            retry = Some((p, i));
            p += 1;
        } else if p < pattern.len() && is(&pattern[p], &items[i]) {
            (p, i) = (p + 1, i + 1);
        } else if let Some((any, taken)) = retry {
            retry = Some((any, taken + 1));
            (p, i) = (any + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(is_any)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_match_whole_paths() {
        let cases = [
            ("fw/*.conf", "fw/a.conf", true),
            ("fw/*.conf", "fw/x/a.conf", false),
            ("fw/**/*.conf", "fw/a.conf", true),
            ("fw/**/*.conf", "fw/x/y/a.conf", true),
            ("fw/**", "fw/x/y", true),
            ("fw/", "fw/x/y", true),
            ("**", "a/b", true),
            ("**/hosts", "hosts", true),
            ("**/hosts", "c.tar.gz!/etc/hosts", true),
            ("c.tar.gz!/etc/*", "c.tar.gz!/etc/hosts", true),
            ("host-?.txt", "host-1.txt", true),
            ("host-?.txt", "host-12.txt", false),
            ("主機-?.txt", "主機-甲.txt", true),
            ("[a].txt", "a.txt", false),
            ("", "a", false),
            ("*", "", true),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(matches(pattern, path), expected, "{pattern} over {path}");
        }
    }

    #[test]
    fn hostile_patterns_end() {
        let path = "a/".repeat(500) + &"a".repeat(500);
        assert!(!matches(&("**/*a".repeat(200) + "b"), &path));
        assert!(!matches(&("*a".repeat(200) + "b"), &"a".repeat(2000)));
    }

    /// The definition, word for word, by recursion.
    fn slow_components(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern, path) {
            ([], []) => true,
            (["**", rest @ ..], _) => (0..=path.len()).any(|skipped| slow_components(rest, &path[skipped..])),
            ([first, rest @ ..], [part, parts @ ..]) => {
                slow_component(first.as_bytes(), part.as_bytes()) && slow_components(rest, parts)
            }
            _ => false,
        }
    }

    fn slow_component(pattern: &[u8], part: &[u8]) -> bool {
        match (pattern, part) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=part.len()).any(|skipped| slow_component(rest, &part[skipped..])),
            ([first, rest @ ..], [c, cs @ ..]) => (*first == b'?' || first == c) && slow_component(rest, cs),
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?/]{0,9}[ab*?]", path in "[ab/]{0,10}") {
            let slow = slow_components(
                &pattern.split('/').collect::<Vec<_>>(),
                &path.split('/').collect::<Vec<_>>(),
            );
            prop_assert_eq!(matches(&pattern, &path), slow);
        }
    }
}
