//! Our own server over HTTP: one for each request, over the tools of its caller.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::door::Admitted;
use super::metrics::Metrics;
use crate::engine::Toolbox;
use crate::mcp::seal::{self, SealError};
use crate::mcp::server::Server;

/// The key that seals `requestState`. Replicas that share it can go on with each other's calls.
#[derive(Clone)]
pub struct Seal(Arc<seal::Seal>);

impl Seal {
    /// A key of this process.
    ///
    /// # Errors
    /// If the operating system has no random bytes.
    pub fn of_process() -> Result<Self, SealError> {
        Ok(Self(Arc::new(seal::Seal::new()?)))
    }

    /// The first key seals, every key opens: so keys can be exchanged one after the other.
    ///
    /// # Errors
    /// If there is no key.
    pub fn shared(keys: &[[u8; 32]]) -> Result<Self, SealError> {
        Ok(Self(Arc::new(seal::Seal::shared(keys)?)))
    }
}

/// Makes a server for each request.
#[derive(Clone)]
pub struct Servers {
    /// Seals the states of calls.
    pub seal: Seal,
    /// Cancelled when the process stops.
    pub closing: CancellationToken,
    /// Counts calls.
    pub metrics: Option<Arc<Metrics>>,
}

impl Servers {
    /// A server for one request of `principal`, over its own tools.
    #[must_use]
    pub fn admit(&self, principal: String, toolbox: Arc<Toolbox>) -> Admitted<Server> {
        let handler = Server {
            toolbox: Arc::clone(&toolbox),
            seal: Arc::clone(&self.seal.0),
            closing: self.closing.clone(),
            bounded: true,
            observer: self.metrics.clone().map(|metrics| metrics as _),
        };
        let masking = handler.clone();
        Admitted { principal, handler, mask: Arc::new(move |text| masking.masked(text)) }
    }
}
