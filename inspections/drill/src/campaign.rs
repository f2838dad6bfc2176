//! What every source of a mail drill comes to: mails that were sent, and what was done with them.

use secdiag_model::Sha256;
use serde::{Deserialize, Serialize};

/// What one file tells of one campaign. People are pseudonyms here: addresses and names stay in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Name of the campaign, else of the file without its ending.
    pub name: String,
    /// Which tool wrote it.
    pub source: Source,
    /// Mails, one per person.
    pub mails: Vec<Mail>,
    /// What was done with them.
    pub visits: Vec<Visit>,
}

/// Tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// GoPhish results: a state per person, no single visits.
    GophishResults,
    /// GoPhish events, or a campaign of its API.
    GophishEvents,
    /// Microsoft's attack simulation.
    Microsoft,
    /// KnowBe4.
    KnowBe4,
    /// A table that tells from where or with what a mail was visited.
    Visits,
    /// A table that tells what was done and no more.
    #[default]
    Table,
}

impl Source {
    /// Whether single visits with their times and addresses are told, so that automated ones can be taken out.
    pub const fn tells_visits(self) -> bool {
        matches!(self, Self::GophishEvents | Self::Microsoft | Self::KnowBe4 | Self::Visits)
    }
}

/// A mail to a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mail {
    /// Pseudonym.
    pub person: String,
    /// Department; empty where it is not told.
    pub unit: String,
    /// When it was sent, microseconds since 1970.
    pub sent: Option<i64>,
    /// Whether it arrived, as far as the sender knows.
    pub delivered: bool,
    /// Line or record of the file.
    pub line: u64,
}

/// Something done with a mail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Visit {
    /// Pseudonym.
    pub person: String,
    /// When, microseconds since 1970; nothing where only the fact is told.
    pub at: Option<i64>,
    /// What.
    pub what: What,
    /// From which address.
    pub src: Option<String>,
    /// With which program.
    pub agent: Option<String>,
    /// The request carried a probe such as a quote sign.
    pub probe: bool,
    /// Line or record of the file.
    pub line: u64,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The mail was shown, pictures loaded.
    Open,
    /// The link was called.
    Click,
    /// The attachment was opened.
    Attachment,
    /// Data was handed in.
    Submit,
    /// The mail was reported.
    Report,
}

/// The pseudonym of a person: the same for the same address whatever its case, and no way back without the address.
pub fn person(address: &str) -> String {
    let digest = Sha256::of(address.trim().to_lowercase().as_bytes()).to_string();
    format!("person-{}", &digest[..10])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_the_same_in_every_file() {
        assert_eq!(person("A.Lin@securities.example "), person("a.lin@securities.example"));
        assert_ne!(person("a.lin@securities.example"), person("b.lin@securities.example"));
        assert!(!person("a.lin@securities.example").contains("lin"));
    }
}
