//! Inspection of packet captures.
//!
//! Reads pcap and pcapng files of any size as a stream and turns them into conversations (table `conn`, with Zeek's
//! semantics) and DNS transactions (table `dns`), with a [`CaptureSummary`] of what the capture is worth as evidence.
//! The checks match both tables, whatever filled them, against lists of bad addresses and names.
//!
//! Limits: payload is looked at for its protocol and for DNS only and never stored; checksums are not verified (cards
//! compute them after the recorder saw the packet); 802.11 frames must be unencrypted; a conversation that goes on in
//! another file is two rows.

mod bytes;
mod capture;
mod checks;
mod community;
mod decode;
mod dns;
mod flow;
mod fragment;
mod resolve;
mod service;
mod stream;
mod summary;
mod tcp;

use std::io::Read;

use secdiag_inspect::{Facts, Inspection, JudgeCx, Meta, ParseCx, Stop, Unit};
use secdiag_model::{Artefact, Conn, Dns, EvidenceKind, Format, Head, Match, Note, NoteKind, Period, Record};

use capture::{Container, Place, Reader};
use decode::Decoder;
use flow::Flows;
pub use summary::CaptureSummary;
use summary::Clock;

/// The inspection.
pub static TRAFFIC: &dyn Inspection = &Traffic;

/// Classic capture files.
pub static PCAP: Format = Format {
    id: "pcap",
    kind: EvidenceKind::Pcap,
    title: "Packet capture (pcap)",
    sniff: |head| match head.bytes.first_chunk().map(|magic| u32::from_be_bytes(*magic)) {
        Some(magic) if [magic, magic.swap_bytes()].iter().any(|magic| capture::classic_magic(*magic).is_some()) => {
            Match::Yes(100)
        }
        _ => Match::No,
    },
};

/// Capture files of the next generation.
pub static PCAPNG: Format =
    Format { id: "pcapng", kind: EvidenceKind::Pcap, title: "Packet capture (pcapng)", sniff: sniff_pcapng };

static META: Meta = Meta {
    id: "traffic",
    parser_version: 1,
    checks: checks::CHECKS,
    formats: &[&PCAP, &PCAPNG],
    tables: &[Conn::TABLE, Dns::TABLE],
};

struct Traffic;

impl Inspection for Traffic {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn parse(&self, unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
        parse(unit.first(), cx)
    }

    fn judge(&self, facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
        checks::JUDGES.iter().try_for_each(|judge| judge(facts, cx))
    }
}

fn sniff_pcapng(head: &Head<'_>) -> Match {
    let number = |at: usize| head.bytes.get(at..).and_then(|rest| rest.first_chunk()).map(|b| u32::from_be_bytes(*b));
    if number(0) != Some(capture::SECTION_HEADER) {
        return Match::No;
    }
    match number(8) {
        Some(order) if [order, order.swap_bytes()].contains(&capture::BYTE_ORDER) => Match::Yes(100),
        // Cut inside its first block.
        None => Match::Yes(50),
        Some(_) => Match::Close("a pcapng file has a byte-order magic at offset 8"),
    }
}

fn parse(artefact: &Artefact, cx: &ParseCx<'_>) -> Result<(), Stop> {
    let mut reader = Reader::new(cx.open(artefact)?);
    let mut summary = CaptureSummary::default();
    let mut clock = Clock::default();
    let mut decoder = Decoder::default();
    let mut flows = Flows::new(cx, artefact);
    stream(&mut reader, &mut summary, &mut clock, &mut decoder, &mut flows)?;
    let dns = flows.finish()?;

    let container = &reader.container;
    summary.format = container.format.to_owned();
    summary.application.clone_from(&container.application);
    summary.odd_times = clock.odd;
    summary.undecoded = decoder.undecoded.iter().map(|(why, count)| (why.to_string(), *count)).collect();
    summary.duplicates = decoder.duplicates;
    summary.incomplete_fragments = decoder.incomplete_fragments();
    summary.lost = container.lost;
    summary.truncated_at = container.truncated.as_ref().map(place);
    summary.damaged_at = container.damage.as_ref().map(place);
    summary.conversations = flows.written;
    summary.conversations_cut = flows.evicted;
    summary.dns_transactions = dns.written;
    let stretches = clock.stretches();
    summary.first_us = stretches.first().map(|period| period.start_us);
    summary.last_us = stretches.iter().map(|period| period.end_us).max();

    report_container(container, &summary, artefact, cx);
    report_content(&summary, &dns, artefact, cx);
    for Period { start_us, end_us } in stretches {
        cx.period(artefact, Period { start_us, end_us });
    }
    if let Some(lost) = container.lost {
        cx.loss(artefact, summary.packets, lost);
    }
    cx.document(std::slice::from_ref(artefact), &summary)
}

