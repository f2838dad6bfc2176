//! DNS transactions: questions and their answers become one row.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;

use secdiag_inspect::{ParseCx, Stop};
use secdiag_model::table::Time;
use secdiag_model::{Artefact, Dns};

use crate::dns::{Message, rcode_name, type_name};
use crate::flow::DnsFigures;

/// How long a question waits for its answer.
const PATIENCE_US: i64 = 60_000_000;
/// Questions that wait at once.
const MAX_WAITING: usize = 100_000;
/// Rows from one message without a question (multicast).
const MAX_OWNERS: usize = 64;

type End = (IpAddr, u16);
/// Client, server, protocol, id, name.
type Key = (End, End, &'static str, u16, String);

struct Waiting {
    key: Key,
    row: Dns,
    packet: u64,
    since: i64,
}

/// Questions that wait, and the rows that they become.
pub(crate) struct Transactions<'a> {
    cx: &'a ParseCx<'a>,
    artefact: &'a Artefact,
    /// By order of arrival.
    waiting: BTreeMap<u64, Waiting>,
    index: HashMap<Key, VecDeque<u64>>,
    next: u64,
    packet: u64,
    now: i64,
    figures: DnsFigures,
}

impl<'a> Transactions<'a> {
    pub(crate) fn new(cx: &'a ParseCx<'a>, artefact: &'a Artefact) -> Self {
        Self {
            cx,
            artefact,
            waiting: BTreeMap::new(),
            index: HashMap::new(),
            next: 0,
            packet: 0,
            now: 0,
            figures: DnsFigures::default(),
        }
    }

    /// The packet whose messages come next.
    pub(crate) fn at(&mut self, packet: u64, now: i64) -> Result<(), Stop> {
        (self.packet, self.now) = (packet, now);
        while let Some((first, waiting)) = self.waiting.first_key_value()
            && now.saturating_sub(waiting.since) > PATIENCE_US
        {
            self.give_up(*first)?;
        }
        Ok(())
    }

    /// Writes the questions that still wait.
    pub(crate) fn finish(&mut self) -> Result<DnsFigures, Stop> {
        while let Some((first, _)) = self.waiting.first_key_value() {
            self.give_up(*first)?;
        }
        Ok(std::mem::take(&mut self.figures))
    }

    /// Takes a message. With `strict`, which is for ports that promise no DNS, only a faultless ordinary one counts.
    /// True when it was understood.
    pub(crate) fn message(
        &mut self,
        src: End,
        dst: End,
        proto: &'static str,
        bytes: &[u8],
        strict: bool,
    ) -> Result<bool, Stop> {
        let Some(message) = Message::parse(bytes) else {
            self.figures.malformed += u64::from(!strict);
            return Ok(false);
        };
        if strict {
            let named = matches!(message.questions.as_slice(), [question] if question.name.contains('.') && !question.name.contains('\\'));
            if !(message.whole && message.plain && named) {
                return Ok(false);
            }
        }
        self.figures.malformed += u64::from(!message.whole && !message.truncated && !strict);
        let multicast = [src.1, dst.1].iter().any(|port| matches!(port, 5353 | 5355));
        if message.response {
            self.response(src, dst, proto, message, multicast)?;
        } else {
            self.question(src, dst, proto, message, multicast)?;
        }
        Ok(true)
    }

    fn question(
        &mut self,
        client: End,
        server: End,
        proto: &'static str,
        message: Message,
        multicast: bool,
    ) -> Result<(), Stop> {
        for question in &message.questions {
            let mut row = self.row(client, server, proto, &message, multicast);
            row.query = Some(question.name.clone());
            row.qtype = Some(type_name(question.kind).into_owned());
            if self.waiting.len() >= MAX_WAITING
                && let Some((first, _)) = self.waiting.first_key_value()
            {
                self.figures.evicted += 1;
                self.give_up(*first)?;
            }
            let key = (client, server, proto, message.id, question.name.clone());
            self.index.entry(key.clone()).or_default().push_back(self.next);
            self.waiting.insert(self.next, Waiting { key, row, packet: self.packet, since: self.now });
            self.next += 1;
        }
        Ok(())
    }

    fn response(
        &mut self,
        server: End,
        client: End,
        proto: &'static str,
        message: Message,
        multicast: bool,
    ) -> Result<(), Stop> {
        // What is said to a group has no client: the one who says it stands first.
        let ends = if client.0.is_multicast() { (server, client) } else { (client, server) };
        let mut row = self.row(ends.0, ends.1, proto, &message, multicast);
        row.rcode = Some(rcode_name(message.rcode).into_owned());
        row.aa = Some(message.authoritative);
        row.tc = Some(message.truncated);
        let Some(question) = message.questions.first() else {
            // Multicast answers repeat no question: a row for each name that they are about.
            let mut owners: Vec<&str> = Vec::new();
            for answer in &message.answers {
                if !owners.contains(&answer.owner.as_str()) && owners.len() < MAX_OWNERS {
                    owners.push(&answer.owner);
                }
            }
            for owner in owners {
                row.query = Some(owner.to_owned());
                let about = message.answers.iter().filter(|answer| answer.owner == owner);
                row.answers = about.map(|answer| answer.text.clone()).collect();
                self.write(self.packet, &row)?;
            }
            if message.answers.is_empty() {
                self.write(self.packet, &row)?;
            }
            return Ok(());
        };
        row.query = Some(question.name.clone());
        row.qtype = Some(type_name(question.kind).into_owned());
        let key = (client, server, proto, message.id, question.name.clone());
        row.answers = message.answers.into_iter().map(|answer| answer.text).collect();
        let Some(number) = self.index.get(&key).and_then(|numbers| numbers.front().copied()) else {
            return self.write(self.packet, &row);
        };
        let Some(asked) = self.forget(number) else { return Ok(()) };
        row.ts = asked.row.ts;
        row.rtt_us = Some(self.now.saturating_sub(asked.since));
        self.write(asked.packet, &row)
    }

    fn row(&self, client: End, server: End, proto: &'static str, message: &Message, multicast: bool) -> Dns {
        Dns {
            ts: Time(self.now),
            src_ip: client.0,
            src_port: Some(client.1),
            dst_ip: server.0,
            dst_port: Some(server.1),
            proto: proto.to_owned(),
            trans_id: message.id,
            query: None,
            qtype: None,
            rcode: None,
            aa: None,
            tc: None,
            answers: Vec::new(),
            rtt_us: None,
            multicast,
        }
    }

    fn give_up(&mut self, number: u64) -> Result<(), Stop> {
        let Some(waiting) = self.forget(number) else { return Ok(()) };
        self.write(waiting.packet, &waiting.row)
    }

    fn forget(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&number)?;
        if let Some(numbers) = self.index.get_mut(&waiting.key) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.index.remove(&waiting.key);
            }
        }
        Some(waiting)
    }

    fn write(&mut self, packet: u64, row: &Dns) -> Result<(), Stop> {
        self.figures.written += 1;
        self.cx.row(self.artefact, packet, row)
    }
}
