//! What the reading half of a scan hands to the storing half.

use std::collections::{BTreeMap, BTreeSet};

use lazaret_scanner::Digest;
use lazaret_scanner::archive::ArchiveImage;
use lazaret_scanner::image::{
    ImageAnalysis, ImageMalware, ImageSecret, config_secrets, file_secrets, malware, merge, redact_config,
};
use lazaret_scanner::layer::{LayerAnalysis, Warning};

use super::analyse::created_by;
use super::engines::Prepared;
use super::persist::PersistError;

/// A layer of a scanned image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerFact {
    /// Its diff ID.
    pub diff_id: Digest,
    /// Bytes of the uncompressed tar.
    pub size: u64,
    /// The instruction that made it, empty where the history does not say.
    pub created_by: String,
}

/// An image with all that the scan found, before it is stored.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The image.
    pub image: ArchiveImage,
    /// Its layers, lowest first.
    pub layers: Vec<LayerFact>,
    /// What they hold together. It is there whatever was ordered: advisories on malicious packages need it too.
    pub analysis: ImageAnalysis,
    /// The secrets, or why they could not be searched; `None` where they were not ordered.
    pub secrets: Option<Result<SecretResults, String>>,
    /// The malware, by those who look for it; `None` where it was not ordered.
    pub malware: Option<MalwareResults>,
}

/// The secrets of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretResults {
    /// Them, in layers, configuration and history.
    pub found: Vec<ImageSecret>,
    /// What was not searched.
    pub warnings: Vec<Warning>,
}

/// The malware in the files of an image. Malicious packages are not among it: they come of the packages and the
/// advisories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalwareResults {
    /// What YARA rules and hash lists say, or why they could not be asked, in one sentence.
    pub rules: Result<MalwareFound, String>,
    /// What clamd says, or why it could not be asked, in one sentence; `None` where none is configured.
    pub clamd: Option<Result<ClamdFound, String>>,
}

/// What rules and lists say of the files of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MalwareFound {
    /// The files that they know.
    pub found: Vec<ImageMalware>,
    /// What was not looked at.
    pub warnings: Vec<Warning>,
}

/// What clamd says of the files of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClamdFound {
    /// The files that it knows.
    pub found: Vec<ImageMalware>,
    /// What was not looked at.
    pub warnings: Vec<Warning>,
    /// Its version and that of its database, as it says them: `ClamAV 1.0.7/27459/Tue Nov 17 09:33:00 2026`.
    pub version: String,
}

/// Lays the layers of `image` over each other. Takes time in proportion to their files. `clamd_failure` says why clamd was
/// not asked to the end. The configuration of the result has no secrets in it any more.
///
/// # Errors
/// When `analyses` lacks a layer.
pub fn merge_layers(
    mut image: ArchiveImage,
    analyses: &BTreeMap<Digest, LayerAnalysis>,
    prepared: &Prepared,
    clamd_failure: Option<&str>,
) -> Result<Merged, PersistError> {
    let mut ordered = Vec::with_capacity(image.config.diff_ids.len());
    for diff_id in &image.config.diff_ids {
        ordered.push(analyses.get(diff_id).ok_or(PersistError::MissingLayer(*diff_id))?);
    }
    let secrets = prepared.secrets().map(|search| {
        let mut found = file_secrets(&ordered);
        found.extend(config_secrets(&image.config, search));
        Ok(SecretResults {
            found,
            warnings: warnings(&ordered, |layer| Some(&layer.secrets.as_ref()?.warnings)),
        })
    });
    let malware = prepared.looks_for_malware().then(|| MalwareResults {
        rules: Ok(MalwareFound {
            found: malware(&ordered, |layer| layer.malware.as_ref()),
            warnings: warnings(&ordered, |layer| Some(&layer.malware.as_ref()?.warnings)),
        }),
        clamd: prepared.clamd().map(|clamd| {
            let version = clamd?.to_owned();
            if let Some(reason) = clamd_failure {
                return Err(reason.to_owned());
            }
            Ok(ClamdFound {
                found: malware(&ordered, |layer| layer.clamd.as_ref()),
                warnings: warnings(&ordered, |layer| Some(&layer.clamd.as_ref()?.warnings)),
                version,
            })
        }),
    });
    redact_config(&mut image.config, prepared.redacting());
    let layers = ordered
        .iter()
        .zip(created_by(&image.config))
        .map(|(layer, created_by)| LayerFact { diff_id: layer.diff_id, size: layer.size, created_by })
        .collect();
    let analysis = merge(&ordered);
    Ok(Merged { image, layers, analysis, secrets, malware })
}

/// What was not looked into. What an upper layer deletes is in the image all the same.
fn warnings<'a>(
    layers: &[&'a LayerAnalysis],
    of: impl Fn(&'a LayerAnalysis) -> Option<&'a Vec<Warning>>,
) -> Vec<Warning> {
    let told: BTreeSet<&Warning> = layers.iter().copied().filter_map(of).flatten().collect();
    told.into_iter().cloned().collect()
}
