//! Secrets and malware that a person has looked at and lets pass.

use jiff::Timestamp;
use serde::Serialize;

use super::time;

/// Why a secret or a malware file is shown and does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Allowed {
    /// The reason, as whoever allowed it gave it.
    pub reason: String,
    /// Who allowed it; empty when an ignore file did.
    pub author: String,
    /// Until when; absent when for ever.
    #[serde(with = "time::option")]
    pub expires: Option<Timestamp>,
}

impl Allowed {
    /// `test key (anna, until 2027-03-31)`.
    pub fn sentence(&self) -> String {
        let author = Some(self.author.clone()).filter(|author| !author.is_empty());
        let until = self.expires.map(|at| format!("until {}", time::day(at)));
        let details: Vec<String> = author.into_iter().chain(until).collect();
        match (self.reason.is_empty(), details.is_empty()) {
            (false, false) => format!("{} ({})", self.reason, details.join(", ")),
            (false, true) => self.reason.clone(),
            (true, false) => details.join(", "),
            (true, true) => "no reason was given".to_owned(),
        }
    }
}
