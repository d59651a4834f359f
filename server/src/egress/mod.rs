//! The only outgoing HTTP client.
//!
//! Every call passes the address policy: names inside the resolver, IP literals before the call. No redirect is
//! followed unless the caller allows some, each under the same policy; bodies are bounded; a proxy is used only when
//! configured, and then the names are the proxy's to resolve.

mod cidr;
mod config;
mod error;
mod policy;
mod resolver;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{ETAG, HeaderValue, IF_NONE_MATCH, LOCATION};
use reqwest::{Client, NoProxy, Proxy, Response, StatusCode, redirect};
use url::{Host, Url};

pub use cidr::{Cidr, InvalidCidr};
pub use config::EgressConfig;
pub use error::EgressError;
pub use policy::{AddressPolicy, Refusal};

/// Time to establish a connection: a machine without a network must not wait long at each scan.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Time between two pieces of an answer.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// The outgoing HTTP client; clones share it.
#[derive(Clone)]
pub struct Egress {
    inner: Arc<Inner>,
}

struct Inner {
    offline: bool,
    config: EgressConfig,
    policy: AddressPolicy,
    proxy: Option<Url>,
    /// Built at the first call: a machine without certificates or network can do everything else.
    client: OnceLock<Client>,
}

/// How one address is fetched.
#[derive(Debug, Clone, Default)]
pub struct Fetch<'a> {
    /// The entity tag of what is already there; empty for none.
    pub etag: &'a str,
    /// How many redirects are followed.
    pub redirects: usize,
}

/// The answer to a fetch.
#[derive(Debug)]
pub enum Fetched {
    /// The entity tag still holds: there is nothing to read.
    NotModified,
    /// A body to read.
    Body(Body),
}

/// A body that has not been read yet.
#[derive(Debug)]
pub struct Body {
    url: Url,
    etag: String,
    response: Box<Response>,
}

impl Egress {
    /// A client under the configuration. With `offline` every call answers [`EgressError::Offline`].
    pub fn new(config: &EgressConfig, offline: bool) -> Result<Self, EgressError> {
        let policy = AddressPolicy::new(&config.allow_private)?;
        let proxy = match config.proxy.as_deref() {
            None | Some("") => None,
            Some(text) => Some(
                Url::parse(text)
                    .ok()
                    .filter(Url::has_host)
                    .ok_or_else(|| EgressError::InvalidProxy(text.to_owned()))?,
            ),
        };
        let config = config.clone();
        Ok(Self { inner: Arc::new(Inner { offline, config, policy, proxy, client: OnceLock::new() }) })
    }

    /// Whether the network is switched off.
    pub fn is_offline(&self) -> bool {
        self.inner.offline
    }

    /// Gets `url`. Any status but success and "not modified" is an error.
    pub async fn get(&self, url: &str, fetch: Fetch<'_>) -> Result<Fetched, EgressError> {
        if self.inner.offline {
            return Err(EgressError::Offline(url.to_owned()));
        }
        let mut url = Url::parse(url).map_err(|_| EgressError::InvalidUrl(url.to_owned()))?;
        let first = url.to_string();
        let client = self.client()?;
        for _ in 0..=fetch.redirects {
            self.check(&url)?;
            let mut request = client.get(url.clone());
            if let Ok(etag) = HeaderValue::from_str(fetch.etag)
                && !fetch.etag.is_empty()
            {
                request = request.header(IF_NONE_MATCH, etag);
            }
            let response = request.send().await.map_err(|error| EgressError::from_send(&url, &error))?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED {
                return Ok(Fetched::NotModified);
            }
            if status.is_success() {
                let etag = header(&response, &ETAG);
                return Ok(Fetched::Body(Body { url, etag, response: Box::new(response) }));
            }
            let next =
                if status.is_redirection() { url.join(&header(&response, &LOCATION)).ok() } else { None };
            match next {
                Some(next) if next != url && fetch.redirects > 0 => url = next,
                _ => return Err(EgressError::Status { url: url.to_string(), status: status.as_u16() }),
            }
        }
        Err(EgressError::TooManyRedirects { url: first, most: fetch.redirects })
    }

