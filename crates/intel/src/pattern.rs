//! STIX patterns: comparison expressions of the pattern language (STIX 2.1 §9), read for what addresses and names they
//! compare with.

/// A comparison that asks for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Object path, such as `ipv4-addr:value`.
    pub path: String,
    /// The value.
    pub value: String,
}

/// What a pattern asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// Comparisons that ask for equality, membership or being inside a network.
    pub wanted: Vec<Wanted>,
    /// Comparisons of other kinds (`LIKE`, `!=`, `NOT`, …): conditions that a match by `wanted` alone leaves out.
    pub unsupported: u64,
    /// Comparisons joined by `AND`, or observations by `FOLLOWEDBY`: the match is wider than the pattern.
    pub joined: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`.
    Compare(String),
}

/// Nesting of parentheses and brackets that is followed.
const MAX_DEPTH: usize = 32;

/// Reads a pattern; says where it is not one.
pub(crate) fn parse(text: &str) -> Result<Pattern, &'static str> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, pattern: Pattern::default() };
    parser.observations(0)?;
    if parser.at < tokens.len() {
        return Err("something follows the pattern");
    }
    Ok(parser.pattern)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    pattern: Pattern,
}

impl Parser<'_> {
    fn observations(&mut self, depth: usize) -> Result<(), &'static str> {
        if depth > MAX_DEPTH {
            return Err("nested too deep");
        }
        loop {
            if self.sign('[') {
                self.comparisons(depth + 1)?;
                self.expect(']')?;
            } else if self.sign('(') {
                self.observations(depth + 1)?;
                self.expect(')')?;
            } else {
                return Err("an observation in brackets was expected");
            }
            self.qualifiers()?;
            if self.word("AND") || self.word("FOLLOWEDBY") {
                self.pattern.joined = true;
            } else if !self.word("OR") {
                return Ok(());
            }
        }
    }

    /// `WITHIN 5 SECONDS`, `REPEATS 3 TIMES`, `START t'…' STOP t'…'`: conditions on time, left out.
    fn qualifiers(&mut self) -> Result<(), &'static str> {
        loop {
            let len = if self.word("WITHIN") || self.word("REPEATS") {
                2
            } else if self.word("START") {
                5
            } else {
                return Ok(());
            };
            self.pattern.unsupported += 1;
            if self.at + len > self.tokens.len() {
                return Err("a qualifier is cut");
            }
            self.at += len;
        }
    }

    fn comparisons(&mut self, depth: usize) -> Result<(), &'static str> {
        if depth > MAX_DEPTH {
            return Err("nested too deep");
        }
        loop {
            if self.sign('(') {
                self.comparisons(depth + 1)?;
                self.expect(')')?;
            } else {
                self.comparison()?;
            }
            if self.word("AND") {
                self.pattern.joined = true;
            } else if !self.word("OR") {
                return Ok(());
            }
        }
    }

    fn comparison(&mut self) -> Result<(), &'static str> {
        if self.word("EXISTS") || self.word("NOT") {
            // `EXISTS path`; `NOT path …` is not of the language but is met.
            self.pattern.unsupported += 1;
            self.path()?;
            if matches!(self.peek(), Some(Token::Compare(_))) {
                self.at += 1;
                self.values()?;
            }
            return Ok(());
        }
        let path = self.path()?;
        let negated = self.word("NOT");
        let operator = match self.next() {
            Some(Token::Compare(operator)) => operator.clone(),
            Some(Token::Word(word)) => word.to_ascii_uppercase(),
            _ => return Err("a comparison was expected"),
        };
        let values = self.values()?;
        let asks = match operator.as_str() {
            "=" | "==" | "IN" | "ISSUBSET" => !negated,
            "!=" | "<" | "<=" | ">" | ">=" | "LIKE" | "MATCHES" | "ISSUPERSET" => false,
            _ => return Err("an unknown comparison"),
        };
        // `LIKE '%.bad.example'` asks for every name below one: what a domain indicator means anyhow.
        if operator == "LIKE" && !negated && path == "domain-name:value" {
            let below =
                |value: &String| value.strip_prefix("%.").filter(|name| !name.contains(['%', '_'])).map(str::to_owned);
            if let Some(names) = values.iter().map(below).collect::<Option<Vec<_>>>() {
                self.pattern.wanted.extend(names.into_iter().map(|value| Wanted { path: path.clone(), value }));
                return Ok(());
            }
        }
        if asks {
            self.pattern.wanted.extend(values.into_iter().map(|value| Wanted { path: path.clone(), value }));
        } else {
            self.pattern.unsupported += 1;
        }
        Ok(())
    }

    /// `type:property.property[*].'quoted'` as one text without quotes.
    fn path(&mut self) -> Result<String, &'static str> {
        let Some(Token::Word(start)) = self.next() else { return Err("an object path was expected") };
        let mut path = start.clone();
        loop {
            match self.peek() {
                Some(Token::Text(text)) if path.ends_with(['.', ':']) => path.push_str(text),
                Some(Token::Word(word)) if word.starts_with('.') || path.ends_with(['.', ':']) => path.push_str(word),
                Some(Token::Sign('[')) => {
                    while !matches!(self.peek(), Some(Token::Sign(']')) | None) {
                        self.at += 1;
                    }
                }
                _ => break,
            }
            self.at += 1;
        }
        if path.contains(':') { Ok(path) } else { Err("an object path was expected") }
    }

    fn values(&mut self) -> Result<Vec<String>, &'static str> {
        if !self.sign('(') {
            return Ok(vec![self.value()?]);
        }
        let mut values = Vec::new();
        loop {
            values.push(self.value()?);
            if !self.sign(',') {
                self.expect(')')?;
                return Ok(values);
            }
        }
    }

    fn value(&mut self) -> Result<String, &'static str> {
        match self.next() {
            // `t'…'`, `h'…'`, `b'…'`: a typed constant.
            Some(Token::Word(kind)) if matches!(kind.as_str(), "t" | "h" | "b") => match self.next() {
                Some(Token::Text(text)) => Ok(text.clone()),
                _ => Err("a value was expected"),
            },
            Some(Token::Text(text) | Token::Word(text)) => Ok(text.clone()),
            _ => Err("a value was expected"),
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&Token> {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token
    }

    fn sign(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(other)) if other.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: char) -> Result<(), &'static str> {
        if self.sign(sign) { Ok(()) } else { Err("a closing bracket was expected") }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '\'' => {
                let mut text = String::new();
                loop {
                    match chars.next() {
                        Some('\\') => text.push(chars.next().ok_or("a text has no end")?),
                        Some('\'') => break,
                        Some(c) => text.push(c),
                        None => return Err("a text has no end"),
                    }
                }
                tokens.push(Token::Text(text));
            }
            '[' | ']' | '(' | ')' | ',' => tokens.push(Token::Sign(c)),
            '=' | '!' | '<' | '>' => {
                let mut sign = String::from(c);
                if let Some(c) = chars.next_if(|c| *c == '=') {
                    sign.push(c);
                }
                tokens.push(Token::Compare(sign));
            }
            c if c.is_alphanumeric() || "_-:.*+/".contains(c) => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || "_-:.*+/".contains(*c)) {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
            _ => return Err("a character that patterns do not have"),
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (Vec<String>, u64, bool) {
        let pattern = parse(text).unwrap();
        let wanted = pattern.wanted.iter().map(|wanted| format!("{}={}", wanted.path, wanted.value)).collect();
        (wanted, pattern.unsupported, pattern.joined)
    }

    #[test]
    fn patterns_of_the_specification() {
        let cases: &[(&str, &[&str], u64, bool)] = &[
            ("[ipv4-addr:value = '198.51.100.1/32']", &["ipv4-addr:value=198.51.100.1/32"], 0, false),
            (
                "[ipv4-addr:value = '198.51.100.1/32' OR ipv4-addr:value = '203.0.113.33/32']",
                &["ipv4-addr:value=198.51.100.1/32", "ipv4-addr:value=203.0.113.33/32"],
                0,
                false,
            ),
            ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", &["ipv4-addr:value=198.51.100.0/24"], 0, false),
            (
                "[domain-name:value IN ('a.example', 'b.example')] OR [url:value = 'http://c.example/\\'x']",
                &["domain-name:value=a.example", "domain-name:value=b.example", "url:value=http://c.example/'x"],
                0,
                false,
            ),
            (
                "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.33/32']",
                &["network-traffic:dst_ref.type=ipv4-addr", "network-traffic:dst_ref.value=203.0.113.33/32"],
                0,
                true,
            ),
            (
                "([file:hashes.'SHA-256' = 'aa'] AND [domain-name:value NOT = 'x.example']) WITHIN 5 SECONDS",
                &["file:hashes.SHA-256=aa"],
                2,
                true,
            ),
            (
                "[process:name LIKE '%x' AND network-traffic:extensions.'http-request-ext'.request_header.Host = 'h.example']",
                &["network-traffic:extensions.http-request-ext.request_header.Host=h.example"],
                1,
                true,
            ),
            (
                "[domain-name:resolves_to_refs[*].value = '203.0.113.1'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'",
                &["domain-name:resolves_to_refs.value=203.0.113.1"],
                1,
                false,
            ),
        ];
        for (text, wanted, unsupported, joined) in cases {
            let expected = (wanted.iter().map(|text| (*text).to_owned()).collect(), *unsupported, *joined);
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "",
            "[",
            "[]",
            "[a]",
            "[a:b = 'x'",
            "[a:b = 'x]",
            "a:b = 'x'",
            "[a:b 'x']",
            "[a:b = 'x'] rest",
            "[a:b ~ 'x']",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse(&"(".repeat(100_000)), Err("nested too deep"));
        assert_eq!(parse(&format!("[{}", "(".repeat(100_000))), Err("nested too deep"));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[\\[\\]()'=!<>a-z:., A-Z\\\\]{0,60}") {
            let _ = parse(&text);
        }
    }
}
