//! The text of a token: how it is made, split and hashed.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// What every token made here begins with, so that secret scanners and people recognise one.
const MARK: &str = "lzt_";
/// Random bytes behind the public prefix.
const PREFIX_BYTES: usize = 6;
/// Random bytes that make the secret.
const SECRET_BYTES: usize = 32;
/// The shortest text accepted as a token that was not made here.
pub(super) const SHORTEST_FOREIGN: usize = 32;

/// A token's text, its public prefix and the hash that is stored.
pub(super) struct Secret {
    pub(super) text: String,
    pub(super) prefix: String,
    pub(super) hash: Vec<u8>,
}

impl Secret {
    /// Makes a new token of the operating system's randomness.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut random = [0_u8; PREFIX_BYTES + SECRET_BYTES];
        getrandom::fill(&mut random)?;
        let (prefix, secret) = random.split_at(PREFIX_BYTES);
        Ok(Self::of(format!("{MARK}{}_{}", hex::encode(prefix), URL_SAFE_NO_PAD.encode(secret))))
    }

    /// Takes a token's text apart. Text that was not made here gets a prefix of its own hash.
    pub(super) fn of(text: String) -> Self {
        let hash = Sha256::digest(text.as_bytes()).to_vec();
        let prefix = made_here(&text).map_or_else(
            || format!("x{}", hex::encode(&hash[..PREFIX_BYTES])),
            |prefix| format!("{MARK}{prefix}"),
        );
        Self { text, prefix, hash }
    }

    /// Compares with a stored hash in a time that does not depend on where they differ.
    pub(super) fn matches(&self, stored: &[u8]) -> bool {
        stored.len() == self.hash.len()
            && std::hint::black_box(stored.iter().zip(&self.hash).fold(0_u8, |all, (a, b)| all | (a ^ b)))
                == 0
    }
}

/// The public part of a token that was made here.
fn made_here(text: &str) -> Option<&str> {
    let (prefix, secret) = text.strip_prefix(MARK)?.split_once('_')?;
    let well_formed = prefix.len() == PREFIX_BYTES * 2
        && prefix.bytes().all(|b| b.is_ascii_hexdigit())
        && URL_SAFE_NO_PAD.decode(secret).is_ok_and(|bytes| bytes.len() == SECRET_BYTES);
    well_formed.then_some(prefix)
}
