//! PAN-OS text as a tree: `set` commands (`set cli config-output-format set`), and the braces of the default format.
//!
//! A command is a way down the tree: `set rulebase security rules web from trust`. Where several settings stand in one
//! command (`from trust to untrust action allow`), which the device accepts, the words of rules and objects tell where a
//! setting ends. `delete`, `move`, `rename`, `edit`, `up` and `top` change what was stated before.
//!
//! A quoted value may hold line ends and quotes: it ends at a quote behind which a word cannot go on.

use super::tree::{Id, MAX_DEPTH, Place, Tree};
use crate::vendors::Trouble;

/// Whether a text consists of commands rather than of braces.
pub(super) fn is_commands(lines: &[&str]) -> bool {
    let (mut commands, mut braces) = (0, 0);
    for line in lines.iter().map(|line| line.trim()) {
        commands += usize::from(line.starts_with("set ") || line.starts_with("delete ") || line.starts_with("move "));
        braces += usize::from(line.ends_with('{') || line == "}" || line.ends_with(';'));
    }
    commands >= braces
}

/// Lines that belong to no statement: remarks, prompts, what a terminal shows around a configuration.
fn is_remark(line: &str) -> bool {
    let prompt = |line: &str| {
        line.split_once('@').is_some_and(|(user, rest)| {
            let host = rest.trim_end_matches(|c: char| c == '#' || c == '>' || c.is_whitespace());
            !user.contains(char::is_whitespace) && host.len() < rest.len() && !host.contains(char::is_whitespace)
        })
    };
    line.is_empty()
        || line.starts_with(['#', '!'])
        || (line.starts_with("[edit") && line.ends_with(']'))
        || line == "Entering configuration mode"
        || prompt(line)
}

/// A command without the prompt before it.
fn strip_prompt(line: &str) -> &str {
    let Some((before, command)) = line.split_once(['#', '>']) else { return line };
    let is_prompt = before.contains('@') && !before.trim().contains(char::is_whitespace);
    if is_prompt && !command.trim().is_empty() { command.trim_start() } else { line }
}

/// A word of a text, and whether quotes stood around it.
#[derive(Clone, Debug, PartialEq)]
struct Word {
    text: String,
    quoted: bool,
}

impl Word {
    fn is(&self, text: &str) -> bool {
        !self.quoted && self.text == text
    }
}

/// Reads words out of lines.
struct Lexer<'t> {
    lines: &'t [&'t str],
    /// Words also end at braces, brackets and semicolons.
    braces: bool,
    /// Lines that may still be searched for ends of quoted values.
    budget: usize,
}

