//! Maven projects: the direct dependencies of a `pom.xml` whose versions stand in the file itself.

use super::name;
use super::pom::Pom;
use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "maven",
    owner: Owner::Language("Maven"),
    evidence: Evidence::Lockfile,
    wants: |path| path.ends_with("pom.xml") && is_project_file(path, &["pom.xml"]),
    parse: Parse::Bytes(parse),
});

/// Reads the dependencies. Versions that a parent or an imported list gives, and ranges, are no versions that this file
/// tells: those dependencies are left out.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let (pom, error) = Pom::parse(bytes);
    let found = pom.dependencies().into_iter();
    let mut listing = Listing::of(
        found.map(|found| Package::new(name(&found.group, &found.artifact), found.version)).collect(),
    );
    if let Some(error) = error {
        listing.warnings.push(format!("cannot be read to its end ({error}); what follows is not covered"));
    }
    listing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Vec<String> {
        let mut lines: Vec<String> = parse("pom.xml", text.as_bytes())
            .packages
            .into_iter()
            .map(|package| format!("{} {}", package.name, package.version))
            .collect();
        lines.sort();
        lines
    }

    const POM: &str = r#"<?xml version="1.0"?>
        <project xmlns="http://maven.apache.org/POM/4.0.0">
          <parent><groupId>org.example</groupId><artifactId>parent</artifactId><version>7</version></parent>
          <artifactId>app</artifactId>
          <properties><log4j.version>2.${log4j.minor}</log4j.version><log4j.minor>14.1</log4j.minor>
            <loop>${loop}</loop></properties>
          <dependencyManagement><dependencies>
            <dependency><groupId>g</groupId><artifactId>managed</artifactId><version>4</version></dependency>
          </dependencies></dependencyManagement>
          <dependencies>
            <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId>
              <version>${log4j.version}</version>
              <exclusions><exclusion><artifactId>not-me</artifactId></exclusion></exclusions></dependency>
            <dependency><groupId>${project.groupId}</groupId><artifactId>sibling</artifactId>
              <version>${project.version}</version></dependency>
            <dependency><groupId>g</groupId><artifactId>managed</artifactId></dependency>
            <dependency><groupId>g</groupId><artifactId>elsewhere</artifactId></dependency>
            <dependency><groupId>g</groupId><artifactId>unknown</artifactId><version>${x}</version></dependency>
            <dependency><groupId>g</groupId><artifactId>loop</artifactId><version>${loop}</version></dependency>
            <dependency><groupId>g</groupId><artifactId>range</artifactId><version>[1,2)</version></dependency>
            <dependency><groupId>g</groupId><artifactId>moving</artifactId><version>LATEST</version></dependency>
            <dependency><groupId>g</groupId><artifactId>test</artifactId><version>1</version><scope>test</scope></dependency>
          </dependencies>
          <build><plugins><plugin><artifactId>p</artifactId><version>1</version>
            <dependencies><dependency><groupId>g</groupId><artifactId>plugin</artifactId><version>1</version></dependency>
            </dependencies></plugin></plugins></build>
        </project>"#;

    #[test]
    fn dependencies_with_a_version_of_this_file_are_listed() {
        let expected = ["g:managed 4", "org.apache.logging.log4j:log4j-core 2.14.1", "org.example:sibling 7"];
        assert_eq!(listed(POM), expected);
    }

    #[test]
    fn a_damaged_project_keeps_what_stands_before_the_damage() {
        let cut = &POM[..POM.find("<dependency><groupId>g</groupId><artifactId>elsewhere").unwrap()];
        assert_eq!(listed(cut).len(), 3);
        let deep = format!("<project>{}", "<a>".repeat(200_000));
        for text in [
            cut,
            "<project><a></b>",
            "<project",
            deep.as_str(),
            "<!DOCTYPE x [<!ENTITY a \"b\">]><project>&a;",
        ] {
            assert_eq!(
                parse("pom.xml", text.as_bytes()).warnings.len(),
                1,
                "{}",
                &text[..text.len().min(60)]
            );
        }
        let huge = format!("<project><properties><a>{0}{0}</a></properties></project>", "${a}".repeat(200));
        assert_eq!(listed(&huge), [""; 0]);
    }

    #[test]
    fn every_cut_is_read_without_a_panic() {
        for end in 0..POM.len() {
            parse("pom.xml", &POM.as_bytes()[..end]);
        }
    }
}
