//! Words of an nftables script, and statements of them.
//!
//! A statement ends at a line's end or a `;` outside braces; `\` at a line's end joins lines, `#` begins a comment.

use std::net::Ipv6Addr;

use crate::vendors::lines;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare word, a number, an address.
    Word,
    /// A word in quotes.
    Quoted,
    /// Punctuation and operators.
    Symbol,
    /// The end of a statement: a line's end or `;`.
    End,
}

/// A token with its line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    pub(super) line: u32,
    pub(super) kind: Kind,
}

impl Token<'_> {
    /// Whether it is this word or symbol, not in quotes.
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Quoted && self.text == text
    }
}

/// Splits a text; also gives the number of lines with something on them.
pub(super) fn tokens(text: &str) -> (Vec<Token<'_>>, u64) {
    let mut found = Vec::new();
    let mut total = 0;
    for (line, raw) in lines(text) {
        let body = raw.trim();
        if body.is_empty() {
            continue;
        }
        total += 1;
        let joined = line_tokens(body, line, &mut found);
        if !joined {
            found.push(Token { text: "\n", line, kind: Kind::End });
        }
    }
    (found, total)
}

/// Tokens of one line; true when the next line belongs to it.
fn line_tokens<'t>(mut rest: &'t str, line: u32, found: &mut Vec<Token<'t>>) -> bool {
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return false };
        let (text, kind, length) = match first {
            '#' => return false,
            '\\' if rest[1..].trim().is_empty() => return true,
            '"' => {
                let inner = &rest[1..];
                let end = inner.find('"').unwrap_or(inner.len());
                (&inner[..end], Kind::Quoted, (end + 2).min(rest.len()))
            }
            ';' => (";", Kind::End, 1),
            _ if is_symbol(first) => {
                let long = ["==", "!=", "<=", ">=", "<<", ">>"].iter().any(|long| rest.starts_with(long));
                let length = if long { 2 } else { 1 };
                (&rest[..length], Kind::Symbol, length)
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || is_symbol(c) || matches!(c, ';' | '#' | '"'));
                let run = &rest[..end.unwrap_or(rest.len())];
                word(run, line, found);
                rest = &rest[run.len()..];
                continue;
            }
        };
        found.push(Token { text, line, kind });
        rest = &rest[length..];
    }
}

fn is_symbol(c: char) -> bool {
    matches!(c, '{' | '}' | '(' | ')' | ',' | '=' | '|' | '&' | '^' | '<' | '>' | '!')
}

/// A run without spaces: a colon belongs to an address of IPv6 or of a card, else it parts key and value.
fn word<'t>(run: &'t str, line: u32, found: &mut Vec<Token<'t>>) {
    let mut push = |text: &'t str| {
        if text == ":" {
            found.push(Token { text, line, kind: Kind::Symbol });
        } else if !text.is_empty() {
            found.push(Token { text, line, kind: Kind::Word });
        }
    };
    if !run.contains(':') || holds_colons(run) {
        return push(run);
    }
    if let Some((address, rest)) = run.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        push(address);
        return parts(rest, &mut push);
    }
    match run.strip_suffix(':') {
        Some(key) if holds_colons(key) => {
            push(key);
            push(":");
        }
        _ => parts(run, &mut push),
    }
}

fn parts<'t>(run: &'t str, push: &mut impl FnMut(&'t str)) {
    let mut rest = run;
    while let Some(at) = rest.find(':') {
        push(&rest[..at]);
        push(&rest[at..=at]);
        rest = &rest[at + 1..];
    }
    push(rest);
}

/// An address of IPv6 or of a card; a prefix or a range of them.
fn holds_colons(run: &str) -> bool {
    let card = |text: &str| {
        text.split(':').count() == 6
            && text.split(':').all(|byte| byte.len() == 2 && u8::from_str_radix(byte, 16).is_ok())
    };
    run.split('-').all(|part| {
        let address = part.split('/').next().unwrap_or_default();
        address.parse::<Ipv6Addr>().is_ok() || card(address)
    })
}

