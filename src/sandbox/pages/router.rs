//! The paths of the pages.

use axum::Router;
use axum::routing::{get, post};

use super::{account, checkout, decision, front, jobs, keys};
use crate::sandbox::world::Shared;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(front::page))
        .route("/clock", post(front::let_a_day_pass))
        .route("/claim", get(account::claim).post(account::claimed))
        .route("/billing", get(account::billing).post(account::card_added))
        .route("/checkout/{topUpId}", get(checkout::page).post(checkout::paid))
        .route("/job-post", get(jobs::draft))
        .route("/jobs/{jobId}", get(jobs::job))
        .route("/employer-settings", get(keys::keys).post(keys::made))
        .route("/approvals/{approvalId}", get(decision::page))
        .route("/approvals/{approvalId}/confirm", post(decision::confirmed))
        .route("/approvals/{approvalId}/decline", post(decision::declined))
}
