//! Secrets and malware of images, with their places.

use super::*;
use crate::layer::{Analysers, Inspectors, LayerAnalysis, Secrets, analyse_with};
use crate::malware as engines;
use crate::secret::{FingerprintKey, Rules};
use crate::testing::{ImageBuilder, LayerBuilder};
use crate::{Digest, Limits};

const KEY: FingerprintKey = FingerprintKey::new([7; 32]);

/// Bytes that look random, the same for the same seed.
fn random(seed: u32, alphabet: &[u8], length: usize) -> String {
    let mut state = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    (0..length).map(|_| char::from(alphabet[next() % alphabet.len()])).collect()
}

const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn token(seed: u32) -> String {
    format!("ghp_{}", random(seed, ALNUM, 36))
}

fn eicar() -> String {
    ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat()
}

fn layers(image: &[LayerBuilder]) -> Vec<LayerAnalysis> {
    let rules = Rules::builtin().unwrap();
    let malware = engines::Rules::builtin().unwrap();
    let inspectors = Inspectors {
        secrets: Some(Secrets { rules: &rules, key: &KEY }),
        malware: Some(&malware),
        clamd: None,
    };
    let read = |layer: &LayerBuilder| {
        analyse_with(&layer.clone().build()[..], &Limits::default(), &inspectors, Analysers::ALL).unwrap()
    };
    image.iter().map(read).collect()
}

fn secrets(image: &[LayerBuilder]) -> Vec<ImageSecret> {
    let layers = layers(image);
    file_secrets(&layers.iter().collect::<Vec<_>>())
}

#[test]
fn a_secret_is_told_by_file_line_and_layer_and_never_repeated() {
    let token = token(1);
    let found = secrets(&[
        LayerBuilder::new().file("etc/hostname", "plain\n"),
        LayerBuilder::new().file("srv/app/.env", format!("A=1\nGITHUB_TOKEN={token}\n")),
    ]);
    assert_eq!(found.len(), 1, "{found:#?}");
    let secret = &found[0];
    assert_eq!((secret.path.as_str(), secret.secret.line, secret.layer), ("srv/app/.env", 2, Some(1)));
    assert_eq!((secret.source, secret.buried_by), (SecretSource::File, None));
    assert!(!format!("{found:?}").contains(&token[4..30]), "{found:?}");
    assert_eq!(secret.secret.fingerprint, KEY.fingerprint(token.as_bytes()));
}

#[test]
fn what_an_upper_layer_deletes_or_replaces_is_buried() {
    let text = |seed| format!("GITHUB_TOKEN={}\n", token(seed));
    let base = || {
        LayerBuilder::new()
            .file("a/deleted", text(1))
            .file("b/replaced", text(2))
            .file("c/in/folder", text(3))
            .file("d/hidden", text(4))
            .file("e/stays", text(5))
    };
    let top = LayerBuilder::new()
        .file("a/.wh.deleted", "")
        .file("b/replaced", "harmless\n")
        .file(".wh.c", "")
        .file("d/.wh..wh..opq", "")
        .file("e/.wh.other", "");
    let found = secrets(&[base(), LayerBuilder::new().file("x", "y"), top]);
    let buried: Vec<(&str, Option<usize>)> =
        found.iter().map(|found| (found.path.as_str(), found.buried_by)).collect();
    let expected = [
        ("a/deleted", Some(2)),
        ("b/replaced", Some(2)),
        ("c/in/folder", Some(2)),
        ("d/hidden", Some(2)),
        ("e/stays", None),
    ];
    assert_eq!(buried, expected);
}

#[test]
fn a_file_that_is_written_again_with_the_same_secret_is_one_finding_that_is_not_buried() {
    let text = format!("GITHUB_TOKEN={}\n", token(1));
    let layer = |mode: &str| LayerBuilder::new().file("srv/.env", format!("{text}# {mode}\n"));
    let found = secrets(&[layer("one"), layer("two"), LayerBuilder::new().file("x", "y")]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].layer, found[0].buried_by), (Some(0), None));
    // Deleted and put back: the one that is there now counts.
    let found = secrets(&[layer("one"), LayerBuilder::new().file("srv/.wh..env", ""), layer("two")]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].layer, found[0].buried_by), (Some(2), None));
}

