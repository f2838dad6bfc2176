//! A client of TAXII 2.1 (OASIS Standard, 10 June 2021): discovery, API roots, collections, objects page by page.
//!
//! The protocol is apart from the wire ([`Transport`]), so that servers that lie can be tested without sockets. After
//! every page the caller gets the new objects and a [`Cursor`] to keep; who starts again with the cursor gets what was not
//! kept. Each version of an object is handed over once, whatever the server repeats.

mod http;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

pub use http::{Http, Login};

/// Media type of every answer.
pub const MEDIA: &str = "application/taxii+json;version=2.1";

/// Pages of one poll; a server that has more is polled again.
const MAX_PAGES: u64 = 100_000;

/// Pages in a row without a new object after which a server is held to lie.
const MAX_IDLE: u32 = 3;

/// How often one waits for a server that asks to.
const MAX_WAITS: u32 = 3;

/// Longest that one waits, in seconds.
const MAX_WAIT: u64 = 120;

/// An answer of a server.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// `X-TAXII-Date-Added-Last`.
    pub added_last: Option<String>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// The body, at most as long as the transport allows.
    pub body: Vec<u8>,
}

/// What carries requests.
pub trait Transport {
    /// Fetches an address with the media type of TAXII. Redirects are not followed.
    ///
    /// # Errors
    ///
    /// What went wrong before there was an answer: name, connection, certificate, time, length.
    fn get(&mut self, url: &str) -> Result<Answer, String>;

    /// Waits as long as a server asked to.
    fn wait(&mut self, seconds: u64);
}

/// Why a server or collection gave nothing, or nothing more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaxiiError {
    /// No answer.
    #[error("{url}: {reason}")]
    Unreachable {
        /// Address.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// An answer that refuses.
    #[error("{url}: the server answers {status}: {meaning}")]
    Refused {
        /// Address.
        url: String,
        /// HTTP status.
        status: u16,
        /// What it means.
        meaning: &'static str,
    },
    /// An answer that is none of TAXII's.
    #[error("{url}: {reason}")]
    NotTaxii {
        /// Address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server goes in circles.
    #[error("{url}: the server lies about its pages: {reason}; the objects received so far are kept")]
    Lies {
        /// Address.
        url: String,
        /// How.
        reason: String,
    },
}

/// A collection of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Address of its API root, with a slash at its end.
    pub root: String,
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Whether it says that it may be read.
    pub can_read: bool,
}

impl Collection {
    fn url(&self) -> String {
        format!("{}collections/{}/objects/", self.root, self.id)
    }
}

/// How far a collection was read. Tokens of pages are not part of it: some servers move on behind a token when they hand
/// a page out, so that a page which was lost on the way would be lost for good. A poll that was broken off begins again
/// at the same instant, and what was handed over is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Only what was added after this instant is asked for.
    #[serde(default)]
    pub added_after: Option<String>,
    /// Digests of all object versions that were handed over.
    #[serde(default)]
    pub seen: BTreeSet<String>,
}

/// What a page brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Objects that were not handed over before, as the server wrote them.
    pub new: Vec<Json>,
    /// Objects that were.
    pub known: u64,
    /// To be kept together with the objects.
    pub cursor: Cursor,
}

impl Page {
    /// The new objects as a STIX bundle.
    pub fn bundle(&self, id: &str) -> Vec<u8> {
        serde_json::json!({"type": "bundle", "id": id, "objects": self.new}).to_string().into_bytes()
    }
}

/// What a poll came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polled {
    /// Pages read.
    pub pages: u64,
    /// Objects that were new.
    pub new: u64,
    /// Objects that the server gave again.
    pub known: u64,
    /// What was odd and harmless.
    pub notes: Vec<String>,
}

