//! The running server: everything that works in the background, and the HTTP side before it.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use lazaret_entities::host::{HostKind, HostState};
use lazaret_entities::{container, host, image_ref};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{CliError, Context};
use crate::advisories::{self, Feed};
use crate::allow;
use crate::inventory::follow::{FollowContext, follow_archives, follow_engine};
use crate::queue::{Runner, RunnerOptions};
use crate::scan::counts;
use crate::scan::worker::{ScanContext, ScanWorker};
use crate::store::{ServeLock, Store};
use crate::{graphql, http};

/// How long the first look at an engine or folder may take before the start goes on without its numbers.
const FIRST_LOOK: Duration = Duration::from_secs(10);
/// How often is looked whether advisories are due.
const RENEWAL_LOOK: Duration = Duration::from_mins(15);
/// How often is looked whether allow rules have expired.
const EXPIRY_LOOK: Duration = Duration::from_mins(1);
/// How long the background work may take to end.
const STOP: Duration = Duration::from_secs(30);

/// Takes the port.
///
/// # Errors
/// The port is in use, or the address is not of this machine.
pub(super) fn bind(address: SocketAddr) -> Result<TcpListener, CliError> {
    TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => CliError::new(format!(
            "{address} is already in use: stop the program that uses it, or choose another port with --listen (127.0.0.1:0 takes a free one)"
        )),
        _ => CliError::new(format!("cannot listen on {address}: {error}; choose another address with --listen")),
    })
}

/// A server that runs until it is told to stop.
pub(super) struct Server {
    store: Store,
    address: SocketAddr,
    engine: Option<String>,
    engine_off: bool,
    archives: Option<PathBuf>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    http: tokio::task::JoinHandle<std::io::Result<()>>,
    signals: Signals,
    _lock: ServeLock,
}

impl Server {
    /// Starts the background work and the HTTP side on `listener`.
    ///
    /// # Errors
    /// A source of advisories or a rule file that cannot be used.
    pub(super) async fn start(
        context: &Context,
        store: &Store,
        listener: TcpListener,
        lock: ServeLock,
    ) -> Result<Self, CliError> {
        let engines = context.engines(store).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let feed = context.feed()?;
        let mut tasks = JoinSet::new();
        let engine = context.engine();
        let archives =
            Some(context.config.archives.dir.clone()).filter(|folder| !folder.as_os_str().is_empty());
        let follow = FollowContext {
            store: store.clone(),
            limits: context.config.limits(),
            reconcile_interval: context.config.engine.reconcile_interval(),
            cancelled: stop.clone(),
        };
        if let Some(endpoint) = &engine {
            tasks.spawn(follow_engine(follow.clone(), endpoint.clone()));
        }
        if let Some(folder) = &archives {
            tasks.spawn(follow_archives(follow, folder.clone()));
        }
        let worker = ScanWorker::new(ScanContext {
            store: store.clone(),
            limits: context.config.limits(),
            engines,
            feed: feed.clone(),
            fetching: advisories::no_progress(),
        });
        let options = RunnerOptions { slots: context.config.scan.workers, ..RunnerOptions::default() };
        let runner = Runner::new(store.clone(), worker, options);
        tasks.spawn(runner.run(stop.clone()));
        tasks.spawn(renew(store.clone(), feed, stop.clone()));
        tasks.spawn(settle_allowed(store.clone(), stop.clone()));

        let services = graphql::Services { store: store.clone(), data_dir: context.config.data_dir.clone() };
        let data_dir = context.config.data_dir.clone();
        let state = http::State { store: store.clone(), schema: graphql::schema(services), data_dir };
        let http = tokio::spawn(http::run(listener, state, 2, stop.clone().cancelled_owned()));
        Ok(Self {
            store: store.clone(),
            address,
            engine,
            engine_off: context.config.engine.host == "none",
            archives,
            stop,
            tasks,
            http,
            signals: Signals::listen(),
            _lock: lock,
        })
    }

    /// Where it answers.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was found, in lines for people, after a first look at the engine and the folder.
    pub(super) async fn found(&self) -> Result<Vec<String>, CliError> {
        let mut lines = Vec::new();
        match &self.engine {
            Some(endpoint) => lines.push(self.host_line(HostKind::Engine, endpoint).await?),
            None if self.engine_off => lines.push("No container engine is asked: engine.host is `none`".to_owned()),
            None => lines.push(
                "No container engine found: set DOCKER_HOST, or put image archives into a folder and give it with --archives"
                    .to_owned(),
            ),
        }
        if let Some(folder) = &self.archives {
            lines.push(self.host_line(HostKind::Archives, &folder.display().to_string()).await?);
        }
        Ok(lines)
    }

