//! The versions that Swift's package manager resolved, `Package.resolved`. Packages have no registry: each is named by the
//! address of its repository, as OSV's `SwiftURL` does.

use serde::Deserialize;

use super::format::Parse;
use super::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file, json};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "swift-resolved",
    owner: Owner::Language("SwiftURL"),
    evidence: Evidence::Lockfile,
    wants: |path| {
        path.ends_with("Package.resolved")
            && is_project_file(path, &["Package.resolved"])
            && !path.contains(".build/checkouts/")
    },
    parse: Parse::Bytes(parse),
});

/// The second and later forms have the pins at the top, the first one within an object.
#[derive(Deserialize)]
struct Resolved {
    pins: Option<Vec<Pin>>,
    object: Option<Object>,
}

#[derive(Deserialize)]
struct Object {
    pins: Vec<Pin>,
}

#[derive(Deserialize)]
struct Pin {
    #[serde(alias = "repositoryURL", default)]
    location: String,
    state: State,
}

#[derive(Deserialize)]
struct State {
    version: Option<String>,
}

/// Reads the pins that have a version; those of a branch or a revision have none.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let resolved: Resolved = match serde_json::from_slice(json::without_mark(bytes)) {
        Ok(resolved) => resolved,
        Err(error) => return Listing::incomplete(Vec::new(), error),
    };
    let Some(pins) = resolved.pins.or(resolved.object.map(|object| object.pins)) else {
        return Listing::incomplete(Vec::new(), "it has no `pins`");
    };
    let package = |pin: Pin| Some(Package::new(repository(&pin.location)?, pin.state.version?));
    Listing::of(pins.into_iter().filter_map(package).collect())
}

/// Host and path of a repository: `github.com/apple/swift-nio`. `None` of a folder.
fn repository(location: &str) -> Option<String> {
    let address = match location.split_once("://") {
        Some((_, rest)) => rest.to_owned(),
        // `git@github.com:apple/swift-nio.git`
        None => location.split_once('@')?.1.replacen(':', "/", 1),
    };
    let (host, path) = address.split_once('/')?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (!host.is_empty() && !path.is_empty()).then(|| format!("{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_branches_are_no_releases() {
        let first = br#"{"object":{"pins":[{"package":"swift-nio","repositoryURL":"https://github.com/apple/swift-nio.git",
            "state":{"branch":null,"revision":"ab","version":"2.32.0"}},{"package":"x","repositoryURL":"https://e.org/x",
            "state":{"branch":"main","revision":"ab","version":null}}]},"version":1}"#;
        let expected = Listing::of(vec![Package::new("github.com/apple/swift-nio", "2.32.0")]);
        assert_eq!(parse("", first), expected);
        for location in ["git@github.com:apple/swift-nio.git", "ssh://git@github.com/apple/swift-nio"] {
            let text = format!(
                r#"{{"pins":[{{"identity":"swift-nio","kind":"remoteSourceControl","location":"{location}",
                "state":{{"revision":"ab","version":"2.32.0"}}}}],"version":3}}"#
            );
            assert_eq!(parse("", text.as_bytes()), expected);
        }
    }

    #[test]
    fn damage_is_a_warning() {
        let deep = "[".repeat(200_000);
        for text in
            ["", "{}", "[]", "{\"pins\":[{\"location\":\"https://e.org/x\"", deep.as_str(), "{\"pins\":[1]}"]
        {
            let found = parse("", text.as_bytes());
            assert_eq!((found.packages.len(), found.warnings.len()), (0, 1));
        }
        for location in ["", "/srv/x", "https://", "https:///x", "@", "a@:"] {
            assert_eq!(repository(location), None, "{location}");
        }
    }
}
