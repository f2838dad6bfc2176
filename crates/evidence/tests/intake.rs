//! What intake makes of files, folders and archives, honest and hostile.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use secdiag_evidence::{Intake, IntakeError, Options, Progress, Vault, intake};
use secdiag_model::{EvidenceKind, Format, Head, Match, Note, Recognition, Sha256};
use zip::write::SimpleFileOptions;

static CONFIG: Format = Format {
    id: "test-config",
    kind: EvidenceKind::Fwcfg,
    title: "Test configuration",
    sniff: |head: &Head<'_>| match head.text() {
        text if text.starts_with("config version 1") => Match::Yes(80),
        text if text.starts_with("config") => Match::Close("its version is not 1"),
        _ => Match::No,
    },
};
static FORMATS: &[&Format] = &[&CONFIG];
const GOOD: &[u8] = b"config version 1\nallow any\n";

/// A folder of evidence and a vault beside it.
struct Bench {
    folder: tempfile::TempDir,
    options: Options,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("evidence")).unwrap();
        Self { folder, options: Options { threads: 2, ..Options::default() } }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("evidence").join(name)
    }

    fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), content).unwrap();
        self
    }

    fn vault(&self) -> Vault {
        Vault::open_dir(self.folder.path().join("vault")).unwrap()
    }

    fn run_on(&self, names: &[&str]) -> Result<Intake, IntakeError> {
        let paths: Vec<_> = names.iter().map(|name| self.path(name)).collect();
        intake(&paths, FORMATS, &self.vault(), &self.options, &())
    }

    fn run(&self) -> Intake {
        let taken = self.run_on(&[""]).unwrap();
        let kept = |artefact: &&secdiag_model::Artefact| {
            !matches!(artefact.recognition, Recognition::Container { .. } | Recognition::Broken { .. })
        };
        for artefact in taken.evidence.artefacts.iter().filter(kept) {
            let mut bytes = Vec::new();
            self.vault().open_verified(&artefact.sha256).unwrap().read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes.len() as u64, artefact.size, "{}", artefact.display_path());
        }
        assert_eq!(fs::read_dir(self.folder.path().join("vault/tmp")).unwrap().count(), 0, "nothing is left behind");
        taken
    }
}

/// One line for each artefact.
fn listing(taken: &Intake) -> String {
    taken.evidence.artefacts.iter().fold(String::new(), |mut text, artefact| {
        let state = match &artefact.recognition {
            Recognition::Recognised { format, .. } => format!("is {format}"),
            Recognition::Container { format, members } => format!("{format} of {members}"),
            Recognition::Unsupported { format, .. } => format!("unread {}", format.as_deref().unwrap_or("?")),
            Recognition::Assessment => "assessment".to_owned(),
            Recognition::Broken { .. } => "broken".to_owned(),
        };
        _ = writeln!(text, "{}: {state}", artefact.display_path());
        text
    })
}

/// `reason path` of each note but those that say that a file is not read.
fn reasons(taken: &Intake) -> Vec<String> {
    let wanted = taken.notes.iter().filter(|note| note.reason != "unsupported");
    wanted
        .map(|note| {
            let member = note.member.as_ref().map(|member| format!("!/{member}")).unwrap_or_default();
            format!("{} {}{member}", note.reason, note.path)
        })
        .collect()
}

fn note<'a>(taken: &'a Intake, reason: &str) -> &'a Note {
    taken.notes.iter().find(|note| note.reason == reason).unwrap_or_else(|| panic!("{reason} in {:#?}", taken.notes))
}

/// What a given file becomes, and the notes besides.
fn check(name: &str, content: impl AsRef<[u8]>, expected: &str, notes: &[&str]) {
    let taken = Bench::new().file(name, content).run();
    assert_eq!(listing(&taken), expected, "{:#?}", taken.notes);
    assert_eq!(reasons(&taken), notes, "{:#?}", taken.notes);
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        // Raw, as `append_data` refuses names that a hostile archive would have.
        if name.len() < 100 {
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        } else {
            builder.append_data(&mut header, name, *content).unwrap();
        }
    }
    builder.into_inner().unwrap()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    liblzma::read::XzEncoder::new(content, 6).read_to_end(&mut packed).unwrap();
    packed
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    bzip2::read::BzEncoder::new(content, bzip2::Compression::default()).read_to_end(&mut packed).unwrap();
    packed
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 3).unwrap()
}

