//! What tools say of a package beside its package URL, each under names of its own.

use crate::Digest;
use crate::catalog::Evidence;

/// What is known of a package beside its package URL; empty where nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// The ecosystem, where Lazaret wrote the document.
    pub ecosystem: String,
    /// Whether only a lock file names the package.
    pub evidence: Option<Evidence>,
    /// The module stream, with version and context as RPM writes it.
    pub module: String,
    /// The source package's name, and its version in up to three parts.
    pub source_name: String,
    pub source_version: String,
    source_release: String,
    source_epoch: String,
    /// The source RPM's file name.
    pub source_rpm: String,
    /// The file that told of it.
    pub path: String,
    /// The layer that brought it.
    pub layer: Option<Digest>,
}

impl Facts {
    /// Takes a property of the document that says something of the package. The first of several stays.
    pub fn learn(&mut self, name: &str, value: &str) {
        let field = match name {
            "lazaret:ecosystem" => &mut self.ecosystem,
            "lazaret:module" | "aquasecurity:trivy:Modularitylabel" | "syft:metadata:modularityLabel" => {
                &mut self.module
            }
            "lazaret:source:name"
            | "aquasecurity:trivy:SrcName"
            | "syft:metadata:source"
            | "syft:metadata:originPackage" => &mut self.source_name,
            "lazaret:source:version" | "aquasecurity:trivy:SrcVersion" | "syft:metadata:sourceVersion" => {
                &mut self.source_version
            }
            "aquasecurity:trivy:SrcRelease" => &mut self.source_release,
            "aquasecurity:trivy:SrcEpoch" => &mut self.source_epoch,
            "syft:metadata:sourceRpm" => &mut self.source_rpm,
            "lazaret:path" | "aquasecurity:trivy:FilePath" | "syft:location:0:path" => &mut self.path,
            "lazaret:layer:diffId" | "aquasecurity:trivy:LayerDiffID" | "syft:location:0:layerID" => {
                self.layer = self.layer.or_else(|| value.parse().ok());
                return;
            }
            "lazaret:evidence" => {
                self.evidence = (value == "LOCKFILE").then_some(Evidence::Lockfile);
                return;
            }
            _ => return,
        };
        if field.is_empty() {
            value.clone_into(field);
        }
    }

    /// The source package's version with its epoch and release; empty when the document does not say it.
    pub fn full_source_version(&self) -> String {
        if self.source_version.is_empty() {
            return String::new();
        }
        let mut version = match self.source_epoch.as_str() {
            "" | "0" => String::new(),
            epoch => format!("{epoch}:"),
        };
        version.push_str(&self.source_version);
        if !self.source_release.is_empty() {
            version.push('-');
            version.push_str(&self.source_release);
        }
        version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_source_version_come_together() {
        let mut facts = Facts::default();
        for (name, value) in
            [("SrcName", "zlib"), ("SrcVersion", "1.2.13.dfsg"), ("SrcRelease", "1"), ("SrcEpoch", "1")]
        {
            facts.learn(&format!("aquasecurity:trivy:{name}"), value);
        }
        assert_eq!(
            (facts.source_name.as_str(), facts.full_source_version()),
            ("zlib", "1:1.2.13.dfsg-1".into())
        );
        facts.learn("syft:metadata:source", "other");
        assert_eq!(facts.source_name, "zlib");
    }
}