impl<'t> Lexer<'t> {
    fn new(lines: &'t [&'t str], braces: bool) -> Self {
        Self { lines, braces, budget: SEARCHED }
    }

    /// Words of the statement that begins at a line, and how many lines it takes.
    fn words(&mut self, index: usize, line: &str, trouble: &mut Trouble) -> (Vec<Word>, usize) {
        let mut words = Vec::new();
        let mut used = 1;
        let mut line = line.to_owned();
        loop {
            let rest = self.plain(&line, &mut words);
            let Some(opened) = rest else { return (words, used) };
            let quote = opened.quote;
            let value = &line[opened.at + quote.len_utf8()..];
            let free_text = words.last().is_some_and(|word| FREE_TEXT.contains(&word.text.as_str()));
            let whole = if free_text { self.whole(value, quote) } else { self.closed(value, quote) };
            if let Some((value, after)) = whole {
                words.push(Word { text: value.to_owned(), quoted: true });
                line = after.to_owned();
                continue;
            }
            let further = self.further(index + used, value, quote);
            let closed = || self.closed(value, quote).map(|(value, after)| (value.to_owned(), after.to_owned(), 0));
            match further.or_else(closed) {
                Some((value, after, more)) => {
                    words.push(Word { text: value, quoted: true });
                    used += more;
                    line = after;
                }
                None => {
                    let text = "a quoted value has no end; it was cut at the end of its line";
                    trouble.line(number(index + used - 1), "unclosed-quote", text);
                    let value = if self.braces { value.trim_end_matches(';') } else { value };
                    words.push(Word { text: value.trim_end().to_owned(), quoted: true });
                    if self.braces && line.ends_with(';') {
                        words.push(Word { text: ";".into(), quoted: false });
                    }
                    return (words, used);
                }
            }
        }
    }

    /// Words up to a quote that opens; where it stands.
    fn plain(&self, line: &str, words: &mut Vec<Word>) -> Option<Opened> {
        let mut word = String::new();
        let mut push = |word: &mut String| {
            if !word.is_empty() {
                words.push(Word { text: std::mem::take(word), quoted: false });
            }
        };
        let is_end = |after: &str| after.is_empty() || after.starts_with(|c: char| c.is_whitespace() || c == ';');
        for (at, c) in line.char_indices() {
            match c {
                '"' | '\'' if word.is_empty() => return Some(Opened { at, quote: c }),
                c if c.is_whitespace() => push(&mut word),
                '[' if word.is_empty() && line[at + 1..].starts_with(char::is_whitespace) => {
                    word.push(c);
                    push(&mut word);
                }
                ']' if is_end(&line[at + 1..]) => {
                    push(&mut word);
                    word.push(c);
                    push(&mut word);
                }
                '{' | '}' if self.braces => {
                    push(&mut word);
                    word.push(c);
                    push(&mut word);
                }
                ';' if self.braces && line[at + 1..].trim().is_empty() => {
                    push(&mut word);
                    word.push(c);
                    push(&mut word);
                }
                c => word.push(c),
            }
        }
        push(&mut word);
        None
    }

    /// Text that nobody interprets may hold quotes: it ends with the line, if that ends in a quote.
    fn whole<'l>(&self, value: &'l str, quote: char) -> Option<(&'l str, &'l str)> {
        let end = value.trim_end();
        let end = if self.braces { end.trim_end_matches(';').trim_end() } else { end };
        let inner = end.strip_suffix(quote)?;
        Some((inner, &value[end.len()..]))
    }

    /// A quoted value that ends in its line, at a quote behind which a word cannot go on.
    fn closed<'l>(&self, value: &'l str, quote: char) -> Option<(&'l str, &'l str)> {
        let ends = |after: &str| {
            after.is_empty() || after.starts_with(|c: char| c.is_whitespace() || c == ']' || (c == ';' && self.braces))
        };
        let at = value.match_indices(quote).map(|(at, _)| at).find(|at| ends(&value[at + quote.len_utf8()..]))?;
        Some((&value[..at], &value[at + quote.len_utf8()..]))
    }

    /// The rest of a quoted value in the lines from `from` on: value, what stands behind it, lines used.
    fn further(&mut self, from: usize, first: &str, quote: char) -> Option<(String, String, usize)> {
        let mut value = first.to_owned();
        let lines = self.lines.get(from..).unwrap_or_default();
        for (more, line) in lines.iter().take(VALUE_LINES.min(self.budget)).enumerate() {
            self.budget -= 1;
            if !self.braces && ["set ", "delete ", "move ", "rename "].iter().any(|verb| line.starts_with(verb)) {
                return None;
            }
            value.push('\n');
            let found = line.match_indices(quote).map(|(at, _)| at).find(|at| {
                let after = line[at + quote.len_utf8()..].trim_start();
                after.is_empty() || after.starts_with([']', ';', '{'])
            });
            let Some(at) = found else {
                value.push_str(line);
                continue;
            };
            value.push_str(&line[..at]);
            return Some((value, line[at + quote.len_utf8()..].to_owned(), more + 1));
        }
        None
    }
}

/// Lines that a quoted value may have.
const VALUE_LINES: usize = 2_000;

/// Lines searched for all quoted values of a file.
const SEARCHED: usize = 200_000;

