//! Serves an operation: checks the token, the gates and the input, then runs the handler.

use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, FromRequest, RawPathParams, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use axum::{RequestExt, Router};
use http::header::{AUTHORIZATION, RETRY_AFTER};
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;
use url::form_urlencoded;

use super::connection::{Reset, cut, lost};
use super::faults::{FaultPlan, Kind};
use super::response::{exchange, insert};
use crate::api::error::InvalidArgument;
use crate::api::{Dialect, Gate, Operation, wire};
use crate::sandbox::pages::layout;
use crate::sandbox::routes::answer::Answered;
use crate::sandbox::world::{ANYONE, Caller, Refused, Shared, World};

/// The largest body that is read, in bytes.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

pub(crate) struct Route {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) gate: Gate,
    dialect: Dialect,
    /// The query parameter that tells this operation from another with the same path.
    query_has: Option<&'static str>,
    precheck: fn(&[u8]) -> Result<(), Refused>,
    map_invalid: fn(InvalidArgument) -> Refused,
    /// What an unclaimed account cannot do, as in `details.action`.
    pub(crate) action: Option<&'static str>,
    run: Box<Run>,
}

type Run = dyn Fn(&mut World, &Caller, &Sent) -> Result<Answered, InvalidArgument> + Send + Sync;

pub(crate) fn route<O: Operation>(handler: fn(&mut World, &Caller, &O) -> Answered) -> Route {
    let run = move |world: &mut World, caller: &Caller, sent: &Sent| {
        let operation: O = wire::decode(sent.path.iter().cloned(), &sent.query, &sent.body)?;
        operation.check()?;
        Ok(handler(world, caller, &operation))
    };
    Route {
        name: O::NAME,
        method: O::METHOD,
        path: format!("{}{}", O::ROOT, O::PATH),
        gate: O::GATE,
        dialect: O::DIALECT,
        query_has: None,
        precheck: |_| Ok(()),
        map_invalid: Refused::from,
        action: None,
        run: Box::new(run),
    }
}

impl Route {
    pub(super) fn needs_claim_to(self, action: &'static str) -> Self {
        Self { action: Some(action), ..self }
    }

    pub(super) fn when_query_has(self, name: &'static str) -> Self {
        Self { query_has: Some(name), ..self }
    }

    /// `precheck` sees the body before it is decoded.
    pub(super) fn precheck(self, precheck: fn(&[u8]) -> Result<(), Refused>) -> Self {
        Self { precheck, ..self }
    }

    pub(super) fn map_invalid(self, map_invalid: fn(InvalidArgument) -> Refused) -> Self {
        Self { map_invalid, ..self }
    }

    fn answer(&self, world: &mut World, sent: &Sent) -> Answered {
        let caller = if self.gate.token { caller(world, &sent.headers)? } else { ANYONE };
        self.admit(world, &caller)?;
        (self.precheck)(&sent.body)?;
        (self.run)(world, &caller, sent).map_err(self.map_invalid)?
    }

    async fn serve(&self, shared: &Shared, plan: &FaultPlan, reset: &Reset, request: Request) -> Response {
        let sent = Sent::read(request).await;
        let answer = |sent: Result<Sent, Refused>| {
            let in_dialect = |refused: Refused| refused.in_dialect(self.dialect);
            exchange(shared, |world| {
                // A request without a token takes no time: pictures in other sites' pages can send such requests.
                let takes_time = sent
                    .as_ref()
                    .is_ok_and(|sent| sent.headers.contains_key(AUTHORIZATION) || self.method != Method::GET);
                let answered = sent.and_then(|sent| self.answer(world, &sent)).map_err(in_dialect);
                takes_time.then(|| world.clock.count_request());
                answered
            })
        };
        match plan.call(self.name) {
            None => answer(sent),
            Some(Kind::LostReply) => {
                answer(sent);
                lost()
            }
            Some(Kind::Truncated) => cut(answer(sent)).await,
            Some(Kind::Reset) => reset.response(),
            Some(Kind::Hang) => std::future::pending().await,
            Some(Kind::RateLimited) => {
                let mut response = answer(Err(Refused::rate_limited("Too many requests.")));
                insert(&mut response, RETRY_AFTER, "1");
                response
            }
            Some(Kind::BadGateway) => layout::no_answer(StatusCode::BAD_GATEWAY),
            Some(Kind::Html) => layout::no_answer(StatusCode::OK),
        }
    }

