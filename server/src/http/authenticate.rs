//! Who asks: the bearer token of a request.

use actix_web::{
    HttpRequest,
    http::{StatusCode, header::AUTHORIZATION},
};

use super::{State, problem::Refusal};
use crate::{
    auth::{Requester, TokenError, tokens},
    graphql::error::ErrorCode,
};

/// The longest header that is looked at, in bytes; no token comes near it.
const LONGEST: usize = 512;

/// The requester of a valid token, or the refusal to answer with.
pub(super) async fn authenticate(state: &State, request: &HttpRequest) -> Result<Requester, Refusal> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(token) = header.filter(|header| header.len() <= LONGEST).and_then(bearer) else {
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            ErrorCode::Unauthenticated,
            "a token is needed: send the header \"Authorization: Bearer lzt_…\"; `lazaret token create` makes one",
        ));
    };
    let now = state.store.clock().now();
    match tokens::verify(state.store.read(), token, now).await {
        Ok((requester, row)) => {
            if tokens::use_is_due(&row, now) {
                note_use(state, row.id);
            }
            Ok(requester)
        }
        Err(error @ TokenError::Invalid) => {
            Err(Refusal::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthenticated, error.to_string()))
        }
        Err(error) => {
            tracing::error!(%error, "a token could not be checked");
            Err(Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                ErrorCode::Internal,
                "the token could not be checked; the log of Lazaret has the cause",
            ))
        }
    }
}

/// The token of a header with the scheme `Bearer`, in any case.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Notes the use beside the request: a reader must not wait for the writers before it.
fn note_use(state: &State, token_id: i64) {
    let store = state.store.clone();
    tokio::spawn(async move {
        let now = store.clock().now();
        let noted: Result<(), TokenError> = async {
            let tx = store.begin_write().await?;
            tokens::note_use(&*tx, token_id, now).await?;
            tx.commit_quietly().await?;
            Ok(())
        }
        .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of a token could not be noted");
        }
    });
}
