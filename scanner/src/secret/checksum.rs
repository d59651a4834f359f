//! Checks that a secret must pass to be what it looks like: checksums that issuers publish, and the structure of
//! encoded formats.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// Standard base64, padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// Base64 of URLs, padded or not.
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// The digits of base 62 as GitHub and npm count.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Base64 characters that a private key has at least: an Ed25519 key of PKCS #8 has 64.
const SHORTEST_KEY: usize = 60;

/// A check by its name in rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checksum {
    /// The last six characters of a GitHub or npm token are the CRC-32 of those after the prefix, in base 62.
    /// Source: <https://github.blog/engineering/behind-githubs-new-authentication-token-formats/>.
    Github,
    /// A JSON Web Token's header is base64url of a JSON object with `alg` (RFC 7519).
    Jwt,
    /// The lines of a private key are base64 of enough bytes for a key (RFC 7468).
    Pem,
    /// An AWS access key ID: base 32 after the prefix.
    Aws,
    /// Standard base64 of exactly 64 bytes, as Azure's storage keys.
    Base64Of64,
    /// Standard base64 of exactly 32 bytes.
    Base64Of32,
    /// The part before the first dot is base64 of a decimal number, as of Discord's tokens.
    Discord,
    /// Base64 of `user:password`, as in HTTP's basic authentication and Docker's configuration.
    Basic,
    /// Base64 of a PEM block or of DER, as in kubeconfig files.
    Base64Key,
}

impl Checksum {
    /// Every check.
    pub const ALL: [Self; 9] = [
        Self::Github,
        Self::Jwt,
        Self::Pem,
        Self::Aws,
        Self::Base64Of64,
        Self::Base64Of32,
        Self::Discord,
        Self::Basic,
        Self::Base64Key,
    ];

    /// Its names in rules.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Github => &["github", "npm"],
            Self::Jwt => &["jwt"],
            Self::Pem => &["pem"],
            Self::Aws => &["aws"],
            Self::Base64Of64 => &["azure-storage"],
            Self::Base64Of32 => &["base64-32"],
            Self::Discord => &["discord"],
            Self::Basic => &["basic"],
            Self::Base64Key => &["base64-key"],
        }
    }

    /// The check of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|checksum| checksum.names().contains(&name))
    }

    /// Whether what fails it is no secret at all, where the rule does not say. A wrong checksum alone is not enough:
    /// older tokens have none, and people have been wrong about formats.
    pub const fn is_required(self) -> bool {
        !matches!(self, Self::Github)
    }

    /// Whether this secret passes.
    pub fn is_right(self, secret: &[u8]) -> bool {
        match self {
            Self::Github => github(secret),
            Self::Jwt => jwt(secret),
            Self::Pem => pem(secret),
            Self::Aws => aws(secret),
            Self::Base64Of64 => decoded(secret).is_some_and(|bytes| bytes.len() == 64),
            Self::Base64Of32 => decoded(secret).is_some_and(|bytes| bytes.len() == 32),
            Self::Discord => secret.split(|byte| *byte == b'.').next().is_some_and(discord),
            Self::Basic => decoded(secret).is_some_and(|bytes| basic(&bytes)),
            Self::Base64Key => decoded(secret).is_some_and(|bytes| der_or_pem(&bytes)),
        }
    }
}

fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(text).or_else(|_| BASE64_URL.decode(text)).ok()
}

fn github(token: &[u8]) -> bool {
    let Some(start) = memchr::memrchr(b'_', token) else { return false };
    let body = &token[start + 1..];
    let Some(split) = body.len().checked_sub(6).filter(|split| *split > 0) else { return false };
    let (random, checksum) = body.split_at(split);
    checksum == base62(crc32fast::hash(random))
}

/// Six digits of base 62.
fn base62(mut number: u32) -> [u8; 6] {
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(number % 62) as usize];
        number /= 62;
    }
    digits
}

fn jwt(token: &[u8]) -> bool {
    let mut parts = token.split(|byte| *byte == b'.');
    let (Some(header), Some(_)) = (parts.next(), parts.next()) else { return false };
    let Ok(json) = BASE64_URL.decode(header) else { return false };
    matches!(serde_json::from_slice(&json), Ok(serde_json::Value::Object(fields)) if fields.contains_key("alg"))
}

