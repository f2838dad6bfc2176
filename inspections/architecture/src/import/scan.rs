//! A cursor over a text, for the languages that draw by words.

/// Where a reader is in a text, with the line.
#[derive(Clone)]
pub(crate) struct Scan<'t> {
    text: &'t str,
    at: usize,
    line: u32,
}

impl<'t> Scan<'t> {
    pub(crate) fn new(text: &'t str, line: u32) -> Self {
        Self { text, at: 0, line }
    }

    pub(crate) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(crate) fn done(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(crate) fn line(&self) -> u32 {
        self.line
    }

    /// `line 12`.
    pub(crate) fn place(&self) -> String {
        format!("line {}", self.line)
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        self.line += u32::from(c == '\n');
        Some(c)
    }

    /// Goes over `word` where it stands here.
    pub(crate) fn eat(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.skip(word.len());
        }
        found
    }

    /// Goes over bytes that end at a character's end.
    pub(crate) fn skip(&mut self, bytes: usize) {
        let end = self.at.saturating_add(bytes).min(self.text.len());
        let end = (end..=self.text.len()).find(|end| self.text.is_char_boundary(*end)).unwrap_or(self.text.len());
        self.line += self.text.as_bytes()[self.at..end].iter().map(|byte| u32::from(*byte == b'\n')).sum::<u32>();
        self.at = end;
    }

    /// What stands here as long as it fits.
    pub(crate) fn take(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.skip(end);
        &rest[..end]
    }

    /// Blanks within a line.
    pub(crate) fn blanks(&mut self) {
        self.take(|c| c.is_whitespace() && c != '\n');
    }

    /// Blanks and line ends.
    pub(crate) fn space(&mut self) {
        self.take(char::is_whitespace);
    }

    /// The rest of the line, without its end, which is gone over.
    pub(crate) fn rest_of_line(&mut self) -> &'t str {
        let line = self.take(|c| c != '\n');
        self.eat("\n");
        line.trim_end_matches('\r')
    }

    /// What stands before `end`, and goes over both; nothing where there is none.
    pub(crate) fn until(&mut self, end: &str) -> Option<&'t str> {
        let rest = self.rest();
        let at = rest.find(end)?;
        self.skip(at + end.len());
        Some(&rest[..at])
    }

    /// A text in double quotes with backslashes, from its opening quote.
    pub(crate) fn quoted(&mut self, quote: char) -> Option<String> {
        let start = self.clone();
        if self.peek() != Some(quote) {
            return None;
        }
        self.next();
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                '\\' => match self.next() {
                    Some(c) if c == quote => text.push(c),
                    Some(c) => text.extend(['\\', c]),
                    None => {}
                },
                c if c == quote => return Some(text),
                c => text.push(c),
            }
        }
        *self = start;
        None
    }
}

/// Whether a word stands at the start, and not as the start of a longer one; gives what follows it.
pub(crate) fn after_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let rest = text.strip_prefix(word)?;
    (!rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_keeps_its_line() {
        let mut scan = Scan::new("ä b\n\"q\\\"\\n\" rest\n", 7);
        assert_eq!(scan.take(char::is_alphabetic), "ä");
        scan.space();
        assert!(scan.eat("b") && !scan.eat("c"));
        scan.space();
        assert_eq!(scan.line(), 8);
        assert_eq!(scan.quoted('"').as_deref(), Some("q\"\\n"));
        assert_eq!(scan.rest_of_line(), " rest");
        assert!(scan.done());
        assert_eq!(Scan::new("\"open", 1).quoted('"'), None);
        assert_eq!((after_word("end x", "end"), after_word("ending", "end")), (Some(" x"), None));
    }
}
