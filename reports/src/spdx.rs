//! SPDX 2.3 as JSON: the packages of one image.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Map, Value, json};

use crate::ReportError;
use crate::license::{Declared, declared};
use crate::model::{Image, Kind, Os, Package, time};
use crate::sbom::{Sbom, Unique, fingerprint, percent_encoded, properties, purl, sha256, uuid};

/// The media type of the documents.
pub const MEDIA_TYPE: &str = "application/spdx+json; version=2.3";

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-Image";
const OS: &str = "SPDXRef-OperatingSystem";

/// Writes the document; ends with a line break. The same facts give the same bytes.
pub fn image(sbom: Sbom<'_>, mut out: impl Write) -> Result<(), ReportError> {
    serde_json::to_writer_pretty(&mut out, &document(sbom))?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

fn document(sbom: Sbom<'_>) -> Value {
    let facts = sbom.facts;
    let mut licenses = Licenses::default();
    let mut names = Unique::default();
    let mut packages = vec![subject(&facts.image)];
    let mut relationships = vec![relationship(DOCUMENT, "DESCRIBES", IMAGE)];
    if let Some(os) = &facts.image.os {
        packages.push(operating_system(os));
        relationships.push(relationship(IMAGE, "CONTAINS", OS));
    }
    for package in &facts.packages {
        let purl = purl(package);
        let id = names.name(&format!(
            "SPDXRef-Package-{}-{}",
            id_string(&package.name),
            fingerprint(&format!("{purl}#{}", package.path))
        ));
        relationships.push(relationship(IMAGE, "CONTAINS", &id));
        packages.push(element(package, &id, &purl, &mut licenses, sbom));
    }
    let name = facts.image.name();
    let mut document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": name,
        "creationInfo": {
            "created": time::rfc3339(sbom.scanned_at),
            "creators": [creator(sbom)],
        },
        "packages": packages,
        "relationships": relationships,
    });
    if !licenses.texts.is_empty() {
        document["hasExtractedLicensingInfos"] = licenses.infos();
    }
    // The form that the specification gives for documents that lie at no address of their own.
    let namespace =
        format!("https://spdx.org/spdxdocs/lazaret/{}-{}", percent_encoded(name), uuid(&document));
    document["documentNamespace"] = json!(namespace);
    document
}

fn creator(sbom: Sbom<'_>) -> String {
    format!("Tool: {}-{}", sbom.tool.name, sbom.tool.version)
}

/// What the document is about.
fn subject(image: &Image) -> Value {
    let mut package = json!({
        "SPDXID": IMAGE,
        "name": image.name(),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
    });
    if matches!(image.kind, Kind::Image | Kind::Container) {
        package["versionInfo"] = json!(image.id);
        package["primaryPackagePurpose"] = json!("CONTAINER");
    }
    if let Some(digits) = sha256(image.digest()) {
        package["checksums"] = json!([{ "algorithm": "SHA256", "checksumValue": digits }]);
    }
    if image.tags.len() > 1 {
        package["comment"] = json!(format!("Tags: {}", image.tags.join(", ")));
    }
    package
}

fn operating_system(os: &Os) -> Value {
    json!({
        "SPDXID": OS,
        "name": os.id,
        "versionInfo": os.version,
        "description": os.name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "primaryPackagePurpose": "OPERATING_SYSTEM",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
    })
}

fn element(package: &Package, id: &str, purl: &str, licenses: &mut Licenses, sbom: Sbom<'_>) -> Value {
    // Our own properties as one object: texts of an image cannot break out of it.
    let properties: Map<String, Value> = properties(package, sbom.facts.image.kind)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    let mut source = Vec::new();
    if !package.path.is_empty() {
        source.push(format!("found in {}", package.path));
    }
    if package.source_name != package.name || package.source_version != package.version {
        source.push(format!(
            "built from the source package {} {}",
            package.source_name, package.source_version
        ));
    }
    let mut element = json!({
        "SPDXID": id,
        "name": package.name,
        "versionInfo": package.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "primaryPackagePurpose": "LIBRARY",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": licenses.declared(&package.licenses),
        "copyrightText": "NOASSERTION",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": purl,
        }],
        "annotations": [{
            "annotator": creator(sbom),
            "annotationDate": time::rfc3339(sbom.scanned_at),
            "annotationType": "OTHER",
            "comment": Value::Object(properties).to_string(),
        }],
    });
    if !source.is_empty() {
        element["sourceInfo"] = json!(source.join("; "));
    }
    element
}

fn relationship(from: &str, kind: &str, to: &str) -> Value {
    json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to })
}

/// What an SPDX identifier may consist of; anything else becomes a hyphen. Cut, for names have no end.
fn id_string(text: &str) -> String {
    text.chars()
        .take(60)
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '-' })
        .collect()
}

/// Licences that the SPDX list does not have, each with the text that stands for it.
#[derive(Default)]
struct Licenses {
    texts: BTreeMap<String, String>,
}

impl Licenses {
    /// What to write as declared licence.
    fn declared(&mut self, text: &str) -> String {
        match declared(text) {
            None => "NOASSERTION".to_owned(),
            Some(Declared::Id(valid) | Declared::Expression(valid)) => valid.to_owned(),
            Some(Declared::Name(name)) => {
                let id = format!("LicenseRef-{}-{}", id_string(name), fingerprint(name));
                self.texts.insert(id.clone(), name.to_owned());
                id
            }
        }
    }

    fn infos(&self) -> Value {
        self.texts
            .iter()
            .map(|(id, text)| json!({ "licenseId": id, "name": text, "extractedText": text }))
            .collect()
    }
}
