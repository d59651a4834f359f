//! The engines that look into files: the rules of secrets and malware, and clamd.
//!
//! Rules are compiled once. Before each scan their files are looked at; a changed set that cannot be used is said in the
//! log, and the last good one stays in force.

mod clamd;
mod files;
mod malware;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lazaret_scanner::layer::{Analysers, AskClamd, Inspectors, Secrets};
use lazaret_scanner::malware::clamd::{Clamd, ClamdError};
use lazaret_scanner::secret::{self, FingerprintKey};

pub use clamd::{ClamdAddress, InvalidClamdAddress};
pub use files::Unreadable;
use files::{Look, look};
use malware::MalwareRules;

/// Version of what clamd's analyser gives; the version of its database follows.
const CLAMD_REVISION: &str = "clamd-1";

/// Which rules and engines are in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnginesConfig {
    /// Files with further rules of secrets.
    pub secret_rules: Vec<PathBuf>,
    /// Files and folders of YARA rules.
    pub malware_rules: Vec<PathBuf>,
    /// Lists of hashes of known malware.
    pub hash_lists: Vec<PathBuf>,
    /// Lists of hashes of files that are never reported.
    pub allowed_hashes: Vec<PathBuf>,
    /// Where clamd listens, when it is to be asked.
    pub clamd: Option<ClamdAddress>,
    /// After which time a silent clamd has failed.
    pub clamd_timeout: Duration,
    /// The folder that compiled rules are kept below.
    pub data_dir: PathBuf,
}

/// Why rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EnginesError {
    /// A file of rules cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A rule or hash list is wrong.
    #[error("a rule cannot be used: {0}")]
    Rule(#[from] secret::RuleError),
}

/// The engines of this process, shared by all scans.
#[derive(Clone)]
pub struct Engines(Arc<Inner>);

struct Inner {
    config: Arc<EnginesConfig>,
    key: FingerprintKey,
    secrets: Mutex<(Look, Arc<secret::Rules>)>,
    malware: MalwareRules,
}

impl Engines {
    /// Reads the rule files. `key` is the store's key of fingerprints.
    ///
    /// # Errors
    /// When a file cannot be read or used: it is named with the line.
    pub fn open(config: EnginesConfig, key: FingerprintKey) -> Result<Self, EnginesError> {
        let config = Arc::new(config);
        let files = look(&config.secret_rules, &["toml"])?;
        let rules = Arc::new(secret_rules(&files)?);
        let malware = MalwareRules::open(&config)?;
        Ok(Self(Arc::new(Inner { config, key, secrets: Mutex::new((files, rules)), malware })))
    }

    /// The built-in rules alone, kept below `data_dir`.
    #[cfg(test)]
    pub(crate) fn built_in(data_dir: &std::path::Path) -> Self {
        let config = EnginesConfig {
            secret_rules: Vec::new(),
            malware_rules: Vec::new(),
            hash_lists: Vec::new(),
            allowed_hashes: Vec::new(),
            clamd: None,
            clamd_timeout: Duration::from_secs(10),
            data_dir: data_dir.to_owned(),
        };
        Self::open(config, FingerprintKey::new([7; 32])).expect("the built-in rules")
    }

    /// What one scan looks with. Takes over changed rule files and asks clamd for its version: for a thread that may block.
    pub fn prepare(&self, secrets: bool, malware: bool) -> Prepared {
        let inner = &self.0;
        inner.renew_secrets();
        if malware {
            inner.malware.renew();
        }
        let asked = inner.config.clamd.as_ref().filter(|_| malware);
        let clamd = asked.map(|address| {
            let connect = || address.connect(inner.config.clamd_timeout);
            Clamd::new(&connect).version().map_err(Arc::new).map(|version| ClamdVersion {
                fingerprint: format!("{CLAMD_REVISION} {version}"),
                version: version.to_string(),
            })
        });
        Prepared {
            engines: self.clone(),
            secret_rules: inner.secret_rules(),
            secrets,
            malware: malware.then(|| inner.malware.fingerprint()),
            clamd,
        }
    }
}

impl Inner {
    fn secret_rules(&self) -> Arc<secret::Rules> {
        Arc::clone(&self.secrets.lock().unwrap_or_else(PoisonError::into_inner).1)
    }

