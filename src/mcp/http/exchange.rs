//! One request: from its head to its answer. The order of the checks is the order of this file.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{AUTHORIZATION, CONNECTION, HeaderValue, RETRY_AFTER, USER_AGENT, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::json;

use super::door::{Admitted, Door, Refused, Wish};
use super::reply::{KEEP_ALIVE, deliver, masked, not_served, object, protect, text};
use super::shared::Shared;
use super::{Reply, address, body, gate};
use crate::mcp::carried::Carried;

/// The path of the endpoint.
const ENDPOINT: &str = "/mcp";
/// Where RFC 9728 puts the document of a protected resource.
const METADATA: &str = "/.well-known/oauth-protected-resource";
/// The most characters of `User-Agent` that go on record.
const LONGEST_AGENT: usize = 100;

/// Answers a request.
pub(super) async fn answer<D: Door>(shared: Arc<Shared<D>>, peer: SocketAddr, request: Request<Incoming>) -> Reply {
    let settings = &shared.settings;
    let headers = request.headers();
    let origin = match settings.names.check(headers).and_then(|()| settings.origins.check(headers)) {
        Ok(origin) => origin,
        Err(refused) => return finish(*refused, None),
    };
    let path = request.uri().path();
    let reply = match (path, request.method()) {
        // Probes of some balancers ask for the head only.
        ("/healthz", &Method::GET | &Method::HEAD) => text(StatusCode::OK, "ok"),
        ("/readyz", &Method::GET | &Method::HEAD) => ready(&shared).await,
        (ENDPOINT, &Method::OPTIONS) if origin.is_some() => gate::preflight(),
        (ENDPOINT, &Method::POST) => call(Arc::clone(&shared), peer, request).await,
        (ENDPOINT | "/healthz" | "/readyz", _) => not_served(if path == ENDPOINT { "POST" } else { "GET, HEAD" }),
        (path, &Method::GET) if path == METADATA || path == format!("{METADATA}{ENDPOINT}") => metadata(&shared),
        _ => text(StatusCode::NOT_FOUND, "there is nothing here; MCP is at /mcp"),
    };
    finish(reply, origin)
}

fn finish(mut reply: Reply, origin: Option<HeaderValue>) -> Reply {
    protect(&mut reply);
    gate::share(&mut reply, origin);
    reply
}

async fn ready<D: Door>(shared: &Shared<D>) -> Reply {
    if shared.closing.is_cancelled() {
        return text(StatusCode::SERVICE_UNAVAILABLE, "this server stops");
    }
    match shared.door.ready().await {
        Ok(()) => text(StatusCode::OK, "ready"),
        Err(why) => {
            tracing::warn!(why, "not ready");
            text(StatusCode::SERVICE_UNAVAILABLE, "not ready: the log says why")
        }
    }
}

/// The document of RFC 9728, for an operator whose gateway swaps tokens. Without an authorization server there is none.
fn metadata<D: Door>(shared: &Shared<D>) -> Reply {
    match &shared.settings.authorization {
        Some((resource, server)) => {
            let document = json!({ "resource": resource, "authorization_servers": [server], "bearer_methods_supported": ["header"] });
            object(StatusCode::OK, &document)
        }
        None => text(StatusCode::NOT_FOUND, "no authorization server is named here"),
    }
}

