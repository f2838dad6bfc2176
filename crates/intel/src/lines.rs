//! Lists of lines: plain ones, hosts files, filter rules, and tables with a separator.

use crate::target::Entry;
use crate::{About, List, date};

/// Columns by their names in the lists that are met: which is the value, what says more about it.
const VALUE: [&str; 22] = [
    "indicator",
    "value",
    "ioc",
    "ioc_value",
    "observable",
    "address",
    "ip",
    "ip_address",
    "ipaddress",
    "dst_ip",
    "dstip",
    "src_ip",
    "domain",
    "domain_name",
    "hostname",
    "host",
    "url",
    "fqdn",
    "network",
    "cidr",
    "indicator_value",
    "entry",
];
const LABEL: [&str; 12] = [
    "label",
    "malware",
    "malware_family",
    "malware_printable",
    "family",
    "threat",
    "threat_name",
    "description",
    "tags",
    "tag",
    "name",
    "comment",
];
const DATE: [&str; 12] = [
    "date",
    "last_seen",
    "last_seen_utc",
    "last_online",
    "lastseen",
    "updated",
    "modified",
    "first_seen",
    "first_seen_utc",
    "firstseen",
    "dateadded",
    "created",
];
const CONFIDENCE: [&str; 3] = ["confidence", "confidence_level", "score"];

/// Reads a list of lines into `list`.
pub(crate) fn read(text: &str, list: &mut List) {
    let mut table: Option<Columns> = None;
    let mut label = String::new();
    let mut entries = 0u64;
    for (number, line) in (1u64..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let cell_is_empty = table.as_ref().is_some_and(|table| line.starts_with(table.separator));
        if let Some(comment) = comment(line).filter(|_| !cell_is_empty) {
            if entries == 0 {
                header_comment(comment, list, &mut label);
                // Tables of abuse.ch name their columns in a comment.
                table = Columns::find(comment).or(table);
            }
            continue;
        }
        if entries == 0 && table.is_none() {
            table = Columns::find(line);
            if table.is_some() {
                entries += 1;
                continue;
            }
        }
        entries += 1;
        let mut about = About { label: label.clone(), place: number, ..About::default() };
        match &table {
            Some(columns) => columns.row(line, about, list),
            None => plain(line, &mut about, list),
        }
    }
    list.form(if table.is_some() { "table" } else { "plain" });
}

fn comment(line: &str) -> Option<&str> {
    ["#", ";", "//", "!", "--"].iter().find_map(|mark| line.strip_prefix(mark)).map(str::trim)
}

/// Dates and names that comments at the top of a list give.
fn header_comment(comment: &str, list: &mut List, label: &mut String) {
    let lower = comment.to_ascii_lowercase();
    let key = lower.split(':').next().unwrap_or_default();
    let words = ["date", "updated", "last update", "modified", "last-modified", "generated", "timestamp", "version"];
    if lower.contains(':')
        && key.len() < 40
        && words.iter().any(|word| key.contains(word))
        && let Some(date) = date::find(comment)
    {
        list.date(date);
    }
    if key == "aliases"
        && let Some((_, aliases)) = comment.split_once(':')
    {
        aliases.split(',').next().unwrap_or_default().trim().clone_into(label);
    }
}

/// A line of a list without columns.
fn plain(line: &str, about: &mut About, list: &mut List) {
    let (value, remark) = cut_remark(line);
    if !remark.is_empty() {
        remark.clone_into(&mut about.label);
        about.date = date::find(remark);
    }
    let words: Vec<&str> = value.split_whitespace().collect();
    match words.as_slice() {
        // The form of hosts files: a sink, then the names sent there.
        [sink, names @ ..]
            if !names.is_empty() && ["0.0.0.0", "127.0.0.1", "::", "::1", "255.255.255.255"].contains(sink) =>
        {
            for name in names {
                if !["localhost", "localhost.localdomain", "broadcasthost", "local", "0.0.0.0"].contains(name)
                    && !name.starts_with("ip6-")
                {
                    list.entry(name, about);
                }
            }
        }
        [_, "-", _] => list.entry(value, about),
        [only] => cells_or_value(only, about, list),
        // A table without a header, with spaces in its cells.
        [first, ..] if Entry::parse(first.trim_end_matches([',', ';'])).is_err() && value.contains([',', ';', '|']) => {
            cells_or_value(value, about, list);
        }
        [first, rest @ ..] => {
            let rest = rest.join(" ");
            if about.label.is_empty() && rest.parse::<f64>().is_err() {
                about.label.clone_from(&rest);
            }
            cells_or_value(first.trim_end_matches([',', ';']), about, list);
        }
        [] => {}
    }
}

