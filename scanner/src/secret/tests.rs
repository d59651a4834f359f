//! The engine as a whole, on rules made for it.

use super::*;
use crate::image::SecretSource;

fn key() -> FingerprintKey {
    FingerprintKey::new([1; 32])
}

/// The built-in rules and these.
fn rules(text: &str) -> Rules {
    let source = RuleSource { name: "rules.toml".to_owned(), text: text.to_owned() };
    Rules::with(&[source]).unwrap()
}

const ACME: &str = "[[rules]]\nid = 'acme'\ndescription = 'Acme token'\nregex = '''\\b(acme_[a-z0-9]{20})\\b'''\nkeywords = ['acme_']\n";

fn acme(seed: u32) -> String {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    let random: String = (0..20)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b"0q9w8e7r6t5yalskdj"[(state >> 16) as usize % 18])
        })
        .collect();
    format!("acme_{random}")
}

#[test]
fn every_builtin_rule_compiles_and_has_keywords() {
    let rules = Rules::builtin().unwrap();
    for rule in &rules.all {
        for pattern in rule.regex.iter().chain(&rule.path) {
            pattern.check().unwrap_or_else(|reason| panic!("{}: {reason}", rule.id));
        }
        let narrow = !rule.keywords.is_empty() || rule.path.is_some();
        assert!(rule.regex.is_none() || narrow, "{} would run over everything", rule.id);
        // A shorter one is met everywhere, and makes the filter before the automaton let everything pass.
        assert!(rule.keywords.iter().all(|word| word.len() >= 3), "{} has too short a keyword", rule.id);
        for list in &rule.allow {
            list.check().unwrap_or_else(|reason| panic!("{}: {reason}", rule.id));
        }
        if let Some(regex) = rule.regex.as_ref().and_then(|regex| regex.get()) {
            assert!(rule.group < regex.captures_len(), "{} has no group {}", rule.id, rule.group);
        }
    }
    for list in &rules.allow {
        list.check().unwrap();
        for id in &list.rules {
            assert!(rules.ids().any(|other| other == id), "an allow list is for the unknown rule {id}");
        }
    }
}

#[test]
fn a_secret_is_told_with_its_line_and_never_repeated() {
    let rules = rules(ACME);
    let text = format!("first\nlast = 1\n  token: {}\n", acme(1));
    let found = rules.search(&key(), "srv/app/.env", text.as_bytes(), 1);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].line, found[0].rule.as_str(), found[0].title.as_str()), (3, "acme", "Acme token"));
    assert_eq!(found[0].snippet, format!("token: acme_****…{}", &acme(1)[21..]));
    assert_eq!(found[0].fingerprint, key().fingerprint(acme(1).as_bytes()));
    assert_eq!(rules.search(&key(), "srv/app/.env", text.as_bytes(), 100)[0].line, 102);
    assert_eq!(rules.redact(&text), format!("first\nlast = 1\n  token: acme_****…{}\n", &acme(1)[21..]));
    assert_eq!(rules.search_text(&key(), SecretSource::History, &text).len(), 1);
}

#[test]
fn other_secrets_of_the_line_are_hidden_as_well() {
    let rules = rules(ACME);
    let text = format!("a {} b {} {}\n", acme(1), acme(2), acme(1));
    let found = rules.search(&key(), "a", text.as_bytes(), 1);
    assert_eq!(found.len(), 2);
    for secret in &found {
        assert!(
            !secret.snippet.contains(&acme(1)[5..20]) && !secret.snippet.contains(&acme(2)[5..20]),
            "{secret:?}"
        );
    }
}

#[test]
fn long_lines_and_many_keywords_are_bounded() {
    let rules = rules(ACME);
    let mut text = "acme_ password= ".repeat(200_000);
    text.push_str(&acme(3));
    text.push(' ');
    text.push_str(&"x:/".repeat(500_000));
    let found = rules.search(&key(), "a.js", text.as_bytes(), 1);
    assert_eq!(found.iter().filter(|secret| secret.rule == "acme").count(), 1);
    assert!(found[0].snippet.chars().count() < 200);
}

#[test]
fn what_lies_on_the_border_of_a_piece_is_found_once() {
    let rules = rules(ACME);
    for shift in [0, 1, 7, 13, 24] {
        let unit = format!("acme_ {} ", acme(4));
        let text = " ".repeat(shift) + &unit.repeat(9000);
        assert_eq!(rules.hits(SecretSource::File, "a", text.as_bytes()).len(), 4096);
        let text = " ".repeat(shift) + &"acme_ ".repeat(10920) + &acme(5) + &" acme_".repeat(10000);
        assert_eq!(rules.hits(SecretSource::File, "a", text.as_bytes()).len(), 1, "{shift}");
    }
}

