//! The files of reports that were written.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path},
};

use super::{State, authenticate::authenticate, problem::Refusal};
use crate::{graphql::error::ErrorCode, reporting::report_path};

/// A report's file as a download.
pub(super) async fn serve(state: Data<State>, request: HttpRequest, name: Path<String>) -> HttpResponse {
    if let Err(refusal) = authenticate(&state, &request).await {
        return refusal.into();
    }
    let missing = || {
        HttpResponse::from(Refusal::new(
            StatusCode::NOT_FOUND,
            ErrorCode::BadUserInput,
            "there is no such report; write one with the mutation `generateReport`",
        ))
    };
    let Some(path) = report_path(&state.data_dir, &name) else { return missing() };
    let media = match path.extension().and_then(|extension| extension.to_str()) {
        _ if name.ends_with(".cdx.json") => lazaret_reports::cyclonedx::MEDIA_TYPE,
        _ if name.ends_with(".spdx.json") => lazaret_reports::spdx::MEDIA_TYPE,
        Some("html") => "text/html; charset=utf-8",
        Some("csv") => "text/csv; charset=utf-8; header=present",
        Some("json") => "application/json; charset=utf-8",
        _ => "application/octet-stream",
    };
    match tokio::fs::read(&path).await {
        Ok(bytes) => HttpResponse::Ok()
            .content_type(media)
            .insert_header((
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            ))
            .body(bytes),
        Err(error) => {
            tracing::error!(%error, path = %path.display(), "a report could not be read");
            missing()
        }
    }
}