/// A PEM block with its header, or its body alone.
fn pem(block: &[u8]) -> bool {
    let text = String::from_utf8_lossy(block).replace("\\r", "").replace("\\n", "\n").replace("\\t", "");
    let body = match text.find("-----BEGIN") {
        Some(begin) => {
            let after = &text[begin + 10..];
            let body = after.find("-----").map_or("", |end| &after[end + 5..]);
            body.split("-----").next().unwrap_or_default()
        }
        None => &text,
    };
    let body: String = body
        .split(['\n', '\r'])
        .filter(|line| !line.contains(':'))
        .flat_map(|line| {
            line.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '+' | ',' | '\\'))
        })
        .collect();
    let encoded = body.trim_end_matches('=');
    let is_base64 = encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'/');
    is_base64 && encoded.len() >= SHORTEST_KEY && !is_uniform(encoded.as_bytes())
}

/// Whether hardly any different characters are in it.
fn is_uniform(text: &[u8]) -> bool {
    super::entropy::entropy(text) < 3.0
}

fn aws(key: &[u8]) -> bool {
    key.len() == 20 && key[4..].iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'))
}

fn discord(part: &[u8]) -> bool {
    BASE64_URL.decode(part).is_ok_and(|id| (17..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit))
}

fn basic(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Some((user, password)) = text.split_once(':') else { return false };
    !user.is_empty() && password.len() >= 3 && !text.chars().any(char::is_control)
}

fn der_or_pem(bytes: &[u8]) -> bool {
    bytes.starts_with(b"-----BEGIN") || (bytes.first() == Some(&0x30) && bytes.len() > 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(prefix: &str, random: &str) -> String {
        let checksum = base62(crc32fast::hash(random.as_bytes()));
        format!("{prefix}{random}{}", String::from_utf8_lossy(&checksum))
    }

    #[test]
    fn every_check_has_a_name_and_bears_anything() {
        for checksum in Checksum::ALL {
            for name in checksum.names() {
                assert_eq!(Checksum::of_name(name), Some(checksum));
            }
            for hostile in [&b""[..], b"_", b".", b"..", b"\xff\xfe", b"-----BEGIN", b"=", &[b'A'; 70]] {
                assert!(!checksum.is_right(hostile), "{checksum:?} on {hostile:?}");
            }
        }
        assert_eq!(Checksum::of_name("none"), None);
    }

    #[test]
    fn github_tokens_end_with_their_checksum() {
        let right = token("ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ");
        assert!(Checksum::Github.is_right(right.as_bytes()));
        // What GitHub and those who describe the format give as the checksum of these thirty characters.
        assert!(right.ends_with("0mLq17"), "{right}");
        assert!(!Checksum::Github.is_right(right.replace("BuT", "BuU").as_bytes()));
        assert!(!Checksum::Github.is_required());
    }

    #[test]
    fn encoded_formats_are_decoded() {
        let header = BASE64_URL.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
        assert!(Checksum::Jwt.is_right(format!("{header}.e30.c2ln").as_bytes()));
        assert!(!Checksum::Jwt.is_right(b"eyJhIjoxfQ.e30.c2ln"));
        assert!(Checksum::Aws.is_right(format!("AKIA{}", "Q2".repeat(8)).as_bytes()));
        assert!(!Checksum::Aws.is_right(format!("AKIA{}", "Q8".repeat(8)).as_bytes()));
        assert!(Checksum::Basic.is_right(BASE64.encode("app:horse").as_bytes()));
        assert!(!Checksum::Basic.is_right(BASE64.encode("apphorse").as_bytes()));
        assert!(
            Checksum::Discord.is_right(format!("{}.a.b", BASE64_URL.encode("112233445566778899")).as_bytes())
        );
        let body = BASE64.encode((0..=120).collect::<Vec<u8>>());
        let block = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n{}\n-----END PRIVATE KEY-----",
            &body[..64],
            &body[64..]
        );
        assert!(Checksum::Pem.is_right(block.as_bytes()));
        assert!(Checksum::Pem.is_right(block.replace('\n', "\\n").as_bytes()));
        assert!(!Checksum::Pem.is_right(b"-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"));
        assert!(Checksum::Base64Key.is_right(BASE64.encode(&block).as_bytes()));
    }
}
