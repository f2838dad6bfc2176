//! Text to [`Tree`]: braces, `set` commands, or both in one file.
//!
//! *Braces.* Statements end in `;` or open a block with `{`; `[ a b ]` gives several values; `/* */` and, at the start of
//! a statement or as `##`, `#` are comments; `inactive:`, `replace:`, `protect:` stand before a statement.
//!
//! *Commands.* `set`, `deactivate` and their like take one line each; `edit`, `up` and `top` move where they work.
//!
//! *Recovery.* A statement without its `;` ends with its line, a quote without its end likewise; a hierarchy of the top
//! at the left margin closes blocks that were left open, where the file is indented; what closes too much is passed over.
//! Each is noted with its line.

use super::tree::{Id, ROOT, Tree};
use super::{TOP, clip};
use crate::vendors::Trouble;

/// Lines that a quoted value may take: licence keys and certificates have some tens.
const QUOTE_LINES_MAX: usize = 2_000;

/// Commands of the configuration mode.
const COMMANDS: &[&str] = &[
    "set",
    "deactivate",
    "activate",
    "delete",
    "insert",
    "rename",
    "edit",
    "top",
    "up",
    "exit",
    "quit",
    "protect",
    "unprotect",
    "annotate",
    "show",
    "commit",
    "rollback",
    "copy",
    "replace",
    "wildcard",
    "run",
    "load",
    "configure",
    "status",
];

/// Tags before a statement.
const TAGS: &[&str] =
    &["inactive:", "active:", "replace:", "protect:", "unprotect:", "delete:", "create:", "merge:", "rename:"];

/// A place in a statement: one word, or the values of a list.
#[derive(Debug)]
enum Item {
    Word(String),
    List(Vec<String>),
}

impl Item {
    fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::List(_) => None,
        }
    }
}

/// An open block.
struct Block {
    id: Id,
}

/// Reads a text.
pub(super) struct Reader<'t, 'x> {
    lines: &'t [&'t str],
    pub(super) tree: Tree,
    pub(super) truncated: bool,
    trouble: &'x mut Trouble,
    blocks: Vec<Block>,
    /// Where `edit` went.
    place: Vec<String>,
    items: Vec<Item>,
    /// Line of the first of `items`.
    began: u32,
    list: Option<Vec<String>>,
    /// Line of an open comment.
    comment: Option<u32>,
    /// Whether blocks are indented, so that the left margin means the top; not known before the first block.
    indented: Option<bool>,
}

