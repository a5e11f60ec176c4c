//! The page on which a person decides a request.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::layout::{self, Fields, Id, form, id_of, next_step, not_found, row, see, visible};
use super::request::{View, view};
use crate::api::approvals::{CONFIRMED, DECLINED, PENDING};
use crate::sandbox::rules::decide::{self, Means, cost, obstacle};
use crate::sandbox::world::{Approval, Asked, Moment, Shared, World, dollars};

pub(super) async fn page(State(shared): State<Shared>, id: Id) -> Response {
    let (world, id) = (shared.lock(), id_of(id));
    world.approval(&id).map_or_else(unknown, |approval| show(&world, approval))
}

pub(super) async fn confirmed(State(shared): State<Shared>, id: Id, body: Bytes) -> Response {
    let means = match Fields::form(&body).get("pay") {
        Some("credits") => Means::Credits,
        _ => Means::Card,
    };
    press(&shared, &id_of(id), CONFIRMED, |world, id| decide::confirm(world, id, means))
}

pub(super) async fn declined(State(shared): State<Shared>, id: Id) -> Response {
    press(&shared, &id_of(id), DECLINED, decide::decline)
}

/// Carries out the pressed button. If it is too late, the page says what was decided: a late Decline must not read as
/// if nothing had happened.
fn press(
    shared: &Shared,
    id: &str,
    pressed: &str,
    work: impl FnOnce(&mut World, &str) -> Result<(), &'static str>,
) -> Response {
    let mut world = shared.lock();
    let Some(approval) = world.approval(id) else { return unknown() };
    if !approval.is_open(world.now()) {
        return too_late(&world, approval, pressed);
    }
    match work(&mut world, id) {
        Ok(()) => see(&format!("/approvals/{id}")),
        Err(why) => conflict(id, "Not possible now: nothing was changed", &html! { p role="alert" { (why) } }),
    }
}

fn unknown() -> Response {
    not_found("There is no such approval in this sandbox. It forgets everything when it stops.")
}

fn conflict(id: &str, title: &str, body: &Markup) -> Response {
    let back = html! { p { a href={ "/approvals/" (id) } { "Back to the request" } } };
    layout::page(StatusCode::CONFLICT, title, &html! { (body) (back) })
}

fn too_late(world: &World, approval: &Approval, pressed: &str) -> Response {
    let (now, status) = (world.now(), approval.status(world.now()));
    let at = approval.resolved_at(now).unwrap_or(now).brief(now);
    let title = match status {
        CONFIRMED if pressed == CONFIRMED => format!("You had already confirmed this at {at}."),
        CONFIRMED => format!("Too late: you had confirmed this at {at}."),
        DECLINED if pressed == DECLINED => format!("You had already declined this at {at}."),
        DECLINED => format!("Too late: you had declined this at {at}."),
        _ if approval.is_superseded() => format!("Too late: a newer request took its place at {at}."),
        _ => format!("Too late: this request expired at {at}."),
    };
    let done = view(world, &approval.request).filter(|_| status == CONFIRMED).map(|view| view.done);
    let done = done.as_deref().unwrap_or("Nothing happened.");
    conflict(&approval.id, &title, &html! { p.sum role="alert" { (done) } })
}

fn show(world: &World, approval: &Approval) -> Response {
    let (now, status) = (world.now(), approval.status(world.now()));
    let Some(view) = view(world, &approval.request) else {
        return not_found("What this request was about is gone.");
    };
    let is_pending = status == PENDING;
    let body = html! {
        p.sum { (view.subject) }
        @if !is_pending { (next(status)) }
        table.facts { tbody { (view.facts) (times(approval, now)) } }
        @if is_pending {
            (view.consequence)
            p { strong { "Decline" } " changes nothing. Your agent sees that you declined." }
            (buttons(world, approval, &view.confirm))
        }
    };
    layout::page(StatusCode::OK, heading(approval, &view, status), &body)
}

fn heading(approval: &Approval, view: &View, status: &str) -> &'static str {
    match status {
        PENDING => view.question,
        CONFIRMED => view.confirmed,
        DECLINED => "You declined: nothing has changed",
        _ if approval.is_superseded() => "Replaced by a newer request: nothing has changed",
        _ => "This request expired: nothing has changed",
    }
}

fn next(status: &str) -> Markup {
    match status {
        CONFIRMED => next_step("that you have decided."),
        DECLINED => next_step("that you declined, and what should be different."),
        _ => html! { p { strong { "Next:" } " if you still want it, tell your assistant to ask again." } },
    }
}

fn times(approval: &Approval, now: Moment) -> Markup {
    let until = approval.expires_at();
    let resolved = match approval.status(now) {
        CONFIRMED => "Confirmed",
        DECLINED => "Declined",
        _ => "Expired",
    };
    let asked = html! {
        "with the key “" bdi { (visible(&approval.asked_by)) } "”, " (approval.created_at.words())
    };
    html! {
        (row("Asked", &asked))
        @match approval.resolved_at(now) {
            None => (row("Expires", &html! { (until.words()) " (" (until.distance(now)) "); then nothing happens" })),
            Some(at) => (row(resolved, &html! { (at.words()) })),
        }
    }
}

fn buttons(world: &World, approval: &Approval, text: &str) -> Markup {
    let (request, available) = (&approval.request, world.available(approval.owner));
    let page = format!("/approvals/{}", approval.id);
    let confirm = format!("{page}/confirm");
    let class = if request.asked == Asked::End { "danger" } else { "" };
    let is_covered = cost(world, request).is_some_and(|cost| cost <= available);
    let from_credits = format!("{text} from credits ({} available)", dollars(available).dollars());
    html! {
        @match obstacle(world, request) {
            None => {
                (form(&confirm, class, &[], text))
                @if is_covered { (form(&confirm, "", &[("pay", "credits")], &from_credits)) }
            },
            Some(obstacle) => p role="alert" { strong { (obstacle) " You can only decline it, or let it expire." } },
        }
        (form(&format!("{page}/decline"), "other", &[], "Decline"))
    }
}