    /// All three gates must be open (reference: concepts/scopes-and-capabilities).
    fn admit(&self, world: &World, caller: &Caller) -> Result<(), Refused> {
        if !self.gate.admits(&caller.scopes) {
            let message = format!("This token lacks a required scope: {}.", self.gate.scopes.join(" or "));
            let details = json!({ "requiredScopes": self.gate.scopes, "grantedScopes": caller.scopes });
            return Err(Refused::forbidden(message).with_details(details));
        }
        if let Some(feature) = self.gate.feature.filter(|feature| !caller.has_feature(feature)) {
            let message = format!("The feature {feature} is not enabled for this account.");
            return Err(Refused::forbidden(message).with_details(json!({ "featureKey": feature })));
        }
        if self.gate.claimed && !world.is_claimed(caller.owner) {
            let action = self.action.unwrap_or("do this");
            let message = format!("A human must claim this agent account before it can {action}.");
            let claim_url = world.account_page("/claim", caller.owner);
            let details = json!({ "reason": "account_claim_required", "action": action, "claimUrl": claim_url });
            return Err(Refused::forbidden(message).with_details(details));
        }
        Ok(())
    }
}

fn caller(world: &mut World, headers: &HeaderMap) -> Result<Caller, Refused> {
    let now = world.now();
    let sent = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let bearer = sent.and_then(|header| header.split_once(' '));
    let Some((_, token)) = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else {
        return Err(Refused::unauthorized("Missing API token."));
    };
    match world.keys.caller(token.trim(), now) {
        Some(Ok(caller)) => Ok(caller),
        Some(Err(())) => Err(Refused::unauthorized("This API token has been revoked.")),
        None => Err(Refused::unauthorized("Invalid API token.")),
    }
}

struct Sent {
    path: Vec<(String, String)>,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Sent {
    async fn read(mut request: Request) -> Result<Self, Refused> {
        let parameters = request.extract_parts::<RawPathParams>().await;
        let parameters = parameters.map_err(|_| Refused::bad_request("The path is not UTF-8."))?;
        let path = parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let headers = request.headers().clone();
        let body =
            Bytes::from_request(request, &()).await.map_err(|_| Refused::bad_request("The body could not be read."))?;
        Ok(Self { path, query, headers, body })
    }
}

/// Groups the routes by method and path.
fn groups(routes: Vec<Route>) -> Vec<Vec<Route>> {
    let mut groups: Vec<Vec<Route>> = Vec::new();
    for route in routes {
        let is_same = |other: &Route| (&other.method, &other.path) == (&route.method, &route.path);
        match groups.iter_mut().find(|group| group.first().is_some_and(is_same)) {
            Some(group) => group.push(route),
            None => groups.push(vec![route]),
        }
    }
    groups
}

/// Finds the route of a group by the query.
fn meant<'a>(group: &'a [Route], query: &str) -> Option<&'a Route> {
    let has =
        |name: &str| form_urlencoded::parse(query.as_bytes()).any(|(found, value)| found == name && !value.is_empty());
    group.iter().find(|route| route.query_has.is_none_or(has))
}

/// Routes whose paths start alike must name the parameters alike.
pub(super) fn router(table: Vec<Route>, plan: &FaultPlan) -> io::Result<Router<Shared>> {
    let mut router = Router::new();
    for group in groups(table) {
        let Some(Route { method, path, .. }) = group.first() else { continue };
        let filter = MethodFilter::try_from(method.clone()).map_err(io::Error::other)?;
        let (path, plan) = (path.clone(), plan.clone());
        let group = Arc::new(group);
        let serve = move |State(shared): State<Shared>, Extension(reset): Extension<Reset>, request: Request| async move {
            match meant(&group, request.uri().query().unwrap_or_default()) {
                Some(route) => route.serve(&shared, &plan, &reset, request).await,
                None => exchange(&shared, |_| Err(Refused::bad_request("A parameter is missing."))),
            }
        };
        router = router.route(&path, on(filter, serve));
    }
    Ok(router)
}
