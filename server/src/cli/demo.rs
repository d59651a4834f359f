//! `lazaret demo`: the whole of Lazaret on sample images, without engine and internet.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use lazaret_entities::image::ScanStatus;
use lazaret_entities::scan_job::Trigger;
use lazaret_entities::{Categories, Timestamp, image};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::progress::Progress;
use super::server::{self, Server};
use super::{CliError, Context};
use crate::auth::{Requester, Role, tokens};
use crate::authorization::authorize_images;
use crate::config::{ConfigError, Environment, Overrides, data_folder};
use crate::reporting::{self, ReportFormat, Scope};
use crate::scan::counts;
use crate::scan::order::{self, start_scan};
use crate::store::Store;
use crate::{advisories, demo};

/// How long the samples may take: a hundred times what a small machine needs.
const PATIENCE: Duration = Duration::from_mins(3);
/// How long the token of a run is valid.
const TOKEN_LIFE: Duration = Duration::from_hours(24);

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Address and port; a free port when it is taken [default: 127.0.0.1:8470]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
}

impl DemoArgs {
    /// A data folder of its own, no engine and no network: the demo touches nothing that is somebody's.
    pub(super) fn apply(
        &self,
        environment: &Environment,
        overrides: &mut Overrides,
    ) -> Result<(), ConfigError> {
        let folder = match overrides.data_dir.take() {
            Some(folder) => folder,
            None => data_folder(environment, "lazaret-demo")?,
        };
        overrides.values.insert("archives.dir", folder.join("archives").display().to_string());
        overrides.values.insert("engine.host", "none".to_owned());
        if let Some(listen) = &self.listen {
            overrides.values.insert("http.listen", listen.clone());
        }
        overrides.database_url = Some(String::new());
        overrides.data_dir = Some(folder);
        overrides.offline = true;
        Ok(())
    }
}

pub(super) async fn run(context: &Context) -> Result<ExitCode, CliError> {
    let folder = context.config.data_dir.clone();
    let store = context.open_store().await?;
    let lock = store.lock_for_serve().await?;
    let progress = Progress::new();
    progress.set("Writing sample images", 0, None);
    let unwritable =
        |error: std::io::Error| CliError::new(format!("cannot write to {}: {error}", folder.display()));
    demo::write_archives(&context.config.archives.dir).map_err(unwritable)?;
    import(&store, folder.join("advisories"), &progress).await?;

    let server = Server::start(context, &store, listener(context)?, lock).await?;
    scan(&store, &progress).await?;
    progress.set("Writing reports", 0, None);
    let files = reporting::generate(&store, &folder, Scope::Fleet, &ReportFormat::USUAL).await?;
    let token = token(&store).await?;
    progress.clear();
    announce(&server.url(), &token, &folder.join("reports"), files.len(), &store).await?;
    server.run_until_signal().await?;
    Ok(ExitCode::SUCCESS)
}

/// The usual port, or a free one when it is taken.
fn listener(context: &Context) -> Result<TcpListener, CliError> {
    let mut address = context.config.http.address()?;
    server::bind(address).or_else(|_| {
        address.set_port(0);
        server::bind(address)
    })
}

async fn import(store: &Store, folder: PathBuf, progress: &Progress) -> Result<(), CliError> {
    demo::write_advisories(&folder)
        .map_err(|error| CliError::new(format!("cannot write to {}: {error}", folder.display())))?;
    let imported = advisories::import_path(store, &folder, None, &progress.advisories()).await?;
    Ok(counts::settle(store, &imported).await?)
}

/// Waits for the samples to be found, authorizes and scans them; those that were scanned before are left as they are.
async fn scan(store: &Store, progress: &Progress) -> Result<(), CliError> {
    let expected = u64::try_from(demo::samples().len())?;
    let late = || CliError::new("the sample images were not scanned in time; LAZARET_LOG=debug tells more");
    let images = || image::Entity::find().filter(image::Column::GoneAt.is_null());
    let found = async {
        while images().count(store.read()).await? < expected {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok::<_, CliError>(())
    };
    progress.set("Finding sample images", 0, None);
    tokio::time::timeout(PATIENCE, found).await.map_err(|_| late())??;

    let unscanned: Vec<i64> = images()
        .filter(image::Column::LastScannedAt.eq(Timestamp::ZERO))
        .all(store.read())
        .await?
        .into_iter()
        .map(|image| image.id)
        .collect();
    if unscanned.is_empty() {
        return Ok(());
    }
    let requester = Requester::local();
    let now = store.clock().now();
    let tx = store.begin_write().await?;
    authorize_images(&*tx, &requester, &unscanned, now).await?;
    let scope = order::Scope::Selected(unscanned);
    start_scan(&tx, &requester, &scope, Categories::ALL, Trigger::Manual, now).await?;
    tx.commit().await?;
    let scanned = async {
        loop {
            let open = [ScanStatus::Unscanned, ScanStatus::Queued, ScanStatus::Scanning];
            let left = images().filter(image::Column::ScanStatus.is_in(open)).count(store.read()).await?;
            progress.set("Scanning sample images", expected.saturating_sub(left), Some(expected));
            if left == 0 {
                return Ok::<_, CliError>(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, scanned).await.map_err(|_| late())?
}

async fn token(store: &Store) -> Result<String, CliError> {
    let now = store.clock().now();
    let tx = store.begin_write().await?;
    let created =
        tokens::create(&*tx, &Requester::local(), "demo", Role::Admin, Some(now.plus(TOKEN_LIFE)), now)
            .await?;
    tx.commit().await?;
    Ok(created.text)
}

async fn announce(
    url: &str,
    token: &str,
    reports: &std::path::Path,
    files: usize,
    store: &Store,
) -> Result<(), CliError> {
    let bold = anstyle::Style::new().bold();
    let report = reporting::fleet_report(store.read(), store.clock().now()).await?;
    let totals = &report.totals;
    anstream::println!("Lazaret listens on {url}");
    anstream::println!("Admin token: {token}");
    anstream::println!();
    anstream::println!(
        "{} sample images scanned, {} at risk: {} vulnerabilities, {} of them critical, {} that an upgrade fixes.",
        totals.images,
        totals.at_risk,
        totals.vulnerabilities.total(),
        totals.vulnerabilities.critical,
        totals.fixable.total(),
    );
    anstream::println!();
    anstream::println!("{bold}Open the report{bold:#}, one of {files} files in that folder:");
    anstream::println!("  file://{}", reports.join("fleet.html").display());
    anstream::println!();
    anstream::println!("{bold}Ask over GraphQL{bold:#}, with the token of this run:");
    for query in demo::QUERIES {
        let body = serde_json::json!({ "query": query.query });
        anstream::println!();
        anstream::println!("  # {}", query.asks);
        anstream::println!(
            "  curl -s {url}/graphql -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' -d '{body}'"
        );
    }
    anstream::println!();
    anstream::println!("Ctrl-C stops it. `lazaret serve` does the same with your own engine.");
    Ok(())
}