/// The statements of a body, without their ends. A body that `opener` may not stand in, as a chain in a chain, begins
/// anew there: a brace that somebody forgot loses one block, not the rest. Such places are listed in `broken`.
pub(super) fn statements<'a, 't>(tokens: &'a [Token<'t>], opener: &str, broken: &mut Vec<u32>) -> Vec<&'a [Token<'t>]> {
    let mut found = Vec::new();
    let (mut start, mut depth) = (0_usize, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        let head = |at: usize| tokens.get(at).is_some_and(|token| token.kind == Kind::Word);
        let fresh = at > start && tokens[at - 1].kind == Kind::End;
        if depth > 0 && fresh && !opener.is_empty() && token.is(opener) && head(at + 1) {
            let brace = (at + 2..at + 4).find(|at| tokens.get(*at).is_some_and(|token| token.is("{")));
            if brace.is_some() {
                broken.push(token.line);
                found.push(&tokens[start..at]);
                (start, depth) = (at, 0);
            }
        }
        match token.kind {
            Kind::Symbol if token.text == "{" => depth += 1,
            Kind::Symbol if token.text == "}" => {
                depth = depth.saturating_sub(1);
                let next = tokens.get(at + 1);
                let block = ["table", "chain", "set", "map"];
                let another = next.is_some_and(|next| block.iter().any(|head| next.is(head)));
                if depth == 0 && another && block.iter().any(|head| tokens[start].is(head)) {
                    found.push(&tokens[start..=at]);
                    start = at + 1;
                }
            }
            Kind::End if depth == 0 => {
                found.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&tokens[start..]);
    found.retain(|statement| !statement.is_empty());
    found
}

/// What stands between the first brace and its end, and whether there is that end.
pub(super) fn body<'a, 't>(statement: &'a [Token<'t>]) -> Option<(&'a [Token<'t>], bool)> {
    let open = statement.iter().position(|token| token.is("{"))?;
    let mut depth = 0_usize;
    for (at, token) in statement.iter().enumerate().skip(open) {
        if token.is("{") {
            depth += 1;
        } else if token.is("}") {
            depth -= 1;
            if depth == 0 {
                return Some((&statement[open + 1..at], true));
            }
        }
    }
    Some((&statement[open + 1..], false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).0.iter().map(|token| token.text).collect()
    }

    #[test]
    fn colons_part_keys_and_values_but_not_addresses() {
        assert_eq!(words("22:accept"), ["22", ":", "accept", "\n"]);
        assert_eq!(words("2001:db8::1: drop"), ["2001:db8::1", ":", "drop", "\n"]);
        assert_eq!(words("dnat to [2001:db8::1]:80"), ["dnat", "to", "2001:db8::1", ":", "80", "\n"]);
        assert_eq!(words("10.0.0.1:8000-8010"), ["10.0.0.1", ":", "8000-8010", "\n"]);
        assert_eq!(words("00:11:22:aa:bb:cc fe80::/10"), ["00:11:22:aa:bb:cc", "fe80::/10", "\n"]);
    }

    #[test]
    fn lines_are_joined_and_comments_and_quotes_end() {
        assert_eq!(words("a \\\n b # c\n\"d # e\" f;g"), ["a", "b", "\n", "d # e", "f", ";", "g", "\n"]);
        assert_eq!(words("\"open"), ["open", "\n"]);
        assert_eq!(words("!= <= !"), ["!=", "<=", "!", "\n"]);
    }

    #[test]
    fn a_missing_brace_loses_one_block_only() {
        let (tokens, _) = tokens("chain a {\n x { 1\n}\nchain b {\n y\n}\n");
        let mut broken = Vec::new();
        assert_eq!(statements(&tokens, "chain", &mut broken).len(), 2);
        assert_eq!(broken, [4]);
    }
}
