//! Packages whose vulnerabilities are shown apart and do not count.

use super::ImagePackage;
use crate::catalog::{Evidence, Format};
use crate::ecosystem;

/// Why the vulnerabilities of a package do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetAside {
    /// Only a lock file names it: what is not installed is not run.
    Lockfile,
    /// It holds headers of the kernel. Advisories name the kernel's source, of which an image runs nothing.
    KernelHeaders,
}

/// Binary packages of a kernel's source that hold headers and no code that runs, by their beginning.
const HEADERS: [&str; 7] = [
    "linux-libc-dev",
    "linux-headers",
    "linux-kbuild",
    "linux-compiler-gcc",
    "kernel-headers",
    "kernel-devel",
    "linux-glibc-devel",
];

impl ImagePackage {
    /// Why its vulnerabilities do not count; `None` when they do.
    pub fn set_aside(&self) -> Option<SetAside> {
        if self.evidence == Evidence::Lockfile {
            return Some(SetAside::Lockfile);
        }
        let is_system =
            self.format.map_or_else(|| ecosystem::is_distribution(&self.ecosystem), Format::is_system);
        let is_headers = is_system && HEADERS.iter().any(|start| self.name.starts_with(start));
        is_headers.then_some(SetAside::KernelHeaders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{dpkg, node};

    fn package(name: &str) -> ImagePackage {
        ImagePackage {
            ecosystem: "Debian:12".into(),
            name: name.into(),
            version: "6.1.90-1".into(),
            source_name: "linux".into(),
            source_version: "6.1.90-1".into(),
            arch: String::new(),
            module: String::new(),
            licenses: String::new(),
            format: Some(dpkg::FORMAT),
            evidence: Evidence::Installed,
            layer: 0,
            path: String::new(),
        }
    }

    #[test]
    fn trap_headers_of_the_kernel_are_set_aside_and_the_kernel_is_not() {
        for name in ["linux-libc-dev", "linux-headers-6.1.0-21-amd64", "kernel-headers", "linux-headers"] {
            assert_eq!(package(name).set_aside(), Some(SetAside::KernelHeaders), "{name}");
        }
        for name in ["linux-image-6.1.0-21-amd64", "linux-perf", "bash"] {
            assert_eq!(package(name).set_aside(), None, "{name}");
        }
        let of_npm = ImagePackage { format: Some(node::installed::FORMAT), ..package("linux-headers") };
        assert_eq!(of_npm.set_aside(), None);
    }

    #[test]
    fn what_only_a_lock_file_names_is_set_aside() {
        let locked = ImagePackage { evidence: Evidence::Lockfile, ..package("lodash") };
        assert_eq!(locked.set_aside(), Some(SetAside::Lockfile));
    }
}