#[test]
fn the_last_file_of_a_name_in_a_layer_counts() {
    let layer = LayerBuilder::new()
        .file("a", format!("GITHUB_TOKEN={}\n", token(1)))
        .file("a", "harmless\n")
        .file("b", eicar())
        .file("b", "harmless\n");
    assert_eq!(secrets(std::slice::from_ref(&layer)), []);
    let layers = layers(&[layer]);
    assert_eq!(malware(&layers.iter().collect::<Vec<_>>(), |layer| layer.malware.as_ref()), []);
}

#[test]
fn a_secret_in_a_file_too_large_for_memory_is_found_once_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let limits =
        Limits { memory_bytes: 1 << 20, spool_folder: Some(folder.path().into()), ..Limits::default() };
    let rules = Rules::builtin().unwrap();
    let inspectors =
        Inspectors { secrets: Some(Secrets { rules: &rules, key: &KEY }), ..Inspectors::default() };
    let mut text = "a line of text that nobody reads\n".repeat(400_000);
    let line = 300_000;
    let at = 33 * (line - 1);
    text.replace_range(at..at, &format!("GITHUB_TOKEN={}\n", token(9)));
    let layer = LayerBuilder::new().file("var/log/big.log", text).build();
    let analysis = analyse_with(&layer[..], &limits, &inspectors, Analysers::ALL).unwrap();
    let found = analysis.secrets.unwrap();
    assert_eq!(found.files.len(), 1, "{:?}", found.warnings);
    assert_eq!(found.files[0].secrets.len(), 1);
    assert_eq!(found.files[0].secrets[0].line, line as u64);
    assert!(analysis.malware.is_none() && analysis.clamd.is_none());
}

#[test]
fn malware_is_told_by_file_and_digests_and_layer() {
    let layers = layers(&[
        LayerBuilder::new().file("opt/drop/eicar.com", eicar()),
        LayerBuilder::new().file("opt/drop/.wh.eicar.com", ""),
    ]);
    let found = malware(&layers.iter().collect::<Vec<_>>(), |layer| layer.malware.as_ref());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].layer, found[0].buried_by), (0, Some(1)));
    assert_eq!(found[0].file.path, "opt/drop/eicar.com");
    assert_eq!(found[0].file.sha256, Digest::of(eicar().as_bytes()).hex());
    assert_eq!(found[0].file.md5, "44d88612fea8a8f36de82e1278abb02f");
}

#[test]
fn configuration_and_history_are_searched_and_redacted() {
    let (password, secret, token) = (random(3, ALNUM, 24), random(4, ALNUM, 20), token(5));
    let image = ImageBuilder::new()
        .layer_by(LayerBuilder::new().file("a", "b").build(), "COPY a /a")
        .env("API_PASSWORD", &password)
        .layer_by(
            LayerBuilder::new().file("c", "d").build(),
            &format!("/bin/sh -c echo root:{secret} | chpasswd"),
        )
        .step(&format!("|1 GITHUB_TOKEN={token} /bin/sh -c true"));
    let mut config = parse_config(&image.config_json()).unwrap();
    let rules = Rules::builtin().unwrap();
    let search = Secrets { rules: &rules, key: &KEY };
    let found = config_secrets(&config, search);
    let places: Vec<_> = found.iter().map(|found| (found.source, found.path.as_str(), found.layer)).collect();
    assert_eq!(
        places,
        [
            (SecretSource::Config, "ENV API_PASSWORD", None),
            (SecretSource::History, "step 3", Some(1)),
            (SecretSource::History, "step 4", None),
        ],
        "{found:#?}"
    );
    redact_config(&mut config, search);
    let shown = format!("{found:?}{config:?}");
    for secret in [&password, &secret, &token] {
        assert!(!shown.contains(secret.as_str()), "{shown}");
    }
    assert!(config.history[2].created_by.as_ref().unwrap().contains("| chpasswd"));
}

#[test]
fn what_a_package_brought_and_nobody_changed_is_no_finding() {
    let text = format!("GITHUB_TOKEN={}\n", token(1));
    let layer = |sums: &str| {
        LayerBuilder::new()
            .file("etc/app/sample.conf", text.clone())
            .file("var/lib/dpkg/info/app.md5sums", sums)
    };
    let md5 = <md5::Md5 as sha2::Digest>::digest(text.as_bytes());
    let line = |sum: &str| format!("{sum}  etc/app/sample.conf\n");
    assert_eq!(secrets(&[layer(&line(&hex::encode(md5)))]), []);
    assert_eq!(secrets(&[layer(&line("d41d8cd98f00b204e9800998ecf8427e"))]).len(), 1, "it was changed");
}
