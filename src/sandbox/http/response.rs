//! Makes HTTP responses of answers and refusals.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, DATE, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderName, StatusCode};
use serde_json::Value;

use crate::sandbox::routes::answer::Answered;
use crate::sandbox::rules::life;
use crate::sandbox::world::{Shared, World};

/// Carries out one API request. `work` decides while nobody else has the world.
pub(super) fn exchange(shared: &Shared, work: impl FnOnce(&mut World) -> Answered) -> Response {
    let mut world = shared.lock();
    let (request_id, date) = (world.clock.request_id(), world.now().http_date());
    life::catch_up(&mut world);
    let answered = work(&mut world);
    drop(world);
    let (status, body) = match answered {
        Ok(answer) => (answer.status, answer.body),
        Err(refused) => (refused.status, refused.into_body(&request_id)),
    };
    let mut response = json(status, &body);
    insert(&mut response, DATE, &date);
    if status == StatusCode::UNAUTHORIZED {
        insert(&mut response, WWW_AUTHENTICATE, "Bearer");
    }
    response
}

pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    insert(&mut response, CONTENT_TYPE, "application/json; charset=utf-8");
    response
}

pub(super) fn insert(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