/// Settings whose value nobody interprets.
const FREE_TEXT: &[&str] = &["description", "comment", "comments", "login-banner"];

struct Opened {
    at: usize,
    quote: char,
}

/// Number of a line by its index.
fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

fn clip(text: &str) -> String {
    crate::vendors::mask(&text.chars().take(80).collect::<String>())
}

/// Reads commands.
pub(super) fn commands(lines: &[&str], trouble: &mut Trouble) -> Tree {
    let mut tree = Tree::new(true);
    let mut lexer = Lexer::new(lines, false);
    let mut edited: Vec<Vec<Word>> = Vec::new();
    let mut index = 0;
    while index < lines.len() {
        let line = lines[index].trim();
        let command = strip_prompt(line);
        if is_remark(command) {
            index += 1;
            continue;
        }
        let (words, used) = lexer.words(index, command, trouble);
        let first = number(index);
        let last = number(index + used - 1);
        index += used;
        let Some((verb, rest)) = words.split_first() else { continue };
        let prefix: Vec<Word> = edited.last().cloned().unwrap_or_default();
        let way: Vec<Word> = prefix.into_iter().chain(rest.iter().cloned()).collect();
        let done = match verb.text.as_str() {
            "set" | "override" => {
                let done = state(&mut tree, &way, first, last);
                if !done {
                    trouble.line(first, "too-deep", "a statement has more words than are followed");
                }
                continue;
            }
            "delete" => delete(&mut tree, &way),
            "move" => relocate(&mut tree, &way),
            "rename" => rename(&mut tree, &way),
            "edit" if way.len() > MAX_DEPTH => {
                trouble.line(first, "too-deep", "more levels are edited than are followed");
                // `up` leaves it again.
                edited.push(edited.last().cloned().unwrap_or_default());
                continue;
            }
            "edit" => {
                edited.push(way);
                true
            }
            "up" => edited.pop().is_some(),
            "top" => {
                edited.clear();
                true
            }
            "exit" | "quit" | "configure" | "show" | "commit" => true,
            _ => {
                trouble.line(first, "unknown-statement", format!("`{}` is no PAN-OS command", clip(line)));
                continue;
            }
        };
        if !done {
            trouble.line(first, "undefined", format!("what `{}` is about is not defined", clip(line)));
        }
    }
    tree
}

/// Puts a statement into the tree.
fn state(tree: &mut Tree, way: &[Word], line: u32, last: u32) -> bool {
    let mut here = Tree::ROOT;
    let mut walk = Grammar::default();
    // Nodes from the root to here: a setting that ends goes back to where it began.
    let mut stack = vec![Tree::ROOT];
    let mut words = way.iter();
    while let Some(word) = words.next() {
        if word.is("[") {
            for value in words.by_ref().take_while(|word| !word.is("]")) {
                let value = tree.enter(here, &value.text, line);
                tree.reach(value, last);
            }
            walk.value();
        } else {
            if let Some(back) = walk.back(word) {
                stack.truncate(back);
                here = stack.last().copied().unwrap_or(Tree::ROOT);
            }
            if stack.len() > MAX_DEPTH {
                return false;
            }
            here = tree.enter(here, &word.text, line);
            tree.reach(here, last);
            stack.push(here);
            walk.step(word, stack.len());
        }
    }
    true
}

/// Where in a command a rule's or object's settings begin and end.
#[derive(Default)]
struct Grammar {
    /// Words of the scope that are still to come: a name, or a name and the words after it.
    names: usize,
    stage: Stage,
    /// Length of the stack at the rule or object.
    entry: usize,
    /// Length of the stack where the setting in progress began, and whether it has its value.
    setting: Option<(usize, bool)>,
}

#[derive(Default, PartialEq)]
enum Stage {
    /// Before the table.
    #[default]
    Scope,
    /// The next word is the name of a rule or object.
    Name,
    /// In a rule or object.
    Entry,
    /// In something else: one setting a command.
    Other,
}

