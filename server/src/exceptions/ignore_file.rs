//! Ignore files: Lazaret's own in TOML, and the lines of a `.trivyignore`.

use globset::{GlobBuilder, GlobMatcher};
use jiff::civil::Date;
use lazaret_reports::model::Finding;
use lazaret_scanner::purl::Purl;
use serde::Deserialize;

/// Findings that do not count, and until when.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// An identifier of the vulnerability, any of its aliases; the rule or the fingerprint of a secret; the name or a
    /// hash of malware.
    pub id: String,
    /// Only in matching files, of packages in those that a matching file tells of.
    path: Option<GlobMatcher>,
    /// Only in packages that this package URL covers.
    package: Option<Purl>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Option<Date>,
}

impl Entry {
    /// Whether it sets this finding aside today.
    pub(super) fn concerns(&self, found: Finding<'_>, today: Date) -> bool {
        let names = |id: &str| !id.is_empty() && id.eq_ignore_ascii_case(&self.id);
        let (is_named, path, purl) = match found {
            Finding::Vulnerability(found) => {
                let mut ids = std::iter::once(&found.id).chain(&found.aliases);
                (ids.any(|id| names(id)), &found.package.path, found.package.purl.as_str())
            }
            Finding::Secret(found) => (names(&found.rule) || names(&found.fingerprint), &found.path, ""),
            Finding::Malware(found) => {
                let ids = [&found.name, &found.md5, &found.sha1, &found.sha256];
                (ids.into_iter().any(|id| names(id)), &found.path, found.purl.as_str())
            }
        };
        is_named
            && self.expires.is_none_or(|last| today <= last)
            && self.path.as_ref().is_none_or(|pattern| pattern.is_match(path))
            && self
                .package
                .as_ref()
                .is_none_or(|package| Purl::parse(purl).is_some_and(|installed| package.covers(&installed)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    ignore: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    path: Option<String>,
    package: Option<String>,
    reason: String,
    expires: Option<toml::value::Datetime>,
}

/// Reads `[[ignore]]` tables with `id`, `reason`, and where wanted `path`, `package` and `expires`.
pub(super) fn parse_toml(text: &str) -> Result<Vec<Entry>, String> {
    let file: File = toml::from_str(text).map_err(|error| {
        format!(
            "{error}; an entry is `[[ignore]]` with id and reason, and where wanted path, package and expires"
        )
    })?;
    file.ignore.into_iter().map(entry).collect()
}

fn entry(written: Written) -> Result<Entry, String> {
    let id = written.id.trim().to_owned();
    if id.is_empty() || written.reason.trim().is_empty() {
        return Err(format!("the entry for `{id}` needs an id and a reason that is not empty"));
    }
    let path = written.path.map(|path| {
        let glob = GlobBuilder::new(path.trim_start_matches('/')).literal_separator(true).build();
        glob.map(|glob| glob.compile_matcher()).map_err(|error| format!("the path of {id}: {error}"))
    });
    let package = written.package.map(|package| {
        Purl::parse(&package).ok_or_else(|| {
            format!(
                "the package of {id} is no package URL: `{package}`; write it like pkg:deb/debian/openssl"
            )
        })
    });
    let expires = written.expires.map(|time| date(&time.to_string()).ok_or_else(|| not_a_date(&id)));
    Ok(Entry {
        path: path.transpose()?,
        package: package.transpose()?,
        reason: written.reason,
        expires: expires.transpose()?,
        id,
    })
}

/// Reads `.trivyignore`: one identifier a line, with `exp:YYYY-MM-DD` where it ends; `#` begins a comment, which is taken
/// for the reason.
pub(super) fn parse_lines(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    let mut comment = String::new();
    for line in text.lines() {
        let (line, said) =
            line.split_once('#').map_or((line, None), |(line, said)| (line, Some(said.trim())));
        let mut words = line.split_whitespace();
        let Some(id) = words.next() else {
            said.unwrap_or_default().clone_into(&mut comment);
            continue;
        };
        let mut expires = None;
        for word in words {
            if let Some(day) = word.strip_prefix("exp:") {
                expires = Some(date(day).ok_or_else(|| not_a_date(id))?);
            }
        }
        let reason = said.map_or_else(|| std::mem::take(&mut comment), str::to_owned);
        entries.push(Entry { id: id.to_owned(), path: None, package: None, reason, expires });
    }
    Ok(entries)
}

fn date(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

fn not_a_date(id: &str) -> String {
    format!("the end of the exception for {id} is no date; write it like 2027-03-31")
}
