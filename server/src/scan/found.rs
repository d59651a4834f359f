//! What a scan found, category by category, into the store. One that failed leaves what is there.

use std::collections::BTreeMap;

use lazaret_entities::malware_finding::Engine;
use lazaret_entities::{Category, Timestamp, scan_task};
use sea_orm::DatabaseTransaction;

use super::categories::Outcome;
use super::merged::Merged;
use super::persist::PersistError;
use super::{counts, malware, packages, secrets};
use crate::advisories;
use crate::allow::Allowed;

/// Stores what was found for each category that was ordered, and says how each went.
pub(super) async fn store_found(
    tx: &DatabaseTransaction,
    task: &scan_task::Model,
    id: i64,
    merged: &Merged,
    now: Timestamp,
) -> Result<BTreeMap<Category, Outcome>, PersistError> {
    let allowed = Allowed::load(tx, now).await?;
    let mut outcomes = BTreeMap::new();
    for category in task.categories.iter() {
        let outcome = match category {
            Category::Vulnerability => {
                store_packages(tx, id, merged, now).await?;
                Outcome::with(&[(); 0])
            }
            Category::Secret => match &merged.secrets {
                Some(Ok(results)) => {
                    secrets::store::replace(tx, id, &results.found, &allowed, now).await?;
                    Outcome::with(&results.warnings)
                }
                Some(Err(reason)) => Outcome::failed(reason.as_str()),
                None => Outcome::failed("nobody searched the image"),
            },
            Category::Malware => store_malware(tx, id, merged, &allowed, now).await?,
        };
        outcomes.insert(category, outcome);
    }
    Ok(outcomes)
}

async fn store_packages(
    tx: &DatabaseTransaction,
    id: i64,
    merged: &Merged,
    now: Timestamp,
) -> Result<(), PersistError> {
    let ids = packages::upsert(tx, &merged.analysis.packages).await?;
    packages::replace(tx, id, &merged.analysis.packages, &ids, now).await?;
    let mut distinct = ids;
    distinct.sort_unstable();
    distinct.dedup();
    advisories::rematch_packages(tx, &distinct, now).await?;
    Ok(())
}

/// Each engine's findings are renewed by what that engine says. Where no clamd is configured, what one said earlier
/// stays: nobody has taken it back.
async fn store_malware(
    tx: &DatabaseTransaction,
    id: i64,
    merged: &Merged,
    allowed: &Allowed,
    now: Timestamp,
) -> Result<Outcome, PersistError> {
    if counts::have_packages(tx, &[id]).await?.is_empty() {
        let matches = advisories::match_packages(tx, &merged.analysis.packages).await?.matches;
        let packages = &merged.analysis.packages;
        malware::advisories::store_matches(tx, id, packages, &matches, allowed, now).await?;
    }
    let Some(results) = &merged.malware else { return Ok(Outcome::failed("nobody looked at the image")) };
    let (mut warnings, mut errors, mut engine) = (Vec::new(), Vec::new(), String::new());
    match &results.rules {
        Ok(found) => {
            let wanted = malware::store::wanted(id, &found.found, now);
            let engines = [Engine::Yara, Engine::HashList];
            malware::store::replace(tx, &[id], &engines, wanted, allowed, now).await?;
            warnings.extend(&found.warnings);
        }
        Err(reason) => errors.push(reason.as_str()),
    }
    match &results.clamd {
        Some(Ok(found)) => {
            let wanted = malware::store::wanted(id, &found.found, now);
            malware::store::replace(tx, &[id], &[Engine::Clamav], wanted, allowed, now).await?;
            engine.clone_from(&found.version);
            warnings.extend(
                found.warnings.iter().filter(|warning| !warnings.contains(warning)).collect::<Vec<_>>(),
            );
        }
        Some(Err(reason)) => errors.push(reason.as_str()),
        None => {}
    }
    if errors.is_empty() {
        return Ok(Outcome { engine, ..Outcome::with(&warnings) });
    }
    Ok(Outcome::failed(errors.join("; ")))
}
