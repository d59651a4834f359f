//! What tells secrets apart without keeping them.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a fingerprint: enough that two secrets do not meet, short enough to be read aloud in part.
const FINGERPRINT_BYTES: usize = 16;

/// The key of fingerprints. With it a fingerprint tells whether a guess is right, so it is kept like a secret; a store
/// keeps one for ever, for fingerprints of two keys cannot be compared.
#[derive(Clone, PartialEq, Eq)]
pub struct FingerprintKey([u8; 32]);

impl FingerprintKey {
    /// The key of these random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA-256 (RFC 2104) of the secret, cut to 32 hex digits.
    pub fn fingerprint(&self, secret: &[u8]) -> String {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            unreachable!("HMAC takes keys of any length");
        };
        let hash = mac.chain_update(secret).finalize().into_bytes();
        hex::encode(&hash[..FINGERPRINT_BYTES])
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_depends_on_the_key_and_the_secret_alone() {
        let key = FingerprintKey::new([7; 32]);
        let other = FingerprintKey::new([8; 32]);
        assert_eq!(key.fingerprint(b"secret"), key.fingerprint(b"secret"));
        assert_ne!(key.fingerprint(b"secret"), key.fingerprint(b"Secret"));
        assert_ne!(key.fingerprint(b"secret"), other.fingerprint(b"secret"));
        assert_eq!(key.fingerprint(b"").len(), 32);
        assert!(!format!("{key:?}").contains('7'));
    }
}
