//! The labelled corpus: what each built-in rule must find, and what is near and no secret.
//!
//! `corpus/*.toml` has texts with generators (`{alnum:36}`), which are filled here, many times and always alike, so that
//! no token stands in the repository. `cargo test -p lazaret-scanner --test corpus -- --nocapture` prints the figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lazaret_scanner::advisory::Severity;
use lazaret_scanner::image::SecretSource;
use lazaret_scanner::secret::{FingerprintKey, Rules, Secret};
use serde::Deserialize;

/// How often each text is filled.
const FILLS: u64 = 20;
/// The least number of rules.
const RULES: usize = 230;
/// The least share of secrets that is found.
const RECALL: f64 = 0.92;
/// The greatest share of ordinary texts that raises an alarm.
const FALSE_ALARMS: f64 = 0.04;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corpus {
    rule: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    /// Each must be found, by this rule.
    secrets: Vec<String>,
    /// In these no rule may find anything of MEDIUM or above.
    ordinary: Vec<String>,
    /// The file that the texts lie in.
    #[serde(default = "default_path")]
    path: String,
    /// What the texts are instead of files, for rules that are about no files.
    #[serde(default)]
    place: Place,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Place {
    #[default]
    File,
    Config,
    History,
}

impl Entry {
    fn search(&self, rules: &Rules, text: &str) -> Vec<Secret> {
        let key = FingerprintKey::new([42; 32]);
        match self.place {
            Place::File => rules.search(&key, &self.path, text.as_bytes(), 1),
            Place::Config => rules.search_text(&key, SecretSource::Config, text),
            Place::History => rules.search_text(&key, SecretSource::History, text),
        }
    }
}

fn default_path() -> String {
    "srv/app/settings.txt".to_owned()
}

/// Texts, and what became of them.
#[derive(Default, Clone, Copy)]
struct Figures {
    secrets: u32,
    found: u32,
    ordinary: u32,
    alarms: u32,
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.secrets += other.secrets;
        self.found += other.found;
        self.ordinary += other.ordinary;
        self.alarms += other.alarms;
    }

    fn recall(self) -> f64 {
        f64::from(self.found) / f64::from(self.secrets.max(1))
    }

    fn precision(self) -> f64 {
        f64::from(self.found) / f64::from((self.found + self.alarms).max(1))
    }

    fn false_alarms(self) -> f64 {
        f64::from(self.alarms) / f64::from(self.ordinary.max(1))
    }
}

/// Numbers that look random and are the same in every run (`SplitMix64`).
struct Random(u64);

impl Random {
    fn of(text: &str, fill: u64) -> Self {
        // FNV-1a.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash ^ fill.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let alphabet = alphabet.as_bytes();
        let mut pick = || usize::try_from(self.next() >> 33).unwrap_or_default() % alphabet.len();
        (0..length).map(|_| char::from(alphabet[pick()])).collect()
    }
}

const DIGITS: &str = "0123456789";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The characters of a generator by its name.
fn alphabet(name: &str) -> Option<String> {
    Some(match name {
        "alnum" => BASE62.to_owned(),
        "alpha" => format!("{LOWER}{UPPER}"),
        "lower" => format!("{LOWER}{DIGITS}"),
        "upper" => format!("{UPPER}{DIGITS}"),
        "digit" => DIGITS.to_owned(),
        "hex" => format!("{DIGITS}abcdef"),
        "HEX" => format!("{DIGITS}ABCDEF"),
        "base32" => format!("{UPPER}234567"),
        "base32lower" => format!("{LOWER}234567"),
        "base58" => BASE62.replace(['0', 'O', 'I', 'l'], ""),
        "base64" => format!("{BASE62}+/"),
        "base64url" => format!("{BASE62}-_"),
        _ => return None,
    })
}

/// A token of thirty characters with GitHub's and npm's checksum.
fn checked(random: &mut Random, prefix: &str) -> String {
    let body = random.text(BASE62, 30);
    let mut rest = crc32fast::hash(body.as_bytes()) as usize;
    let mut checksum = [0; 6];
    for digit in checksum.iter_mut().rev() {
        *digit = BASE62.as_bytes()[rest % 62];
        rest /= 62;
    }
    format!("{prefix}_{body}{}", String::from_utf8_lossy(&checksum))
}