/// A value; or, in a table without a header, the first cell that is one.
fn cells_or_value(text: &str, about: &About, list: &mut List) {
    if Entry::parse(text).is_err()
        && let Some(separator) = [',', ';', '|'].into_iter().find(|separator| text.contains(*separator))
    {
        let cells = cells(text, separator);
        if let Some((cell, entry)) = cells.iter().find_map(|cell| Some((cell, Entry::parse(cell).ok()?))) {
            return list.add(cell, &entry, about);
        }
    }
    list.entry(text, about);
}

/// A value and the remark behind it: ` # …`, ` ; …`, ` // …`.
fn cut_remark(line: &str) -> (&str, &str) {
    let cut =
        [" #", "\t#", " ;", "\t;", " //", "\t//"].iter().filter_map(|mark| Some((line.find(mark)?, mark.len()))).min();
    match cut {
        Some((at, len)) => (line[..at].trim(), line[at + len..].trim()),
        None => (line, ""),
    }
}

struct Columns {
    separator: char,
    values: Vec<usize>,
    label: Option<usize>,
    dates: Vec<usize>,
    confidence: Option<usize>,
}

impl Columns {
    /// The columns, when a line names them: one is the value, and there are others or it stands alone.
    fn find(line: &str) -> Option<Self> {
        let separator = [',', '\t', ';', '|'].into_iter().find(|separator| line.contains(*separator));
        let names: Vec<String> = match separator {
            Some(separator) => cells(line, separator),
            None => vec![line.to_owned()],
        };
        let names: Vec<String> =
            names.iter().map(|name| name.trim().to_ascii_lowercase().replace([' ', '-'], "_")).collect();
        let which = |known: &[&str]| -> Vec<usize> {
            known.iter().filter_map(|known| names.iter().position(|name| name == known)).collect()
        };
        let values = which(&VALUE);
        if values.is_empty() {
            return None;
        }
        Some(Self {
            separator: separator.unwrap_or(','),
            label: which(&LABEL).into_iter().find(|at| !values.contains(at)),
            dates: which(&DATE),
            confidence: which(&CONFIDENCE).first().copied(),
            values,
        })
    }

    fn row(&self, line: &str, mut about: About, list: &mut List) {
        let cells = cells(line, self.separator);
        let cell = |at: usize| cells.get(at).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        if let Some(label) = self.label.and_then(cell) {
            label.clone_into(&mut about.label);
        }
        about.date = self.dates.iter().find_map(|at| cell(*at).and_then(date::find));
        about.confidence = self.confidence.and_then(cell).and_then(confidence);
        let mut values = self.values.iter().filter_map(|at| cell(*at)).peekable();
        if values.peek().is_none() {
            return list.skip("empty", about.place);
        }
        // Several columns may hold a value: of an address and a name, both count.
        let (mut found, mut why) = (false, "empty");
        for value in values {
            match Entry::parse(value) {
                Ok(entry) => {
                    list.add(value, &entry, &about);
                    found = true;
                }
                Err(skip) => why = skip,
            }
        }
        if !found {
            list.skip(why, about.place);
        }
    }
}

/// `85`, `85%`, `0.85`, `high`.
fn confidence(text: &str) -> Option<f64> {
    match text.to_ascii_lowercase().as_str() {
        "high" => return Some(0.9),
        "medium" => return Some(0.6),
        "low" => return Some(0.3),
        _ => {}
    }
    let percent = text.ends_with('%');
    let number: f64 = text.trim_end_matches('%').trim().parse().ok()?;
    let share = if percent || number > 1.0 { number / 100.0 } else { number };
    (0.0..=1.0).contains(&share).then_some(share)
}

/// The cells of a line; quoted ones as RFC 4180 has them.
fn cells(line: &str, separator: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.trim().chars().peekable();
    while let Some(c) = chars.next() {
        let Some(cell) = cells.last_mut() else { break };
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                quoted = true;
            }
            c if c == separator && !quoted => cells.push(String::new()),
            c => cell.push(c),
        }
    }
    cells
}