    fn renew_secrets(&self) {
        let renewed = || -> Result<_, EnginesError> {
            let files = look(&self.config.secret_rules, &["toml"])?;
            if files == self.secrets.lock().unwrap_or_else(PoisonError::into_inner).0 {
                return Ok(None);
            }
            let rules = Arc::new(secret_rules(&files)?);
            Ok(Some((files, rules)))
        };
        match renewed() {
            Ok(Some(kept)) => *self.secrets.lock().unwrap_or_else(PoisonError::into_inner) = kept,
            Ok(None) => {}
            Err(error) => tracing::error!("{error}; the rules of secrets in force stay as they were"),
        }
    }
}

fn secret_rules(files: &Look) -> Result<secret::Rules, EnginesError> {
    let sources = files.read(|name, text| secret::RuleSource { name, text })?;
    Ok(secret::Rules::with(&sources)?)
}

/// The version of a clamd and of its database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClamdVersion {
    /// As clamd writes it: `ClamAV 1.0.7/27250/Tue …`.
    pub version: String,
    fingerprint: String,
}

/// What one scan looks with: what changes meanwhile concerns the next one.
#[derive(Clone)]
pub struct Prepared {
    engines: Engines,
    secret_rules: Arc<secret::Rules>,
    /// Whether files are searched for secrets.
    secrets: bool,
    /// The fingerprint of the malware rules, when malware is looked for.
    malware: Option<String>,
    /// The clamd that is asked, or why it cannot be.
    clamd: Option<Result<ClamdVersion, Arc<ClamdError>>>,
}

impl Prepared {
    /// The analyses that a scan with these engines needs of each layer.
    pub fn wanted(&self) -> Analysers {
        Analysers {
            packages: true,
            secrets: self.secrets,
            malware: self.malware.is_some(),
            clamd: matches!(self.clamd, Some(Ok(_))),
        }
    }

    /// What tells of each wanted analysis whether a stored one is of today's rules.
    pub fn fingerprints(&self) -> Fingerprints {
        Fingerprints {
            secrets: self.secrets.then(|| self.secret_rules.fingerprint().to_owned()),
            malware: self.malware.clone(),
            clamd: self.clamd.as_ref().and_then(|clamd| Some(clamd.as_ref().ok()?.fingerprint.clone())),
        }
    }

    /// The search for secrets, when it is wanted.
    pub fn secrets(&self) -> Option<Secrets<'_>> {
        self.secrets.then(|| self.redacting())
    }

    /// The search for secrets by which texts are made fit to be stored, whether or not secrets are wanted.
    pub fn redacting(&self) -> Secrets<'_> {
        Secrets { rules: &self.secret_rules, key: &self.engines.0.key }
    }

    /// Whether malware is looked for.
    pub fn looks_for_malware(&self) -> bool {
        self.malware.is_some()
    }

    /// Whether clamd is asked and which it is, or why it cannot be asked; `None` when none is configured or wanted.
    pub fn clamd(&self) -> Option<Result<&str, String>> {
        let clamd = self.clamd.as_ref()?;
        Some(clamd.as_ref().map(|clamd| clamd.version.as_str()).map_err(|error| self.silent(error)))
    }

    /// Runs `read` with the inspectors for what is `missing`, and tells why clamd was not asked to the end.
    ///
    /// # Errors
    /// When the malware rules are needed and cannot be loaded.
    pub fn inspect<T>(
        &self,
        missing: Analysers,
        read: impl FnOnce(Inspectors<'_>) -> T,
    ) -> Result<(T, Option<String>), EnginesError> {
        let inner = &self.engines.0;
        let is_needed = self.malware.is_some() && (missing.malware || missing.clamd);
        let malware = if is_needed { Some(inner.malware.rules()?) } else { None };
        let connect = || match &inner.config.clamd {
            Some(address) => address.connect(inner.config.clamd_timeout),
            None => Err(std::io::ErrorKind::NotFound.into()),
        };
        let ask = AskClamd::new(Clamd::new(&connect), malware.as_deref());
        let inspectors = Inspectors {
            secrets: self.secrets().filter(|_| missing.secrets),
            malware: malware.as_deref().filter(|_| missing.malware),
            clamd: Some(&ask).filter(|_| missing.clamd && self.wanted().clamd),
        };
        let read = read(inspectors);
        Ok((read, ask.into_failure().map(|error| self.silent(&error))))
    }

    fn silent(&self, error: &ClamdError) -> String {
        let address = self.engines.0.config.clamd.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("clamd at {address} {error}")
    }
}

/// The fingerprints of the analysers that are wanted beside that of packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprints {
    /// Of the rules of secrets.
    pub secrets: Option<String>,
    /// Of the malware rules.
    pub malware: Option<String>,
    /// Of clamd's database.
    pub clamd: Option<String>,
}
