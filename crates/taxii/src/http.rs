//! The wire: HTTPS by ureq with rustls, or HTTP for servers inside the firm.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Agent;
use ureq::http::HeaderMap;

use crate::{Answer, MEDIA, Transport};

/// Longest answer.
const MAX_BODY: u64 = 256 << 20;

/// How a client says who it is.
#[derive(Clone, Default)]
pub enum Login {
    /// It does not.
    #[default]
    None,
    /// User and password (RFC 7617).
    Basic(String, String),
    /// A token (RFC 6750).
    Bearer(String),
}

/// Requests over the network.
pub struct Http {
    agent: Agent,
    authorization: Option<String>,
}

impl Http {
    /// Certificates are those of the web's authorities; redirects are not followed, so that nobody is sent elsewhere
    /// with a password in hand.
    pub fn new(login: &Login) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(Duration::from_mins(2)))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("secdiag/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        let authorization = match login {
            Login::None => None,
            Login::Basic(user, password) => Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))),
            Login::Bearer(token) => Some(format!("Bearer {token}")),
        };
        Self { agent, authorization }
    }
}

impl Transport for Http {
    fn get(&mut self, url: &str) -> Result<Answer, String> {
        let mut request = self.agent.get(url).header("Accept", MEDIA);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let mut response = request.call().map_err(|error| error.to_string())?;
        let text = |headers: &HeaderMap, name: &str| {
            headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let headers = response.headers();
        let mut answer = Answer {
            status: response.status().as_u16(),
            content_type: text(headers, "content-type").unwrap_or_default(),
            added_last: text(headers, "x-taxii-date-added-last"),
            retry_after: text(headers, "retry-after").and_then(|seconds| seconds.trim().parse().ok()),
            body: Vec::new(),
        };
        answer.body = response
            .body_mut()
            .with_config()
            .limit(MAX_BODY)
            .read_to_vec()
            .map_err(|error| format!("the answer breaks off: {error}"))?;
        Ok(answer)
    }

    fn wait(&mut self, seconds: u64) {
        std::thread::sleep(Duration::from_secs(seconds));
    }
}
