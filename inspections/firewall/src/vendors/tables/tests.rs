//! Tables of rules as people keep them, and what they must become.

use super::profile::Profile;
use super::{VENDOR, parse, parse_with, parse_workbook};
use crate::policy::{Action, Log};
use crate::vendors::Parsed;
use secdiag_model::{Head, Match};

fn rules(parsed: &Parsed) -> &[crate::policy::Rule] {
    &parsed.policies[0].chains[0].rules
}

const CHINESE: &str = "\u{feff}防火牆規則清冊,,,,,,,,,,\r\n列印日期：2026/11/01,,,,,,,,,,\r\n\
序號,來源介面,目的介面,來源,目的,服務,動作,啟用,紀錄,命中次數,備註\r\n\
1,WAN,DMZ,任意,10.1.0.9,\"TCP/443\n80/tcp\",允許,是,是,\"1,234\",網站\r\n\
2,LAN,WAN,10.0.0.0/8、192.168.0.1-20,any,\"http; https, dns\",允許,啟用,否,0,上網\r\n\
3,LAN,DMZ,web主機(10.0.0.5),10.1.0.0 255.255.255.0,遠端桌面,拒絕,停用,,,\r\n\
,,,,,,,,,,\r\n內部規則,,,,,,,,,,\r\n\
4,LAN,LAN,HR-group,10.0.0.300,443,也許,未知,是,many,\r\n";

#[test]
fn a_chinese_table_is_read_behind_its_title() {
    let parsed = parse(CHINESE);
    let all = rules(&parsed);
    assert_eq!(all.len(), 4);
    assert_eq!((all[0].src.lower.describe(9), all[0].dst.lower.describe(9)), ("any".into(), "10.1.0.9".into()));
    assert_eq!(all[0].services.lower[0].to_string(), "tcp/80, 443");
    assert_eq!(
        (all[0].log, all[0].hits, all[0].name.as_deref(), all[0].id.as_str()),
        (Log::Yes, Some(1234), Some("網站"), "1")
    );
    assert_eq!(all[0].in_ifs.names, ["WAN"]);
    assert_eq!(all[1].src.lower.describe(9), "10.0.0.0/8, 192.168.0.1-192.168.0.20");
    assert_eq!((all[1].services.lower.len(), all[1].log), (2, Log::No));
    assert_eq!(
        (all[2].enabled, &all[2].action, all[2].dst.lower.describe(9)),
        (false, &Action::Deny, "10.1.0.0/24".into())
    );
    assert_eq!((all[2].src.names.as_slice(), all[2].line_from), (["web主機".to_owned()].as_slice(), 7));
    // What is wrong in a cell is told with its row and column, and the rule stays.
    assert_eq!((&all[3].action, all[3].enabled), (&Action::Deny, true));
    let told: Vec<&str> =
        parsed.notes.iter().filter(|note| note.reason == "cell").filter_map(|note| note.place.as_deref()).collect();
    assert_eq!(
        told,
        [
            "row 10, column G (動作)",
            "row 10, column H (啟用)",
            "row 10, column J (命中次數)",
            "row 10, column E (目的)"
        ]
    );
    assert!(parsed.notes.iter().any(|note| note.reason == "unknown-name" && note.text.contains("HR-group")));
    assert_eq!(all[3].services.unknown, ["443 (TCP or UDP)"]);
}

#[test]
fn tables_are_told_from_logs() {
    let sniff = |text: &str| (VENDOR.format.sniff)(&Head::new(text.as_bytes(), "x.csv", text.len() as u64));
    assert_eq!(sniff(CHINESE), Match::Yes(55));
    assert_eq!(sniff("id;source;destination;service;action\n1;any;any;any;deny\n"), Match::Yes(55));
    assert_eq!(sniff("Receive Time,Source address,Destination address,Rule,Protocol,Action\n"), Match::No);
    assert_eq!(
        sniff("src,dst,proto,action\n"),
        Match::Close(
            "a table with sources and destinations: a column of its own must say the action of each rule, and one more its number, name or state"
        )
    );
    let packets =
        "id,in_iface,out_iface,src,dst,proto,sport,dport,verdict\n1,eth0,,192.0.2.1,192.0.2.2,tcp,1,22,blocked\n";
    assert!(!matches!(sniff(packets), Match::Yes(_)), "packets and what became of them are no rules");
    assert_eq!(sniff("a,b\n1,2\n"), Match::No);
}

#[test]
fn a_profile_names_columns() {
    let (profile, wrong) = Profile::read(
        "secdiag = \"firewall-columns\"\ndefault = \"permit\"\n[columns]\nsource = \"From host\"\ndestination = \"To host\"\nservice = \"App port\"\naction = \"Decision\"\n[actions]\nGo = \"permit\"\n",
    );
    assert_eq!(wrong, Vec::<String>::new());
    let parsed = parse_with("From host,To host,App port,Decision\n10.0.0.1,any,tcp 22,go\n", &[profile]);
    let all = rules(&parsed);
    assert_eq!((&all[0].action, all[0].services.describe()), (&Action::Permit, "tcp 22 (tcp/22)".into()));
    assert_eq!(parsed.policies[0].chains[0].default.action, Action::Permit);
    assert!(!Profile::read("[columns]\nsource = 3\n").1.is_empty());
}

#[test]
fn protocols_and_ports_may_have_columns_of_their_own() {
    let parsed = parse(
        "Name\tDevice\tSource\tDestination\tProtocol\tSource Port\tDestination Port\tAction\tExpiry\tUser\n\
         a\tfw1\tany\t10.0.0.1\tTCP,UDP\tany\t53\tallow\t115/10/05\tany\n\
         b\tfw2\tany\t10.0.0.1\tudp\t123\t123\tallow\tnever\tbob\n",
    );
    assert_eq!(parsed.policies.len(), 2);
    let (a, b) = (&parsed.policies[0].chains[0].rules[0], &parsed.policies[1].chains[0].rules[0]);
    assert_eq!(a.services.lower.len(), 2);
    assert_eq!(a.schedule.as_ref().unwrap().ends, Some(jiff::civil::date(2026, 10, 5)));
    assert_eq!(
        (b.services.lower[0].to_string(), b.unknown[0].text.as_str()),
        ("udp/123 from port 123".into(), "User bob")
    );
    assert_eq!(parsed.policies[1].device, "fw2");
}

#[test]
fn workbooks_are_read_sheet_by_sheet() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().set_name("說明").unwrap().write_string(0, 0, "清冊").unwrap();
    let sheet = workbook.add_worksheet();
    sheet.set_name("規則").unwrap();
    for (at, name) in ["編號", "來源", "目的", "服務", "動作"].into_iter().enumerate() {
        sheet.write_string(2, u16::try_from(at).unwrap(), name).unwrap();
    }
    for (at, text) in ["1", "10.0.0.0/8", "任意", "全部", "允許"].into_iter().enumerate() {
        sheet.write_string(4, u16::try_from(at).unwrap(), text).unwrap();
    }
    let bytes = workbook.save_to_buffer().unwrap();
    let parsed = parse_workbook(&bytes, &[]);
    let all = rules(&parsed);
    assert_eq!((all.len(), all[0].line_from, all[0].services.is_any()), (1, 5, true));
    assert_eq!(parsed.policies[0].chains[0].name, "規則");
    let head = Head::new(&bytes, "x.xlsx", bytes.len() as u64);
    assert_eq!((super::WORKBOOK.format.sniff)(&head), Match::Yes(55));
    assert!(parse_workbook(b"PK\x03\x04", &[]).policies.is_empty());
}
