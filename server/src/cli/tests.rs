use clap::{Command, CommandFactory};
use lazaret_reports::model::{
    Advisory, AffectedPackage, Allowed, Category, CategoryResult, CategoryStatus, Coverage, ImageFacts,
    LayerRef, Malware, MalwareEngine, NotAssessed, Os, SCHEMA_VERSION, ScanResult, Secret, SecretKind,
    SecretSource, Severity, Tool, Vulnerability, Warning,
};

use super::{Cli, table};

fn every_command(command: &mut Command, visit: &mut dyn FnMut(&mut Command)) {
    visit(command);
    for child in command.get_subcommands_mut() {
        every_command(child, visit);
    }
}

#[test]
fn help_reads_well_in_80_columns() {
    let mut program = Cli::command();
    program.build();
    every_command(&mut program, &mut |command| {
        for help in [command.render_help(), command.render_long_help()] {
            for line in help.to_string().lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            }
        }
    });
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_and_option_says_what_it_is_for() {
    let mut program = Cli::command();
    program.build();
    every_command(&mut program, &mut |command| {
        assert!(command.get_about().is_some() || command.get_name() == "help", "{}", command.get_name());
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
        }
    });
}

fn found(id: &str, severity: Severity, package: &str, fixed: &[&str]) -> Vulnerability {
    Vulnerability {
        id: id.to_owned(),
        aliases: Vec::new(),
        severity,
        severity_source: String::new(),
        cvss_score: None,
        summary: format!("{package} does what it should not do when somebody sends it something crafted"),
        package: AffectedPackage {
            ecosystem: "Debian:11".to_owned(),
            name: package.to_owned(),
            source_name: "openssl".to_owned(),
            layer: LayerRef { index: 0, diff_id: String::new() },
            path: "var/lib/dpkg/status".to_owned(),
            purl: String::new(),
        },
        installed_version: "1.1.1k-1".to_owned(),
        fixed_versions: fixed.iter().map(|version| (*version).to_owned()).collect(),
        advice: String::new(),
        advisory: Advisory { id: id.to_owned(), source: "Debian".to_owned(), url: String::new() },
        unimportant: false,
        set_aside: None,
    }
}

fn scan(vulnerabilities: Vec<Vulnerability>) -> ScanResult {
    let categories = Category::ALL.map(|category| CategoryResult {
        status: CategoryStatus::Scanned,
        ..CategoryResult::not_ordered(category)
    });
    let mut facts = ImageFacts { vulnerabilities, categories: categories.into(), ..ImageFacts::default() };
    facts.image.id = format!("sha256:{}", "0a".repeat(32));
    facts.image.tags = vec!["shop:1".to_owned()];
    facts.image.os = Some(Os {
        id: "debian".to_owned(),
        version: "11".to_owned(),
        name: "Debian GNU/Linux 11 (bullseye)".to_owned(),
        ecosystem: Some("Debian:11".to_owned()),
    });
    facts.coverage.push(Coverage {
        ecosystem: "Debian:11".to_owned(),
        packages: 2,
        advisories: 10,
        advisories_modified: "2026-11-20T00:00:00Z".parse().ok(),
        not_assessed: Vec::new(),
    });
    ScanResult {
        schema_version: SCHEMA_VERSION,
        tool: Tool::lazaret("0"),
        scanned_at: jiff::Timestamp::UNIX_EPOCH,
        target: "shop.tar".to_owned(),
        facts,
    }
}

fn plain(scan: ScanResult, width: Option<usize>) -> String {
    let mut styled = Vec::new();
    table::write(&mut styled, &[scan], width).unwrap();
    let plain = anstream::adapter::strip_bytes(&styled).into_vec();
    String::from_utf8(plain).unwrap()
}

#[test]
fn the_worst_is_first_and_binary_packages_share_a_line() {
    let text = plain(
        scan(vec![
            found("CVE-2", Severity::Low, "openssl", &[]),
            found("CVE-1", Severity::Critical, "libssl1.1", &["1.1.1n-0+deb11u5"]),
            found("CVE-1", Severity::Critical, "openssl", &["1.1.1n-0+deb11u5"]),
        ]),
        None,
    );
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "shop:1");
    assert!(lines[1].starts_with("Debian GNU/Linux 11 (bullseye) · linux"), "{}", lines[1]);
    assert!(lines[3].starts_with("SEVERITY  PACKAGE"), "{}", lines[3]);
    let worst: Vec<&str> = lines[4].split_whitespace().take(6).collect();
    assert_eq!(worst, ["CRITICAL", "libssl1.1,", "openssl", "1.1.1k-1", "1.1.1n-0+deb11u5", "CVE-1"]);
    assert!(lines[5].contains("no fix yet"), "{}", lines[5]);
    assert_eq!(lines[7], "2 vulnerabilities: 1 critical, 1 low; 1 can be fixed by an upgrade");
}

#[test]
fn lines_fit_the_terminal() {
    let row = || vec![found("CVE-2022-0001", Severity::High, "openssl", &["1.1.1n-0+deb11u5"])];
    for line in plain(scan(row()), Some(100)).lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert!(plain(scan(row()), None).contains("when somebody sends"));
}

#[test]
fn nothing_found_says_by_which_data() {
    let text = plain(scan(Vec::new()), None);
    assert!(text.contains("No vulnerabilities known (Debian:11 data of 2026-11-20)"), "{text}");
}