fn seven_z(members: &[(&str, &[u8])], password: Option<&str>, is_list_hidden: bool) -> Vec<u8> {
    let mut writer = sevenz_rust2::ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    if let Some(password) = password {
        let methods = vec![
            sevenz_rust2::encoder_options::AesEncoderOptions::new(password.into()).into(),
            sevenz_rust2::EncoderMethod::LZMA2.into(),
        ];
        writer.set_content_methods(methods);
    }
    writer.set_encrypt_header(is_list_hidden);
    let entries: Vec<_> = members.iter().map(|(name, _)| sevenz_rust2::ArchiveEntry::new_file(name)).collect();
    let contents = members.iter().map(|(_, content)| sevenz_rust2::SourceReader::new(*content)).collect();
    writer.push_archive_entries(entries, contents).unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn files_become_what_their_content_is() {
    check("fw/a.conf", GOOD, "fw/a.conf: is test-config\n", &[]);
    check("report.pdf", b"%PDF-1.7\n", "report.pdf: unread PDF document\n", &[]);
    check("x", b"\x00\x01\x02", "x: unread ?\n", &[]);
    check("words.txt", b"nothing special\n", "words.txt: unread ?\n", &[]);
    check(".hidden", GOOD, ".hidden: is test-config\n", &[]);
    check("empty.log", b"", "empty.log: broken\n", &["empty empty.log"]);
    check("a.pcap", b"<html></html>", "a.pcap: unread HTML document\n", &["mislabelled a.pcap"]);
    check("b.pcap", GOOD, "b.pcap: is test-config\n", &["mislabelled b.pcap"]);
    check("a.txt", b"\x7fELF\x02\x01\x01\x00\x00", "a.txt: unread ELF program or library\n", &["mislabelled a.txt"]);
}

#[test]
fn what_is_not_read_says_why_and_what_it_nearly_was() {
    let taken = Bench::new().file("a", b"config version 2\n").file("b", b"%PDF-1.7").run();
    let [close, pdf] = taken.notes.as_slice() else { panic!("{:#?}", taken.notes) };
    assert_eq!(close.text, "unknown text format (it is nearly Test configuration: its version is not 1)");
    assert_eq!(close.sha256, Some(Sha256::of(b"config version 2\n")));
    assert_eq!(pdf.text, "PDF document: no inspection of this version reads it");
    let Recognition::Unsupported { close, .. } = &taken.evidence.artefacts[0].recognition else { panic!() };
    assert_eq!(close, &["Test configuration: its version is not 1"]);
    assert_eq!((taken.files, taken.bytes), (2, 17 + 8));
}

#[test]
fn archives_of_every_kind_are_opened() {
    let members: &[(&str, &[u8])] = &[("dir/a.conf", GOOD), ("b.txt", b"words\n")];
    let of = |kind: &str, name: &str| {
        format!("{name}: {kind} of 2\n{name}!/b.txt: unread ?\n{name}!/dir/a.conf: is test-config\n")
    };
    check("e.zip", zip(members), &of("zip", "e.zip"), &[]);
    check("e.tar", tar(members), &of("tar", "e.tar"), &[]);
    check("e.tar.gz", gzip(&tar(members)), &of("tar.gz", "e.tar.gz"), &[]);
    check("e.tgz", gzip(&tar(members)), &of("tar.gz", "e.tgz"), &[]);
    check("e.tar.xz", xz(&tar(members)), &of("tar.xz", "e.tar.xz"), &[]);
    check("e.tar.bz2", bzip2(&tar(members)), &of("tar.bz2", "e.tar.bz2"), &[]);
    check("e.tar.zst", zstd(&tar(members)), &of("tar.zst", "e.tar.zst"), &[]);
    check("e.7z", seven_z(members, None, false), &of("7z", "e.7z"), &[]);
    let one = |kind: &str, name: &str| format!("{name}: {kind} of 1\n{name}!/a.conf: is test-config\n");
    check("a.conf.gz", gzip(GOOD), &one("gzip", "a.conf.gz"), &[]);
    check("a.conf.xz", xz(GOOD), &one("xz", "a.conf.xz"), &[]);
    check("a.conf.bz2", bzip2(GOOD), &one("bzip2", "a.conf.bz2"), &[]);
    check("a.conf.zst", zstd(GOOD), &one("zstd", "a.conf.zst"), &[]);
    check(
        "twice.conf.gz",
        [gzip(GOOD), gzip(GOOD)].concat(),
        "twice.conf.gz: gzip of 1\ntwice.conf.gz!/twice.conf: is test-config\n",
        &[],
    );
    check("empty.zip", zip(&[]), "empty.zip: zip of 0\n", &[]);
    check("no-name", gzip(GOOD), "no-name: gzip of 1\nno-name!/no-name: is test-config\n", &[]);
}

#[test]
fn a_gzip_header_names_its_member() {
    let mut encoder = flate2::GzBuilder::new().filename("real.conf").write(Vec::new(), flate2::Compression::fast());
    encoder.write_all(GOOD).unwrap();
    check("x.gz", encoder.finish().unwrap(), "x.gz: gzip of 1\nx.gz!/real.conf: is test-config\n", &[]);
}

#[test]
fn archives_in_archives_are_opened_to_a_depth() {
    let inner = zip(&[("a.conf", GOOD)]);
    let middle = gzip(&tar(&[("in/inner.zip", &inner)]));
    check(
        "outer.zip",
        zip(&[("middle.tar.gz", &middle)]),
        "outer.zip: zip of 1\n\
         outer.zip!/middle.tar.gz: tar.gz of 1\n\
         outer.zip!/middle.tar.gz!/in/inner.zip: zip of 1\n\
         outer.zip!/middle.tar.gz!/in/inner.zip!/a.conf: is test-config\n",
        &[],
    );
    let mut bench = Bench::new().file("outer.zip", zip(&[("m.zip", &zip(&[("i.zip", &inner)]))]));
    bench.options.max_depth = 2;
    let taken = bench.run();
    assert_eq!(
        listing(&taken),
        "outer.zip: zip of 1\nouter.zip!/m.zip: zip of 1\nouter.zip!/m.zip!/i.zip: unread zip archive\n"
    );
    assert_eq!(reasons(&taken), ["nested-too-deep outer.zip!/m.zip!/i.zip"]);
}

#[test]
fn documents_and_programs_that_are_zip_files_stay_whole() {
    let cases: [(&str, &[&str], &str); 6] = [
        ("a.docx", &["[Content_Types].xml", "_rels/.rels", "word/document.xml"], "Word office document"),
        ("a.xlsx", &["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"], "Excel office document"),
        ("a.apk", &["META-INF/MANIFEST.MF", "AndroidManifest.xml", "classes.dex"], "Android application package"),
        ("a.ipa", &["Payload/Broker.app/Info.plist"], "iOS application package"),
        ("a.jar", &["META-INF/MANIFEST.MF", "tw/Broker.class"], "Java program or library"),
        ("a.war", &["META-INF/MANIFEST.MF", "WEB-INF/web.xml"], "Java web application"),
    ];
    for (name, members, title) in cases {
        let members: Vec<(&str, &[u8])> = members.iter().map(|member| (*member, &b"x"[..])).collect();
        check(name, zip(&members), &format!("{name}: unread {title}\n"), &[]);
    }
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("mimetype", stored).unwrap();
    writer.write_all(b"application/vnd.oasis.opendocument.text").unwrap();
    let odt = writer.finish().unwrap().into_inner();
    check("a.odt", &odt, "a.odt: unread OpenDocument office document\n", &[]);
    check("a.docx", zip(&[("x.txt", b"x")]), "a.docx: zip of 1\na.docx!/x.txt: unread ?\n", &["mislabelled a.docx"]);
}

#[test]
fn names_that_would_do_harm_are_only_shown() {
    let members: &[(&str, &[u8])] =
        &[("../../etc/passwd", b"a"), ("/etc/shadow", b"b"), ("./x//y", b"c"), ("x/y", b"d"), ("red\x1b[31m", b"e")];
    let shown = |archive: &str, kind: &str| {
        format!(
            "{archive}: {kind} of 5\n{archive}!/../../etc/passwd: unread ?\n{archive}!//etc/shadow: unread ?\n\
             {archive}!/red\\x1b[31m: unread ?\n{archive}!/x/y: unread ?\n{archive}!/x/y#2: unread ?\n"
        )
    };
    check("a.tar", tar(members), &shown("a.tar", "tar"), &[]);
    check("a.zip", zip(members), &shown("a.zip", "zip"), &[]);
    let long = "d/".repeat(90) + "long.conf";
    check("l.tar", tar(&[(&long, GOOD)]), &format!("l.tar: tar of 1\nl.tar!/{long}: is test-config\n"), &[]);
}

#[test]
fn names_in_big5_are_read_and_equal_names_kept_apart() {
    let (big5, _, _) = encoding_rs::BIG5.encode("設備.txt");
    let mut archive = zip(&[("12345678", b"one"), ("B/c\\d.txt", b"two"), ("e\\f.txt", b"three")]);
    let at: Vec<_> = archive.windows(8).enumerate().filter(|(_, w)| w == b"12345678").map(|(at, _)| at).collect();
    assert_eq!((at.len(), big5.len()), (2, 8));
    for at in at {
        archive[at..at + 8].copy_from_slice(&big5);
    }
    check(
        "w.zip",
        archive,
        "w.zip: zip of 3\nw.zip!/B/c\\d.txt: unread ?\nw.zip!/e/f.txt: unread ?\nw.zip!/設備.txt: unread ?\n",
        &[],
    );
    let mut archive = zip(&[("same1", b"one"), ("same2", b"two")]);
    let at: Vec<_> = archive.windows(5).enumerate().filter(|(_, w)| w == b"same2").map(|(at, _)| at).collect();
    for at in at {
        archive[at + 4] = b'1';
    }
    check("s.zip", archive, "s.zip: zip of 2\ns.zip!/same1: unread ?\ns.zip!/same1#2: unread ?\n", &[]);
}

#[test]
fn members_with_a_password_are_listed_and_the_others_taken_in() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let secret = SimpleFileOptions::default().with_aes_encryption(zip::AesMode::Aes256, "secret");
    writer.start_file("secret.conf", secret).unwrap();
    writer.write_all(GOOD).unwrap();
    writer.start_file("open.conf", SimpleFileOptions::default()).unwrap();
    writer.write_all(GOOD).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    check(
        "p.zip",
        bytes,
        "p.zip: zip of 1\np.zip!/open.conf: is test-config\np.zip!/secret.conf: broken\n",
        &["password-protected p.zip!/secret.conf"],
    );
    let members: &[(&str, &[u8])] = &[("a.conf", GOOD), ("b.conf", GOOD)];
    check(
        "p.7z",
        seven_z(members, Some("secret"), false),
        "p.7z: 7z of 0\np.7z!/a.conf: broken\np.7z!/b.conf: broken\n",
        &["password-protected p.7z!/a.conf", "password-protected p.7z!/b.conf"],
    );
    check("h.7z", seven_z(members, Some("secret"), true), "h.7z: broken\n", &["password-protected h.7z"]);
}

