//! Progress notifications for a call whose host asked for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;
use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RequestContext};

use crate::engine::Progress;

use super::observer::Observer;

/// Sends progress under the host's token, if it gave one.
pub(crate) struct HostProgress {
    peer: Peer<RoleServer>,
    token: Option<ProgressToken>,
    observer: Option<Arc<dyn Observer>>,
    /// True once the call has begun to wait.
    waits: AtomicBool,
}

impl HostProgress {
    pub(crate) fn of(context: &RequestContext<RoleServer>, observer: Option<Arc<dyn Observer>>) -> Self {
        let token = context.meta.get_progress_token();
        Self { peer: context.peer.clone(), token, observer, waits: AtomicBool::new(false) }
    }
}

impl Drop for HostProgress {
    fn drop(&mut self) {
        if let (true, Some(observer)) = (self.waits.load(Ordering::Relaxed), &self.observer) {
            observer.waits(false);
        }
    }
}

impl Progress for HostProgress {
    fn report(&self, done: f64, total: f64, message: &str) -> BoxFuture<'_, ()> {
        if let (Some(observer), false) = (&self.observer, self.waits.swap(true, Ordering::Relaxed)) {
            observer.waits(true);
        }
        let Some(token) = self.token.clone() else { return Box::pin(std::future::ready(())) };
        let progress =
            ProgressNotificationParam::new(token, tenths(done)).with_total(tenths(total)).with_message(message);
        Box::pin(async move {
            if let Err(fault) = self.peer.notify_progress(progress).await {
                tracing::debug!(%fault, "the host did not take a progress notification");
            }
        })
    }
}

/// Rounds seconds to tenths for display.
fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}
