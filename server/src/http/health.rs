//! Whether the server works: for load balancers and supervisors, without a token.

use actix_web::{HttpResponse, web::Data};
use sea_orm::ConnectionTrait;

use super::State;

/// 200 when the database answers, else 503.
pub(super) async fn serve(state: Data<State>) -> HttpResponse {
    match state.store.read().execute_unprepared("SELECT 1").await {
        Ok(_) => HttpResponse::Ok().json(serde_json::json!({ "status": "ok" })),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            HttpResponse::ServiceUnavailable().json(
                serde_json::json!({ "status": "unavailable", "reason": "the database does not answer" }),
            )
        }
    }
}
