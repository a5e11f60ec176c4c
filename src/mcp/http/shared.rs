//! What all connections share.

use std::sync::Arc;

use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use tokio_util::sync::CancellationToken;

use super::address::IpRange;
use super::gate::{Names, Origins};
use super::slots::Slots;

/// What the server answers to, and what it believes.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The names under which it is reached.
    pub names: Names,
    /// Pages of browsers that may call.
    pub origins: Origins,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted: Vec<IpRange>,
    /// The address of this resource and its authorization server, if the operator names one.
    pub authorization: Option<(String, String)>,
}

/// Shared by all connections.
pub(super) struct Shared<D> {
    pub(super) settings: Settings,
    pub(super) door: D,
    pub(super) slots: Slots,
    pub(super) closing: CancellationToken,
    pub(super) sessions: Arc<NeverSessionManager>,
}
