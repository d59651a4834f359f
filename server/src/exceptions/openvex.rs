//! OpenVEX (github.com/openvex/spec): statements of a supplier on whether a product is affected.

use jiff::Timestamp;
use lazaret_reports::model::{Image, Vulnerability};
use lazaret_scanner::purl::Purl;
use serde::Deserialize;

/// A statement on one vulnerability.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    /// When it was made; later ones replace earlier ones.
    pub at: Timestamp,
    ids: Vec<String>,
    products: Vec<Product>,
    status: Status,
    why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    NotAffected,
    Affected,
    Fixed,
    UnderInvestigation,
}

/// What a statement is about: an image or a package, and of an image only some packages.
#[derive(Debug, Clone)]
struct Product {
    ids: Vec<String>,
    /// SHA-256 in hexadecimal.
    digests: Vec<String>,
    parts: Vec<Purl>,
    /// Parts were named, even if none of them is a package URL.
    has_parts: bool,
}

impl Statement {
    /// Whether it speaks of this finding in this image.
    pub(super) fn concerns(&self, image: &Image, found: &Vulnerability) -> bool {
        let mut named = std::iter::once(&found.id).chain(&found.aliases);
        if !named.any(|id| self.ids.iter().any(|of| of.eq_ignore_ascii_case(id))) {
            return false;
        }
        let package = Purl::parse(&found.package.purl);
        let covers = |purl: &Purl| package.as_ref().is_some_and(|package| purl.covers(package));
        self.products.iter().any(|product| {
            if product.is_image(image) {
                !product.has_parts || product.parts.iter().any(covers)
            } else {
                product.ids.iter().filter_map(|id| Purl::parse(id)).any(|purl| covers(&purl))
            }
        })
    }

    /// Why the finding does not count; `None` when the statement says that it does.
    pub(super) fn verdict(&self) -> Option<String> {
        match self.status {
            Status::NotAffected => Some(format!("not affected{}", self.why)),
            Status::Fixed => Some(format!("fixed{}", self.why)),
            Status::Affected | Status::UnderInvestigation => None,
        }
    }
}

impl Product {
    /// Whether it is the image: by its digest, a reference, or a package URL of type `oci` or `docker`.
    fn is_image(&self, image: &Image) -> bool {
        let digest = image.id.strip_prefix("sha256:").unwrap_or(&image.id);
        if self.digests.iter().any(|of| of.eq_ignore_ascii_case(digest)) {
            return true;
        }
        self.ids.iter().any(|id| {
            if *id == image.id || image.tags.contains(id) {
                return true;
            }
            let Some(purl) = Purl::parse(id).filter(|purl| matches!(purl.kind.as_str(), "oci" | "docker"))
            else {
                return false;
            };
            let has_digest = purl.version == image.id
                || image.tags.iter().any(|tag| tag.split_once('@').is_some_and(|(_, of)| of == purl.version));
            image.tags.iter().any(|tag| {
                let (name, version) = split(tag);
                name.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case(&purl.name))
                    && (has_digest || purl.version.is_empty() || purl.version == version)
                    && purl.qualifiers.get("repository_url").is_none_or(|url| url.ends_with(name))
                    && purl.qualifiers.get("tag").is_none_or(|of| of == version)
            })
        })
    }
}

/// Repository and tag of a reference.
fn split(reference: &str) -> (&str, &str) {
    let reference = reference.split_once('@').map_or(reference, |(name, _)| name);
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (reference, "latest"),
    }
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@context")]
    context: String,
    timestamp: Option<Timestamp>,
    #[serde(default)]
    statements: Vec<WrittenStatement>,
}

#[derive(Deserialize)]
struct WrittenStatement {
    vulnerability: Option<WrittenVulnerability>,
    #[serde(default)]
    products: Vec<WrittenProduct>,
    #[serde(default)]
    subcomponents: Vec<WrittenProduct>,
    status: Status,
    timestamp: Option<Timestamp>,
    last_updated: Option<Timestamp>,
    justification: Option<String>,
    impact_statement: Option<String>,
    status_notes: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenVulnerability {
    /// Before version 0.2.0.
    Id(String),
    Named {
        #[serde(rename = "@id")]
        id: Option<String>,
        name: Option<String>,
        #[serde(default)]
        aliases: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenProduct {
    /// Before version 0.2.0.
    Id(String),
    Named {
        #[serde(rename = "@id")]
        id: Option<String>,
        identifiers: Option<Identifiers>,
        hashes: Option<Hashes>,
        #[serde(default)]
        subcomponents: Vec<WrittenProduct>,
    },
}

#[derive(Deserialize)]
struct Identifiers {
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Hashes {
    #[serde(rename = "sha-256")]
    sha256: Option<String>,
}

/// Reads a document.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Statement>, String> {
    let document: Document = serde_json::from_slice(bytes).map_err(|error| {
        format!("it is no OpenVEX document ({error}); CSAF and CycloneDX VEX are not read")
    })?;
    if !document.context.contains("openvex.dev/ns") {
        return Err(format!("`@context` is `{}`, not that of an OpenVEX document", document.context));
    }
    let made = document.timestamp.unwrap_or_default();
    Ok(document.statements.into_iter().map(|written| statement(written, made)).collect())
}

fn statement(written: WrittenStatement, made: Timestamp) -> Statement {
    let ids = match written.vulnerability {
        None => Vec::new(),
        Some(WrittenVulnerability::Id(id)) => vec![id],
        Some(WrittenVulnerability::Named { id, name, aliases }) => {
            id.into_iter().chain(name).chain(aliases).collect()
        }
    };
    // Before version 0.2.0 the parts stood beside the products.
    let parts: Vec<Purl> = written.subcomponents.iter().filter_map(part).collect();
    let has_parts = !written.subcomponents.is_empty();
    let products = written.products.into_iter().map(|product| {
        let mut product = self::product(product);
        product.parts.extend(parts.iter().cloned());
        product.has_parts |= has_parts;
        product
    });
    let why = written.justification.map(|code| code.replace('_', " "));
    let why: Vec<String> =
        why.into_iter().chain(written.impact_statement).chain(written.status_notes).collect();
    Statement {
        at: written.last_updated.or(written.timestamp).unwrap_or(made),
        ids,
        products: products.collect(),
        status: written.status,
        why: if why.is_empty() { String::new() } else { format!(": {}", why.join(", ")) },
    }
}

fn product(written: WrittenProduct) -> Product {
    match written {
        WrittenProduct::Id(id) => {
            Product { ids: vec![id], digests: Vec::new(), parts: Vec::new(), has_parts: false }
        }
        WrittenProduct::Named { id, identifiers, hashes, subcomponents } => Product {
            ids: id.into_iter().chain(identifiers.and_then(|of| of.purl)).collect(),
            digests: hashes.and_then(|hashes| hashes.sha256).into_iter().collect(),
            parts: subcomponents.iter().filter_map(part).collect(),
            has_parts: !subcomponents.is_empty(),
        },
    }
}

fn part(written: &WrittenProduct) -> Option<Purl> {
    match written {
        WrittenProduct::Id(id) => Purl::parse(id),
        WrittenProduct::Named { id, identifiers, .. } => {
            let purl = identifiers.as_ref().and_then(|of| of.purl.as_deref());
            Purl::parse(purl.or(id.as_deref())?)
        }
    }
}