#[test]
fn utf_16_is_read_and_binary_is_not() {
    let rules = rules(ACME);
    let text = format!("first\r\ntoken={}\r\n", acme(6));
    for unit in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
        assert!(rules.is_searched("a", &bytes));
        let found = rules.search(&key(), "a", &bytes, 1);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].line, found[0].fingerprint.clone()), (2, key().fingerprint(acme(6).as_bytes())));
    }
    let binary = [b"\x7fELF\x02\x01\x01\0\0\0".as_slice(), text.as_bytes()].concat();
    assert!(!rules.is_searched("a", &binary));
    assert!(rules.search(&key(), "a", &binary, 1).is_empty());
}

#[test]
fn the_rule_that_knows_more_wins() {
    let rules = rules(
        &(ACME.to_owned()
            + "[[rules]]\nid = 'generic-thing'\nregex = '''token = ([a-z0-9_]+)'''\nkeywords = ['token']\nseverity = 'CRITICAL'\n"),
    );
    let found = rules.search(&key(), "a", format!("token = {}", acme(7)).as_bytes(), 1);
    assert_eq!(found.iter().map(|secret| secret.rule.as_str()).collect::<Vec<_>>(), ["acme"]);
    let found = rules.search(&key(), "a", b"token = horse9battery", 1);
    assert_eq!(found.iter().map(|secret| secret.rule.as_str()).collect::<Vec<_>>(), ["generic-thing"]);
}

#[test]
fn what_stands_for_a_value_is_no_secret() {
    let rules = rules("[[rules]]\nid = 'any'\nregex = '''value=(\\S+)'''\nkeywords = ['value']\n");
    for value in [
        "changeme",
        "<password>",
        "${VAR}",
        "$(cat-x)",
        "$HOME",
        "%s",
        "{{x}}",
        "xxxxxxx",
        "****",
        "your-api-key",
        "AKIAIOSFODNN7EXAMPLE",
        "1234567890",
        "abcdefgh",
        "null",
        "true",
        "password",
        "aaaaaaaaaa",
    ] {
        let found = rules.search(&key(), "etc/app", format!("value={value}").as_bytes(), 1);
        assert!(found.is_empty(), "{value}: {found:?}");
    }
    assert_eq!(rules.search(&key(), "etc/app", b"value=Tr0ub4dor", 1).len(), 1);
    for path in ["srv/app/tests/a", "usr/share/doc/x/a", "usr/lib/node_modules/a/test/b", "a/x.pyc"] {
        assert!(rules.search(&key(), path, b"value=Tr0ub4dor", 1).is_empty(), "{path}");
    }
}

#[test]
fn of_a_private_key_the_header_is_told() {
    let rules = Rules::builtin().unwrap();
    let body: String = (0..6).map(|seed| acme(seed)[5..].repeat(3) + "Zx9+\n").collect();
    let block = format!("-----BEGIN PRIVATE KEY-----\nMIIE{body}-----END PRIVATE KEY-----\n");
    let plain = rules.search(&key(), "etc/ssl/private/a.key", format!("\n{block}").as_bytes(), 1);
    let json = format!("{{\n\n\"key\": \"{}\"}}", block.trim().replace('\n', "\\n"));
    let quoted = rules.search(&key(), "etc/a.json", json.as_bytes(), 1);
    assert_eq!((plain.len(), quoted.len()), (1, 1), "{plain:?} {quoted:?}");
    assert_eq!((plain[0].line, plain[0].snippet.as_str()), (2, "-----BEGIN PRIVATE KEY-----****"));
    assert_eq!((quoted[0].line, quoted[0].fingerprint.as_str()), (3, plain[0].fingerprint.as_str()));
    assert!(quoted[0].snippet.starts_with("\"key\": \"-----BEGIN PRIVATE KEY-----****"), "{quoted:?}");
}