impl<'t, 'x> Reader<'t, 'x> {
    pub(super) fn new(lines: &'t [&'t str], trouble: &'x mut Trouble) -> Self {
        Self {
            lines,
            tree: Tree::new(),
            truncated: false,
            trouble,
            blocks: Vec::new(),
            place: Vec::new(),
            items: Vec::new(),
            began: 0,
            list: None,
            comment: None,
            indented: None,
        }
    }

    pub(super) fn read(&mut self) {
        let mut index = 0;
        while index < self.lines.len() {
            index += self.line(index);
        }
        if let Some(line) = self.comment {
            self.trouble.line(line, "unclosed-comment", "a comment has no end");
            self.truncated = true;
        }
        if !self.items.is_empty() || self.list.is_some() {
            self.trouble.line(self.began, "incomplete", "the file ends in the middle of a statement");
            self.truncated = true;
        }
        self.truncated |= !self.blocks.is_empty();
    }

    /// Reads the line at `index`; gives how many lines that took.
    fn line(&mut self, index: usize) -> usize {
        let number = number_of(index);
        let mut text = strip_pager(self.lines[index]);
        if self.comment.is_some() {
            let Some(end) = text.find("*/") else { return 1 };
            self.comment = None;
            text = &text[end + 2..];
        } else if self.is_between_statements() {
            let Some(rest) = self.margin(text, number) else { return 1 };
            text = rest;
            let first = text.split_whitespace().next().unwrap_or_default();
            if COMMANDS.contains(&first) && self.is_command(text) {
                return self.command(index, text);
            }
        }
        self.statements(index, text)
    }

    fn is_between_statements(&self) -> bool {
        self.items.is_empty() && self.list.is_none()
    }

    /// What is left of a line that begins a statement: nothing of comments, prompts and marks of a terminal.
    fn margin<'l>(&mut self, line: &'l str, number: u32) -> Option<&'l str> {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', '!']) {
            return None;
        }
        // `{primary:node0}` of a cluster, with what may follow it.
        let text = match text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((inside, rest))
                if !inside.is_empty() && inside.chars().all(|c| c.is_ascii_alphanumeric() || ":-_".contains(c)) =>
            {
                rest.trim()
            }
            _ => text,
        };
        if let Some(inside) = text.strip_prefix("[edit").and_then(|rest| rest.strip_suffix(']')) {
            if self.blocks.is_empty() {
                self.place = inside.split_whitespace().map(str::to_owned).collect();
            }
            return None;
        }
        if let Some(rest) = prompt(text) {
            let first = rest.split_whitespace().next().unwrap_or_default();
            let is_command = COMMANDS.contains(&first) && !["show", "run", "commit", "load"].contains(&first);
            return is_command.then_some(rest);
        }
        if !self.blocks.is_empty() && !text.starts_with('}') {
            let at_margin = !line.starts_with([' ', '\t']);
            if at_margin && is_top(text) && self.indented == Some(true) {
                self.trouble.line(number, "missing-brace", "a block before this line is not closed");
                self.blocks.clear();
            } else if at_margin {
                // Once a line within a block stands at the margin, the margin means nothing.
                self.indented = Some(false);
            } else {
                self.indented.get_or_insert(true);
            }
        }
        (!text.is_empty()).then_some(text)
    }

    /// Whether a line is a command and no statement that begins with the same word.
    fn is_command(&self, text: &str) -> bool {
        let end = text.split(" ##").next().unwrap_or(text).trim_end();
        self.blocks.is_empty() || !end.ends_with([';', '{'])
    }

    fn command(&mut self, index: usize, text: &str) -> usize {
        let number = number_of(index);
        if !self.blocks.is_empty() {
            self.trouble.line(number, "missing-brace", "a block before this line is not closed");
            self.blocks.clear();
        }
        let (items, used) = self.items_of_command(index, text);
        let words: Vec<&str> = items.iter().filter_map(Item::word).collect();
        match words.as_slice() {
            ["set", ..] if items.len() > 1 => {
                let place = self.place_id(number);
                self.insert(place, &items[1..], number);
            }
            [word @ ("activate" | "deactivate"), path @ ..] if !path.is_empty() => {
                let found = self.find(path);
                // A list names several statements.
                for id in found.map(|id| self.targets(id, items.last())).unwrap_or_default() {
                    self.tree.set_inactive(id, *word == "deactivate");
                }
            }
            ["delete", path @ ..] => {
                let found = self.find(path).filter(|id| *id != ROOT);
                for id in found.map(|id| self.targets(id, items.last())).unwrap_or_default() {
                    self.tree.remove(id);
                }
            }
            ["insert", path @ ..] => self.reorder(path, number),
            ["rename", path @ .., "to", name] => self.rename(path, name),
            // A name with its keyword: `rename policy a to policy b`.
            ["rename", path @ .., "to", _, name] => self.rename(path, name),
            ["edit", path @ ..] => self.place.extend(path.iter().map(|word| (*word).to_owned())),
            ["top"] | ["exit" | "quit", "configuration-mode"] => self.place.clear(),
            ["top", rest @ ..] if !rest.is_empty() => {
                self.place.clear();
                if let Some(at) = text.find(rest[0]) {
                    return self.command(index, &text[at..]).max(used);
                }
            }
            ["up", rest @ ..] => {
                let levels = rest.first().and_then(|text| text.parse().ok()).unwrap_or(1);
                self.place.truncate(self.place.len().saturating_sub(levels));
            }
            ["exit" | "quit"] => self.place.clear(),
            [
                "protect" | "unprotect" | "annotate" | "show" | "commit" | "rollback" | "run" | "load" | "configure"
                | "status",
                ..,
            ] => {}
            ["set"] => self.trouble.line(number, "incomplete", "a command without its statement"),
            _ => {
                let text = format!("the command `{}` was not followed", clip(text));
                self.trouble.line(number, "unknown-command", text);
            }
        }
        used
    }

    fn items_of_command(&mut self, index: usize, text: &str) -> (Vec<Item>, usize) {
        let mut items = Vec::new();
        let mut list: Option<Vec<String>> = None;
        let mut rest = text.trim_start();
        let mut used = 1;
        while !rest.is_empty() && !rest.starts_with("##") {
            if let Some(value) = rest.strip_prefix('"') {
                let quoted = self.quoted(index + used - 1, value);
                used += quoted.lines;
                rest = quoted.rest;
                push(&mut items, &mut list, quoted.value);
            } else if let Some(inside) = rest.strip_prefix('[') {
                list.get_or_insert_default();
                rest = inside;
            } else if let (true, Some(after)) = (list.is_some(), rest.strip_prefix(']')) {
                items.push(Item::List(list.take().unwrap_or_default()));
                rest = after;
            } else {
                let end = rest.find(|c: char| c.is_whitespace() || (list.is_some() && c == ']'));
                let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
                push(&mut items, &mut list, word.to_owned());
                rest = after;
            }
            rest = rest.trim_start();
        }
        if let Some(list) = list {
            self.trouble.line(number_of(index), "unclosed-list", "a list has no end");
            items.push(Item::List(list));
        }
        (items, used)
    }

    fn place_id(&mut self, line: u32) -> Id {
        let place = std::mem::take(&mut self.place);
        let id = place.iter().fold(ROOT, |id, word| self.tree.add(id, word, line));
        self.place = place;
        id
    }

    /// The node that a command names.
    fn find(&self, path: &[&str]) -> Option<Id> {
        let place = self.place.iter().map(String::as_str);
        place.chain(path.iter().copied()).try_fold(ROOT, |id, word| self.tree.child(id, word))
    }

    fn targets(&self, id: Id, last: Option<&Item>) -> Vec<Id> {
        match last {
            Some(Item::List(values)) => values.iter().filter_map(|value| self.tree.child(id, value)).collect(),
            _ => vec![id],
        }
    }

    /// `insert … policy a before policy b`
    fn reorder(&mut self, path: &[&str], number: u32) {
        let at = path.iter().rposition(|word| ["before", "after"].contains(word));
        let found = at.and_then(|at| {
            let id = self.find(&path[..at])?;
            let name = path.last()?;
            let above = self.find(&path[..at - 1])?;
            Some((id, self.tree.child(above, name)?, path[at] == "after"))
        });
        match found {
            Some((id, sibling, after)) => self.tree.place(id, sibling, after),
            None => self.trouble.line(number, "undefined", "what is moved, or where to, is not defined before"),
        }
    }

    fn rename(&mut self, path: &[&str], name: &str) {
        if let Some(id) = self.find(path).filter(|id| *id != ROOT) {
            self.tree.rename(id, name);
        }
    }

    /// Reads statements in braces; gives how many lines that took.
    fn statements(&mut self, index: usize, text: &str) -> usize {
        let mut used = 1;
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let number = number_of(index + used - 1);
            if rest.starts_with("##") || (self.is_between_statements() && rest.starts_with('#')) {
                break;
            }
            if let Some(inside) = rest.strip_prefix("/*") {
                let Some(end) = inside.find("*/") else {
                    self.comment = Some(number);
                    break;
                };
                rest = inside[end + 2..].trim_start();
                continue;
            }
            if self.is_between_statements() {
                self.began = number;
            }
            let mut chars = rest.chars();
            match chars.next() {
                Some('"') => {
                    let quoted = self.quoted(index + used - 1, chars.as_str());
                    used += quoted.lines;
                    rest = quoted.rest;
                    push(&mut self.items, &mut self.list, quoted.value);
                }
                Some('[') => {
                    self.list.get_or_insert_default();
                    rest = chars.as_str();
                }
                Some(']') => {
                    if let Some(list) = self.list.take() {
                        self.items.push(Item::List(list));
                    }
                    rest = chars.as_str();
                }
                Some(';') => {
                    self.end_statement(number, false);
                    rest = chars.as_str();
                }
                Some('{') => {
                    self.end_statement(number, true);
                    rest = chars.as_str();
                }
                Some('}') => {
                    if !self.is_between_statements() {
                        self.trouble.line(self.began, "missing-semicolon", "a statement has no end");
                        self.end_statement(number, false);
                    }
                    self.close(number);
                    rest = chars.as_str();
                }
                _ => {
                    let ends = |c: char| c.is_whitespace() || ";{}".contains(c) || (self.list.is_some() && c == ']');
                    let (word, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
                    push(&mut self.items, &mut self.list, word.to_owned());
                    rest = after;
                }
            }
            rest = rest.trim_start();
        }
        if !self.items.is_empty() && self.list.is_none() && self.comment.is_none() {
            self.end_of_line(index + used);
        }
        used
    }

    /// A statement goes on in the next line only with a list, a brace or its end.
    fn end_of_line(&mut self, next: usize) {
        let mut following = self.lines.iter().skip(next).map(|line| line.trim()).filter(|line| !line.is_empty());
        match following.next() {
            None => {}
            Some(line) if line.starts_with(['{', ';', '[', '}']) || line.starts_with("/*") => {}
            Some(_) if self.blocks.is_empty() => {
                let words: Vec<&str> = self.items.iter().filter_map(Item::word).collect();
                let text = format!("`{}` is no statement of a Junos configuration", clip(&words.join(" ")));
                self.trouble.line(self.began, "unknown-line", text);
                self.items.clear();
            }
            Some(_) => {
                self.trouble.line(self.began, "missing-semicolon", "a statement has no end");
                self.end_statement(self.began, false);
            }
        }
    }

    fn end_statement(&mut self, number: u32, opens: bool) {
        if let Some(list) = self.list.take() {
            self.trouble.line(number, "unclosed-list", "a list has no end");
            self.items.push(Item::List(list));
        }
        let items = std::mem::take(&mut self.items);
        let tags = items.iter().take_while(|item| item.word().is_some_and(|word| TAGS.contains(&word))).count();
        let has = |tag: &str| items[..tags].iter().any(|item| item.word() == Some(tag));
        let parent = match self.blocks.last() {
            Some(block) => block.id,
            None => self.place_id(self.began),
        };
        let ids = self.insert(parent, &items[tags..], self.began);
        for id in &ids {
            if has("inactive:") {
                self.tree.set_inactive(*id, true);
            }
            if has("replace:") && *id != parent {
                self.tree.clear(*id);
            }
        }
        let id = ids.last().copied().unwrap_or(parent);
        if opens {
            self.blocks.push(Block { id });
        }
        if has("delete:") && id != parent {
            self.tree.remove(id);
        }
    }

    fn close(&mut self, number: u32) {
        match self.blocks.pop() {
            Some(block) => self.tree.set_close(block.id, number),
            None => self.trouble.line(number, "stray-brace", "a brace closes nothing"),
        }
    }

    /// Adds a statement below a node; gives the nodes that it ends in.
    fn insert(&mut self, parent: Id, items: &[Item], line: u32) -> Vec<Id> {
        let mut ends = vec![parent];
        for item in items {
            let above = ends.last().copied().unwrap_or(parent);
            ends = match item {
                Item::Word(word) => vec![self.tree.add(above, word, line)],
                Item::List(values) if values.is_empty() => continue,
                Item::List(values) => values.iter().map(|value| self.tree.add(above, value, line)).collect(),
            };
        }
        ends
    }

    /// The value that a quote opened on the line at `index` begins.
    fn quoted<'l>(&mut self, index: usize, text: &'l str) -> Quoted<'l>
    where
        't: 'l,
    {
        if let Some(end) = closing(text) {
            return Quoted { value: unescape(&text[..end]), rest: &text[end + 1..], lines: 0 };
        }
        let mut value = unescape(text);
        for (lines, line) in (1..QUOTE_LINES_MAX).zip(self.lines.iter().skip(index + 1)) {
            let Some(end) = closing(line) else {
                value.push('\n');
                value.push_str(line);
                continue;
            };
            let (before, after) = (&line[..end], line[end + 1..].trim_start());
            let ends = after.is_empty() || after.starts_with([';', '{', ']']) || after.starts_with("##");
            // A quote that opens here means that the one before has no end of its own.
            if !ends || (before.ends_with(' ') && !before.trim().is_empty() && !after.starts_with(';')) {
                break;
            }
            value.push('\n');
            value.push_str(before);
            return Quoted { value, rest: &line[end + 1..], lines };
        }
        self.trouble.line(number_of(index), "unclosed-quote", "a quoted value has no end; it was cut with its line");
        let cut = text.trim_end();
        match cut.strip_suffix(';') {
            Some(value) => Quoted { value: unescape(value), rest: ";", lines: 0 },
            None => Quoted { value: unescape(cut), rest: "", lines: 0 },
        }
    }
}

