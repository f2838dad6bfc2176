//! Application protocols told by their first payload: a small set, each by what only it says. Never by a port.

const HTTP_METHODS: [&[u8]; 15] = [
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"PUT ",
    b"DELETE ",
    b"OPTIONS ",
    b"CONNECT ",
    b"TRACE ",
    b"PATCH ",
    b"PROPFIND ",
    b"SEARCH ",
    b"REPORT ",
    b"MKCOL ",
    b"M-SEARCH ",
    b"NOTIFY ",
];

/// The protocol that a TCP conversation's first payload of one side shows. `opener` says whose it is.
pub(crate) fn of_stream(payload: &[u8], opener: bool) -> Option<&'static str> {
    match payload {
        // A TLS record with a handshake of a client (1) or server (2): RFC 8446 §5.1.
        [0x16, 3, 0..=4, _, _, 1 | 2, ..] => Some("tls"),
        [b'S', b'S', b'H', b'-', b'1' | b'2', b'.', ..] => Some("ssh"),
        // NetBIOS session message with SMB 1, 2 or an encrypted SMB 3 header: MS-SMB2 §2.1.
        [0, _, _, _, 0xfd..=0xff, b'S', b'M', b'B', ..] => Some("smb"),
        // TPKT with an X.224 connection request or confirm of RDP: MS-RDPBCGR §2.2.1.1.
        [3, 0, _, _, _, 0xe0, _, _, _, _, _, rest @ ..] if opener && rdp_request(rest) => Some("rdp"),
        [3, 0, 0, 19, 14, 0xd0, _, _, _, _, _, 2 | 3, _, 8, 0, ..] if !opener => Some("rdp"),
        _ if is_http(payload) => Some("http"),
        _ => of_lines(payload, opener),
    }
}

/// The protocol that a datagram shows by itself.
pub(crate) fn of_datagram(payload: &[u8]) -> Option<&'static str> {
    match payload {
        // QUIC long header, fixed bit, version 1 or 2, lengths of connection ids: RFC 9000 §17.2, RFC 9369.
        [first, 0, 0, 0, 1, 0..=20, ..] | [first, 0x6b, 0x33, 0x43, 0xcf, 0..=20, ..]
            if first & 0xc0 == 0xc0 && payload.len() >= 1000 =>
        {
            Some("quic")
        }
        [1 | 2, ..] if payload.get(236..240) == Some(&[0x63, 0x82, 0x53, 0x63]) => Some("dhcp"),
        [0..=0x3f, _, _, _, 0x21, 0x12, 0xa4, 0x42, ..] if payload.len() >= 20 => Some("stun"),
        _ if payload.starts_with(b"M-SEARCH * HTTP/1.1\r\n") || payload.starts_with(b"NOTIFY * HTTP/1.1\r\n") => {
            Some("ssdp")
        }
        _ => None,
    }
}

fn rdp_request(rest: &[u8]) -> bool {
    rest.starts_with(b"Cookie: msts") || matches!(rest, [1, _, 8, 0, ..])
}

fn is_http(payload: &[u8]) -> bool {
    if payload.starts_with(b"HTTP/1.") {
        return true;
    }
    if !HTTP_METHODS.iter().any(|method| payload.starts_with(method)) {
        return false;
    }
    let line = payload.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let complete = line.len() < payload.len();
    // A long request line may end in the next segment.
    !complete && payload.len() > 256 || line.windows(8).any(|window| window.starts_with(b" HTTP/1."))
}

fn of_lines(payload: &[u8], opener: bool) -> Option<&'static str> {
    let line = payload.split(|byte| *byte == b'\r' || *byte == b'\n').next().unwrap_or_default();
    let line = line.get(..line.len().min(256)).unwrap_or_default().to_ascii_uppercase();
    if line.len() == payload.len() && payload.len() < 1000 && !line.starts_with(b"220") {
        return None;
    }
    let starts = |word: &[u8]| line.starts_with(word);
    let has = |word: &[u8]| line.windows(word.len()).any(|window| window == word);
    if opener {
        if starts(b"EHLO ") || starts(b"HELO ") {
            return Some("smtp");
        }
        if starts(b"NICK ") || starts(b"CAP LS") {
            return Some("irc");
        }
        return (starts(b"AUTH TLS") || starts(b"FEAT")).then_some("ftp");
    }
    if starts(b"220 ") || starts(b"220-") {
        if has(b"SMTP") {
            return Some("smtp");
        }
        return has(b"FTP").then_some("ftp");
    }
    if starts(b"* OK ") && has(b"IMAP") {
        return Some("imap");
    }
    if starts(b"+OK ") && (has(b"POP") || has(b"<")) {
        return Some("pop3");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_by_its_own_words() {
        let cases: &[(&[u8], bool, Option<&str>)] = &[
            (b"\x16\x03\x01\x02\x00\x01\x00", true, Some("tls")),
            (b"SSH-2.0-x\r\n", false, Some("ssh")),
            (b"\0\0\0\x85\xffSMBr", true, Some("smb")),
            (b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0", true, Some("rdp")),
            (b"GET / HTTP/1.1\r\n", true, Some("http")),
            (b"GET the milk\r\n", true, None),
            (b"220 mail ESMTP\r\n", false, Some("smtp")),
            (b"220 (vsFTPd 3.0.3)\r\n", false, Some("ftp")),
            (b"220 welcome\r\n", false, None),
            (b"EHLO x\r\n", true, Some("smtp")),
            (b"", true, None),
        ];
        for (payload, opener, service) in cases {
            assert_eq!(of_stream(payload, *opener), *service, "{payload:?}");
        }
    }
}