/// The collections of a server. `url` may be its discovery address, an API root, or a collection.
///
/// # Errors
///
/// [`TaxiiError`] where nothing is known of the server; API roots that answer nothing come beside the collections.
pub fn collections(transport: &mut dyn Transport, url: &str) -> Result<(Vec<Collection>, Vec<TaxiiError>), TaxiiError> {
    let url = with_slash(url);
    let (base, wanted) = match url.split_once("collections/") {
        Some((root, rest)) => (root.to_owned(), rest.split('/').next().filter(|id| !id.is_empty()).map(str::to_owned)),
        None => (url, None),
    };
    let (about, _) = fetch(transport, &base)?;
    let roots: Vec<String> = match about.get("api_roots").and_then(Json::as_array) {
        Some(roots) => roots.iter().filter_map(Json::as_str).map(|root| join(&base, root)).collect(),
        None => vec![base.clone()],
    };
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    for root in roots {
        let list = match fetch(transport, &format!("{root}collections/")) {
            Ok((list, _)) => list,
            Err(error) => {
                failed.push(error);
                continue;
            }
        };
        for collection in list.get("collections").and_then(Json::as_array).into_iter().flatten() {
            let text = |key: &str| collection.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
            let id = text("id");
            // An id goes into an address: one with other signs is none of the standard's (a UUID).
            if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                let reason = format!("a collection has the id `{id}`, which is no UUID");
                failed.push(TaxiiError::NotTaxii { url: root.clone(), reason });
                continue;
            }
            let can_read = collection.get("can_read").and_then(Json::as_bool).unwrap_or(false);
            found.push(Collection { root: root.clone(), id, title: text("title"), can_read });
        }
    }
    if let Some(id) = wanted {
        found.retain(|collection| collection.id == id);
        if found.is_empty() {
            return Err(TaxiiError::NotTaxii { url: base, reason: format!("there is no collection {id}") });
        }
    }
    if found.is_empty() && failed.len() == 1 {
        return Err(failed.remove(0));
    }
    Ok((found, failed))
}

/// Reads what is new in a collection, page by page. `keep` gets every page with the cursor to be kept with it; what it
/// refuses ends the poll. `now` (RFC 3339, UTC) bounds where the next poll begins: a server that dates its objects into
/// the future would else never be asked for what it adds until then.
///
/// # Errors
///
/// [`TaxiiError`] and whatever `keep` gives; the pages before are kept.
pub fn poll<E: From<TaxiiError>>(
    transport: &mut dyn Transport,
    collection: &Collection,
    mut cursor: Cursor,
    now: &str,
    limit: u32,
    keep: &mut dyn FnMut(&Page) -> Result<(), E>,
) -> Result<Polled, E> {
    let url = collection.url();
    if !collection.can_read {
        let meaning = "the collection says that it may not be read";
        return Err(TaxiiError::Refused { url, status: 403, meaning }.into());
    }
    let mut polled = Polled::default();
    let (mut token, mut after) = (None::<String>, cursor.added_after.clone());
    let mut newest: Option<String> = None;
    // What this poll has met: a server may give again what an earlier one was given, but not go in circles.
    let mut met: BTreeSet<String> = BTreeSet::new();
    let mut idle = 0;
    let lies = |reason: String| E::from(TaxiiError::Lies { url: url.clone(), reason });
    loop {
        let (envelope, added_last) = fetch(transport, &address(&url, after.as_deref(), token.as_deref(), limit))?;
        let objects = envelope.get("objects").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let more = envelope.get("more").and_then(Json::as_bool).unwrap_or(false);
        let next = match envelope.get("next") {
            Some(Json::String(token)) => Some(token.clone()).filter(|token| !token.is_empty()),
            Some(Json::Number(token)) => Some(token.to_string()),
            _ => None,
        };
        if objects.len() > limit as usize && polled.notes.is_empty() {
            polled.notes.push(format!("{url}: pages hold {} objects, asked for were {limit}", objects.len()));
        }
        let new: Vec<Json> = objects.iter().filter(|object| cursor.seen.insert(version(object))).cloned().collect();
        let known = (objects.len() - new.len()) as u64;
        let moved = objects.iter().filter(|object| met.insert(version(object))).count() > 0;
        idle = if moved { 0 } else { idle + 1 };
        let before = newest.clone();
        newest = newest.max(added_last.clone());
        (polled.pages, polled.new, polled.known) =
            (polled.pages + 1, polled.new + new.len() as u64, polled.known + known);
        let ends = !more || (next.is_none() && added_last.is_none());
        if ends {
            let newest = newest.clone().max(cursor.added_after);
            if let Some(ahead) = newest.as_deref().filter(|newest| *newest > now) {
                polled.notes.push(format!(
                    "{url}: the last object is said to have been added at {ahead}, which has not come yet: the next poll begins at {now}"
                ));
            }
            cursor.added_after = newest.map(|newest| newest.min(now.to_owned()));
        } else if next.is_none() {
            // Some servers name no token: then the date of the last object says where to go on.
            after.clone_from(&newest);
        }
        keep(&Page { new, known, cursor: cursor.clone() })?;
        if ends {
            if more {
                polled.notes.push(format!("{url}: the server says that there is more and not where: poll again"));
            }
            return Ok(polled);
        }
        if next.is_none() && before.is_some() && before >= newest {
            return Err(lies("it says that there is more, and the dates of addition do not move on".to_owned()));
        }
        token = next;
        if idle >= MAX_IDLE {
            return Err(lies(format!("{MAX_IDLE} pages in a row held nothing new")));
        }
        if polled.pages >= MAX_PAGES {
            return Err(lies(format!("it has more than {MAX_PAGES} pages")));
        }
    }
}

