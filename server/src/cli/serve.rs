//! `lazaret serve`: finds images, scans them, and answers over HTTP until it is told to stop.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::server::{self, Server};
use super::{CliError, Context};
use crate::auth::{Requester, Role, tokens};
use crate::config::Overrides;
use crate::store::Store;

/// Options of `lazaret serve`.
#[derive(Debug, Default, Args)]
pub(super) struct ServeArgs {
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:8470]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// A folder of image archives, shown as a host of its own
    #[arg(long, value_name = "DIR")]
    archives: Option<PathBuf>,
}

impl ServeArgs {
    pub(super) fn apply(&self, overrides: &mut Overrides) {
        if let Some(listen) = &self.listen {
            overrides.values.insert("http.listen", listen.clone());
        }
        if let Some(folder) = &self.archives {
            overrides.values.insert("archives.dir", folder.display().to_string());
        }
    }
}

pub(super) async fn run(context: &Context) -> Result<ExitCode, CliError> {
    let listener = server::bind(context.config.http.address()?)?;
    let store = context.open_store().await?;
    let lock = store.lock_for_serve().await?;
    let token = first_token(context, &store).await?;
    let server = Server::start(context, &store, listener, lock).await?;
    anstream::println!("Lazaret listens on {}", server.url());
    if let Some(token) = token {
        anstream::println!("Admin token: {token}");
        anstream::println!("It is shown this once; `lazaret token create` makes others.");
    }
    for line in server.found().await? {
        anstream::println!("{line}");
    }
    server.run_until_signal().await?;
    Ok(ExitCode::SUCCESS)
}

/// On the first start, the administrator's token in words. A token from `LAZARET_ADMIN_TOKEN_FILE` is known to whoever
/// wrote the file and is not printed.
async fn first_token(context: &Context, store: &Store) -> Result<Option<String>, CliError> {
    let requester = Requester::system();
    let now = store.clock().now();
    if let Some(path) = context.environment.get("LAZARET_ADMIN_TOKEN_FILE").filter(|path| !path.is_empty()) {
        let text = std::fs::read_to_string(path).map_err(|error| {
            CliError::new(format!("cannot read LAZARET_ADMIN_TOKEN_FILE {path}: {error}"))
        })?;
        let tx = store.begin_write().await?;
        tokens::adopt(&*tx, &requester, "LAZARET_ADMIN_TOKEN_FILE", Role::Admin, text.trim(), now).await?;
        tx.commit().await?;
        return Ok(None);
    }
    let tx = store.begin_write().await?;
    if !tokens::none_exist(&*tx).await? {
        return Ok(None);
    }
    let created = tokens::create(&*tx, &requester, "first start", Role::Admin, None, now).await?;
    tx.commit().await?;
    Ok(Some(created.text))
}
