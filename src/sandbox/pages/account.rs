//! The account's own pages: where it is claimed, and where it gets a payment method.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use maud::html;

use super::super::world::{Shared, World};
use super::{button, page, see, way_home};

/// Claims the account.
pub(super) async fn claimed(State(shared): State<Shared>) -> Response {
    shared.lock().claimed = true;
    see("/claim")
}

pub(super) fn claim(world: &World) -> Response {
    if world.claimed {
        return page(
            StatusCode::OK,
            "This account is yours",
            &html! {
                p { "The account is claimed. Your agent may now create milestones and ask you for decisions; money still \
                     moves only when you confirm it." }
                p { strong { "Next:" } " go back to your assistant and tell it that the account is claimed. It repeats \
                     the call that was refused." }
                (way_home())
            },
        );
    }
    page(
        StatusCode::OK,
        "Claim this account?",
        &html! {
            p { "An AI agent works with this OpenTrain account, and no person owns it yet. Until somebody does, it can \
                 look at contracts, but it cannot create milestones, hire or pay." }
            p { "When you claim it:" }
            ul {
                li { "you become its owner, and the agent's requests for money come to you to confirm or decline;" }
                li { "the token that the agent registered with ends, as it does at OpenTrain." }
            }
            (button("/claim", "Claim account"))
            p.quiet { "If you did not expect this, close the page: nothing happens." }
        },
    )
}

/// Puts a payment method on file.
pub(super) async fn card_added(State(shared): State<Shared>) -> Response {
    shared.lock().has_card = true;
    see("/billing")
}

pub(super) fn billing(world: &World) -> Response {
    if world.has_card {
        return page(
            StatusCode::OK,
            "A payment method is on file",
            &html! {
                p { "It is a pretend card: no number was asked for, and nothing is ever charged." }
                p { strong { "Next:" } " go back to your assistant and tell it that a payment method is on file. It \
                     repeats the request that was refused, and you get a page on which you decide." }
                (way_home())
            },
        );
    }
    page(
        StatusCode::OK,
        "Add a payment method?",
        &html! {
            p { "This account has no payment method yet, so no milestone can be funded." }
            p { "In this sandbox it is a pretend card: no number is asked for. Adding it pays nothing. Each payment is \
                 still yours to confirm or decline, one by one." }
            (button("/billing", "Add payment method"))
            p.quiet { "If you did not expect this, close the page: nothing happens." }
        },
    )
}
