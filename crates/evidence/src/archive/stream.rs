//! gzip (RFC 1952), Zstandard (RFC 8878), xz and bzip2: one stream each, which may hold a tar file.

use std::io::{self, BufReader, Cursor, Read};

use secdiag_model::Head;

use super::{Counted, DECODER_MEMORY, Kind, Level, tar, words};
use crate::names::shown;
use crate::take::{Halt, Taking};

pub(super) fn expand(taking: &mut Taking<'_>, level: &mut Level, kind: Kind, file: Counted) -> Result<(), Halt> {
    let file = BufReader::with_capacity(64 * 1024, file);
    let mut name = None;
    let decoder: io::Result<Box<dyn Read>> = match kind {
        Kind::Gzip => {
            let decoder = flate2::bufread::MultiGzDecoder::new(file);
            name = decoder.header().and_then(|header| header.filename()).map(shown).filter(|name| !name.is_empty());
            Ok(Box::new(decoder))
        }
        Kind::Zstd => zstd::Decoder::with_buffer(file).map(|decoder| Box::new(decoder) as Box<dyn Read>),
        Kind::Xz => {
            let flags = liblzma::stream::CONCATENATED;
            liblzma::stream::Stream::new_stream_decoder(DECODER_MEMORY, flags)
                .map_err(io::Error::from)
                .map(|stream| Box::new(liblzma::bufread::XzDecoder::new_stream(file, stream)) as Box<dyn Read>)
        }
        _ => Ok(Box::new(bzip2::bufread::MultiBzDecoder::new(file))),
    };
    let decoder = match decoder {
        Ok(decoder) => decoder,
        Err(error) => {
            level.trouble("corrupt", format!("it cannot be decompressed: {}", words(&error)));
            return Ok(());
        }
    };
    let mut peeked = Peeked::new(decoder);
    if tar::is_header(peeked.head.get_ref()) {
        let short = match kind {
            Kind::Gzip => "gz",
            Kind::Zstd => "zst",
            Kind::Xz => "xz",
            _ => "bz2",
        };
        level.format = format!("tar.{short}");
        return tar::expand(taking, level, &mut peeked);
    }
    let name = name.unwrap_or_else(|| inner_name(&level.name));
    taking.member(level, &name, &mut peeked, None).map(|_| ())
}

/// The name that a compressed file had: its own without the suffix.
fn inner_name(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    for (suffix, becomes) in [
        (".tgz", ".tar"),
        (".tbz2", ".tar"),
        (".tbz", ".tar"),
        (".txz", ".tar"),
        (".tzst", ".tar"),
        (".gz", ""),
        (".bz2", ""),
        (".xz", ""),
        (".zstd", ""),
        (".zst", ""),
    ] {
        if lower.len() > suffix.len() && lower.ends_with(suffix) {
            return format!("{}{becomes}", &name[..name.len() - suffix.len()]);
        }
    }
    name.to_owned()
}

/// A stream whose first bytes are known. An error among them comes after them, where it belongs.
struct Peeked {
    head: Cursor<Vec<u8>>,
    error: Option<io::Error>,
    rest: Box<dyn Read>,
}

impl Peeked {
    fn new(mut rest: Box<dyn Read>) -> Self {
        let mut head = Vec::new();
        let error = (&mut rest).take(Head::LEN as u64).read_to_end(&mut head).err();
        Self { head: Cursor::new(head), error, rest }
    }
}

impl Read for Peeked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.head.read(buffer)?;
        if n > 0 || buffer.is_empty() {
            return Ok(n);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.rest.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_suffix() {
        for (name, inner) in [
            ("a.log.gz", "a.log"),
            ("A.TGZ", "A.tar"),
            ("x.zst", "x"),
            (".gz", ".gz"),
            ("plain", "plain"),
            ("主機.xz", "主機"),
        ] {
            assert_eq!(inner_name(name), inner);
        }
    }
}
