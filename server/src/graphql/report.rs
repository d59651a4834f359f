//! Writing reports.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::{
    context::{requester_with, services},
    error::ApiError,
    node::{Kind, key_of},
    scalars::BigInt,
};
use crate::{
    auth::Role,
    reporting::{self, ReportingError, Scope},
};

/// What goes wrong when a report is written. More codes may be added.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenerateReportErrorCode {
    /// The id names no image.
    NotFound,
}

user_error!(GenerateReportError, GenerateReportErrorCode, "Why no report was written.");

/// The formats of reports.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "reporting::ReportFormat")]
pub enum ReportFormat {
    /// A page for people.
    Html,
    /// A table with a row per finding.
    Csv,
    /// A bill of materials per image: CycloneDX 1.6 as JSON.
    #[graphql(name = "CYCLONEDX")]
    CycloneDx,
    /// A bill of materials per image: SPDX 2.3 as JSON.
    Spdx,
}

/// What the report is about.
#[derive(InputObject, Clone, Debug)]
pub struct GenerateReportInput {
    /// The global id of one image; the whole fleet when absent or null.
    image_id: Option<ID>,
    /// What to write; HTML and CSV when absent or null.
    formats: Option<Vec<ReportFormat>>,
    /// Comes back in the payload, so that a client knows its own request again.
    client_mutation_id: Option<String>,
}

/// A file of a report.
#[derive(SimpleObject, Clone, Debug)]
pub struct ReportFile {
    /// Its name.
    name: String,
    /// Its media type, for example `text/html`.
    media_type: String,
    /// Bytes.
    size: BigInt,
    /// The path on this server at which it is read, with the same token.
    path: String,
}

/// The report that was written.
#[derive(SimpleObject, Clone, Debug)]
pub struct GenerateReportPayload {
    /// Its files, in each of the formats; null when none was written.
    files: Option<Vec<ReportFile>>,
    /// Why none was written; empty when one was.
    user_errors: Vec<GenerateReportError>,
    /// What the input had.
    client_mutation_id: Option<String>,
}

/// Reports.
#[derive(Default)]
pub struct ReportMutation;

#[Object]
impl ReportMutation {
    /// Writes a report on one image or on the whole fleet. Needs the role OPERATOR.
    async fn generate_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the report is about.")] input: GenerateReportInput,
    ) -> Result<GenerateReportPayload, ApiError> {
        requester_with(ctx, Role::Operator)?;
        let services = services(ctx)?;
        let mut payload = GenerateReportPayload {
            files: None,
            user_errors: Vec::new(),
            client_mutation_id: input.client_mutation_id,
        };
        let not_found = || {
            GenerateReportError::new(
                GenerateReportErrorCode::NotFound,
                &["imageId"],
                "there is no image with this id; list images with the query `images`",
            )
        };
        let scope = match &input.image_id {
            None => Scope::Fleet,
            Some(id) => {
                let Some(key) = key_of(Kind::Image, id) else {
                    payload.user_errors.push(not_found());
                    return Ok(payload);
                };
                Scope::Image(key)
            }
        };
        let formats: Vec<reporting::ReportFormat> = match input.formats {
            Some(formats) => formats.into_iter().map(Into::into).collect(),
            None => reporting::ReportFormat::USUAL.to_vec(),
        };
        match reporting::generate(&services.store, &services.data_dir, scope, &formats).await {
            Ok(files) => payload.files = Some(files.into_iter().map(ReportFile::from).collect()),
            Err(ReportingError::NoImage(_)) => payload.user_errors.push(not_found()),
            Err(error) => return Err(ApiError::internal(error)),
        }
        Ok(payload)
    }
}

impl From<reporting::ReportFile> for ReportFile {
    fn from(file: reporting::ReportFile) -> Self {
        Self {
            path: format!("/reports/{}", file.name),
            name: file.name,
            media_type: file.media_type.to_owned(),
            size: BigInt(i64::try_from(file.size).unwrap_or(i64::MAX)),
        }
    }
}