/// Words of a scope that a name follows.
const NAMED_SCOPES: &[&str] = &["devices", "vsys", "device-group", "template", "template-stack"];
/// Words of a scope that none follows.
const SCOPES: &[&str] = &[
    "config",
    "shared",
    "policy",
    "panorama",
    "rulebase",
    "pre-rulebase",
    "post-rulebase",
    "security",
    "nat",
    "default-security-rules",
];
/// Tables of rules and objects, of which a name follows.
const TABLES: &[&str] =
    &["rules", "address", "address-group", "service", "service-group", "application-group", "schedule", "tag"];
/// Settings that take one value or one list. The first ones are a rule's own, wherever they come up.
const RULE_SETTINGS: &[&str] = &[
    "from",
    "to",
    "source",
    "destination",
    "source-user",
    "category",
    "application",
    "service",
    "source-hip",
    "destination-hip",
    "hip-profiles",
    "action",
    "negate-source",
    "negate-destination",
    "log-start",
    "log-end",
    "log-setting",
    "disabled",
    "schedule",
    "rule-type",
    "tag",
    "group-tag",
    "description",
    "nat-type",
    "to-interface",
    "active-active-device-binding",
    "source-translation",
    "destination-translation",
    "profile-setting",
    "option",
    "qos",
    "target",
];
const VALUES: &[&str] = &[
    "ip-netmask",
    "ip-range",
    "ip-wildcard",
    "fqdn",
    "static",
    "filter",
    "members",
    "port",
    "source-port",
    "translated-address",
    "translated-port",
    "bi-directional",
    "interface",
    "ip",
    "floating-ip",
    "comments",
    "color",
    "non-recurring",
];
/// Rule settings that hold further ones.
const HOLDERS: &[&str] =
    &["source-translation", "destination-translation", "profile-setting", "option", "qos", "target"];

impl Grammar {
    /// How far a word goes back before it is entered: the length of the stack to keep.
    fn back(&mut self, word: &Word) -> Option<usize> {
        if self.stage != Stage::Entry || word.quoted {
            return None;
        }
        let (begun, has_value) = self.setting?;
        // A list setting that has its value, or a setting of the rule inside another one of it.
        let own = RULE_SETTINGS.contains(&word.text.as_str()) && !VALUES.contains(&word.text.as_str());
        if has_value {
            self.setting = None;
            return Some(if own { self.entry } else { begun });
        }
        None
    }

    fn step(&mut self, word: &Word, depth: usize) {
        let text = word.text.as_str();
        match self.stage {
            _ if self.names > 0 => self.names -= 1,
            Stage::Scope if NAMED_SCOPES.contains(&text) => self.names = 1,
            Stage::Scope if SCOPES.contains(&text) => {}
            Stage::Scope if TABLES.contains(&text) => self.stage = Stage::Name,
            Stage::Scope => self.stage = Stage::Other,
            Stage::Name => {
                self.stage = Stage::Entry;
                self.entry = depth;
            }
            Stage::Entry => match &mut self.setting {
                Some((_, has_value)) => *has_value = true,
                None if HOLDERS.contains(&text) => {}
                None if RULE_SETTINGS.contains(&text) || VALUES.contains(&text) => {
                    self.setting = Some((depth - 1, false));
                }
                None => {}
            },
            Stage::Other => {}
        }
    }

    /// A list in brackets was a value.
    fn value(&mut self) {
        if let Some((_, has_value)) = &mut self.setting {
            *has_value = true;
        }
    }
}

/// The node that words lead to, and the one above it.
fn find(tree: &Tree, way: &[Word]) -> Option<(Id, Id)> {
    let mut parent = Tree::ROOT;
    let mut here = Tree::ROOT;
    for word in way.iter().filter(|word| !word.is("[") && !word.is("]")) {
        parent = here;
        here = tree.child(here, &word.text)?;
    }
    (here != Tree::ROOT).then_some((parent, here))
}