#[test]
fn gaps_are_never_silent() {
    let mut result = scan(Vec::new());
    let coverage = &mut result.facts.coverage[0];
    (coverage.advisories, coverage.advisories_modified) = (0, None);
    coverage.not_assessed = vec![NotAssessed {
        reason: "no advisories for Debian".to_owned(),
        count: 2,
        packages: vec!["bash".to_owned(), "openssl".to_owned()],
    }];
    result.facts.warnings = vec![Warning {
        layer: None,
        path: "srv/app/package.json".to_owned(),
        message: "it is no JSON".to_owned(),
    }];
    let text = plain(result, None);
    assert!(text.contains("No package was assessed."), "{text}");
    assert!(!text.contains("No vulnerabilities known"), "{text}");
    assert!(
        text.contains("Not assessed: 2 packages of Debian:11 (bash, openssl): no advisories for Debian"),
        "{text}"
    );
    assert!(text.contains("Not covered: srv/app/package.json: it is no JSON"), "{text}");
}

#[test]
fn what_the_distribution_calls_unimportant_stands_apart() {
    let mut unimportant = found("CVE-2005-2541", Severity::Low, "tar", &[]);
    unimportant.unimportant = true;
    let text = plain(scan(vec![unimportant]), None);
    assert!(text.contains("1 more that the distribution calls unimportant: CVE-2005-2541"), "{text}");
    assert!(!text.contains("SEVERITY"), "{text}");
}

fn secret(path: &str, severity: Severity) -> Secret {
    Secret {
        title: "GitHub personal access token".to_owned(),
        rule: "github-personal-access-token".to_owned(),
        kind: SecretKind::Token,
        severity,
        source: SecretSource::File,
        path: path.to_owned(),
        line: 3,
        layer: Some(LayerRef { index: 1, diff_id: String::new() }),
        instruction: String::new(),
        snippet: "TOKEN=ghp_****…9f2c".to_owned(),
        fingerprint: path.to_owned(),
        buried: false,
        buried_by: None,
        advice: String::new(),
        allowed: None,
        first_seen: None,
        last_seen: None,
    }
}

fn malware(engine: MalwareEngine, name: &str, path: &str) -> Malware {
    Malware {
        name: name.to_owned(),
        engine,
        severity: Severity::Critical,
        path: path.to_owned(),
        purl: String::new(),
        size: 68,
        md5: String::new(),
        sha1: String::new(),
        sha256: String::new(),
        layer: Some(LayerRef { index: 2, diff_id: String::new() }),
        buried: false,
        buried_by: None,
        description: String::new(),
        advice: String::new(),
        allowed: None,
        first_seen: None,
        last_seen: None,
    }
}

#[test]
fn secrets_and_malware_have_tables_and_counts() {
    let mut result = scan(Vec::new());
    let allowed = Allowed { reason: "a test".to_owned(), author: String::new(), expires: None };
    result.facts.secrets = vec![
        secret("srv/app/.env", Severity::Medium),
        Secret {
            buried: true,
            buried_by: Some(LayerRef { index: 3, diff_id: String::new() }),
            ..secret("root/\u{1b}[2Jid_rsa", Severity::High)
        },
        Secret { allowed: Some(allowed), ..secret("srv/test.pem", Severity::High) },
    ];
    result.facts.malware = vec![
        malware(MalwareEngine::Yara, "eicar_test_file", "opt/eicar.com"),
        malware(MalwareEngine::Clamav, "Eicar-Test-Signature", "opt/eicar.com"),
        malware(MalwareEngine::Yara, "eicar_test_file", "opt/nested.tar.gz!/eicar.zip!/eicar.com"),
    ];
    let text = plain(result.clone(), None);
    let row = |wanted: &str| {
        text.lines().position(|line| line.contains(wanted)).unwrap_or_else(|| panic!("{wanted}: {text}"))
    };
    assert!(row("root/\u{FFFD}[2Jid_rsa:3") < row("srv/app/.env:3"), "the worst is first");
    assert!(text.contains("1, buried by 3  TOKEN=ghp_****…9f2c"), "{text}");
    assert!(
        text.contains(
            "2 secrets: 1 high, 1 medium; 1 place is buried under a later layer, and still in the image"
        ),
        "{text}"
    );
    assert!(text.contains("1 more place with a secret is allowed, and does not count"), "{text}");
    assert!(text.contains("eicar_test_file (YARA rule), Eicar-Test-Signature (ClamAV)"), "{text}");
    assert!(text.contains("2 malware files: 2 critical"), "{text}");
    assert!(!text.contains('\u{1b}'));
    for line in plain(result, Some(110))
        .lines()
        .filter(|line| line.starts_with("HIGH") || line.starts_with("CRITICAL"))
    {
        assert!(line.chars().count() <= 130, "{line}");
    }
}

#[test]
fn a_category_that_was_not_searched_is_named() {
    let mut result = scan(Vec::new());
    let text = plain(result.clone(), None);
    assert!(text.contains("No secrets found") && text.contains("No malware found"), "{text}");
    result.facts.categories[0].status = CategoryStatus::NotOrdered;
    result.facts.categories[1].status = CategoryStatus::NotOrdered;
    result.facts.categories[2].status = CategoryStatus::Failed;
    result.facts.categories[2].error = "clamd does not answer".to_owned();
    let text = plain(result, None);
    for absent in ["No secrets", "No malware", "No vulnerabilities", "No package"] {
        assert!(!text.contains(absent), "{text}");
    }
    assert!(text.contains("Not covered: Secrets were not searched for."), "{text}");
    assert!(text.contains("Not covered: The search for malware failed: clamd does not answer."), "{text}");
}
