//! Images of a registry, read without an engine.
//!
//! Layers are streamed one by one and never lie on the disk; what is known already is not fetched. The client for the
//! registry's protocol has an HTTP client of its own, which takes the settings of the `egress` section.

mod credentials;
mod error;
mod fetch;

use std::fmt;
use std::time::Duration;

use lazaret_scanner::Digest;
use oci_client::Reference;
use oci_client::client::{Certificate, CertificateEncoding, Client, ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;

use crate::config::Environment;
use crate::egress::{Egress, EgressConfig};

pub use credentials::CredentialsError;
pub use error::RegistryError;
pub use fetch::Fetcher;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time between two pieces of an answer.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// The forms of manifests and indexes that are read.
const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// How registries are reached.
#[derive(Clone)]
pub struct Registries {
    egress: Egress,
    settings: EgressConfig,
    plain_http: Vec<String>,
    all_plain: bool,
    environment: Environment,
}

/// An image that a registry has.
pub struct RemoteImage {
    client: Client,
    auth: RegistryAuth,
    reference: Reference,
    manifest: Digest,
    bytes: Vec<u8>,
}

impl fmt::Debug for RemoteImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteImage").field("reference", &self.reference.whole()).finish_non_exhaustive()
    }
}

impl Registries {
    /// Registries under the address policy of `egress`, which has these `settings`. Those named in `plain_http`, or all
    /// with `all_plain`, are reached without TLS. The environment tells where the credentials of `docker login` lie.
    pub fn new(
        egress: Egress,
        settings: EgressConfig,
        plain_http: Vec<String>,
        all_plain: bool,
        environment: Environment,
    ) -> Self {
        Self { egress, settings, plain_http, all_plain, environment }
    }

    /// No registry may be called.
    #[cfg(test)]
    pub(crate) fn offline() -> Self {
        let settings = EgressConfig::default();
        let egress = Egress::new(&settings, true).expect("no settings");
        Self::new(egress, settings, Vec::new(), false, Environment::default())
    }

    /// Finds an image by `REPOSITORY:TAG` or `REPOSITORY@DIGEST`; without a registry it is one of Docker Hub.
    ///
    /// # Errors
    /// When the reference is none, the network is switched off, the registry may not be called, does not answer, or
    /// has no such image for whoever asks.
    pub async fn find(&self, reference: &str) -> Result<RemoteImage, RegistryError> {
        let parsed: Reference = reference.parse().map_err(|error| RegistryError::Reference {
            reference: reference.to_owned(),
            reason: format!("{error}"),
        })?;
        let registry = parsed.resolve_registry().to_owned();
        let plain = self.all_plain || self.plain_http.contains(&registry);
        let scheme = if plain { "http" } else { "https" };
        self.egress.permit(&format!("{scheme}://{registry}/v2/")).await?;
        let client = Client::try_from(self.client_config(plain)?)
            .map_err(|error| RegistryError::of(&parsed, plain, &error))?;
        let auth = credentials::find(&self.environment, parsed.registry()).await?;
        let found = client.pull_manifest_raw(&parsed, &auth, &MANIFESTS).await;
        let (bytes, _) = found.map_err(|error| RegistryError::of(&parsed, plain, &error))?;
        let bytes = bytes.to_vec();
        Ok(RemoteImage { client, auth, manifest: Digest::of(&bytes), bytes, reference: parsed })
    }

    fn client_config(&self, plain: bool) -> Result<ClientConfig, RegistryError> {
        let (proxy, no_proxy) = match &self.settings.proxy {
            Some(proxy) => (proxy.clone(), self.settings.no_proxy.clone()),
            // A proxy for nothing: without one the client would take what the environment says.
            None => ("http://127.0.0.1:9".to_owned(), "*,0.0.0.0/0,::/0".to_owned()),
        };
        Ok(ClientConfig {
            protocol: if plain { ClientProtocol::Http } else { ClientProtocol::Https },
            extra_root_certificates: self.certificates()?,
            connect_timeout: Some(CONNECT_TIMEOUT),
            read_timeout: Some(READ_TIMEOUT),
            user_agent: concat!("lazaret/", env!("CARGO_PKG_VERSION")),
            https_proxy: Some(proxy.clone()),
            http_proxy: Some(proxy),
            no_proxy: Some(no_proxy),
            ..ClientConfig::default()
        })
    }

    /// The private certificate authorities, one by one: the client reads no bundles.
    fn certificates(&self) -> Result<Vec<Certificate>, RegistryError> {
        const END: &str = "-----END CERTIFICATE-----";
        let Some(path) = &self.settings.ca_file else { return Ok(Vec::new()) };
        let pem = std::fs::read_to_string(path)
            .map_err(|error| RegistryError::CaFile { path: path.clone(), reason: error.to_string() })?;
        let certificates = pem.split_inclusive(END).filter(|part| part.contains(END));
        Ok(certificates
            .map(|part| Certificate { encoding: CertificateEncoding::Pem, data: part.as_bytes().to_vec() })
            .collect())
    }
}

impl RemoteImage {
    /// The whole reference, with registry and tag or digest.
    pub fn reference(&self) -> String {
        self.reference.whole()
    }

    /// The digest of its manifest, or of the index of its platforms.
    pub fn manifest(&self) -> Digest {
        self.manifest
    }
}
