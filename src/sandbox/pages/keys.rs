//! Settings → API keys: where a person makes a token with the scopes that they choose.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use url::Url;

use super::super::accounts::{Account, Owner};
use super::super::answer::Refused;
use super::super::keys::{ALL, Key, MOST_KEYS};
use super::super::world::{Shared, World};
use super::form::Sent;
use super::{page, refusal, visible, way_home};

/// The longest name of a token (reference: api-reference/tokens/create).
const LONGEST_NAME: usize = 120;

/// The keys of an account, and a form to make one.
pub(super) async fn keys(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let (world, sent) = (shared.lock(), Sent::query(query));
    match wanted(&world, &sent) {
        Some((owner, account)) => settings(&world, owner, account, None),
        None => unknown(),
    }
}

/// Makes a key, and shows it once.
pub(super) async fn made(State(shared): State<Shared>, body: Bytes) -> Response {
    let (mut world, sent) = (shared.lock(), Sent::read(&body));
    let owner = match wanted(&world, &sent) {
        Some((owner, account)) if account.claimed => owner,
        Some(_) => return refusal(&Refused::forbidden("Nobody owns this account yet: claim it first.", None)),
        None => return unknown(),
    };
    let wanted: Vec<_> = sent.all("scope").collect();
    let scopes: Vec<_> = ALL.iter().copied().filter(|scope| wanted.contains(scope)).collect();
    let name: String = sent.get("name").unwrap_or("API key").chars().take(LONGEST_NAME).collect();
    if scopes.is_empty() || scopes.len() < wanted.len() {
        return refusal(&Refused::bad_request("Choose at least one scope, of those on the page."));
    }
    if world.keys.active(owner) >= MOST_KEYS {
        return refusal(&Refused::bad_request("An account has at most 25 active keys: revoke one first."));
    }
    let (token, now) = (world.keys.mint("pat", "key"), world.now());
    world.keys.add(owner, &token, &name, scopes, now);
    match world.account(owner) {
        Some(account) => settings(&world, owner, account, Some(&token)),
        None => unknown(),
    }
}

/// The account that is named; where none is, the one that was claimed last.
fn wanted<'a>(world: &'a World, sent: &Sent) -> Option<(Owner, &'a Account)> {
    let claimed = || world.our_accounts().filter(|(_, account)| account.claimed).last().map(|(owner, _)| owner);
    let owner = match sent.get("account") {
        Some(named) => world.owner_of(Some(named)),
        None => claimed().or(Some(Owner::SEEDED)),
    };
    owner.and_then(|owner| Some((owner, world.account(owner)?)))
}

fn unknown() -> Response {
    refusal(&Refused::not_found("There is no such account in this sandbox."))
}

fn settings(world: &World, owner: Owner, account: &Account, new: Option<&str>) -> Response {
    page(
        if new.is_some() { StatusCode::CREATED } else { StatusCode::OK },
        "Settings → API keys",
        &html! {
            p { "Account: " bdi { (visible(&account.organization)) } " " code { (account.organization_id) } }
            @if let Some(new) = new { (shown_once(new, &world.origin)) }
            @if account.claimed { (form(account)) }
            @else { p { "Nobody owns this account yet. Claim it first; then keys can be made here." } }
            h2 { "Keys" }
            table {
                thead { tr { th { "Name" } th { "Key" } th { "Scopes" } th { "Status" } } }
                tbody { @for key in world.keys.of(owner) { (line(key)) } }
            }
            (way_home())
        },
    )
}

fn shown_once(token: &str, origin: &Url) -> Markup {
    html! {
        p { strong { "Your new key" } ", shown only now:" }
        pre { code { (token) } }
        p { "Give it to the server of your assistant as " code { "OT_API_TOKEN" } ", with "
            code { "OPENTRAIN_API_BASE_URL=" (origin.as_str().trim_end_matches('/')) } " and without " code { "--sandbox" }
            ", not to the assistant in a chat. It works only in this sandbox." }
    }
}

fn form(account: &Account) -> Markup {
    html! {
        p { "The token that a claim gives to an agent has no " code { "payments:write" } " and no " code { "webhooks:manage" } ". \
             A key made here can have them." }
        form method="post" action="/settings/api-keys" {
            input type="hidden" name="account" value=(account.organization_id);
            p { label { "Name " input name="name" maxlength=(LONGEST_NAME) value="My assistant"; } }
            ul.scopes {
                @for scope in ALL {
                    li { label { input type="checkbox" name="scope" value=(scope) checked[*scope != "webhooks:manage"]; " " (scope) } }
                }
            }
            button { "Create key" }
        }
    }
}

fn line(key: &Key) -> Markup {
    html! {
        tr {
            td { bdi { (visible(&key.name)) } }
            td { code { (key.preview()) } }
            td { (key.scopes.join(", ")) }
            td { @if key.revoked_at.is_some() { "revoked" } @else { "active" } }
        }
    }
}