/// What the generator makes; none: it is no generator.
fn generate(random: &mut Random, generator: &str) -> Option<String> {
    let (name, argument) = generator.split_once(':').unwrap_or((generator, ""));
    Some(match (name, argument) {
        ("github", prefix) if !prefix.is_empty() => checked(random, prefix),
        ("npm", "") => checked(random, "npm"),
        ("uuid", "") => [8, 4, 4, 4, 12].map(|n| random.text("0123456789abcdef", n)).join("-"),
        ("jwt", "") => {
            let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
            let payload =
                format!(r#"{{"sub":"{}","iat":1{}}}"#, random.text(DIGITS, 10), random.text(DIGITS, 9));
            let signature = random.text(&alphabet("base64url")?, 43);
            format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(payload))
        }
        ("basic", "") => STANDARD.encode(format!("deploy:{}", random.text(BASE62, 20))),
        ("discord", "") => {
            let id = format!("1{}", random.text(DIGITS, 17));
            let rest = alphabet("base64url")?;
            format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(id), random.text(&rest, 6), random.text(&rest, 38))
        }
        ("pem64", label) => {
            let body =
                (0..12).map(|_| random.text(&format!("{BASE62}+/"), 64)).collect::<Vec<_>>().join("\n");
            STANDARD.encode(format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"))
        }
        (name, length) => {
            let characters = alphabet(name)?;
            random
                .text(&characters, length.parse().unwrap_or_else(|_| panic!("{{{generator}}} has no length")))
        }
    })
}

/// Fills the generators of a text; `{{` is a brace.
fn fill(text: &str, random: &mut Random) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(next) = after.strip_prefix('{') {
            out.push('{');
            rest = next;
            continue;
        }
        let made = after.find('}').and_then(|end| Some((generate(random, &after[..end])?, end)));
        if let Some((value, end)) = made {
            out.push_str(&value);
            rest = &after[end + 1..];
        } else {
            let name = after.split([':', '}', '\n']).next().unwrap_or_default();
            let like_one = after[name.len()..].strip_prefix(':').is_some_and(|rest| {
                rest.split_once('}').is_some_and(|(length, _)| {
                    !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit())
                })
            });
            assert!(!like_one, "`{name}` is no generator, in {text}");
            out.push('{');
            rest = after;
        }
    }
    out + rest
}

#[test]
fn the_built_in_rules_find_secrets_and_hardly_anything_else() {
    let rules = Rules::builtin().expect("the built-in rules compile");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut total = Figures::default();
    let mut by_rule: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    // What was missed and what was a false alarm, each text once.
    let mut wrong = BTreeSet::new();
    println!("{:<20} {:>7} {:>9} {:>7} {:>12}", "file", "secrets", "precision", "recall", "false alarms");
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "toml")) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let corpus: Corpus = toml::from_str(&std::fs::read_to_string(file).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut figures = Figures::default();
        for entry in &corpus.rule {
            let counts = by_rule.entry(entry.id.clone()).or_default();
            counts.0 += entry.secrets.len();
            counts.1 += entry.ordinary.len();
            for number in 0..FILLS {
                for text in &entry.secrets {
                    let filled = fill(text, &mut Random::of(text, number));
                    let found = entry.search(&rules, &filled);
                    figures.secrets += 1;
                    if found.iter().any(|secret| secret.rule == entry.id) {
                        figures.found += 1;
                    } else {
                        let others: Vec<&str> = found.iter().map(|secret| secret.rule.as_str()).collect();
                        wrong.insert(format!("missed by {} (found: {others:?}): {text}", entry.id));
                    }
                }
                for text in &entry.ordinary {
                    let filled = fill(text, &mut Random::of(text, number));
                    let found = entry.search(&rules, &filled);
                    figures.ordinary += 1;
                    if let Some(secret) = found.iter().find(|secret| secret.severity >= Severity::Medium) {
                        figures.alarms += 1;
                        wrong.insert(format!("false alarm of {} near {}: {text}", secret.rule, entry.id));
                    }
                }
            }
        }
        print_figures(&name, figures);
        total.add(figures);
    }
    print_figures("in total", total);
    println!("{} rules", rules.len());
    let mut problems = String::new();
    for id in rules.ids() {
        let (secrets, ordinary) = by_rule.get(id).copied().unwrap_or_default();
        if secrets < 2 || ordinary < 2 {
            let _ = writeln!(
                problems,
                "{id} has {secrets} secrets and {ordinary} ordinary texts: it needs two of each"
            );
        }
    }
    for id in by_rule.keys().filter(|id| !rules.ids().any(|other| other == id.as_str())) {
        let _ = writeln!(problems, "the corpus names {id}, which is no rule");
    }
    for line in &wrong {
        println!("{line}");
    }
    assert!(problems.is_empty(), "{problems}");
    assert!(rules.len() >= RULES, "there are only {} rules", rules.len());
    assert!(total.recall() >= RECALL, "recall is {:.3}", total.recall());
    assert!(total.false_alarms() <= FALSE_ALARMS, "false alarms are {:.3}", total.false_alarms());
}

fn print_figures(name: &str, figures: Figures) {
    println!(
        "{name:<20} {:>7} {:>8.1}% {:>6.1}% {:>11.1}%",
        figures.secrets,
        100.0 * figures.precision(),
        100.0 * figures.recall(),
        100.0 * figures.false_alarms(),
    );
}
