//! What people trust: rules that let secrets and malware pass. A finding that a rule allows stays in sight and counts
//! nowhere. Which rule allows it stands on the finding, and is decided when the finding is stored and when rules begin,
//! end or expire.

mod apply;
mod error;
mod list;
mod matching;
mod rules;
#[cfg(test)]
mod tests;

pub use apply::settle;
pub use error::AllowError;
pub use list::{RuleFilter, count_rules, list_rules, rules_by_key};
pub use matching::Allowed;
pub use rules::{NewRule, create, revoke};
