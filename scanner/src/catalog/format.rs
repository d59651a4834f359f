//! What a package format is: where its files lie, how they are read, and whose packages they tell of.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{FORMATS, Listing};
use crate::Limits;
use crate::content::Content;

/// A package format; a value of the list [`FORMATS`].
#[derive(Debug, Clone, Copy)]
pub struct Format(&'static Spec);

/// What a format's own file says of it.
#[derive(Debug)]
pub(super) struct Spec {
    /// Its name in stored analyses and for people: lower case, words joined by hyphens.
    pub code: &'static str,
    /// Whose packages it tells of.
    pub owner: Owner,
    /// What kind of file it is.
    pub evidence: Evidence,
    /// Whether the file at a path (without a leading slash) is one of the format.
    pub wants: fn(&str) -> bool,
    /// How such a file is read.
    pub parse: Parse,
}

/// Whose packages a format tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The distribution's: the release decides the ecosystem. The type of their package URLs is given here.
    System(&'static str),
    /// A language's, by its OSV ecosystem.
    Language(&'static str),
}

/// What kind of file tells of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Evidence {
    /// A record of an installation.
    Installed,
    /// A lock file or manifest: it says what would be installed, not what is.
    Lockfile,
}

/// How a file is read. The first argument is its path, the name by which it was wanted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Parse {
    /// From one slice.
    Bytes(fn(&str, &[u8]) -> Listing),
    /// By random access: archives, executables, databases.
    Content(fn(&str, &mut Content, &Limits) -> Listing),
    /// By random access, together with the file beside it, if there is one, that has its last changes.
    WithLog {
        /// What the name of that file has behind the name of this one.
        suffix: &'static str,
        /// Reads both.
        parse: ParseWithLog,
    },
}

/// The path, the file, the file beside it, and what may be read.
pub(super) type ParseWithLog = fn(&str, &mut Content, Option<&mut Content>, &Limits) -> Listing;

impl Format {
    /// The format that `spec` describes.
    pub(super) const fn new(spec: &'static Spec) -> Self {
        Self(spec)
    }

    /// Its name in stored analyses and for people: `dpkg`, `npm-lock`.
    pub const fn code(self) -> &'static str {
        self.0.code
    }

    /// Whose packages it tells of.
    pub const fn owner(self) -> Owner {
        self.0.owner
    }

    /// What kind of file it is.
    pub const fn evidence(self) -> Evidence {
        self.0.evidence
    }

    /// Whether it tells of packages of the distribution.
    pub const fn is_system(self) -> bool {
        matches!(self.0.owner, Owner::System(_))
    }

    /// What the name of a file with the last changes has behind the name of a file of this format, where there are such.
    pub(crate) const fn log_suffix(self) -> Option<&'static str> {
        match self.0.parse {
            Parse::WithLog { suffix, .. } => Some(suffix),
            Parse::Bytes(_) | Parse::Content(_) => None,
        }
    }

    pub(super) const fn spec(self) -> &'static Spec {
        self.0
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code()
    }
}

impl Eq for Format {}

impl PartialOrd for Format {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Format {
    fn cmp(&self, other: &Self) -> Ordering {
        self.code().cmp(other.code())
    }
}

impl Hash for Format {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.code().hash(state);
    }
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        let known = FORMATS.iter().copied().find(|format| format.code() == code);
        known.ok_or_else(|| de::Error::custom(format!("unknown package format `{code}`")))
    }
}
