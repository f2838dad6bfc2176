//! Rows in, SQL out: the lake through its public face.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use secdiag_lake::{Lake, LakeError, PartWriter, TableParts};
use secdiag_model::table::Time;
use secdiag_model::{Dns, Record, Sha256};
use serde_json::json;

fn dns(n: u16, query: &str) -> Dns {
    Dns {
        ts: Time(i64::from(n)),
        src_ip: "10.0.0.1".parse::<IpAddr>().unwrap(),
        src_port: Some(n),
        dst_ip: "2001:db8::1".parse().unwrap(),
        dst_port: None,
        proto: "udp".to_owned(),
        trans_id: n,
        query: Some(query.to_owned()),
        qtype: None,
        rcode: None,
        aa: Some(true),
        tc: None,
        answers: vec!["192.0.2.1".to_owned(), String::new()],
        rtt_us: None,
        multicast: false,
    }
}

fn part(folder: &Path, name: &str, rows: &[Dns]) -> PathBuf {
    let path = folder.join(name).with_extension("parquet");
    let mut writer = PartWriter::create(&path, Dns::TABLE).unwrap();
    for (n, row) in rows.iter().enumerate() {
        writer.push(Sha256::of(name.as_bytes()), n as u64, &|each| row.values(each)).unwrap();
    }
    writer.finish().unwrap();
    path
}

fn ask(folder: &Path, parts: &[PathBuf], sql: &str) -> Result<Vec<serde_json::Value>, LakeError> {
    let lake = Lake::new(2, 64 << 20, folder).unwrap();
    lake.query(&[TableParts { table: Dns::TABLE, parts }], sql, &|| false)
}

#[test]
fn rows_come_back_as_they_went_in_whatever_the_batch() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<Dns> = (0..20_000).map(|n| dns(n, "a.example")).collect();
    let parts = [part(folder.path(), "one", &rows[..9_000]), part(folder.path(), "two", &rows[9_000..])];
    let answer = ask(folder.path(), &parts, "SELECT count(*) AS n, sum(trans_id) AS s FROM dns").unwrap();
    assert_eq!(answer, [json!({"n": 20_000, "s": (0..20_000_u64).sum::<u64>()})]);
    let first = ask(folder.path(), &parts, "SELECT * FROM dns ORDER BY ts LIMIT 1").unwrap();
    assert_eq!(first[0]["src_ip"], "10.0.0.1");
    assert_eq!(first[0]["dst_ip"], "2001:db8::1");
    assert_eq!(first[0]["answers"], json!(["192.0.2.1", ""]));
    assert_eq!(
        (&first[0]["dst_port"], &first[0]["aa"], &first[0]["_locator"]),
        (&json!(null), &json!(true), &json!(0))
    );
    assert_eq!(first[0]["_evidence"], Sha256::of(b"one").to_string());
}

#[test]
fn a_table_without_parts_is_empty_and_not_missing() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(ask(folder.path(), &[], "SELECT query FROM dns ORDER BY ts").unwrap(), Vec::<serde_json::Value>::new());
}

#[test]
fn the_project_s_functions_answer() {
    let folder = tempfile::tempdir().unwrap();
    let parts = [part(folder.path(), "one", &[dns(1, "a.b.example")])];
    let sql = "SELECT domain_suffixes(query) AS names, ip_text(ip_prefix(src_ip, 104)) AS v4, ip_text(ip_prefix(dst_ip, 16)) AS v6, ip_text(ip_prefix(dst_ip, 0)) AS none FROM dns";
    let answer = ask(folder.path(), &parts, sql).unwrap();
    assert_eq!(
        answer,
        [json!({"names": ["a.b.example", "b.example", "example"], "v4": "10.0.0.0", "v6": "2001::", "none": "::"})]
    );
}

#[test]
fn wrong_sql_and_a_cancel_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(ask(folder.path(), &[], "SELECT nothing FROM dns"), Err(LakeError::Query(_))));
    let lake = Lake::new(1, 64 << 20, folder.path()).unwrap();
    let parts = [part(folder.path(), "one", &[dns(1, "a.example")])];
    let cancelled =
        lake.query(&[TableParts { table: Dns::TABLE, parts: &parts }], "SELECT query FROM dns ORDER BY ts", &|| true);
    assert!(matches!(cancelled, Err(LakeError::Cancelled)));
}