#[test]
fn a_rule_about_a_file_needs_no_text() {
    let rules =
        rules("[[rules]]\nid = 'store'\npath = '''\\.acme$'''\nkind = 'CERTIFICATE'\nseverity = 'LOW'\n");
    assert!(rules.is_searched("etc/a.acme", b"\0\0\0") && !rules.is_searched("etc/a.acmf", b"\0\0\0"));
    let found = rules.search(&key(), "etc/a.acme", b"\x30\x82\0\0\0", 1);
    assert_eq!((found.len(), found[0].line, found[0].snippet.as_str()), (1, 1, "a.acme"));
    assert!(rules.search(&key(), "etc/a.acme", b"\x30\x82\0\0\0", 2).is_empty());
}

#[test]
fn rules_of_gitleaks_are_read() {
    let text = r#"
title = "rules of a company"
minVersion = "8.20"
[extend]
useDefault = true
disabledRules = ["generic-password"]
[[rules]]
id = "acme-key"
description = "Acme key"
regex = '''(?i)acme[\w.-]{0,20}?(?:=|:){1}\s*['"]?([a-z0-9]{16})(?:['"\s]|$)'''
secretGroup = 1
entropy = 3
keywords = ["Acme"]
tags = ["a"]
[rules.allowlist]
regexes = ['''^{\d+}$''']
stopwords = ["fffff"]
[[rules.allowlists]]
condition = "AND"
paths = ['''vendor/''']
regexTarget = "line"
regexes = ['''# public''']
[[rules]]
id = "no-keywords"
regex = '''[0-9]{4}Q[0-9]{7}Z'''
[allowlist]
paths = ['''^opt/ignored/''']
[[allowlists]]
targetRules = ["acme-key"]
stopwords = ["k9k9"]
"#;
    let rules = rules(text);
    assert!(!rules.ids().any(|id| id == "generic-password"));
    let find = |path: &str, text: &str| rules.search(&key(), path, text.as_bytes(), 1).len();
    assert_eq!(find("a", "ACME_KEY= 'a8f3k2m9x7q1w5z4'\n"), 1);
    assert_eq!(find("a", "ACME_KEY= 'k9k9k2m9x7q1w5z4'\n"), 0);
    assert_eq!(find("opt/ignored/a", "ACME_KEY= 'a8f3k2m9x7q1w5z4'\n"), 0);
    assert_eq!(find("vendor/a", "ACME_KEY= 'a8f3k2m9x7q1w5z4' # public\n"), 0);
    assert_eq!(find("vendor/a", "ACME_KEY= 'a8f3k2m9x7q1w5z4'\n"), 1);
    assert_eq!(find("a", &format!("{}\n1902Q7261938Z\n", "x".repeat(100_000))), 1);
}

#[test]
fn what_is_wrong_with_rules_is_told_with_file_and_line() {
    let error = |text: &str| {
        let source = RuleSource { name: "my.toml".to_owned(), text: text.to_owned() };
        Rules::with(&[source]).unwrap_err().to_string()
    };
    let rule = "[[rules]]\nid = 'a'\nregex = 'a'\n";
    for (text, expected) in [
        (String::new() + rule + "colour = 'red'", "my.toml, line 4: unknown field `colour`"),
        (
            "[[rules]]\nid = 'a'\n\nregex = '(a'".to_owned(),
            "my.toml, line 4: rule a cannot be compiled: unclosed group",
        ),
        ("[[rules]]\nid = 'a'".to_owned(), "my.toml, line 2: rule a has neither regex nor path"),
        ("[[rules]]\nregex = 'a'".to_owned(), "my.toml, line 1: missing field `id`"),
        (rule.to_owned() + rule, "my.toml, line 5: there are two rules with the id a"),
        (rule.to_owned() + "severity = 'AWFUL'", "my.toml, line 4: `AWFUL` is no severity"),
        (rule.to_owned() + "checksum = 'md5'", "my.toml, line 4: `md5` is no checksum"),
        (rule.to_owned() + "[extend]\npath = 'b.toml'", "my.toml, line 5: `extend` reads no other files"),
        ("x = [".to_owned(), "my.toml, line 1: "),
    ] {
        assert!(error(&text).starts_with(expected), "{}", error(&text));
    }
}

#[test]
fn the_fingerprint_of_a_set_changes_with_its_rules() {
    let builtin = Rules::builtin().unwrap();
    assert!(builtin.fingerprint().starts_with("secrets-1-") && builtin.fingerprint().len() == 26);
    assert_eq!(builtin.fingerprint(), Rules::builtin().unwrap().fingerprint());
    assert_ne!(builtin.fingerprint(), rules(ACME).fingerprint());
}
