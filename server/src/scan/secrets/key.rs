//! The key of secret fingerprints: made once per store, for fingerprints of two keys cannot be compared.

use lazaret_entities::setting;
use lazaret_scanner::secret::FingerprintKey;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DbErr, EntityTrait, Set};

use crate::store::{Store, StoreError};

/// Where it is among the settings: 64 hex digits.
const SETTING: &str = "secret.fingerprint.key";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The operating system gave no randomness.
    #[error("no random bytes from the operating system for the key of secret fingerprints: {0}")]
    Random(getrandom::Error),
    /// The stored key is none.
    #[error(
        "the setting {SETTING} in the database is damaged; restore it from a backup, or every secret will look new"
    )]
    Damaged,
    /// The database refused.
    #[error("the key of secret fingerprints cannot be read: {0}")]
    Database(#[from] DbErr),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store's key of fingerprints. The first caller makes it; of several at once, in several processes too, all get the
/// same. It is never changed.
///
/// # Errors
/// When the database refuses, holds something else, or there is no randomness.
pub async fn fingerprint_key(store: &Store) -> Result<FingerprintKey, KeyError> {
    if let Some(key) = stored(store).await? {
        return Ok(key);
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(KeyError::Random)?;
    let row = setting::ActiveModel { key: Set(SETTING.to_owned()), value: Set(hex::encode(bytes)) };
    let tx = store.begin_write().await?;
    setting::Entity::insert(row)
        .on_conflict(OnConflict::column(setting::Column::Key).do_nothing().to_owned())
        .exec_without_returning(&*tx)
        .await?;
    tx.commit().await?;
    // Whoever came first has decided.
    stored(store).await?.ok_or(KeyError::Damaged)
}

async fn stored(store: &Store) -> Result<Option<FingerprintKey>, KeyError> {
    let Some(row) = setting::Entity::find_by_id(SETTING).one(store.read()).await? else { return Ok(None) };
    let mut bytes = [0; 32];
    hex::decode_to_slice(&row.value, &mut bytes).map_err(|_| KeyError::Damaged)?;
    Ok(Some(FingerprintKey::new(bytes)))
}
