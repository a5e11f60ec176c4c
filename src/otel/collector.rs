//! The way to the collector: the HTTP client of this program, driven by its runtime. The exporter's own thread waits.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use url::Url;

use crate::api::client::{Outside, Proxies};

/// Sends the exporter's requests.
#[derive(Clone)]
pub(super) struct Collector(Arc<Inner>);

struct Inner {
    runtime: Handle,
    proxies: Proxies,
    limit: Duration,
    /// Set up by the first request, which names the address.
    way: OnceCell<Outside>,
    is_away: AtomicBool,
}

impl Collector {
    pub(super) fn new(runtime: Handle, proxies: Proxies, limit: Duration) -> Self {
        Self(Arc::new(Inner { runtime, proxies, limit, way: OnceCell::new(), is_away: AtomicBool::new(false) }))
    }
}

impl Inner {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        let (head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string()).map_err(|fault| fault.to_string())?;
        let way = self.way.get_or_try_init(|| async { Outside::to(&url, self.limit, &self.proxies) }).await?;
        let reply = way.post(&url, head.headers, body).await?;
        Ok(reply.map(|()| Bytes::new()))
    }

    /// Says once that the collector is away, and once that it is back.
    fn note(&self, sent: &Result<Response<Bytes>, String>) {
        let why = match sent {
            Ok(reply) if reply.status().is_success() => {
                if self.is_away.swap(false, Ordering::Relaxed) {
                    tracing::info!("spans are exported again");
                }
                return;
            }
            Ok(reply) => format!("the collector answers HTTP {}", reply.status().as_u16()),
            Err(why) => why.clone(),
        };
        if !self.is_away.swap(true, Ordering::Relaxed) {
            tracing::warn!(why, "spans cannot be exported: they are lost until that works again");
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let inner = Arc::clone(&self.0);
        let sending = self.0.runtime.spawn(async move {
            let sent = inner.send(request).await;
            inner.note(&sent);
            sent
        });
        Ok(sending.await??)
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Collector").finish_non_exhaustive()
    }
}
