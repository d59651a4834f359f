use std::path::Path;

use super::{ConfigError, Environment, Overrides, load};

fn environment(pairs: &[(&str, &str)]) -> Environment {
    let mut environment = Environment::from([("HOME".to_owned(), "/home/ann".to_owned())]);
    environment.extend(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    environment
}

fn file(text: &str) -> (tempfile::TempDir, Overrides) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lazaret.toml");
    std::fs::write(&path, text).expect("a file");
    (folder, Overrides { config: Some(path), ..Overrides::default() })
}

#[test]
fn defaults_stand_alone() {
    let config = load(&environment(&[]), &Overrides::default()).expect("the defaults");
    assert_eq!(config.data_dir, Path::new("/home/ann/.local/share/lazaret"));
    assert_eq!(config.http.listen, "127.0.0.1:8470");
    let spool_folder = Some(config.data_dir.clone());
    assert_eq!(config.limits(), lazaret_scanner::Limits { spool_folder, ..Default::default() });
}

#[test]
fn xdg_data_home_is_followed_only_when_absolute() {
    let config =
        load(&environment(&[("XDG_DATA_HOME", "/srv")]), &Overrides::default()).expect("a configuration");
    assert_eq!(config.data_dir, Path::new("/srv/lazaret"));
    let config =
        load(&environment(&[("XDG_DATA_HOME", "srv")]), &Overrides::default()).expect("a configuration");
    assert_eq!(config.data_dir, Path::new("/home/ann/.local/share/lazaret"));
}

#[test]
fn file_is_under_environment_is_under_flags() {
    let (_folder, mut overrides) =
        file("offline = true\n[http]\nlisten = \"127.0.0.1:1\"\n[scan]\nworkers = 7\n");
    let config = load(&environment(&[]), &overrides).expect("a configuration");
    assert_eq!((config.offline, config.http.listen.as_str(), config.scan.workers), (true, "127.0.0.1:1", 7));

    let variables =
        environment(&[("LAZARET_HTTP_LISTEN", "127.0.0.1:2"), ("LAZARET_EGRESS_NO_PROXY", "a, .b")]);
    let config = load(&variables, &overrides).expect("a configuration");
    assert_eq!(config.http.listen, "127.0.0.1:2");
    assert_eq!(config.egress.no_proxy, ["a", ".b"]);

    overrides.values.insert("http.listen", "127.0.0.1:3".into());
    overrides.data_dir = Some("/data".into());
    let config = load(&variables, &overrides).expect("a configuration");
    assert_eq!((config.http.listen.as_str(), config.data_dir.as_path()), ("127.0.0.1:3", Path::new("/data")));
}

#[test]
fn unknown_keys_are_all_named() {
    let (_folder, overrides) =
        file("colour = 1\n[http]\nlisten = \"127.0.0.1:1\"\nprot = 1\n[mail]\nhost = \"x\"\n");
    let error = load(&environment(&[]), &overrides).expect_err("unknown keys").to_string();
    for key in ["colour", "http.prot", "mail", "lazaret.toml"] {
        assert!(error.contains(key), "{key} is missing in: {error}");
    }
    let error = load(&environment(&[("LAZARET_HTTP_PROT", "1")]), &Overrides::default())
        .expect_err("unknown variable");
    assert!(error.to_string().contains("LAZARET_HTTP_PROT"), "{error}");
}

#[test]
fn variables_of_kubernetes_are_not_ours() {
    let variables =
        environment(&[("LAZARET_SERVICE_HOST", "10.0.0.1"), ("LAZARET_PORT", "tcp://10.0.0.1:8470")]);
    load(&variables, &Overrides::default()).expect("a configuration");
}

#[test]
fn wrong_values_name_their_key() {
    for (text, key) in [
        ("[http]\nlisten = \"here\"\n", "http.listen"),
        ("[http]\nlisten = 8470\n", "http.listen"),
        ("[scan]\nworkers = 0\n", "scan.workers"),
        ("[scan]\nmax_ratio = 1\n", "scan.max_ratio"),
        ("[database]\nurl = \"mysql://x\"\n", "database.url"),
        ("[engine]\nhost = \"docker\"\n", "engine.host"),
        ("[egress]\nproxy = \"not an address\"\n", "egress.proxy"),
    ] {
        let (_folder, overrides) = file(text);
        let error = load(&environment(&[]), &overrides).expect_err(text).to_string();
        assert!(error.contains(key), "{key} is missing in: {error}");
    }
    let error = load(&environment(&[("LAZARET_SCAN_WORKERS", "many")]), &Overrides::default())
        .expect_err("no number");
    assert!(error.to_string().contains("LAZARET_SCAN_WORKERS"), "{error}");
}

#[test]
fn missing_and_malformed_files_are_named() {
    let overrides = Overrides { config: Some("/nowhere/lazaret.toml".into()), ..Overrides::default() };
    assert!(matches!(load(&environment(&[]), &overrides), Err(ConfigError::Unreadable { .. })));
    let (_folder, overrides) = file("[http\n");
    let error = load(&environment(&[]), &overrides).expect_err("no TOML").to_string();
    assert!(error.contains("lazaret.toml"), "{error}");
}

#[test]
fn passwords_are_not_shown() {
    let overrides =
        Overrides { database_url: Some("postgres://ann:secret@db/lazaret".into()), ..Overrides::default() };
    let config = load(&environment(&[]), &overrides).expect("a configuration");
    assert_eq!(config.database.redacted(), "postgres://ann:***@db/lazaret");
    let overrides = Overrides { database_url: Some("mysql://ann:secret@db".into()), ..Overrides::default() };
    let error = load(&environment(&[]), &overrides).expect_err("another database").to_string();
    assert!(!error.contains("secret"), "{error}");
}
