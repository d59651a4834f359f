//! Findings that are shown apart and do not count.

use serde::Serialize;

/// Why a finding is shown and does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetAside {
    /// The kind of reason.
    pub reason: SetAsideReason,
    /// The reason in words, as whoever set it aside gave it; empty when the kind says all.
    pub statement: String,
}

/// The kinds of reasons why a finding does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SetAsideReason {
    /// Only a lock file names the package: what is not installed is not run.
    Lockfile,
    /// The package holds headers of the kernel, which does not run in a container.
    KernelHeaders,
    /// A VEX document says that the image is not affected, or that it is fixed.
    Vex,
    /// An ignore file names it.
    Ignored,
}

impl SetAsideReason {
    /// The constant as JSON, CSV and SARIF write it: `LOCKFILE`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Lockfile => "LOCKFILE",
            Self::KernelHeaders => "KERNEL_HEADERS",
            Self::Vex => "VEX",
            Self::Ignored => "IGNORED",
        }
    }

    /// Where such findings are or what was said of them, as in "3 more in lock files".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Lockfile => "in lock files",
            Self::KernelHeaders => "in kernel headers",
            Self::Vex => "that a VEX document rules out",
            Self::Ignored => "that an ignore file names",
        }
    }

    /// Why such findings do not count, as a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Lockfile => "Only a lock file names the package: what is not installed is not run.",
            Self::KernelHeaders => {
                "The package holds headers of the kernel, which does not run in a container."
            }
            Self::Vex => "A VEX document says that it is not affected, or that it is fixed.",
            Self::Ignored => "An ignore file names it.",
        }
    }
}