fn stream<R: Read>(
    reader: &mut Reader<R>,
    summary: &mut CaptureSummary,
    clock: &mut Clock,
    decoder: &mut Decoder,
    flows: &mut Flows<'_>,
) -> Result<(), Stop> {
    let mut link_type = (0, 0);
    while let Some(packet) = reader.next_packet()? {
        let now = clock.see(packet.time);
        summary.packets += 1;
        summary.captured_bytes += packet.data.len() as u64;
        summary.wire_bytes += packet.wire_len as u64;
        summary.snapped_packets += u64::from(packet.data.len() < packet.wire_len);
        if link_type.0 != packet.link_type && link_type.1 > 0 {
            *summary.link_types.entry(link_type.0).or_default() += link_type.1;
            link_type.1 = 0;
        }
        link_type = (packet.link_type, link_type.1 + 1);
        flows.at(packet.number, now)?;
        decoder.frame(packet.link_type, packet.data, packet.wire_len, now, flows)?;
    }
    if link_type.1 > 0 {
        *summary.link_types.entry(link_type.0).or_default() += link_type.1;
    }
    Ok(())
}

fn place(place: &Place) -> String {
    format!("packet {}, byte {}", place.packet, place.offset)
}

/// Notes about the file itself.
fn report_container(container: &Container, summary: &CaptureSummary, artefact: &Artefact, cx: &ParseCx<'_>) {
    let note = |kind, reason: &str, text: String| Note::new(kind, reason, text).on(artefact);
    if let Some(at) = &container.damage {
        let skipped = container.skipped_bytes;
        let text = format!(
            "{}: {} packets could be read and {skipped} bytes were passed over; what stood in them is missing from the result",
            at.what, summary.packets
        );
        cx.note(note(NoteKind::Broken, "damaged", text).at(place(at)).times(container.damages));
    }
    if let Some(at) = &container.truncated {
        let text = format!(
            "{}: the {} packets before are used; copy the file again if it is complete at its source",
            at.what, summary.packets
        );
        cx.note(note(NoteKind::Broken, "truncated", text).at(place(at)));
    }
    if summary.packets == 0 && container.damage.is_none() && container.truncated.is_none() {
        cx.note(note(NoteKind::Broken, "empty", "the capture holds no packet".to_owned()));
    }
    if container.zero_records > 0 {
        let text =
            "records of zero bytes, as in a file that was allocated before it was filled, are not packets".to_owned();
        cx.note(note(NoteKind::Assumed, "zero-filled", text).times(container.zero_records));
    }
    if container.odd_lengths > 0 {
        let text = "packets claim fewer bytes on the wire than were captured; the captured length is used".to_owned();
        cx.note(note(NoteKind::Assumed, "odd-length", text).times(container.odd_lengths));
    }
    if summary.odd_times > 0 {
        let text =
            "packets have no time, or one that cannot be: they are placed at the time of the packet before".to_owned();
        cx.note(note(NoteKind::Assumed, "odd-time", text).times(summary.odd_times));
    }
    for (kind, count) in container.unknown_blocks.iter().take(32) {
        let text = format!("blocks of type {kind:#x} were passed over");
        cx.note(note(NoteKind::NotUnderstood, "unknown-block", text).times(*count));
    }
}

/// Notes about what the packets hold.
fn report_content(summary: &CaptureSummary, dns: &flow::DnsFigures, artefact: &Artefact, cx: &ParseCx<'_>) {
    let note =
        |kind, reason: &str, text: String, count| cx.note(Note::new(kind, reason, text).on(artefact).times(count));
    for (why, count) in &summary.undecoded {
        let is_loss = !["ARP", "LLDP", "LLC", "spanning tree", "EAPOL", "PPPoE discovery", "PPP control", "not IP"]
            .contains(&why.as_str())
            && !why.starts_with("802.11 management");
        if is_loss {
            note(NoteKind::NotUnderstood, "undecoded", format!("packets were not decoded: {why}"), *count);
        }
    }
    if summary.duplicates > 0 {
        let text = "packets were recorded twice, as a mirror port does that copies both directions; each counts once"
            .to_owned();
        note(NoteKind::Assumed, "duplicates", text, summary.duplicates);
    }
    if summary.incomplete_fragments > 0 {
        let text = "IP fragments never became a whole packet and are missing from the result".to_owned();
        note(NoteKind::NotUnderstood, "fragments", text, summary.incomplete_fragments);
    }
    if summary.snapped_packets > 0 {
        let text = "packets were cut by the recorder's snap length: byte counts use the original lengths, protocols and DNS may be missing; record whole packets".to_owned();
        note(NoteKind::Assumed, "snapped", text, summary.snapped_packets);
    }
    if summary.conversations_cut > 0 {
        let text =
            "conversations were written before their end because too many were open at once: one may be several rows"
                .to_owned();
        note(NoteKind::Assumed, "conversations-cut", text, summary.conversations_cut);
    }
    if dns.malformed > 0 {
        let text = "messages on DNS ports were not, or not wholly, understood".to_owned();
        note(NoteKind::NotUnderstood, "dns-malformed", text, dns.malformed);
    }
    if dns.evicted > 0 {
        let text =
            "DNS questions were written without waiting longer for their answers because too many waited".to_owned();
        note(NoteKind::Assumed, "dns-cut", text, dns.evicted);
    }
    if summary.lost.is_some_and(|lost| lost > 0) {
        let text = "packets were lost by the recorder itself, as it says".to_owned();
        note(NoteKind::Assumed, "lost", text, summary.lost.unwrap_or(1));
    }
}
