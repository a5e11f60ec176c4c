//! Starts and stops the server, sets the headers of every response, and answers unknown paths.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, DATE, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

use super::connection::{Connections, Reset};
use super::delivery;
use super::faults::{FaultPlan, Faults};
use super::guard;
use super::marker::{self, Marker};
use super::response::{exchange, insert};
use super::route::{self, MAX_BODY};
use super::secret::UserSecret;
use super::table;
use crate::sandbox::pages::{layout, router as pages};
use crate::sandbox::story;
use crate::sandbox::world::{DeliveryQueue, Refused, Shared, World};

/// Allows a page its own style and its own form: no scripts, no frames, nothing from elsewhere.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A running sandbox. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    origin: Url,
    serving: JoinHandle<io::Result<()>>,
    /// The server stops when this is dropped.
    _running: oneshot::Sender<()>,
}

impl Sandbox {
    /// Serves on `listener` in the background. Other processes that know `secret` may find it and share it.
    ///
    /// Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// If `listener` is not on loopback: other machines must not mistake the sandbox for OpenTrain.
    pub fn start(listener: TcpListener, secret: &UserSecret) -> io::Result<Self> {
        Self::start_with(listener, secret, Faults::none())
    }

    /// Like [`start`](Self::start), with `faults`. No other process shares a sandbox with faults.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(listener: TcpListener, secret: &UserSecret, faults: Faults) -> io::Result<Self> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            let what = format!("the sandbox listens only on loopback, such as 127.0.0.1, and {} is not", address.ip());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let origin = origin(address)?;
        let key = if faults.is_empty() { secret.key().cloned() } else { None };
        let marker = marker::router(Marker::starting(), address.port(), key);
        let mut world = story::world(&origin)?;
        world.faults = faults.to_string();
        let (queue, deliveries) = DeliveryQueue::open();
        world.deliveries = queue;
        tokio::spawn(delivery::deliver(deliveries, origin.port()));
        let app = app(world, faults, marker)?;
        let (running, stopped) = oneshot::channel::<()>();
        let service = app.into_make_service_with_connect_info::<Reset>();
        let served = axum::serve(Connections(listener), service).with_graceful_shutdown(async move {
            let _ = stopped.await;
        });
        Ok(Self { origin, serving: tokio::spawn(served.into_future()), _running: running })
    }

    /// Its address, such as `http://127.0.0.1:27610/`.
    #[must_use]
    pub const fn origin(&self) -> &Url {
        &self.origin
    }

    /// Serves in the foreground until serving fails.
    ///
    /// # Errors
    /// Why serving failed.
    pub async fn run(mut self) -> io::Result<()> {
        (&mut self.serving).await.map_err(io::Error::other)?
    }
}

pub(crate) fn origin(address: SocketAddr) -> io::Result<Url> {
    Url::parse(&format!("http://{address}")).map_err(io::Error::other)
}

fn app(world: World, faults: Faults, marker: Router<Shared>) -> io::Result<Router> {
    let shared = Shared::new(world);
    Ok(route::router(table::routes(), &FaultPlan::new(faults))?
        .merge(pages::router())
        .merge(marker)
        .fallback(async |State(shared): State<Shared>, request: Request| {
            elsewhere(&shared, request.uri().path(), Refused::not_found("There is nothing at this path."))
        })
        .method_not_allowed_fallback(async |State(shared): State<Shared>, request: Request| {
            elsewhere(
                &shared,
                request.uri().path(),
                Refused::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "This path has no such method."),
            )
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(shared.clone(), around))
        .with_state(shared))
}

/// Guards every request, and adds the headers of every response.
async fn around(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = match guard::check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refused) => elsewhere(&shared, request.uri().path(), refused),
    };
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // With `no-referrer`, browsers send `Origin: null` even from our own form (Fetch, "append a request `Origin`
        // header"), and a browser without `Sec-Fetch-Site` could not press a button.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if !response.headers().contains_key(DATE) {
        let date = shared.lock().now().http_date();
        insert(&mut response, DATE, &date);
    }
    response
}

/// Refuses with the API's envelope below `/api/`, with a page elsewhere.
fn elsewhere(shared: &Shared, path: &str, refused: Refused) -> Response {
    if path.starts_with("/api/") { exchange(shared, |_| Err(refused)) } else { layout::refusal(&refused) }
}