    async fn host_line(&self, kind: HostKind, place: &str) -> Result<String, CliError> {
        let what = match kind {
            HostKind::Engine => "Engine",
            HostKind::Archives => "Archives",
        };
        let looked = tokio::time::timeout(FIRST_LOOK, self.first_look(kind)).await;
        let Ok(host) = looked else {
            return Ok(format!("{what}: {place} has not been read yet"));
        };
        let host = host?;
        if host.state == HostState::Offline {
            return Ok(format!("{what}: {place} cannot be reached ({}); it is tried again", host.last_error));
        }
        let conn = self.store.read();
        let images = image_ref::Entity::find()
            .filter(image_ref::Column::HostId.eq(host.id))
            .filter(image_ref::Column::GoneAt.is_null())
            .count(conn)
            .await?;
        let containers = container::Entity::find()
            .filter(container::Column::HostId.eq(host.id))
            .filter(container::Column::GoneAt.is_null())
            .count(conn)
            .await?;
        Ok(match kind {
            HostKind::Engine => format!(
                "{what}: {} {} at {place}, {}, {}",
                host.engine_name,
                host.engine_version,
                plural(images, "image"),
                plural(containers, "container")
            ),
            HostKind::Archives => format!("{what}: {place}, {}", plural(images, "image")),
        })
    }

    async fn first_look(&self, kind: HostKind) -> Result<host::Model, CliError> {
        loop {
            let found =
                host::Entity::find().filter(host::Column::Kind.eq(kind)).all(self.store.read()).await?;
            let here = |host: &host::Model| match kind {
                HostKind::Engine => self.engine.as_deref() == Some(host.endpoint.as_str()),
                HostKind::Archives => true,
            };
            let seen = |host: &host::Model| !host.last_seen_at.is_zero() || !host.last_error.is_empty();
            if let Some(host) = found.into_iter().find(|host| here(host) && seen(host)) {
                return Ok(host);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Works until SIGTERM or Ctrl-C, then lets open requests finish and gives leases back.
    ///
    /// # Errors
    /// The HTTP side ended by itself.
    pub(super) async fn run_until_signal(mut self) -> Result<(), CliError> {
        let ended = tokio::select! {
            () = self.signals.received() => None,
            ended = &mut self.http => Some(ended),
        };
        self.stop.cancel();
        let result = match ended {
            Some(ended) => ended?,
            None => (&mut self.http).await?,
        };
        let background = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP, background).await.is_err() {
            tracing::warn!("some work did not end in {} s; its leases run out by themselves", STOP.as_secs());
        }
        result.map_err(CliError::from)
    }
}

/// Fetches advisories again when they are due.
async fn renew(store: Store, feed: Feed, stop: CancellationToken) {
    loop {
        let renewed = async {
            let fetches = advisories::renew_due(&store, &feed, &advisories::no_progress()).await?;
            counts::settle(&store, &fetches.loaded).await
        };
        if let Err(error) = renewed.await {
            tracing::warn!("advisories could not be renewed: {error}");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RENEWAL_LOOK) => {}
        }
    }
}

/// Ends allow rules that have expired, and completes new ones.
async fn settle_allowed(store: Store, stop: CancellationToken) {
    loop {
        if let Err(error) = allow::settle(&store).await {
            tracing::warn!("allow rules could not be settled: {error}");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EXPIRY_LOOK) => {}
        }
    }
}

/// SIGTERM and Ctrl-C, heard from the start: one that comes while the first look still runs must not end the process
/// without a word to its leases.
struct Signals(CancellationToken);

impl Signals {
    fn listen() -> Self {
        let token = CancellationToken::new();
        let heard = token.clone();
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            // Without a handler the signal ends the process at once, which loses nothing: leases run out.
            if let (Ok(mut terminate), Ok(mut interrupt)) =
                (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
            {
                tokio::spawn(async move {
                    tokio::select! {
                        _ = terminate.recv() => {}
                        _ = interrupt.recv() => {}
                    }
                    heard.cancel();
                });
            }
        }
        #[cfg(not(unix))]
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                heard.cancel();
            }
        });
        Self(token)
    }

    async fn received(&self) {
        self.0.cancelled().await;
    }
}

fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
