//! Settings → API keys: a person makes a token with chosen scopes.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::layout::{Fields, no_account, page, see, visible};
use crate::sandbox::world::{ALL_SCOPES, Account, Key, MOST_KEYS, Owner, Shared, World};

/// The longest name of a token (reference: api-reference/tokens/create).
const LONGEST_NAME: usize = 120;

/// Shows the keys and a form. `made` in the query names the key that the form has just made.
pub(super) async fn keys(State(shared): State<Shared>, query: RawQuery) -> Response {
    let (world, sent) = (shared.lock(), Fields::query(query));
    let Some((owner, account)) = wanted(&world, &sent) else { return no_account() };
    let made = world.keys.of(owner).find(|key| Some(key.id()) == sent.get("made"));
    let secret = made.and_then(|key| key.secret(world.now()));
    settings(&world, owner, account, &html! { @if let Some(secret) = secret { (shown_once(secret, &world.origin)) } })
}

/// Makes a key and redirects to the page that shows it, so that a reload makes no second key.
pub(super) async fn made(State(shared): State<Shared>, body: Bytes) -> Response {
    let (mut world, sent) = (shared.lock(), Fields::form(&body));
    let Some((owner, account)) = wanted(&world, &sent) else { return no_account() };
    let organization = account.organization_id.clone();
    let wanted: Vec<_> = sent.all("scope").collect();
    let scopes: Vec<_> = ALL_SCOPES.iter().copied().filter(|scope| wanted.contains(scope)).collect();
    let wrong = if !account.claimed {
        Some("Nobody owns this account yet: claim it first.")
    } else if scopes.is_empty() || scopes.len() < wanted.len() {
        Some("Choose at least one scope.")
    } else if world.keys.active(owner) >= MOST_KEYS {
        Some("An account has at most 25 active keys: revoke one first.")
    } else {
        None
    };
    if let Some(wrong) = wrong {
        let mut again = settings(&world, owner, account, &html! { p.error role="alert" { (wrong) } });
        *again.status_mut() = if account.claimed { StatusCode::BAD_REQUEST } else { StatusCode::FORBIDDEN };
        return again;
    }
    let name: String = sent.get("name").unwrap_or("API key").chars().take(LONGEST_NAME).collect();
    let (token, now) = (world.keys.mint("pat", "key"), world.now());
    let key = Key::new(owner, &token, &name, &scopes, now);
    let made = key.id().to_owned();
    world.keys.add(key);
    see(&format!("/employer-settings?account={organization}&made={made}"))
}

/// The named account, or the account that was claimed last.
fn wanted<'a>(world: &'a World, sent: &Fields) -> Option<(Owner, &'a Account)> {
    let claimed = || world.our_accounts().filter(|(_, account)| account.claimed).last().map(|(owner, _)| owner);
    let owner = match sent.get("account") {
        Some(named) => world.owner_of(Some(named)),
        None => claimed().or(Some(Owner::SEEDED)),
    };
    owner.and_then(|owner| Some((owner, world.account(owner)?)))
}

fn settings(world: &World, owner: Owner, account: &Account, notice: &Markup) -> Response {
    let claim = world.account_page("/claim", owner);
    let body = html! {
        p { "Account: " bdi { (visible(&account.organization)) } " " code { (account.organization_id) } }
        (notice)
        @if account.claimed { (form(account)) }
        @else { p { "Nobody owns this account yet. " a href=(claim) { "Claim it" } " first; then you can make keys here." } }
        h2 { "Keys" }
        table.list {
            thead { tr { th { "Name" } th { "Key" } th { "Scopes" } th { "Status" } } }
            tbody { @for key in world.keys.of(owner) { (line(key)) } }
        }
    };
    page(StatusCode::OK, "Settings → API keys", &body)
}

fn shown_once(token: &str, origin: &str) -> Markup {
    html! {
        p { strong { "Your new key" } ". Copy it now: this page shows it for 10 minutes." }
        pre { code { (token) } }
        p { "Give it to the server of your assistant as " code { "OT_API_TOKEN" } ", with "
            code { "OPENTRAIN_API_BASE_URL=" (origin) } " and without " code { "--sandbox" }
            ", not to the assistant in a chat. It works only in this sandbox." }
    }
}

fn form(account: &Account) -> Markup {
    html! {
        p { "The token that a claim gives to an agent has no " code { "payments:write" } " and no " code { "webhooks:manage" } ". \
             A key made here can have them." }
        form method="post" action="/employer-settings" {
            input type="hidden" name="account" value=(account.organization_id);
            p { label { "Name " input name="name" maxlength=(LONGEST_NAME) value="My assistant"; } }
            ul.scopes {
                @for scope in ALL_SCOPES {
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
            td data-label="Name" { bdi { (visible(&key.name)) } }
            td data-label="Key" { code { (key.preview()) } }
            td data-label="Scopes" { (key.scopes.join(", ")) }
            td data-label="Status" { @if key.revoked_at.is_some() { "revoked" } @else { "active" } }
        }
    }
}
