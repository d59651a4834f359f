//! `container-manifest-2`: the answer of an `rpm -qa` in lines of fields with tabs between, which distroless images of
//! Azure Linux have in place of the database (github.com/microsoft/azurelinux, `toolkit`). The fields are name, version
//! with release, time of installation and of build, vendor, epoch, size, architecture, epoch as a number, and the file
//! name of the source package.

use super::super::Listing;
use super::gather::{Gathered, described};

/// Reads one package from each line.
pub(super) fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let mut gathered = Gathered::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            continue;
        }
        let fields: Option<Vec<&str>> = std::str::from_utf8(line).ok().map(|line| line.split('\t').collect());
        match fields.as_deref() {
            // Keys that rpm trusts are listed as if they were packages.
            Some(["gpg-pubkey", ..]) => {}
            Some([name, version, _, _, vendor, epoch, _, arch, rest @ ..])
                if !name.is_empty() && version.contains('-') =>
            {
                let source = rest.get(1).copied().unwrap_or_default();
                let epoch = epoch.parse().unwrap_or(0);
                let mut package = described((*name).to_owned(), epoch, version, source);
                package.arch = value(arch);
                package.vendor = value(vendor);
                gathered.push(package);
            }
            _ => gathered.damage(),
        }
    }
    gathered.into_listing()
}

/// rpm writes `(none)` where a package has no value.
fn value(field: &str) -> String {
    if field == "(none)" { String::new() } else { field.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::tests::damaged;
    use super::*;

    const FILE: &[u8] =
        include_bytes!("../../../fixtures/rpm-manifest/root/var/lib/rpmmanifest/container-manifest-2");

    #[test]
    fn trap_a_line_of_a_gpg_pubkey_is_no_package() {
        assert!(FILE.starts_with(b"gpg-pubkey"));
        let found = parse("", FILE);
        assert_eq!((found.packages.len(), found.warnings.len()), (7, 0));
    }

    #[test]
    fn a_damaged_list_tells_packages_or_a_warning() {
        damaged(FILE, |bytes| parse("", bytes));
    }

    #[test]
    fn lines_of_another_kind_are_damage() {
        for line in
            ["bash", "bash\t5.1-1", "\t5.1-1\t1\t1\tv\t(none)\t1\tx86_64", "a\t1\t\t\t\t\t\t", "\u{0}"]
        {
            let found = parse("", line.as_bytes());
            assert_eq!((found.packages.len(), found.warnings.len()), (0, 1), "{line}");
        }
        assert_eq!(parse("", b"\xff\n\n").warnings.len(), 1);
    }
}