/// Text that does not compress to nothing, beginning like a configuration.
fn long_config() -> Vec<u8> {
    let mut text = GOOD.to_vec();
    let mut state = 1_u32;
    while text.len() < 300_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend_from_slice(format!("rule {state}\n").as_bytes());
    }
    text
}

#[test]
fn what_is_cut_is_kept_up_to_the_cut() {
    let long = long_config();
    let half = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
    for (name, packed) in [
        ("c.gz", gzip(&long)),
        ("c.xz", xz(&long)),
        ("c.zst", zstd(&long)),
        ("c.bz2", bzip2(&[long.clone(), long.clone(), long.clone(), long.clone()].concat())),
    ] {
        let taken = Bench::new().file(name, half(packed)).run();
        assert_eq!(reasons(&taken), [format!("truncated {name}!/c")], "{:#?}", taken.notes);
        assert!(note(&taken, "truncated").place.as_ref().unwrap().starts_with("byte "));
        assert!(listing(&taken).ends_with("!/c: is test-config\n"));
        assert!(taken.evidence.artefacts[1].size > 0 && taken.evidence.artefacts[1].size < 4 * long.len() as u64);
    }
    let members: &[(&str, &[u8])] = &[("a.conf", GOOD), ("b.conf", &long), ("c.conf", GOOD)];
    for (name, packed) in [("t.tar", half(tar(members))), ("t.tar.gz", half(gzip(&tar(members))))] {
        let taken = Bench::new().file(name, packed).run();
        assert_eq!(
            reasons(&taken),
            [format!("truncated {name}"), format!("truncated {name}!/b.conf")],
            "{:#?}",
            taken.notes
        );
        assert!(listing(&taken).contains(&format!("{name}!/a.conf: is test-config\n{name}!/b.conf: is test-config\n")));
    }
    let taken = Bench::new().file("t.zip", half(zip(members))).run();
    assert!(reasons(&taken).contains(&"truncated t.zip".to_owned()), "{:#?}", taken.notes);
    assert!(
        listing(&taken).contains("t.zip!/a.conf: is test-config\nt.zip!/b.conf: is test-config\n"),
        "{}",
        listing(&taken)
    );
    let whole = tar(members);
    check("m.tar", &whole[..1024], "m.tar: tar of 1\nm.tar!/a.conf: is test-config\n", &["truncated m.tar"]);
    let taken = Bench::new().file("t.7z", half(seven_z(members, None, false))).run();
    assert_eq!((listing(&taken).as_str(), reasons(&taken)), ("t.7z: broken\n", vec!["corrupt t.7z".to_owned()]));
}