fn delete(tree: &mut Tree, way: &[Word]) -> bool {
    // `delete … source [ a b ]`
    if let Some(open) = way.iter().position(|word| word.is("[")) {
        let values: Vec<Word> = way[open + 1..].iter().take_while(|word| !word.is("]")).cloned().collect();
        let mut all = true;
        for value in values {
            let one: Vec<Word> = way[..open].iter().cloned().chain([value]).collect();
            all &= delete(tree, &one);
        }
        return all;
    }
    let Some((parent, id)) = find(tree, way) else { return false };
    tree.remove(parent, id);
    true
}

fn relocate(tree: &mut Tree, way: &[Word]) -> bool {
    let (place, way) = match way {
        [way @ .., at] if at.is("top") => (Place::Top, way),
        [way @ .., at] if at.is("bottom") => (Place::Bottom, way),
        [way @ .., at, other] if at.is("before") => (Place::Before(&other.text), way),
        [way @ .., at, other] if at.is("after") => (Place::After(&other.text), way),
        _ => return false,
    };
    find(tree, way).is_some_and(|(parent, id)| tree.place(parent, id, place))
}

fn rename(tree: &mut Tree, way: &[Word]) -> bool {
    let [way @ .., to, name] = way else { return false };
    let Some((parent, id)) = find(tree, way).filter(|_| to.is("to")) else { return false };
    tree.rename(parent, id, &name.text);
    true
}

/// Reads braces. The second value says whether the text breaks off.
pub(super) fn braces(lines: &[&str], trouble: &mut Trouble) -> (Tree, bool) {
    let mut tree = Tree::new(false);
    let mut lexer = Lexer::new(lines, true);
    // Nodes of open braces; those beyond the depth that is followed are only counted.
    let mut open: Vec<Id> = Vec::new();
    let mut beyond = 0usize;
    let mut statement: Vec<Word> = Vec::new();
    let mut begun = 1;
    let mut index = 0;
    while index < lines.len() {
        let line = lines[index].trim();
        if is_remark(line) && statement.is_empty() {
            index += 1;
            continue;
        }
        let (words, used) = lexer.words(index, line, trouble);
        let last = number(index + used - 1);
        if statement.is_empty() {
            begun = number(index);
        }
        index += used;
        for word in words {
            let here = open.last().copied().unwrap_or(Tree::ROOT);
            if word.is("{") {
                if open.len() >= MAX_DEPTH || beyond > 0 {
                    beyond += 1;
                    trouble.line(last, "too-deep", "braces are nested deeper than is followed");
                } else {
                    open.push(enter(&mut tree, here, &statement, begun, last));
                }
                statement.clear();
                begun = last;
            } else if word.is("}") {
                if !statement.is_empty() {
                    enter(&mut tree, here, &statement, begun, last);
                    statement.clear();
                }
                if beyond > 0 {
                    beyond -= 1;
                } else if let Some(id) = open.pop() {
                    tree.reach(id, last);
                } else {
                    trouble.line(last, "misplaced", "a brace closes that was not opened");
                }
                begun = last;
            } else if word.is(";") {
                if beyond == 0 {
                    enter(&mut tree, here, &statement, begun, last);
                }
                statement.clear();
                begun = last;
            } else {
                statement.push(word);
            }
        }
    }
    let truncated = !open.is_empty() || beyond > 0 || !statement.is_empty();
    let end = number(lines.len().saturating_sub(1));
    for id in open {
        tree.reach(id, end);
    }
    (tree, truncated)
}

/// `key`, `key value`, `key [ value value ]`
fn enter(tree: &mut Tree, here: Id, words: &[Word], line: u32, last: u32) -> Id {
    let Some((key, values)) = words.split_first() else { return here };
    let id = tree.enter(here, &key.text, line);
    tree.reach(id, last);
    for value in values.iter().filter(|word| !word.is("[") && !word.is("]")) {
        tree.enter(id, &value.text, line);
    }
    id
}
