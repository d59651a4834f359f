//! Packages of Hackage, for Haskell: what Cabal and Stack wrote down for a project. Programs keep no list of them.

pub mod cabal_freeze;
pub mod stack_lock;

/// Whether `text` is a version of Hackage: numbers with dots between.
fn is_version(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}
