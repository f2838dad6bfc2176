//! Secrets of a configuration never leave it: passwords, shared keys, community strings, private keys, in commands, XML
//! and JSON. What announces a secret stays, so that a reader sees that there was one.

/// Words after which a line of commands holds a secret.
const WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "psksecret",
    "secret",
    "private-key",
    "pre-shared-key",
    "community",
    "auth-pwd",
    "priv-pwd",
    "key",
    "ikev1",
    "enc",
    "token",
    "passwd-policy-key",
    "wpakey",
    "sae-password",
];

/// What names of XML elements and JSON members that hold secrets contain, in lower case, without `-` and `_`.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "phash",
    "secret",
    "presharedkey",
    "sharedkey",
    "privatekey",
    "apikey",
    "authkey",
    "token",
    "community",
    "psk",
    "bcrypthash",
    "md5hash",
    "shahash",
];

/// What stands in the place of a secret.
const MASKED: &str = "***";

/// Replaces the secrets of one line.
pub(crate) fn mask(line: &str) -> String {
    Masker::default().line(line)
}

/// Replaces the secrets of a text line by line, those too that go on over several lines.
#[derive(Debug, Default)]
pub(crate) struct Masker {
    /// What ends the secret that began on an earlier line.
    until: Option<String>,
}

impl Masker {
    /// The next line, without what stood at its end.
    pub(crate) fn line(&mut self, line: &str) -> String {
        let mut rest = line.trim_end();
        let mut told = String::new();
        if let Some(end) = &self.until {
            told.push_str(MASKED);
            let Some(at) = rest.find(end.as_str()) else { return told };
            // The armour of a key ends with its line; an element goes on behind its end.
            rest = if end.starts_with('<') { &rest[at..] } else { "" };
            self.until = None;
        }
        let rest = self.keys(rest);
        told + &words(&members(&self.elements(&rest)))
    }

    /// The armour of a private key (RFC 7468), which may follow the word that announces it.
    fn keys(&mut self, line: &str) -> String {
        let Some(at) = line.find("-----BEGIN ").filter(|at| line[*at..].contains("PRIVATE KEY")) else {
            return line.to_owned();
        };
        if !line[at..].contains("-----END ") {
            self.until = Some("-----END ".to_owned());
        }
        format!("{}{MASKED}", &line[..at])
    }

    /// `<phash>…</phash>`; an element that does not end here goes on.
    fn elements(&mut self, line: &str) -> String {
        let (mut told, mut rest) = (String::new(), line);
        while let Some(start) = rest.find('<') {
            let Some(end) = rest[start..].find('>').map(|end| start + end) else { break };
            let tag = &rest[start + 1..end];
            told.push_str(&rest[..=end]);
            rest = &rest[end + 1..];
            let name = tag.split_whitespace().next().unwrap_or_default();
            if tag.ends_with('/') || !(is_secret(name) || name.eq_ignore_ascii_case("key")) {
                continue;
            }
            let close = format!("</{name}>");
            // What holds further elements is no value; an empty one is none either.
            match rest.find('<') {
                Some(at) if at > 0 && rest[at..].starts_with(&close) => {
                    told.push_str(MASKED);
                    rest = &rest[at..];
                }
                None if !rest.trim().is_empty() => {
                    told.push_str(MASKED);
                    rest = "";
                    self.until = Some(close);
                }
                _ => {}
            }
        }
        told + rest
    }
}

/// `"password": "…"`.
fn members(line: &str) -> String {
    let (mut told, mut rest) = (String::new(), line);
    while let Some((before, name, after)) = quoted(rest) {
        let behind = after.trim_start();
        let value = behind.strip_prefix(':').map(str::trim_start).filter(|value| value.starts_with('"'));
        match value.filter(|_| is_secret(name)).and_then(quoted) {
            Some((_, _, further)) => {
                told.push_str(&format!("{before}\"{name}\": \"{MASKED}\""));
                rest = further;
            }
            None => {
                told.push_str(&rest[..rest.len() - after.len()]);
                rest = after;
            }
        }
    }
    told + rest
}

/// What stands before the first text in double quotes, the text, and what stands behind it.
fn quoted(text: &str) -> Option<(&str, &str, &str)> {
    let (before, inner) = text.split_once('"')?;
    let mut escaped = false;
    let end = inner.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some((before, &inner[..end], &inner[end + 1..]))
}

/// Replaces all that follows a word that announces a secret.
fn words(line: &str) -> String {
    let mut offset = 0;
    for word in line.split_inclusive(char::is_whitespace) {
        offset += word.len();
        let bare = word.trim().trim_matches('"').to_ascii_lowercase();
        if WORDS.contains(&bare.as_str()) && !line[offset..].trim().is_empty() {
            return format!("{}{MASKED}", &line[..offset]);
        }
    }
    line.to_owned()
}

fn is_secret(name: &str) -> bool {
    let bare: String = name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect();
    NAMES.iter().any(|known| bare.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_other_words_are_not() {
        assert_eq!(mask("    set password ENC AAbb=="), "    set password ***");
        assert_eq!(mask("enable secret 5 $1$x"), "enable secret ***");
        assert_eq!(mask(" set comments \"no passwords here\""), " set comments \"no passwords here\"");
        assert_eq!(mask(" set key"), " set key");
    }

    #[test]
    fn values_of_elements_and_members_are_masked_and_the_rest_stays() {
        assert_eq!(mask("<phash>$1$abc</phash><uid>7</uid>"), "<phash>***</phash><uid>7</uid>");
        assert_eq!(
            mask("<pre-shared-key><key>-AQ==abc</key></pre-shared-key>"),
            "<pre-shared-key><key>***</key></pre-shared-key>"
        );
        assert_eq!(mask("<password-profile/>"), "<password-profile/>");
        assert_eq!(mask(r#"{"adminPassword": "p\"w", "name": "web"}"#), r#"{"adminPassword": "***", "name": "web"}"#);
        assert_eq!(mask(r#"{"Key": "Name", "Value": "secretary"}"#), r#"{"Key": "Name", "Value": "secretary"}"#);
        assert_eq!(mask(r#"{"password": 7, "a": "b"#), r#"{"password": 7, "a": "b"#);
    }

    #[test]
    fn a_secret_over_several_lines_is_masked_to_its_end() {
        let text = "set private-key \"-----BEGIN RSA PRIVATE KEY-----\nMIIEpA\nIBAAKC\n-----END RSA PRIVATE KEY-----\"\nset name \"x\"\n\
            <private-key>MIIE\nAQAB\nzz</private-key><name>y</name>";
        let mut masker = Masker::default();
        let told: Vec<String> = text.lines().map(|line| masker.line(line)).collect();
        assert_eq!(
            told,
            [
                "set private-key ***",
                "***",
                "***",
                "***",
                "set name \"x\"",
                "<private-key>***",
                "***",
                "***</private-key><name>y</name>",
            ]
        );
    }
}
