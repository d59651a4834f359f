//! The HTTP server: routes, who asks, limits, health.

mod authenticate;
mod graphql;
mod health;
mod media;
mod problem;
mod report_file;
mod request_id;

use std::{future::Future, io, net::TcpListener, path::PathBuf, pin::pin, time::Duration};

use actix_web::{
    App, HttpServer,
    middleware::{DefaultHeaders, from_fn},
    web::{self, Data, ServiceConfig},
};

use crate::{graphql::AppSchema, store::Store};

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long open requests may take to finish once the server is told to stop, in seconds.
const STOP_SECONDS: u64 = 20;

/// What the routes need.
#[derive(Clone)]
pub struct State {
    /// The store.
    pub store: Store,
    /// The schema that `/graphql` executes.
    pub schema: AppSchema,
    /// The data folder, where reports lie.
    pub data_dir: PathBuf,
}

/// Adds all routes to an application.
pub fn routes(config: &mut ServiceConfig, state: State) {
    config
        .app_data(Data::new(state))
        .service(web::resource("/graphql").route(web::route().to(graphql::serve)))
        .service(web::resource("/health").route(web::get().to(health::serve)))
        .service(web::resource("/schema.graphql").route(web::get().to(graphql::schema)))
        .service(web::resource("/reports/{file}").route(web::get().to(report_file::serve)))
        .default_service(web::route().to(problem::not_found));
}

/// Serves on an open socket until `shutdown` resolves; then lets open requests finish.
///
/// # Errors
/// The socket cannot be served.
pub async fn run(
    listener: TcpListener,
    state: State,
    workers: usize,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let server = HttpServer::new(move || {
        let state = state.clone();
        App::new()
            .wrap(from_fn(request_id::assign))
            .wrap(
                DefaultHeaders::new()
                    .add(("x-content-type-options", "nosniff"))
                    .add(("referrer-policy", "no-referrer"))
                    .add(("cache-control", "no-store")),
            )
            .configure(move |config| routes(config, state))
    })
    .workers(workers.max(1))
    .client_request_timeout(HEAD_TIMEOUT)
    .shutdown_timeout(STOP_SECONDS)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    let mut server = pin!(server);
    tokio::select! {
        ended = &mut server => return ended,
        () = shutdown => {}
    }
    tokio::join!(handle.stop(true), server).1
}

#[cfg(test)]
mod tests;
