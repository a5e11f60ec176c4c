//! An operation as a route: the token is looked at, then the gates, then the input, then its handler answers.

use std::sync::Arc;

use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, FromRequest, RawPathParams, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use axum::{RequestExt, Router};
use http::header::{AUTHORIZATION, RETRY_AFTER};
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;
use url::form_urlencoded;

use crate::api::error::InvalidArgument;
use crate::api::{Dialect, Gate, Operation, wire};
use crate::sandbox::http::answer::{Answered, Refused, insert};
use crate::sandbox::http::faults::Kind;
use crate::sandbox::http::line::{Reset, cut, lost};
use crate::sandbox::pages;
use crate::sandbox::routes::{
    account, agent, approvals, contracts, credits, jobs, market, messages, milestones, proposals, team, tokens,
    updates, webhooks,
};
use crate::sandbox::world::keys::{ANYONE, Caller};
use crate::sandbox::world::state::{Shared, World};

/// The largest body that is read, in bytes.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// An operation, and what answers it.
pub(crate) struct Route {
    name: &'static str,
    method: Method,
    path: String,
    gate: Gate,
    dialect: Dialect,
    /// A parameter of the query by which it is told from others with the same path.
    told_by: Option<&'static str>,
    /// Looks at a body before it is read.
    look: fn(&[u8]) -> Result<(), Refused>,
    /// How a wrong input is refused.
    refuse: fn(InvalidArgument) -> Refused,
    /// What a claim is needed for, where one is: "create milestones".
    action: &'static str,
    run: Box<Run>,
}

type Run = dyn Fn(&mut World, &Caller, &Sent) -> Result<Answered, InvalidArgument> + Send + Sync;

/// The operation that `handler` answers.
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
        told_by: None,
        look: |_| Ok(()),
        refuse: Refused::from,
        action: "do this",
        run: Box::new(run),
    }
}

impl Route {
    /// Names what an unclaimed account cannot do here, as `details.action` has it.
    pub(crate) fn claimed_to(self, action: &'static str) -> Self {
        Self { action, ..self }
    }

    /// Answers only those that have the parameter `name` in their query.
    pub(crate) fn told_by(self, name: &'static str) -> Self {
        Self { told_by: Some(name), ..self }
    }

    /// Looks at a body with `look` before it is read.
    pub(crate) fn looking_at(self, look: fn(&[u8]) -> Result<(), Refused>) -> Self {
        Self { look, ..self }
    }

    /// Refuses a wrong input as `refuse` writes it.
    pub(crate) fn refusing(self, refuse: fn(InvalidArgument) -> Refused) -> Self {
        Self { refuse, ..self }
    }

    fn answer(&self, world: &mut World, sent: &Sent) -> Answered {
        let caller = if self.gate.token { caller(world, &sent.headers)? } else { ANYONE };
        self.admit(world, &caller)?;
        (self.look)(&sent.body)?;
        (self.run)(world, &caller, sent).map_err(self.refuse)?
    }

    /// Answers, or fails as it is asked to.
    async fn serve(&self, shared: &Shared, reset: &Reset, request: Request) -> Response {
        let sent = Sent::read(request).await;
        let answer = |sent: Result<Sent, Refused>| {
            let spoken = |refused: Refused| refused.spoken(self.dialect);
            shared.exchange(|world| sent.and_then(|sent| self.answer(world, &sent)).map_err(spoken))
        };
        // Not in the `match`: it would hold the lock while it waits.
        let fault = shared.lock().plan.call(self.name);
        match fault {
            None => answer(sent),
            Some(Kind::LostReply) => {
                answer(sent);
                lost()
            }
            Some(Kind::Truncated) => cut(answer(sent)).await,
            Some(Kind::Reset) => reset.response(),
            Some(Kind::Hang) => std::future::pending().await,
            Some(Kind::RateLimited) => {
                let mut response = shared.exchange(|_| Err(Refused::rate_limited().spoken(self.dialect)));
                insert(&mut response, RETRY_AFTER, "1");
                response
            }
            Some(Kind::BadGateway) => pages::no_answer(StatusCode::BAD_GATEWAY),
            Some(Kind::Html) => pages::no_answer(StatusCode::OK),
        }
    }

