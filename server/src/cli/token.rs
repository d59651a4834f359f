//! `lazaret token`: makes, lists and revokes tokens; works beside a running server.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use lazaret_entities::Timestamp;

use super::{CliError, Context};
use crate::auth::{Requester, Role, tokens};

#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it, once: only its hash is kept
    Create {
        /// What it may do: ADMIN manages, OPERATOR scans, VIEWER reads
        #[arg(long, value_name = "ROLE", value_parser = role)]
        role: Role,
        /// What it is for
        #[arg(long, default_value = "made on the command line")]
        name: String,
        /// Days until it expires; without it never
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
        expires: Option<u32>,
    },
    /// List the tokens, without their secrets
    List,
    /// Make a token worthless at once
    Revoke {
        /// The first part of the token, as `lazaret token list` shows it
        prefix: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    text.parse()
}

pub(super) async fn run(context: &Context, args: &TokenArgs) -> Result<ExitCode, CliError> {
    let store = context.open_store().await?;
    let now = store.clock().now();
    let requester = Requester::local();
    let mut out = std::io::stdout();
    match &args.command {
        TokenCommand::Create { role, name, expires } => {
            let expires = expires.map(|days| now.plus(Duration::from_secs(u64::from(days) * 86_400)));
            let tx = store.begin_write().await?;
            let created = tokens::create(&*tx, &requester, name, *role, expires, now).await?;
            tx.commit().await?;
            writeln!(out, "{}", created.text)?;
        }
        TokenCommand::List => {
            let tokens = tokens::list(store.read(), &requester).await?;
            writeln!(
                out,
                "{:<18}  {:<8}  {:<7}  {:<20}  {:<20}  NAME",
                "TOKEN", "ROLE", "STATE", "CREATED", "LAST USED"
            )?;
            for token in tokens {
                let state = match (token.revoked_at, token.expires_at) {
                    (Some(_), _) => "revoked",
                    (None, Some(end)) if end <= now => "expired",
                    _ => "live",
                };
                writeln!(
                    out,
                    "{:<18}  {:<8}  {state:<7}  {:<20}  {:<20}  {}",
                    token.prefix,
                    Role::from(token.role).as_str(),
                    time(token.created_at),
                    time(token.last_used_at),
                    token.name
                )?;
            }
        }
        TokenCommand::Revoke { prefix } => {
            let tx = store.begin_write().await?;
            tokens::revoke(&*tx, &requester, prefix, now).await?;
            tx.commit().await?;
            anstream::eprintln!("The token {prefix} is revoked.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn time(at: Timestamp) -> String {
    if at.is_zero() {
        return "never".to_owned();
    }
    jiff::Timestamp::from_microsecond(at.as_micros())
        .map_or_else(|_| "unknown".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
