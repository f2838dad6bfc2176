//! Archives, and what else lies in a folder that a firm hands in: documents that nothing reads, a log cut in transfer.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use crate::Book;
use crate::random::Random;

pub(crate) fn write(seed: u64, book: &mut Book) {
    if book.edition.systems.len() < 3 {
        return;
    }
    let mut random = Random::new(seed, "desktop");
    let (edition, month) = (book.edition, book.edition.month());
    let review = format!("documents/access-review-{}.docx", edition.year);
    let (ids, proxy) = (format!("logs/ids-{month}.log"), format!("proxy-{month}.log"));
    book.file("documents/network-diagram.png", png(&mut random));
    book.unreadable("documents/network-diagram.png", "unsupported", "a picture: give the drawing itself");
    book.file(&review, docx(edition.year, &mut random));
    book.unreadable(&review, "unsupported", "a text for people");
    book.file(&ids, "");
    book.unreadable(&ids, "broken", "empty: the export failed");
    let log = gzip(&proxy_log(edition.morning(), &mut random));
    book.file(&format!("logs/{proxy}.gz"), &log[..log.len() * 3 / 5]);
    book.damaged(&format!("logs/{proxy}.gz"), &proxy, "cut in transfer: the last two fifths are missing");
}

/// Writing to memory cannot fail; should it ever, the file is shorter and the tests notice.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::GzBuilder::new().mtime(0).write(Vec::new(), flate2::Compression::best());
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

pub(crate) fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        let _ = builder.append_data(&mut header, path, bytes.as_slice());
    }
    builder.into_inner().unwrap_or_default()
}

pub(crate) fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (path, bytes) in files {
        if writer.start_file(path.as_str(), options).is_ok() {
            let _ = writer.write_all(bytes);
        }
    }
    writer.finish().map(Cursor::into_inner).unwrap_or_default()
}

/// ISO/IEC 15948: a small grey picture.
fn png(random: &mut Random) -> Vec<u8> {
    const SIDE: u8 = 64;
    let mut rows = Vec::new();
    for _ in 0..SIDE {
        rows.push(0);
        rows.extend((0..SIDE).map(|_| random.byte()));
    }
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let _ = encoder.write_all(&rows);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8; 4], body: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(body);
        file.extend(u32::try_from(body.len()).unwrap_or(0).to_be_bytes());
        file.extend(kind);
        file.extend(body);
        file.extend(crc.sum().to_be_bytes());
    };
    chunk(b"IHDR", &[0, 0, 0, SIDE, 0, 0, 0, SIDE, 8, 0, 0, 0, 0]);
    chunk(b"IDAT", &encoder.finish().unwrap_or_default());
    chunk(b"IEND", &[]);
    file
}

/// ECMA-376: the least that is a document.
fn docx(year: i16, random: &mut Random) -> Vec<u8> {
    const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#;
    let text = format!("帳號權限覆核紀錄 {year} 年上半年，共覆核 {} 個帳號。", random.range(180, 260));
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"#
    );
    zip(&[("[Content_Types].xml".to_owned(), TYPES.into()), ("word/document.xml".to_owned(), body.into())])
}

fn proxy_log(mut time: u64, random: &mut Random) -> Vec<u8> {
    let mut log = String::new();
    for _ in 0..2_000 {
        time += random.range(1, 90);
        let _ = writeln!(
            log,
            "{time}.{:03} {:>6} 10.20.1.{} TCP_MISS/200 {} GET http://www{}.market.example/ - HIER_DIRECT/192.0.2.{} text/html",
            random.range(0, 1_000),
            random.range(4, 900),
            random.range(20, 60),
            random.range(400, 90_000),
            random.range(1, 9),
            random.range(10, 40),
        );
    }
    log.into_bytes()
}