async fn call<D: Door>(shared: Arc<Shared<D>>, peer: SocketAddr, request: Request<Incoming>) -> Reply {
    if shared.closing.is_cancelled() {
        return busy(StatusCode::SERVICE_UNAVAILABLE, "this server stops");
    }
    let (mut parts, incoming) = request.into_parts();
    if let Err(refused) = body::declared(&incoming) {
        return closing(*refused);
    }
    let wish = Wish::of(&parts.headers);
    let bearer = bearer(&parts.headers);
    let admitted = match bearer {
        Ok(bearer) => shared.door.admit(bearer, &wish),
        Err(()) => Err(Refused::Unauthorized),
    };
    let Admitted { principal, handler, mask } = match admitted {
        Ok(admitted) => admitted,
        Err(Refused::Unauthorized) => {
            let client = address::client(peer.ip(), &parts.headers, &shared.settings.trusted);
            tracing::info!(%client, "a request without a valid key is refused");
            return closing(unauthorized(&shared));
        }
        Err(Refused::Header(why)) => return closing(object(StatusCode::BAD_REQUEST, &json!({ "error": why }))),
    };
    let Some(slot) = shared.slots.take(&principal) else {
        return closing(busy(StatusCode::TOO_MANY_REQUESTS, "too many calls at once"));
    };
    let bytes = match body::collect(incoming).await {
        Ok(bytes) => bytes,
        Err(refused) => return closing(*refused),
    };
    let message = match body::message(&bytes, D::CARRIES_ARGUMENTS, parts.headers.get("mcp-protocol-version")) {
        Ok(message) => message,
        Err(refused) => return masked(*refused, &mask).await,
    };
    parts.extensions.insert(Carried {
        is_http: true,
        arguments: message.arguments,
        trace: parts.headers.get("traceparent").cloned(),
        agent: parts
            .headers
            .get(USER_AGENT)
            .and_then(|agent| agent.to_str().ok())
            .map(|agent| agent.chars().take(LONGEST_AGENT).collect()),
    });
    // Nobody behind this line sees the caller's key, or could log it.
    parts.headers.remove(AUTHORIZATION);
    parts.headers.remove(http::header::COOKIE);
    let request = Request::from_parts(parts, Full::new(message.bytes));
    let handler = std::sync::Mutex::new(Some(handler));
    // rmcp asks for the handler once for each stateless request.
    let once =
        move || handler.lock().ok().and_then(|mut handler| handler.take()).ok_or_else(|| std::io::Error::other("used"));
    let service = StreamableHttpService::new(once, Arc::clone(&shared.sessions), config());
    deliver(Box::pin(async move { service.handle(request).await }), mask, slot).await
}

/// Host, Origin and size are checked above, on every path.
fn config() -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_sse_keep_alive(Some(KEEP_ALIVE))
        .with_sse_retry(None)
        .disable_allowed_hosts()
        .with_max_request_body_bytes(2 * body::LARGEST)
}

/// The bearer token of the request. A request with two `Authorization` headers is refused: one could be checked and the
/// other one used.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ()> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let (scheme, token) = value.to_str().map_err(drop)?.split_once(' ').ok_or(())?;
            let token = token.trim_matches(' ');
            let is_one = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
            if scheme.eq_ignore_ascii_case("bearer") && is_one { Ok(Some(token)) } else { Err(()) }
        }
        _ => Err(()),
    }
}

fn unauthorized<D: Door>(shared: &Shared<D>) -> Reply {
    let mut reply = text(StatusCode::UNAUTHORIZED, "a valid key is needed: Authorization: Bearer …");
    let challenge = shared.settings.authorization.as_ref().and_then(|(resource, _)| {
        let base = resource.strip_suffix(ENDPOINT)?;
        HeaderValue::from_str(&format!("Bearer resource_metadata=\"{base}{METADATA}{ENDPOINT}\"")).ok()
    });
    let challenge = challenge.unwrap_or(HeaderValue::from_static("Bearer"));
    reply.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    reply
}

fn busy(status: StatusCode, why: &'static str) -> Reply {
    let mut reply = text(status, why);
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    reply
}

/// The body was not read, so the connection cannot be used again.
fn closing(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bearer_token_and_no_other_scheme() {
        let token = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            bearer(&headers).map(|token| token.map(str::to_owned))
        };
        assert_eq!(token(&[]), Ok(None));
        assert_eq!(token(&["Bearer abc"]), Ok(Some("abc".into())));
        assert_eq!(token(&["bearer  abc "]), Ok(Some("abc".into())));
        for wrong in [
            &["Bearer a", "Bearer b"] as &[_],
            &["Bearer a, Bearer b"],
            &["Bearer a b"],
            &["Basic abc"],
            &["Bearer "],
            &["abc"],
        ] {
            assert_eq!(token(wrong), Err(()), "{wrong:?}");
        }
    }
}
