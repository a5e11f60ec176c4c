//! The pages on which an account is claimed and gets a payment method.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::layout::{Fields, form, next_step, no_account, not_found, page, refusal, see, unexpected, visible};
use crate::sandbox::rules::claim;
use crate::sandbox::world::{Account, Attempt, Owner, Refused, Shared, World};

/// The seeded account is claimed with a button, an account of an agent with a link and a code.
pub(super) async fn claim(State(shared): State<Shared>, query: RawQuery) -> Response {
    let (world, sent) = (shared.lock(), Fields::query(query));
    match (sent.get("token"), sent.get("account")) {
        (Some(token), _) => ceremony(&world, token),
        (None, Some(account)) => by_the_agent(&world, account),
        (None, None) => claim_seeded(&world),
    }
}

pub(super) async fn claimed(State(shared): State<Shared>, body: Bytes) -> Response {
    let (mut world, sent) = (shared.lock(), Fields::form(&body));
    let Some(token) = sent.get("token") else {
        claim::claim_seeded(&mut world);
        return see("/claim");
    };
    match claim::claim(&mut world, token, sent.get("code").unwrap_or_default()) {
        Ok(()) => see(&format!("/claim?token={token}")),
        Err(why) => match claim::open(&world, token) {
            Ok((_, account, attempt)) => asks_for_code(StatusCode::BAD_REQUEST, account, attempt, Some(why)),
            Err(_) => refusal(&Refused::bad_request(why)),
        },
    }
}

fn ceremony(world: &World, token: &str) -> Response {
    match (claim::open(world, token), world.by_attempt(token)) {
        (Ok((_, account, attempt)), _) => asks_for_code(StatusCode::OK, account, attempt, None),
        (_, Some((_, account, _))) if account.claimed => claimed_page(&html! {
            p { "Your agent gets a new token by itself; the old one has ended. The new one cannot create milestones or pay: \
                 it has no " code { "payments:write" } "." }
            p { strong { "Next:" } " tell your assistant that you have claimed the account. For milestones, "
                a href={ "/employer-settings?account=" (account.organization_id) } { "make a key with payments:write" } "." }
        }),
        (Err(why), _) => not_found(why),
    }
}

/// Says that only the agent can start this claim.
fn by_the_agent(world: &World, account: &str) -> Response {
    let found = world.owner_of(Some(account)).and_then(|owner| world.account(owner));
    match found {
        None => no_account(),
        Some(account) if account.claimed => claimed_page(&next_step("that the account is claimed.")),
        Some(account) => page(
            StatusCode::OK,
            "This account waits for its user",
            &html! {
                p { bdi { (visible(&account.first_name)) } " registered it and can look around, but not hire or pay before a person \
                     owns the account." }
                p { strong { "Next:" } " ask your assistant to claim the account for you, with your e-mail address. It shows \
                     you a link and a code of six digits." }
            },
        ),
    }
}

fn asks_for_code(status: StatusCode, account: &Account, attempt: &Attempt, wrong: Option<&str>) -> Response {
    let body = html! {
        @if let Some(wrong) = wrong { p #wrong.error role="alert" { (wrong) } }
        p { "The agent " bdi { (visible(&account.first_name)) } " registered the OpenTrain account "
            strong { bdi { (visible(&account.organization)) } } ", and asks you to own it as " bdi { (visible(&attempt.email)) } "." }
        (what_a_claim_does())
        form method="post" action="/claim" {
            input type="hidden" name="token" value=(attempt.token);
            p { label { "6-digit code " input name="code" inputmode="numeric" autocomplete="one-time-code"
                pattern="[0-9]{6}" maxlength="6" required aria-invalid=[wrong.map(|_| "true")]
                aria-describedby=[wrong.map(|_| "wrong")]; } }
            button { "Claim account" }
        }
        p.quiet { "OpenTrain sends the code to that address too. The sandbox sends no e-mail: your assistant shows it. \
                   The code expires " (attempt.ends_at.words()) "." }
        (unexpected())
    };
    page(status, "Claim this account?", &body)
}

fn what_a_claim_does() -> Markup {
    html! {
        p { "When you claim it:" }
        ul {
            li { "you become its owner, and the agent's requests for money come to you to confirm or decline;" }
            li { "the token that the agent registered with ends, as it does at OpenTrain." }
        }
    }
}

fn claimed_page(next: &Markup) -> Response {
    page(StatusCode::OK, "This account is yours", next)
}

fn claim_seeded(world: &World) -> Response {
    if world.is_claimed(Owner::SEEDED) {
        return claimed_page(&html! {
            p { "The account is claimed. Your agent can now create milestones and ask you for decisions. Money moves only when you confirm." }
            (next_step("that the account is claimed; it repeats the refused call."))
        });
    }
    let body = html! {
        p { "An AI agent works with this OpenTrain account, and no person owns it yet. Until somebody does, it can \
             look at contracts, but it cannot create milestones, hire or pay." }
        (what_a_claim_does())
        (form("/claim", "", &[], "Claim account"))
        (unexpected())
    };
    page(StatusCode::OK, "Claim this account?", &body)
}

pub(super) async fn billing(State(shared): State<Shared>, query: RawQuery) -> Response {
    let (world, sent) = (shared.lock(), Fields::query(query));
    let named = sent.get("account");
    let Some(account) = world.owner_of(named).and_then(|owner| world.account(owner)) else { return no_account() };
    if account.has_card {
        let body = html! {
            p { "It is a pretend card: no number was asked for, and nothing is ever charged." }
            (next_step("that a payment method is on file. It repeats the refused request, and you decide on its page."))
        };
        return page(StatusCode::OK, "A payment method is on file", &body);
    }
    let body = html! {
        p { "This account has no payment method yet, so nobody can be hired and no milestone can be funded." }
        p { "In this sandbox it is a pretend card: no number is asked for. Adding it pays nothing. Each payment is still \
             yours to confirm or decline, one by one." }
        (form(&billing_path(named), "", &[], "Add payment method"))
        (unexpected())
    };
    page(StatusCode::OK, "Add a payment method?", &body)
}

pub(super) async fn card_added(State(shared): State<Shared>, query: RawQuery) -> Response {
    let (mut world, sent) = (shared.lock(), Fields::query(query));
    let owner = world.owner_of(sent.get("account"));
    let Some(account) = owner.and_then(|owner| world.account_mut(owner)) else { return no_account() };
    account.has_card = true;
    see(&billing_path(sent.get("account")))
}

fn billing_path(account: Option<&str>) -> String {
    account.map_or_else(|| "/billing".into(), |account| format!("/billing?account={account}"))
}
