//! Which rule allows a finding.

use globset::{GlobBuilder, GlobMatcher};
use lazaret_entities::{Category, Timestamp, allow_rule, malware_finding, secret_finding};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

/// The rules that hold, ready to be asked. Of several that match a finding, the oldest allows it.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    rules: Vec<Rule>,
}

/// A rule with its path compiled.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    row: allow_rule::Model,
    path: Option<GlobMatcher>,
}

impl Allowed {
    /// The rules that hold at `now`, for every image.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(conn: &impl ConnectionTrait, now: Timestamp) -> Result<Self, DbErr> {
        use allow_rule::Column as C;
        let rows = allow_rule::Entity::find()
            .filter(C::RevokedAt.is_null())
            .filter(Condition::any().add(C::ExpiresAt.is_null()).add(C::ExpiresAt.gt(now)))
            .order_by_asc(C::Id)
            .all(conn)
            .await?;
        Ok(Self::of(rows))
    }

    /// These rules. One whose path cannot be read allows nothing.
    pub(super) fn of(rows: Vec<allow_rule::Model>) -> Self {
        let compile = |row: allow_rule::Model| {
            let path = match row.path.as_str() {
                "" => None,
                pattern => match glob(pattern) {
                    Ok(matcher) => Some(matcher),
                    Err(reason) => {
                        tracing::warn!(rule = row.id, reason, "the path of an allow rule cannot be read");
                        return None;
                    }
                },
            };
            Some(Rule { row, path })
        };
        Self { rules: rows.into_iter().filter_map(compile).collect() }
    }

    /// The rule that allows this secret.
    pub fn secret(&self, found: &secret_finding::Model) -> Option<i64> {
        let facts = Facts {
            category: Category::Secret,
            image: found.image_id,
            fingerprint: &found.fingerprint,
            rule: &found.rule,
            path: &found.path,
            whole_path: None,
            hashes: [""; 3],
        };
        self.find(&facts)
    }

    /// The rule that allows this malware.
    pub fn malware(&self, found: &malware_finding::Model) -> Option<i64> {
        let whole = (!found.within.is_empty()).then(|| format!("{}!/{}", found.path, found.within));
        let facts = Facts {
            category: Category::Malware,
            image: found.image_id,
            fingerprint: &found.fingerprint,
            rule: &found.name,
            path: &found.path,
            whole_path: whole.as_deref(),
            hashes: [&found.md5, &found.sha1, &found.sha256],
        };
        self.find(&facts)
    }

    fn find(&self, facts: &Facts<'_>) -> Option<i64> {
        self.rules.iter().find(|rule| rule.matches(facts)).map(|rule| rule.row.id)
    }
}

/// What a rule asks about.
struct Facts<'a> {
    category: Category,
    image: i64,
    fingerprint: &'a str,
    rule: &'a str,
    path: &'a str,
    /// With the path within the file.
    whole_path: Option<&'a str>,
    hashes: [&'a str; 3],
}

impl Rule {
    fn matches(&self, facts: &Facts<'_>) -> bool {
        let asked = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        let rule = &self.row;
        rule.category == facts.category
            && rule.image_id.is_none_or(|image| image == facts.image)
            && asked(&rule.fingerprint, facts.fingerprint)
            && asked(&rule.rule, facts.rule)
            && (rule.hash.is_empty() || facts.hashes.contains(&rule.hash.as_str()))
            && self.path.as_ref().is_none_or(|path| {
                path.is_match(facts.path) || facts.whole_path.is_some_and(|whole| path.is_match(whole))
            })
    }
}

/// A pattern of paths: from the root, with or without a slash; `*` stands for any name, `**` for any number of folders.
pub(super) fn glob(pattern: &str) -> Result<GlobMatcher, String> {
    let trimmed = pattern.trim_start_matches("./").trim_start_matches('/');
    let glob = GlobBuilder::new(trimmed).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
}