fn address(url: &str, after: Option<&str>, token: Option<&str>, limit: u32) -> String {
    // All versions: the default leaves out those between two polls, and objects of the older standard.
    let mut address = format!("{url}?limit={limit}&match%5Bversion%5D=all&match%5Bspec_version%5D=2.0,2.1");
    if let Some(after) = after {
        address += &format!("&added_after={}", encoded(after));
    }
    if let Some(token) = token {
        address += &format!("&next={}", encoded(token));
    }
    address
}

/// RFC 3986, 2.1.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// Digest of an object's version: id and `modified`, else the whole of it.
fn version(object: &Json) -> String {
    let text = |key: &str| object.get(key).and_then(Json::as_str);
    let name = match (text("id"), text("modified").or_else(|| text("created"))) {
        (Some(id), Some(version)) => format!("{id} {version}"),
        (Some(id), None) if object.get("spec_version").is_some() => format!("{id} "),
        _ => object.to_string(),
    };
    Sha256::digest(name.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn with_slash(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    if url.ends_with('/') { url.to_owned() } else { format!("{url}/") }
}

/// An API root is named by its whole address or by a path on the same server.
fn join(base: &str, root: &str) -> String {
    if root.contains("://") {
        return with_slash(root);
    }
    let origin: String = base.split('/').take(3).collect::<Vec<_>>().join("/");
    with_slash(&format!("{origin}/{}", root.trim_start_matches('/')))
}

fn fetch(transport: &mut dyn Transport, url: &str) -> Result<(Json, Option<String>), TaxiiError> {
    let mut waits = 0;
    let answer = loop {
        let answer = transport.get(url).map_err(|reason| TaxiiError::Unreachable { url: url.to_owned(), reason })?;
        let busy = matches!(answer.status, 429 | 503);
        if !busy || waits >= MAX_WAITS {
            break answer;
        }
        waits += 1;
        transport.wait(answer.retry_after.unwrap_or(5).clamp(1, MAX_WAIT));
    };
    if answer.status != 200 {
        let meaning = match answer.status {
            300..=399 => "it is elsewhere; give the address that it names, if you trust it",
            401 => "it wants to know who asks: give user and password, or a token",
            403 => "who asks may not read this",
            404 => "there is nothing here, or not for who asks",
            406 => "it does not speak TAXII 2.1",
            429 | 503 => "it is busy; try later",
            500..=599 => "it failed",
            _ => "it refuses",
        };
        return Err(TaxiiError::Refused { url: url.to_owned(), status: answer.status, meaning });
    }
    let not_taxii = |reason: String| TaxiiError::NotTaxii { url: url.to_owned(), reason };
    let kind = answer.content_type.to_lowercase();
    if !kind.contains("taxii+json") && !kind.contains("application/json") {
        return Err(not_taxii(format!("the answer is of the type `{}`, not TAXII", answer.content_type)));
    }
    let value: Json = serde_json::from_slice(&answer.body)
        .map_err(|error| not_taxii(format!("the answer of {} bytes is no JSON: {error}", answer.body.len())))?;
    if !value.is_object() {
        return Err(not_taxii("the answer is JSON, but no object".to_owned()));
    }
    Ok((value, answer.added_last))
}