    /// All three gates must be open (reference: concepts/scopes-and-capabilities).
    fn admit(&self, world: &World, caller: &Caller) -> Result<(), Refused> {
        if !self.gate.admits(&caller.scopes) {
            let message = format!("This token lacks a required scope: {}.", self.gate.scopes.join(" or "));
            let details = json!({ "requiredScopes": self.gate.scopes, "grantedScopes": caller.scopes });
            return Err(Refused::forbidden(message, Some(details)));
        }
        if let Some(feature) = self.gate.feature.filter(|feature| !caller.has_feature(feature)) {
            let message = format!("The feature {feature} is not enabled for this account.");
            return Err(Refused::forbidden(message, Some(json!({ "featureKey": feature }))));
        }
        if self.gate.claimed && !world.is_claimed(caller.owner) {
            let message = format!("A human must claim this agent account before it can {}.", self.action);
            let reason = "account_claim_required";
            let claim_url = world.account_page("/claim", caller.owner);
            let details = json!({ "reason": reason, "action": self.action, "claimUrl": claim_url });
            return Err(Refused::forbidden(message, Some(details)));
        }
        Ok(())
    }
}

/// Who calls.
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

/// A request, as far as operations read it.
struct Sent {
    path: Vec<(String, String)>,
    query: String,
    headers: HeaderMap,
    body: axum::body::Bytes,
}

impl Sent {
    async fn read(mut request: Request) -> Result<Self, Refused> {
        let parameters = request.extract_parts::<RawPathParams>().await;
        let parameters = parameters.map_err(|_| Refused::bad_request("The path is not UTF-8."))?;
        let path = parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let headers = request.headers().clone();
        let body = axum::body::Bytes::from_request(request, &()).await.map_err(|fault| unread(&fault))?;
        Ok(Self { path, query, headers, body })
    }
}

fn unread(fault: &BytesRejection) -> Refused {
    match fault.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refused::too_large(MAX_BODY),
        _ => Refused::bad_request("The body could not be read."),
    }
}

/// Every family's operations.
fn all() -> impl Iterator<Item = Route> {
    account::routes()
        .into_iter()
        .chain(agent::routes())
        .chain(tokens::routes())
        .chain(team::routes())
        .chain(jobs::routes())
        .chain(market::routes())
        .chain(contracts::routes())
        .chain(milestones::routes())
        .chain(approvals::routes())
        .chain(credits::routes())
        .chain(proposals::routes())
        .chain(messages::routes())
        .chain(updates::routes())
        .chain(webhooks::routes())
}

/// What the operations are called.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|route| route.name)
}

/// Their methods and paths.
#[cfg(test)]
pub(crate) fn paths() -> impl Iterator<Item = (String, String)> {
    all().map(|route| (route.method.to_string(), route.path))
}

/// The operations by method and path; of those that share both, those that are told by a parameter come first.
fn groups() -> Vec<Vec<Route>> {
    let mut groups: Vec<Vec<Route>> = Vec::new();
    for route in all() {
        let same = |group: &&mut Vec<Route>| {
            group.first().is_some_and(|first| (&first.method, &first.path) == (&route.method, &route.path))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(route),
            None => groups.push(vec![route]),
        }
    }
    for group in &mut groups {
        group.sort_by_key(|route| route.told_by.is_none());
    }
    groups
}

/// The one of `group` that a request with this query is for.
fn meant<'a>(group: &'a [Route], query: &str) -> Option<&'a Route> {
    let has =
        |name: &str| form_urlencoded::parse(query.as_bytes()).any(|(found, value)| found == name && !value.is_empty());
    group.iter().find(|route| route.told_by.is_none_or(has))
}

/// The operations, routed. Operations that share a start of their paths must name its parameters alike.
///
/// # Errors
/// When an operation has a method that cannot be routed.
pub(crate) fn router() -> std::io::Result<Router<Shared>> {
    let mut router = Router::new();
    for group in groups() {
        let Some(Route { method, path, .. }) = group.first() else { continue };
        let filter = MethodFilter::try_from(method.clone()).map_err(std::io::Error::other)?;
        let path = path.clone();
        let group = Arc::new(group);
        let serve = move |State(shared): State<Shared>, ConnectInfo(reset): ConnectInfo<Reset>, request: Request| async move {
            match meant(&group, request.uri().query().unwrap_or_default()) {
                Some(route) => route.serve(&shared, &reset, request).await,
                None => shared.exchange(|_| Err(Refused::bad_request("A parameter is missing."))),
            }
        };
        router = router.route(&path, on(filter, serve));
    }
    Ok(router)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_that_needs_a_claim_says_what_for() {
        for route in all().filter(|route| route.gate.claimed) {
            assert_ne!(route.action, "do this", "{} {}", route.method, route.path);
        }
    }
}
