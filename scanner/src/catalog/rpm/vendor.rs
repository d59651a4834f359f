//! Whose packages an RPM database lists: the distribution's own, or those of a repository beside it (EPEL, Docker).

/// How the vendors of distributions begin, by os-release id. In lower case.
const VENDORS: [(&str, &[&str]); 15] = [
    ("almalinux", &["almalinux"]),
    ("amzn", &["amazon"]),
    ("azurelinux", &["microsoft"]),
    ("centos", &["centos"]),
    ("fedora", &["fedora"]),
    ("mageia", &["mageia"]),
    ("mariner", &["microsoft"]),
    ("ol", &["oracle"]),
    ("openeuler", &["openeuler", "http://openeuler.org"]),
    ("opensuse-leap", &["opensuse", "suse"]),
    ("opensuse-tumbleweed", &["opensuse", "suse"]),
    ("photon", &["vmware", "broadcom"]),
    ("rhel", &["red hat"]),
    ("rocky", &["rocky"]),
    ("sles", &["suse"]),
];

/// Whether a package of this vendor belongs to the distribution with this os-release id. One without a vendor, and all of
/// a distribution whose vendor is not known here, are taken for its own.
pub(crate) fn is_own(distro: &str, vendor: &str) -> bool {
    let known = VENDORS.iter().find(|(id, _)| *id == distro);
    vendor.is_empty() || known.is_none_or(|(_, names)| begins(vendor, names))
}

/// Whether any distribution has this vendor.
pub(super) fn is_of_a_distribution(vendor: &str) -> bool {
    vendor.is_empty() || VENDORS.iter().any(|(_, names)| begins(vendor, names))
}

fn begins(vendor: &str, names: &[&str]) -> bool {
    let vendor = vendor.to_lowercase();
    names.iter().any(|name| vendor.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_what_other_repositories_built_is_not_the_distributions() {
        assert!(is_own("rhel", "Red Hat, Inc.") && is_own("rocky", "Rocky Enterprise Software Foundation"));
        assert!(is_own("sles", "SUSE LLC <https://www.suse.com/>") && is_own("rhel", ""));
        assert!(is_own("anolis", "Anything"), "its vendor is not known here");
        assert!(!is_own("rhel", "Fedora Project"), "EPEL");
        assert!(!is_own("rocky", "Docker") && !is_own("almalinux", "NVIDIA"));
        assert!(is_of_a_distribution("Fedora Project") && !is_of_a_distribution("Docker"));
    }
}