#[test]
fn what_is_damaged_costs_no_more_than_itself() {
    let long = long_config();
    let mut archive = zip(&[("a.conf", &long), ("b.conf", GOOD)]);
    archive[20_000] ^= 0xff;
    let taken = Bench::new().file("d.zip", &archive).run();
    assert_eq!(reasons(&taken), ["corrupt d.zip!/a.conf"]);
    assert!(listing(&taken).ends_with("d.zip!/b.conf: is test-config\n"));

    let mut archive = tar(&[("a.conf", GOOD), ("b.conf", GOOD)]);
    archive[1024 + 100] ^= 1;
    check("d.tar", archive, "d.tar: tar of 1\nd.tar!/a.conf: is test-config\n", &["corrupt d.tar"]);

    let mut archive = seven_z(&[("a.conf", &long), ("b.conf", GOOD)], None, false);
    archive[5_000] ^= 0xff;
    let taken = Bench::new().file("d.7z", &archive).run();
    assert!(reasons(&taken).contains(&"corrupt d.7z".to_owned()), "{:#?}", taken.notes);
    assert_eq!(taken.evidence.artefacts.len(), 3, "both members are listed: {}", listing(&taken));
}

#[test]
fn two_tar_files_in_one_are_both_taken_in() {
    let both = [tar(&[("a.conf", GOOD)]), tar(&[("b.conf", GOOD)])].concat();
    check("b.tar", both, "b.tar: tar of 2\nb.tar!/a.conf: is test-config\nb.tar!/b.conf: is test-config\n", &[]);
}

#[test]
fn bombs_are_stopped_and_what_was_taken_before_is_kept() {
    let zeros = vec![0; 3 << 20];
    let bomb: &[(&str, &[u8])] = &[("a.conf", GOOD), ("zeros", &zeros)];
    for (name, packed) in [
        ("b.zip", zip(bomb)),
        ("b.tar.gz", gzip(&tar(bomb))),
        ("b.tar.xz", xz(&tar(bomb))),
        ("b.7z", seven_z(bomb, None, false)),
    ] {
        let mut bench = Bench::new().file(name, packed).file("after.conf", GOOD);
        bench.options.ratio_floor = 1 << 20;
        let taken = bench.run();
        let kind = name.split_once('.').unwrap().1;
        let expected = format!(
            "after.conf: is test-config\n{name}: {kind} of 1\n{name}!/a.conf: is test-config\n{name}!/zeros: broken\n"
        );
        assert_eq!(listing(&taken), expected, "{:#?}", taken.notes);
        assert_eq!(reasons(&taken), [format!("bomb {name}"), format!("bomb {name}!/zeros")]);
    }
    // The same inside an archive costs the inner archive only.
    let mut bench = Bench::new().file("o.tar", tar(&[("b.zip", &zip(bomb)), ("c.conf", &vec![b'x'; 1 << 20])]));
    bench.options.ratio_floor = 1 << 20;
    let taken = bench.run();
    assert!(listing(&taken).starts_with("o.tar: tar of 2\no.tar!/b.zip: zip of 1\n"), "{}", listing(&taken));
}

