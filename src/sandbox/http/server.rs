//! Starts and stops the server, sets the headers of every response, and answers unknown paths.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::serve::Listener;
use axum::{Extension, Router};
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, DATE, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use super::connection::Connection;
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

/// How long a request may take to arrive. An idle connection is closed after the same time.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running sandbox. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    origin: Url,
    serving: JoinSet<()>,
}

impl Sandbox {
    /// Serves on `listener` in the background. Other processes that know `secret` may find it and share it.
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
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, app));
        Ok(Self { origin, serving })
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
        self.serving.join_next().await.transpose().map(drop).map_err(io::Error::other)
    }
}

pub(crate) fn origin(address: SocketAddr) -> io::Result<Url> {
    Url::parse(&format!("http://{address}")).map_err(io::Error::other)
}

/// Serves each connection in a task of its own.
async fn serve(mut listener: TcpListener, app: Router) {
    let mut serving = JoinSet::new();
    loop {
        let (stream, _) = Listener::accept(&mut listener).await;
        let connection = Connection::over(stream);
        let service = TowerToHyperService::new(app.clone().layer(Extension(connection.reset.clone())));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
        serving.spawn(http.serve_connection(TokioIo::new(connection), service));
        while serving.try_join_next().is_some() {}
    }
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
        .layer(from_fn_with_state(shared.clone(), around))
        .with_state(shared))
}

/// Guards every request, and adds the headers of every response.
async fn around(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let arrived = match guard::check(request.method(), request.headers()) {
        Ok(()) => whole(request).await,
        Err(refused) => Err(refused),
    };
    let mut response = match arrived {
        Ok(request) => next.run(request).await,
        Err(refused) => elsewhere(&shared, &path, refused),
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

/// Waits for the whole body.
async fn whole(request: Request) -> Result<Request, Refused> {
    let (head, body) = request.into_parts();
    let too_large = format!("The body is larger than {MAX_BODY} bytes, or broke off.");
    let (status, code, message) = match tokio::time::timeout(PATIENCE, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(body)) => return Ok(Request::from_parts(head, Body::from(body))),
        Ok(Err(_)) => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", too_large),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "The body did not arrive in time.".to_owned()),
    };
    Err(Refused::new(status, code, message))
}

/// Refuses with the API's envelope below `/api/`, with a page elsewhere.
fn elsewhere(shared: &Shared, path: &str, refused: Refused) -> Response {
    if path.starts_with("/api/") { exchange(shared, |_| Err(refused)) } else { layout::refusal(&refused) }
}