    /// Whether the machine of `url` may be called by a client that does not pass the policy itself: every address that
    /// its name leads to now is judged. Behind a proxy the names are the proxy's to resolve.
    pub async fn permit(&self, url: &str) -> Result<(), EgressError> {
        if self.inner.offline {
            return Err(EgressError::Offline(url.to_owned()));
        }
        let url = Url::parse(url).map_err(|_| EgressError::InvalidUrl(url.to_owned()))?;
        self.check(&url)?;
        let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
        if self.inner.proxy.is_some() {
            return Ok(());
        }
        let unreachable = |reason: String| EgressError::Unreachable { url: url.to_string(), reason };
        let port = url.port_or_known_default().unwrap_or_default();
        let addresses =
            tokio::net::lookup_host((name, port)).await.map_err(|error| unreachable(error.to_string()))?;
        for address in addresses {
            let judged = self.inner.policy.check(address.ip());
            judged.map_err(|refusal| EgressError::refused(&url, refusal))?;
        }
        Ok(())
    }

    /// IP literals never meet the resolver, so they are judged here.
    fn check(&self, url: &Url) -> Result<(), EgressError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(EgressError::InvalidUrl(url.to_string()));
        }
        let address = match url.host() {
            Some(Host::Ipv4(ip)) => ip.into(),
            Some(Host::Ipv6(ip)) => ip.into(),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(EgressError::InvalidUrl(url.to_string())),
        };
        self.inner.policy.check(address).map_err(|refusal| EgressError::refused(url, refusal))
    }

    fn client(&self) -> Result<&Client, EgressError> {
        if let Some(client) = self.inner.client.get() {
            return Ok(client);
        }
        let built = self.inner.build()?;
        Ok(self.inner.client.get_or_init(|| built))
    }
}

impl Inner {
    fn build(&self) -> Result<Client, EgressError> {
        let proxy_host = self.proxy.as_ref().and_then(Url::host_str).map(str::to_owned);
        let mut builder = Client::builder()
            .user_agent(concat!("lazaret/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .dns_resolver(resolver::PolicyResolver::new(self.policy.clone(), proxy_host));
        if let Some(proxy) = &self.proxy {
            let through = Proxy::all(proxy.as_str())
                .map_err(|_| EgressError::InvalidProxy(proxy.to_string()))?
                .no_proxy(NoProxy::from_string(&self.config.no_proxy));
            builder = builder.proxy(through);
        }
        if let Some(path) = &self.config.ca_file {
            let invalid = |reason: String| EgressError::InvalidCaFile { path: path.clone(), reason };
            let pem = std::fs::read(path).map_err(|error| invalid(error.to_string()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|error| invalid(error::innermost(&error)))?;
            if certificates.is_empty() {
                return Err(invalid("it holds no certificate in PEM form".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map_err(|error| EgressError::Client(error::innermost(&error)))
    }
}

impl Body {
    /// The entity tag of the answer, empty when it has none.
    pub fn etag(&self) -> &str {
        &self.etag
    }

    /// The announced length in bytes.
    pub fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// Writes the body to `sink` piece by piece and tells `progress` the bytes so far; an error at more than `limit`
    /// bytes or when the connection ends early. Returns the bytes written.
    pub async fn save(
        mut self,
        sink: &mut (impl Write + Send),
        limit: u64,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<u64, EgressError> {
        let too_large = |url: &Url| EgressError::TooLarge { url: url.to_string(), limit };
        if self.length().is_some_and(|length| length > limit) {
            return Err(too_large(&self.url));
        }
        let mut received = 0;
        loop {
            let chunk = self.response.chunk().await.map_err(|error| EgressError::Truncated {
                url: self.url.to_string(),
                received,
                reason: error::innermost(&error),
            })?;
            let Some(chunk) = chunk else { return Ok(received) };
            received += chunk.len() as u64;
            if received > limit {
                return Err(too_large(&self.url));
            }
            sink.write_all(&chunk)
                .map_err(|source| EgressError::Write { url: self.url.to_string(), source })?;
            progress(received);
        }
    }
}

/// A header as text, empty when absent or not readable.
fn header(response: &Response, name: &reqwest::header::HeaderName) -> String {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
