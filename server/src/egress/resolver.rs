//! Name resolution that drops every address the policy refuses.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::policy::{AddressPolicy, Refusal};

/// Resolves by the system's resolver and lets only allowed addresses through, so that what was judged is what is
/// connected to: a name that answers differently the second time gains nothing.
#[derive(Debug, Clone)]
pub struct PolicyResolver {
    policy: AddressPolicy,
    /// The configured proxy's host: the operator named it, so its address needs no second permission.
    proxy_host: Option<String>,
}

/// A name led only to addresses that may not be called.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` leads to an address that may not be called: {refusal}")]
pub struct RefusedName {
    /// The name that was resolved.
    pub name: String,
    /// Why its first address was refused.
    pub refusal: Refusal,
}

impl PolicyResolver {
    /// A resolver under `policy`; `proxy_host` is resolved without it.
    pub fn new(policy: AddressPolicy, proxy_host: Option<String>) -> Self {
        Self { policy, proxy_host }
    }
}

impl Resolve for PolicyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if this.proxy_host.as_deref() == Some(name.as_str()) {
                return Ok(Box::new(found.into_iter()) as Addrs);
            }
            let mut refusal = None;
            let mut allowed = Vec::with_capacity(found.len());
            for address in found {
                match this.policy.check(address.ip()) {
                    Ok(()) => allowed.push(address),
                    Err(refused) => refusal = refusal.or(Some(refused)),
                }
            }
            match refusal {
                Some(refusal) if allowed.is_empty() => Err(RefusedName { name, refusal }.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}