type Set = fn(&mut Options);

#[test]
fn every_cap_holds() {
    let many: Vec<(String, Vec<u8>)> = (0..20).map(|n| (format!("{n:02}"), vec![n; 1000])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    let cases: [(Set, usize, &str); 3] = [
        (|options| options.max_members = 10, 10, "more than 10 members"),
        (|options| options.max_member_bytes = 999, 0, "more than 999 bytes"),
        (|options| options.max_total_bytes = 5500, 5, "expands to more than 5500 bytes"),
    ];
    for (set, taken_in, text) in cases {
        for (name, packed) in [("m.tar", tar(&many)), ("m.7z", seven_z(&many, None, false)), ("m.zip", zip(&many))] {
            let mut bench = Bench::new().file(name, packed);
            set(&mut bench.options);
            let taken = bench.run();
            let whole =
                taken.evidence.artefacts.iter().filter(|artefact| artefact.member.is_some() && artefact.size > 0);
            // A list that says how many members there are is believed before any is read.
            let expected = if name != "m.tar" && text.contains("members") { 0 } else { taken_in };
            assert_eq!(whole.count(), expected, "{name} {text}");
            assert!(
                taken.notes.iter().any(|note| note.reason == "bomb" && note.text.contains(text)),
                "{:#?}",
                taken.notes
            );
        }
    }
}

#[test]
fn nested_bombs_are_stopped_by_what_they_come_to_together() {
    // Each level is far below the ratio; the levels together are not.
    let mut inner = zip(&[("zeros", &vec![0; 200_000])]);
    for _ in 0..3 {
        let copies: Vec<(String, &[u8])> = (0..12).map(|n| (format!("{n}.zip"), inner.as_slice())).collect();
        let copies: Vec<(&str, &[u8])> = copies.iter().map(|(name, content)| (name.as_str(), *content)).collect();
        inner = zip(&copies);
    }
    let mut bench = Bench::new().file("42.zip", &inner);
    bench.options.ratio_floor = 1 << 20;
    let taken = bench.run();
    assert!(note(&taken, "bomb").text.contains("taken for a bomb"));
    assert!(taken.evidence.artefacts.len() < 400, "{} of 1885 members", taken.evidence.artefacts.len());
}

#[test]
fn members_that_share_bytes_are_a_bomb() {
    let mut archive = zip(&[("one", b"content"), ("two", b"content")]);
    let list = archive.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let second = list + archive[list + 4..].windows(4).position(|window| window == b"PK\x01\x02").unwrap() + 4;
    // The second entry of the list points to the first member.
    archive[second + 42..second + 46].copy_from_slice(&[0; 4]);
    let taken = Bench::new().file("o.zip", archive).run();
    assert_eq!((listing(&taken).as_str(), reasons(&taken)), ("o.zip: broken\n", vec!["bomb o.zip".to_owned()]));
    assert!(note(&taken, "bomb").text.contains("one and two"));
}

#[test]
fn headers_and_sparse_files_of_tar_cannot_blow_up() {
    // A long name of 8 MiB, which a reader would hold in memory.
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(8 << 20);
    header.set_cksum();
    builder.append(&header, &vec![b'n'; 8 << 20][..]).unwrap();
    let taken = Bench::new().file("n.tar", builder.into_inner().unwrap()).run();
    assert_eq!((listing(&taken).as_str(), reasons(&taken)), ("n.tar: broken\n", vec!["bomb n.tar".to_owned()]));

    // A sparse file of 8 EiB of nothing.
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_size(0);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.name[..1].copy_from_slice(b"s");
    gnu.realsize = [0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    gnu.sparse[0].offset = gnu.realsize;
    gnu.sparse[0].numbytes = *b"00000000000\0";
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, &b""[..]).unwrap();
    let mut bench = Bench::new().file("s.tar", builder.into_inner().unwrap());
    bench.options.ratio_floor = 1 << 20;
    let taken = bench.run();
    assert!(reasons(&taken).contains(&"bomb s.tar".to_owned()), "{:#?}", taken.notes);
}

#[test]
fn links_in_archives_are_counted_not_followed() {
    let mut builder = tar::Builder::new(Vec::new());
    for n in 0..5 {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(if n == 0 { tar::EntryType::Link } else { tar::EntryType::Symlink });
        header.set_size(0);
        builder.append_link(&mut header, format!("l{n}"), "/etc/passwd").unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_size(GOOD.len() as u64);
    builder.append_data(&mut header, "a.conf", GOOD).unwrap();
    let taken = Bench::new().file("l.tar", builder.into_inner().unwrap()).run();
    assert_eq!(listing(&taken), "l.tar: tar of 1\nl.tar!/a.conf: is test-config\n");
    let link = note(&taken, "link");
    assert_eq!((link.count, link.text.contains("l0 → /etc/passwd")), (5, true));

    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("l", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    check("l.zip", bytes, "l.zip: zip of 0\n", &["link l.zip"]);
}

#[cfg(unix)]
#[test]
fn links_pipes_and_odd_names_on_disk() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let bench = Bench::new().file("dir/a.conf", GOOD);
    symlink("a.conf", bench.path("dir/inside")).unwrap();
    symlink("../dir", bench.path("dir/circle")).unwrap();
    symlink("/etc/hostname", bench.path("outside")).unwrap();
    symlink("nowhere", bench.path("broken")).unwrap();
    symlink("self", bench.path("self")).unwrap();
    fs::write(bench.path("").join(std::ffi::OsStr::from_bytes(b"big5-\xb3\x5d.conf")), GOOD).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(bench.path("pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(bench.path("socket")).unwrap();
    let taken = bench.run();
    assert_eq!(listing(&taken), "big5-\\xb3].conf: is test-config\ndir/a.conf: is test-config\n");
    let mut notes = reasons(&taken);
    notes.sort();
    assert_eq!(
        notes,
        [
            "link dir/inside",
            "link-broken broken",
            "link-broken self",
            "link-cycle dir/circle",
            "link-outside outside",
            "special-file pipe",
            "special-file socket"
        ]
    );
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_listed() {
    use std::os::unix::fs::PermissionsExt;

    let bench = Bench::new().file("locked.conf", GOOD).file("folder/a.conf", GOOD).file("open.conf", GOOD);
    for name in ["locked.conf", "folder"] {
        fs::set_permissions(bench.path(name), fs::Permissions::from_mode(0o0)).unwrap();
    }
    if fs::read(bench.path("locked.conf")).is_ok() {
        return; // The superuser may read everything.
    }
    let taken = bench.run();
    fs::set_permissions(bench.path("folder"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(listing(&taken), "locked.conf: broken\nopen.conf: is test-config\n");
    assert_eq!(reasons(&taken), ["unreadable folder", "unreadable locked.conf"]);
}

#[test]
fn several_roots_files_and_excluded_folders() {
    let mut bench = Bench::new()
        .file("one/a.conf", GOOD)
        .file("two/a.conf", GOOD)
        .file("two/out/report", b"x")
        .file("c.conf", GOOD);
    bench.options.exclude = vec![bench.path("two/out"), bench.path("not-there")];
    let taken = bench.run_on(&["one", "two", "c.conf", "two/a.conf", "one"]).unwrap();
    assert_eq!(listing(&taken), "c.conf: is test-config\none/a.conf: is test-config\ntwo/a.conf: is test-config\n");
    assert_eq!(reasons(&taken), ["given-twice ", "given-twice "]);
    let taken = bench.run_on(&["c.conf"]).unwrap();
    assert_eq!(listing(&taken), "c.conf: is test-config\n");
    assert!(matches!(bench.run_on(&["missing"]), Err(IntakeError::NotFound { .. })));
    assert_eq!(bench.run_on(&[]).unwrap().files, 0);
}

#[test]
fn a_vault_inside_the_evidence_is_not_evidence() {
    let bench = Bench::new().file("a.conf", GOOD);
    let vault = Vault::open_dir(bench.path("work/vault")).unwrap();
    for _ in 0..2 {
        let taken = intake(&[bench.path("")], FORMATS, &vault, &bench.options, &()).unwrap();
        assert_eq!(listing(&taken), "a.conf: is test-config\n");
    }
}

#[test]
fn the_result_does_not_depend_on_threads_or_on_what_the_vault_has() {
    let mut bench = Bench::new().file("bad.gz", b"\x1f\x8b\x08rest").file("same.conf", GOOD);
    for n in 0..40 {
        let content = format!("config version {}\n{}", n % 3, "x".repeat(n * 5000));
        let packed = zip(&[("in.conf", content.as_bytes()), ("x.gz", &gzip(content.as_bytes()))]);
        bench = bench.file(&format!("{n}.conf"), &content).file(&format!("d{n}/z.zip"), packed);
    }
    let mut results = Vec::new();
    for threads in [1, 2, 8, 0] {
        bench.options.threads = threads;
        for _ in 0..2 {
            let taken = bench.run();
            results.push((taken.evidence, taken.notes, taken.bytes, taken.files));
        }
        fs::remove_dir_all(bench.folder.path().join("vault")).unwrap();
    }
    assert!(results.iter().all(|result| *result == results[0]));
}

#[derive(Default)]
struct Watch {
    started: Mutex<Option<(u64, u64)>>,
    bytes: AtomicU64,
    stop_after: Option<u64>,
}

impl Progress for Watch {
    fn started(&self, files: u64, bytes: u64) {
        *self.started.lock().unwrap() = Some((files, bytes));
    }
    fn advanced(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
    fn cancelled(&self) -> bool {
        self.stop_after.is_some_and(|after| self.bytes.load(Ordering::Relaxed) >= after)
    }
}

#[test]
fn progress_is_told_and_a_cancel_is_obeyed() {
    let bench = Bench::new().file("a", vec![1; 3 << 20]).file("b.gz", gzip(&vec![2; 1 << 20]));
    let size = |name: &str| fs::metadata(bench.path(name)).unwrap().len();
    for _ in 0..2 {
        let watch = Watch::default();
        intake(&[bench.path("")], FORMATS, &bench.vault(), &bench.options, &watch).unwrap();
        assert_eq!(*watch.started.lock().unwrap(), Some((2, size("a") + size("b.gz"))));
        assert_eq!(watch.bytes.into_inner(), size("a") + size("b.gz"));
    }
    let watch = Watch { stop_after: Some(1 << 20), ..Watch::default() };
    let stopped = intake(&[bench.path("")], FORMATS, &bench.vault(), &bench.options, &watch);
    assert!(matches!(stopped, Err(IntakeError::Cancelled)));
}

#[test]
fn noise_of_every_kind_is_survived() {
    // Every archive with every one of its first bytes and a spread of later ones changed.
    let members: &[(&str, &[u8])] = &[("a.conf", GOOD), ("b", &[7; 700])];
    let mut bench = Bench::new();
    for (name, packed) in [
        ("zip", zip(members)),
        ("tar", tar(members)),
        ("tar.gz", gzip(&tar(members))),
        ("xz", xz(GOOD)),
        ("zst", zstd(GOOD)),
        ("bz2", bzip2(GOOD)),
        ("7z", seven_z(members, None, false)),
    ] {
        for at in (0..packed.len().min(160)).chain((160..packed.len()).step_by(37)) {
            let mut noisy = packed.clone();
            noisy[at] = noisy[at].wrapping_add(0x55);
            bench = bench.file(&format!("{name}/{at}.{name}"), noisy);
        }
    }
    let taken = bench.run();
    assert!(taken.notes.iter().all(|note| note.reason != "reader-crashed"), "{:#?}", taken.notes);
    let given: std::collections::BTreeSet<_> = taken.evidence.artefacts.iter().map(|artefact| &artefact.path).collect();
    assert_eq!(given.len() as u64, taken.files);
}

const DESCRIPTION: &str = r#"
firm = "Formosa Securities"
assessment = "2026"
intel = ["intel/*.txt"]

[[system]]
id = "trading"
name = "Order system"
category = 1
population = { LOCPOL = 120 }

[[system]]
id = "office"

[[evidence]]
path = "fw/**"
systems = ["trading"]
asset = "fw-1"
collected_at = 2026-10-03

[[evidence]]
path = "fw/*.zip"
systems = ["office"]
asset = "fw-2"
covers = ["2026-10-01T00:00:00+08:00", 2026-10-02T00:00:00+08:00]
kind = "FWLOG"

[[evidence]]
path = "odd.txt"
systems = ["office"]
format = "test-config"

[[evidence]]
path = "none/*"
"#;

#[test]
fn the_description_binds_the_evidence() {
    let bench = Bench::new()
        .file("assessment.toml", DESCRIPTION)
        .file("fw/a.conf", GOOD)
        .file("fw/logs.zip", zip(&[("x.log", b"words\n")]))
        .file("intel/list.txt", b"192.0.2.1\n")
        .file("odd.txt", b"words\n")
        .file("sub/assessment.toml", b"not = [ parsed");
    let taken = bench.run();
    assert!(taken.assessment.bound());
    assert_eq!(taken.assessment.systems[1].population["LOCPOL"], 120);
    assert_eq!(
        listing(&taken),
        "assessment.toml: assessment\nfw/a.conf: is test-config\nfw/logs.zip: zip of 1\nfw/logs.zip!/x.log: unread ?\n\
         intel/list.txt: is indicator-list\nodd.txt: is test-config\nsub/assessment.toml: unread ?\n"
    );
    let bindings: Vec<_> = taken
        .evidence
        .artefacts
        .iter()
        .map(|artefact| {
            let binding = &artefact.binding;
            let systems: Vec<_> = binding.systems.iter().map(|system| system.0.as_str()).collect();
            format!(
                "{} {} {} {:?}",
                artefact.display_path(),
                systems.join("+"),
                binding.asset.as_deref().unwrap_or("-"),
                binding.declared_kind.map(EvidenceKind::code)
            )
        })
        .collect();
    assert_eq!(
        bindings,
        [
            "assessment.toml unnamed - None",
            "fw/a.conf trading fw-1 None",
            "fw/logs.zip office+trading fw-2 Some(\"FWLOG\")",
            "fw/logs.zip!/x.log office+trading fw-2 Some(\"FWLOG\")",
            "intel/list.txt unnamed - Some(\"CTI\")",
            "odd.txt office - None",
            "sub/assessment.toml unnamed - None",
        ]
    );
    let log = &taken.evidence.artefacts[3].binding;
    assert_eq!(log.collected_at.as_deref(), Some("2026-10-03"));
    assert_eq!(log.covers.unwrap().end_us - log.covers.unwrap().start_us, 86_400_000_000);
    assert_eq!(
        reasons(&taken),
        ["pattern-unused assessment.toml", "unbound assessment.toml", "format-forced odd.txt"],
        "{:#?}",
        taken.notes
    );
    let intel: Vec<_> = taken.assessment.intel(&taken.evidence).iter().map(|artefact| artefact.path.as_str()).collect();
    assert_eq!(intel, ["intel/list.txt"]);
    let systems: Vec<_> =
        taken.assessment.systems_of(&taken.evidence).iter().map(|system| system.id.0.clone()).collect();
    assert_eq!(systems, ["office", "trading", "unnamed"]);
}

#[test]
fn without_a_description_everything_is_the_unnamed_systems() {
    let taken = Bench::new().file("a.conf", GOOD).run();
    assert!(!taken.assessment.bound());
    assert_eq!(taken.evidence.artefacts[0].binding.systems[0].0, "unnamed");
    let systems = taken.assessment.systems_of(&taken.evidence);
    assert_eq!((systems.len(), systems[0].id.0.as_str()), (1, "unnamed"));
}

#[test]
fn one_system_has_all_and_a_description_may_come_in_an_archive_or_beside_other_roots() {
    let one = "[[system]]\nid = 'only'\n[[evidence]]\npath = 'x/*'\nasset = 'a1'\n";
    let archive = zip(&[("assessment.toml", one.as_bytes()), ("x/a.conf", GOOD)]);
    let bench = Bench::new()
        .file("bundle.zip", archive)
        .file("r/assessment.toml", one)
        .file("r/x/b.conf", GOOD)
        .file("s/c", GOOD);
    for (names, at, path) in [(&["bundle.zip"][..], 2, "bundle.zip!/x/a.conf"), (&["r", "s"], 1, "r/x/b.conf")] {
        let taken = bench.run_on(names).unwrap();
        let artefact = &taken.evidence.artefacts[at];
        assert_eq!(artefact.display_path(), path);
        assert_eq!((artefact.binding.asset.as_deref(), artefact.binding.systems[0].0.as_str()), (Some("a1"), "only"));
        assert_eq!(taken.evidence.artefacts[at - 1].recognition, Recognition::Assessment);
    }
    assert!(matches!(bench.run_on(&["r", "bundle.zip"]), Err(IntakeError::TwoAssessments { .. })));
}

#[test]
fn mistakes_in_the_description_are_shown_where_they_are() {
    let cases = [
        ("firm = \"x\"\nfrim = 1\n", "assessment.toml:2:1: unknown field `frim`"),
        ("firm = [\n", "assessment.toml:"),
        ("[[system]]\nid = \"a\"\ncategory = 4\n", "assessment.toml:3:12: a category is 1, 2 or 3"),
        ("[[system]]\nid = \"a\"\n[[system]]\nid = \"a\"\n", "assessment.toml:4:6: the system `a` is declared twice"),
        ("[[system]]\nid = \"unnamed\"\n", "assessment.toml:2:6: `unnamed` cannot be the id"),
        ("[[system]]\nid = \"a\"\npopulation = { XYZ = 1 }\n", "assessment.toml:3:16: unknown variant `XYZ`"),
        (
            "[[system]]\nid = \"a\"\n[[evidence]]\npath = \"é\"\nsystems = [\"a\", \"b\"]\n",
            "assessment.toml:5:17: the system `b` is not declared (declared: a)",
        ),
        ("[[evidence]]\npath = \"x\"\nkind = \"NOPE\"\n", "assessment.toml:3:8: unknown variant `NOPE`"),
        (
            "[[evidence]]\npath = \"x\"\ncovers = [\"2026-10-01\", \"2026-10-02\"]\n",
            "assessment.toml:3:11: `2026-10-01` is not a moment",
        ),
        (
            "[[evidence]]\npath = \"x\"\ncovers = [2026-10-02T00:00:00Z, 2026-10-01T00:00:00Z]\n",
            "assessment.toml:3:33: the period ends before it begins",
        ),
        (
            "[[attestation]]\nitem = \"SEC-1\"\nid = \"a\"\nstatement = \"s\"\nby = \" \"\ndate = 2026-10-05\n",
            "assessment.toml:5:6: a statement needs the name",
        ),
        (
            "[[not_applicable]]\nitem = \"SEC-1\"\nreason = \"s\"\nby = \"M\"\ndate = \"5 October\"\n",
            "assessment.toml:5:8: `5 October` is not a date",
        ),
    ];
    for (text, expected) in cases {
        let error = Bench::new().file("assessment.toml", text).run_on(&[""]).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn the_example_of_the_documentation_is_right() {
    let source = include_str!("../src/lib.rs");
    let example: String = source
        .lines()
        .skip_while(|line| *line != "//! ```toml")
        .skip(1)
        .take_while(|line| *line != "//! ```")
        .map(|line| line.trim_start_matches("//!").trim_start())
        .collect::<Vec<_>>()
        .join("\n");
    let parsed = secdiag_evidence::Assessment::parse(&example, "assessment.toml").unwrap();
    assert_eq!((parsed.systems.len(), parsed.attestations.len(), parsed.not_applicable.len()), (1, 1, 1));
    assert_eq!(parsed.attestations[0].date.to_string(), "2026-10-05");
    let schema = serde_json::to_value(secdiag_evidence::assessment_schema()).unwrap();
    for word in
        ["firm", "assessment", "regime", "thresholds", "intel", "system", "evidence", "attestation", "not_applicable"]
    {
        assert!(schema["properties"][word].is_object(), "{word}");
    }
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn paths_are_under_one_root_only(/* the vault holds digests, nothing else */) {
    let bench = Bench::new().file("h.tar", tar(&[("../../escaped", b"x"), ("/tmp/secdiag-escaped", b"x")]));
    bench.run();
    assert!(!bench.folder.path().join("escaped").exists() && !Path::new("/tmp/secdiag-escaped").exists());
}
