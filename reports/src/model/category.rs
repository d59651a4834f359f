//! The categories of a scan, each with a result of its own.

use serde::Serialize;

/// What an image is scanned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// Packages with published vulnerabilities.
    Vulnerability,
    /// Credentials that were left in files, the configuration or the build history.
    Secret,
    /// Files that do harm.
    Malware,
}

impl Category {
    /// All categories, in the order of every report.
    pub const ALL: [Self; 3] = [Self::Vulnerability, Self::Secret, Self::Malware];

    /// The constant as JSON, CSV and SARIF write it: `SECRET`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Vulnerability => "VULNERABILITY",
            Self::Secret => "SECRET",
            Self::Malware => "MALWARE",
        }
    }

    /// What is looked for, in sentences: `secrets`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Vulnerability => "vulnerabilities",
            Self::Secret => "secrets",
            Self::Malware => "malware",
        }
    }
}

/// How the scan for one category went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CategoryResult {
    /// The category.
    pub category: Category,
    /// How far it came.
    pub status: CategoryStatus,
    /// Why it failed, one sentence; empty when it did not.
    pub error: String,
    /// What looked, with its version and that of its data.
    pub engines: Vec<EngineVersion>,
}

/// How far the scan for a category came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CategoryStatus {
    /// It succeeded.
    Scanned,
    /// It failed; what an earlier scan found still stands.
    Failed,
    /// Nobody ordered it.
    NotOrdered,
}

/// A program or rule set that looked for findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineVersion {
    /// `YARA`, `ClamAV`.
    pub name: String,
    /// Its version and that of its rules or database, as it says them.
    pub version: String,
}

impl CategoryResult {
    /// Of a category that nobody ordered.
    pub const fn not_ordered(category: Category) -> Self {
        Self { category, status: CategoryStatus::NotOrdered, error: String::new(), engines: Vec::new() }
    }

    /// What it leaves uncovered, as a sentence; `None` when it succeeded.
    pub fn gap(&self) -> Option<String> {
        let words = self.category.words();
        match self.status {
            CategoryStatus::Scanned => None,
            CategoryStatus::Failed => {
                Some(format!("The search for {words} failed: {}.", self.error.trim_end_matches('.')))
            }
            CategoryStatus::NotOrdered => {
                let are = match self.category {
                    Category::Vulnerability => "Vulnerabilities were",
                    Category::Secret => "Secrets were",
                    Category::Malware => "Malware was",
                };
                Some(format!("{are} not searched for."))
            }
        }
    }
}

/// What was not searched for, as a clause: "secrets were not searched for"; `None` when all was.
pub(super) fn unsearched(categories: &[CategoryResult]) -> Option<String> {
    let status =
        |category| categories.iter().find(|result| result.category == category).map(|result| result.status);
    let with = |wanted: fn(Option<CategoryStatus>) -> bool| {
        let found = Category::ALL.into_iter().filter(|category| wanted(status(*category)));
        found.map(Category::words).collect::<Vec<_>>()
    };
    let failed = with(|status| status == Some(CategoryStatus::Failed));
    let missing = with(|status| matches!(status, None | Some(CategoryStatus::NotOrdered)));
    match (failed.is_empty(), missing.is_empty()) {
        (false, _) => Some(format!("the search for {} failed", failed.join(" and "))),
        (true, false) => {
            let verb = if missing == [Category::Malware.words()] { "was" } else { "were" };
            Some(format!("{} {verb} not searched for", missing.join(" and ")))
        }
        (true, true) => None,
    }
}
