//! Community ID version 1 (<https://github.com/corelight/community-id-spec>): the key that other tools give the same
//! conversation.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Digest;

use crate::decode::proto;

/// The identifier of a five-tuple. For ICMP the ports are type and code.
pub(crate) fn community_id(src: IpAddr, src_port: u16, dst: IpAddr, dst_port: u16, proto: u8) -> String {
    let (src_port, dst_port, one_way) = match icmp_counterpart(proto, src_port) {
        Some(counterpart) => (src_port, counterpart, false),
        None => (src_port, dst_port, matches!(proto, proto::ICMP | proto::ICMP6)),
    };
    let (a, b) = ((octets(src), src_port), (octets(dst), dst_port));
    let ((a, a_port), (b, b_port)) = if one_way || a < b { (a, b) } else { (b, a) };
    let mut input = vec![0, 0];
    input.extend(a);
    input.extend(b);
    input.extend([proto, 0]);
    if matches!(proto, proto::ICMP | proto::TCP | proto::UDP | proto::ICMP6 | proto::SCTP) {
        input.extend(a_port.to_be_bytes());
        input.extend(b_port.to_be_bytes());
    }
    format!("1:{}", STANDARD.encode(sha1::Sha1::digest(&input)))
}

/// The ICMP type that answers this one, for those that come in pairs.
pub(crate) fn icmp_counterpart(proto: u8, kind: u16) -> Option<u16> {
    let pairs: &[(u16, u16)] = match proto {
        proto::ICMP => &[(8, 0), (13, 14), (15, 16), (10, 9), (17, 18)],
        proto::ICMP6 => &[(128, 129), (133, 134), (135, 136), (130, 131), (139, 140), (144, 145)],
        _ => &[],
    };
    pairs.iter().find_map(|(ask, answer)| match kind {
        kind if kind == *ask => Some(*answer),
        kind if kind == *answer => Some(*ask),
        _ => None,
    })
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_specification_s_baseline() {
        let id = |src: &str, src_port, dst: &str, dst_port, proto| {
            community_id(src.parse().unwrap(), src_port, dst.parse().unwrap(), dst_port, proto)
        };
        let tcp = "1:LQU9qZlK+B5F3KDmev6m5PMibrg=";
        assert_eq!(id("128.232.110.120", 34855, "66.35.250.204", 80, 6), tcp);
        assert_eq!(id("66.35.250.204", 80, "128.232.110.120", 34855, 6), tcp);
        assert_eq!(id("192.168.1.52", 54585, "8.8.8.8", 53, 17), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
        assert_eq!(id("192.168.0.89", 8, "192.168.0.1", 0, 1), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
        assert_eq!(id("192.168.0.1", 0, "192.168.0.89", 0, 1), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
    }
}