struct Quoted<'l> {
    value: String,
    rest: &'l str,
    /// Lines beyond the first.
    lines: usize,
}

fn push(items: &mut Vec<Item>, list: &mut Option<Vec<String>>, word: String) {
    match list {
        Some(list) => list.push(word),
        None => items.push(Item::Word(word)),
    }
}

/// Position of the quote that ends a value.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices()
        .find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        })
        .map(|(at, _)| at)
}

fn unescape(text: &str) -> String {
    text.replace("\\\"", "\"").replace("\\\\", "\\")
}

/// What stands behind `user@host>` or `user@host#`.
fn prompt(text: &str) -> Option<&str> {
    let (before, after) = text.split_once(['>', '#', '%'])?;
    let named = before.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    (named && !before.contains(char::is_whitespace)).then(|| after.trim_start())
}

/// `---(more 12%)---` of the pager.
fn strip_pager(line: &str) -> &str {
    match line.trim_start().strip_prefix("---(more").and_then(|rest| rest.split_once(")---")) {
        Some((_, rest)) => rest.trim_start_matches('\u{8}'),
        None => line,
    }
}

/// Whether a line opens a hierarchy of the top.
fn is_top(text: &str) -> bool {
    let mut words = text.split_whitespace().filter(|word| !TAGS.contains(word));
    let first = words.next().unwrap_or_default();
    TOP.contains(&first) && words.next() == Some("{")
}

fn number_of(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}
