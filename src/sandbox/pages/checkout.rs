//! The page on which a person buys credits.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use maud::html;

use super::layout::{self, Id, form, id_of, next_step, not_found, see, unexpected};
use crate::sandbox::world::{Shared, dollars};

pub(super) async fn page(State(shared): State<Shared>, id: Id) -> Response {
    let world = shared.lock();
    let id = id_of(id);
    let Some(top_up) = world.top_ups.iter().find(|found| found.id == id) else {
        return not_found("There is no such checkout in this sandbox.");
    };
    let amount = dollars(top_up.cents).dollars();
    let title = match top_up.status(world.now()) {
        "PENDING" => "Buy credits?",
        "COMPLETED" => "You paid: the credits are in the account",
        _ => "Too late: this page expired, and nothing was charged",
    };
    let body = html! {
        p.sum { (amount) " of credits" }
        @if top_up.status(world.now()) == "PENDING" {
            p { strong { "Pay" } " puts " (amount) " into the account's credits. It is a pretend payment: no card is asked \
                 for. The page expires " (top_up.expires_at().words()) "." }
            (form(&format!("/checkout/{id}"), "", &[], &format!("Pay {amount}")))
            (unexpected())
        } @else {
            (next_step("that this page is done."))
        }
    };
    layout::page(StatusCode::OK, title, &body)
}

pub(super) async fn paid(State(shared): State<Shared>, id: Id) -> Response {
    let mut world = shared.lock();
    let id = id_of(id);
    let page = format!("/checkout/{id}");
    match world.pay(&id) {
        Ok(()) => see(&page),
        Err(why) => layout::page(StatusCode::CONFLICT, why, &html! { p { a href=(page) { "Back to the checkout" } } }),
    }
}
