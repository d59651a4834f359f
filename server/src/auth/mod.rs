//! Who asks: tokens, roles and the requester that every room function takes.

mod requester;
mod role;
mod secret;
pub mod tokens;

pub use requester::{Forbidden, Requester};
pub use role::Role;
pub use tokens::TokenError;

#[cfg(test)]
mod tests;
