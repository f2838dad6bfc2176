//! People, as records name them.

/// Whether two names are one person's, however they are written: case, full-width letters, spaces and punctuation
/// aside. An empty name is nobody's.
pub fn same(a: &str, b: &str) -> bool {
    let a = key(a);
    !a.is_empty() && a == key(b)
}

/// Whether somebody is among `names`.
pub fn among<'a>(person: &str, names: impl IntoIterator<Item = &'a String>) -> bool {
    names.into_iter().any(|name| same(person, name))
}

fn key(name: &str) -> String {
    name.chars().map(half_width).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Full-width forms of ASCII (U+FF01 to U+FF5E), as input methods write them.
fn half_width(c: char) -> char {
    match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_one_however_written() {
        assert!(same("M. Hsieh", " m hsieh"));
        assert!(same("ＬＩＮ", "Lin"));
        assert!(same("林 小明", "林小明"));
        assert!(!same("Lin", "Chen"));
        assert!(!same("", ""));
        assert!(!same(" ", "."));
    }
}
