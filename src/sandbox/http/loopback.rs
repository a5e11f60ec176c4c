//! The HTTP client for other programs on this machine: receivers of webhooks, and other sandboxes.

use std::net::Ipv4Addr;

use reqwest::redirect::Policy;

/// This client never leaves the machine: no redirects, no proxy, and localhost is this machine.
pub(super) fn client() -> reqwest::Result<reqwest::Client> {
    // An API client may have set it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        // A receiver may close an idle connection, and nothing is sent twice.
        .pool_max_idle_per_host(0)
        .tls_certs_only([])
        .resolve("localhost", (Ipv4Addr::LOCALHOST, 0).into())
        .build()
}
