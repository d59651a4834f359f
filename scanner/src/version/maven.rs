//! Maven's order (maven.apache.org/pom.html, "Version Order Specification").
//!
//! A version is cut at dots, hyphens and between digits and letters. Numbers and qualifiers compare token by token;
//! what stands for nothing (`0`, `final`, `ga`, `release`) at the end or before a qualifier or hyphen is left out.

use super::number::{Number, is_number};

/// A version as its tokens, closed by [`Token::End`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(Vec<Token>);

/// The kinds stand in their order, so that a version that ends first is above its pre-releases and below the rest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    Alpha,
    Beta,
    Milestone,
    ReleaseCandidate,
    Snapshot,
    End,
    /// `ga`, `final`, `release` with a number after it.
    Release,
    ServicePack,
    /// Any other qualifier, in alphabetical order.
    Qualifier(String),
    HyphenNumber(Number),
    DotNumber(Number),
}

pub(super) fn parse(text: &str) -> Result<Version, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if !text.chars().all(|c| c.is_alphanumeric() || ".-_+~".contains(c)) {
        return Err("it holds a character that belongs to a range or an expression");
    }
    if ["LATEST", "RELEASE"].contains(&text) {
        return Err("it stands for whatever version is newest");
    }
    let text = text.to_lowercase();
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = text.as_str();
    // The first number compares as one after a dot.
    let mut hyphen = false;
    loop {
        let digits = rest.starts_with(|c: char| c.is_ascii_digit());
        let end =
            rest.find(|c: char| c == '.' || c == '-' || c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        let next = tail.chars().next();
        push(&mut tokens, run, hyphen, next.is_some_and(|c| c.is_ascii_digit()));
        let Some(next) = next else { break };
        let separated = next == '.' || next == '-';
        hyphen = next != '.';
        rest = if separated { &tail[1..] } else { tail };
        if hyphen {
            trim(&mut tokens);
        }
    }
    trim(&mut tokens);
    tokens.push(Token::End);
    Ok(Version(tokens))
}

/// Adds a token; an empty one is 0. A qualifier takes the nothings before it away.
fn push(tokens: &mut Vec<Token>, run: &str, hyphen: bool, before_digit: bool) {
    let token = if run.is_empty() || is_number(run) {
        let number = Number::new(run);
        if hyphen { Token::HyphenNumber(number) } else { Token::DotNumber(number) }
    } else {
        trim(tokens);
        qualifier(run, before_digit)
    };
    tokens.push(token);
}

fn qualifier(word: &str, before_digit: bool) -> Token {
    match word {
        "alpha" => Token::Alpha,
        "beta" => Token::Beta,
        "milestone" => Token::Milestone,
        "a" if before_digit => Token::Alpha,
        "b" if before_digit => Token::Beta,
        "m" if before_digit => Token::Milestone,
        "rc" | "cr" => Token::ReleaseCandidate,
        "snapshot" => Token::Snapshot,
        "ga" | "final" | "release" => Token::Release,
        "sp" => Token::ServicePack,
        _ => Token::Qualifier(word.to_owned()),
    }
}

fn trim(tokens: &mut Vec<Token>) {
    while tokens.last().is_some_and(|token| match token {
        Token::HyphenNumber(number) | Token::DotNumber(number) => number.is_zero(),
        token => *token == Token::Release,
    }) {
        tokens.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascending(versions: &[&str]) {
        for (i, a) in versions.iter().enumerate() {
            for b in &versions[i + 1..] {
                assert!(parse(a).unwrap() < parse(b).unwrap(), "{a} {b}");
            }
        }
    }

    fn equal(versions: &[&str]) {
        for version in &versions[1..] {
            assert_eq!(parse(versions[0]), parse(version), "{version}");
        }
    }

    #[test]
    fn the_examples_of_the_specification_hold() {
        ascending(&["1", "1.1"]);
        ascending(&["1-snapshot", "1", "1-sp"]);
        ascending(&["1-foo2", "1-foo10"]);
        ascending(&["1.foo", "1-1", "1.1"]);
        ascending(&["1-ga.1", "1-sp.1"]);
        ascending(&["1-sp-1", "1-ga-1"]);
        equal(&["1.foo", "1-foo"]);
        equal(&["1.ga", "1-ga", "1-0", "1.0", "1"]);
        equal(&["1-ga-1", "1-1"]);
        equal(&["1-a1", "1-alpha-1"]);
        equal(&["1-1.foo-bar1baz-.1", "1-1.foo-bar-1-baz-0.1"]);
        equal(&["1.0.0", "1.final", "1.", "1-", "1.0.0-0.0.0", "1-0.ga", "1"]);
        equal(&["1.0.0-foo.0.0", "1-foo"]);
    }

    #[test]
    fn qualifiers_have_their_place_in_any_case() {
        ascending(&[
            "1-alpha2snapshot",
            "1-alpha2",
            "1-alpha-123",
            "1-beta-2",
            "1-beta123",
            "1-m2",
            "1-M11",
            "1-rc",
            "1-CR2",
            "1-rc123",
            "1-SNAPSHOT",
            "1",
            "1-sp",
            "1-sp2",
            "1-sp123",
            "1-abc",
            "1-def",
            "1-pom-1",
            "1-1-snapshot",
            "1-1",
            "1-2",
            "1-123",
        ]);
        equal(&["1.0.0.RELEASE", "1.0.0.Final", "1.0.0-GA", "1"]);
        equal(&["1.0.RC2", "1-cr2"]);
    }

    #[test]
    fn numbers_have_their_place() {
        ascending(&["2.0", "2.0.a", "2-1", "2.0.2", "2.0.123", "2.1.0", "2.1-a", "2.1b", "2.1-c", "2.1-1"]);
        ascending(&["11.a2", "11.a11", "11.b2", "11.b11", "11.m2", "11.m11", "11", "11.a", "11b", "11c"]);
        // `pr` is a qualifier as any other, whatever its author meant.
        ascending(&["2.9.10", "2.9.10.1", "2.9.10.8", "2.10.0", "2.10.0.pr1"]);
        ascending(&["20030203.000129", "20030203.000550", "20040117.000000"]);
        ascending(&["31.1-android", "31.1-jre", "32.0.0-jre"]);
    }

    #[test]
    fn what_is_no_version_is_an_error() {
        for text in ["", "${project.version}", "[1.0,2.0)", "1.0 2", "LATEST", "RELEASE", "1/2"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
