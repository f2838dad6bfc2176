//! A real server: medallion from PyPI, started here on loopback and gone afterwards. Needs `SECDIAG_DATA` (its content)
//! and Python with `venv`.
#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use secdiag_taxii::{Collection, Cursor, Http, Login, Page, TaxiiError, collections, poll};
use serde_json::{Value as Json, json};

/// Stops the server whatever becomes of the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; Python 3 with venv is needed"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An environment with the server in it, kept between runs beside what cargo builds.
fn python() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("medallion-3.0.0");
    let python = place.join("bin/python");
    if !place.join("ready").exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "medallion==3.0.0"]));
        std::fs::write(place.join("ready"), "").unwrap();
    }
    python
}

fn content() -> PathBuf {
    Path::new(&std::env::var_os("SECDIAG_DATA").expect("SECDIAG_DATA names the evidence folder"))
        .join("platform/threatintel/taxii/taxii21_server_default_data.json")
}

fn start(place: &Path, port: u16) -> Server {
    let config = place.join("config.json");
    let text = json!({
        "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend", "filename": content()},
        "users": {"admin": "Password0"},
        "taxii": {"max_page_size": 2},
    });
    std::fs::write(&config, text.to_string()).unwrap();
    let medallion = python().with_file_name("medallion");
    let mut command = Command::new(medallion);
    command.args(["--host", "127.0.0.1", "--port", &port.to_string()]).arg(&config);
    let server = Server(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return server;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the server does not listen on port {port}");
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Versions of the objects that the content holds for a collection, as `id modified`.
fn truth(id: &str) -> BTreeSet<String> {
    let content: Json = serde_json::from_slice(&std::fs::read(content()).unwrap()).unwrap();
    let collections = content["trustgroup1"]["collections"].as_array().unwrap();
    let collection = collections.iter().find(|collection| collection["id"] == id).unwrap();
    let objects = collection["objects"].as_array().map(Vec::as_slice).unwrap_or_default();
    objects.iter().map(version).collect()
}

fn version(object: &Json) -> String {
    let stamp = object.get("modified").or_else(|| object.get("created")).unwrap_or(&Json::Null);
    format!("{} {stamp}", object["id"])
}

type Read = (Vec<String>, Cursor, Result<secdiag_taxii::Polled, TaxiiError>);

fn read(http: &mut Http, collection: &Collection, cursor: Cursor, mut pages: usize) -> Read {
    let (mut versions, mut kept) = (Vec::new(), cursor.clone());
    let ended = poll(http, collection, cursor, "9999-12-31T23:59:59Z", 2, &mut |page: &Page| {
        versions.extend(page.new.iter().map(version));
        kept = page.cursor.clone();
        pages -= 1;
        // Where it is told to, it breaks off as a process does that is killed.
        if pages == 0 {
            return Err(TaxiiError::Unreachable { url: String::new(), reason: "broken off".into() });
        }
        Ok(())
    });
    (versions, kept, ended)
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn a_real_server_is_read_once_and_only_once() {
    let place = tempfile::tempdir().unwrap();
    let port = free_port();
    let server = start(place.path(), port);
    let url = format!("http://127.0.0.1:{port}/trustgroup1/");
    let refused = collections(&mut Http::new(&Login::None), &url).unwrap_err();
    assert!(matches!(refused, TaxiiError::Refused { status: 401, .. }), "{refused}");
    let mut http = Http::new(&Login::Basic("admin".into(), "Password0".into()));
    let (found, failed) = collections(&mut http, &url).unwrap();
    assert_eq!((found.len(), failed.len()), (5, 0));
    let mut unreadable = Vec::new();
    for collection in &found {
        let (versions, cursor, ended) = read(&mut http, collection, Cursor::default(), usize::MAX);
        let unique: BTreeSet<String> = versions.iter().cloned().collect();
        assert_eq!(unique.len(), versions.len(), "{}: an object came twice", collection.id);
        match ended {
            Ok(polled) => {
                println!("{}: {polled:?}", collection.id);
                assert_eq!(unique, truth(&collection.id), "{}", collection.id);
                let (again, _, ended) = read(&mut http, collection, cursor.clone(), usize::MAX);
                assert_eq!((again.len(), ended.unwrap().new), (0, 0), "{}: the second poll", collection.id);
                // Broken off after its first page, and the server away meanwhile.
                if versions.len() > 2 {
                    let (first, cursor, ended) = read(&mut http, collection, Cursor::default(), 1);
                    assert!(ended.is_err() && first.len() == 2);
                    let (rest, _, ended) = read(&mut http, collection, cursor, usize::MAX);
                    assert!(ended.is_ok());
                    let all: BTreeSet<String> = first.iter().chain(&rest).cloned().collect();
                    assert_eq!(all.len(), first.len() + rest.len());
                    assert_eq!(all, unique);
                }
            }
            Err(error) => {
                println!("{}: {error}", collection.id);
                assert!(!collection.can_read, "{error}");
                unreadable.push(collection.id.clone());
            }
        }
    }
    assert!(unreadable.iter().any(|id| id.starts_with("64993447")), "{unreadable:?}");
    assert!(unreadable.iter().any(|id| id.starts_with("472c94ae")), "{unreadable:?}");
    drop(server);
    let gone = collections(&mut http, &url).unwrap_err();
    assert!(matches!(gone, TaxiiError::Unreachable { .. }), "{gone}");
}
