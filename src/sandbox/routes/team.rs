//! Who belongs to an account.

use serde_json::{Value, json};

use crate::api::error::InvalidArgument;
use crate::api::team::{GetTeam, InviteTeamMember};
use crate::sandbox::http::answer::{Answer, Answered, Refused};
use crate::sandbox::http::route::{Route, route};
use crate::sandbox::routes::agent::is_address;
use crate::sandbox::world::account::{Account, Owner};
use crate::sandbox::world::keys::Caller;
use crate::sandbox::world::state::World;
use crate::sandbox::world::values::Moment;

/// How long an invitation waits.
const INVITATION: u64 = 7 * 24 * 3_600;
/// An organization by this name rehearses that it has no teams.
const WITHOUT_TEAMS: &str = "teams-off-test";
/// No e-mail ever arrives below it (RFC 2606, 2).
const NOWHERE: &str = ".invalid";

/// Somebody who belongs to an account besides its owner.
#[derive(Debug)]
pub(crate) struct Member {
    user_id: String,
    name: String,
    email: String,
    joined_at: Moment,
}

/// Somebody who was asked to.
#[derive(Debug)]
pub(crate) struct Invite {
    id: String,
    email: String,
    created_at: Moment,
}

/// The people of an account besides its owner.
#[derive(Debug, Default)]
pub(crate) struct Team {
    members: Vec<Member>,
    invites: Vec<Invite>,
}

impl Team {
    /// The seeded account's.
    pub(crate) fn seeded() -> Self {
        Self {
            members: vec![Member {
                user_id: "usr_5Jb8".into(),
                name: "Kofi Mensah".into(),
                email: "kofi@example.com".into(),
                joined_at: Moment::in_2026(4, 20, 8, 30),
            }],
            invites: vec![Invite {
                id: "tin_4Ye1".into(),
                email: "lena@example.com".into(),
                created_at: Moment::in_2026(6, 10, 15, 0),
            }],
        }
    }
}

/// What answers which operation.
pub(crate) fn routes() -> [Route; 2] {
    [route(get), route(invite).claimed_to("invite team members").refusing(unfit)]
}

/// The schema's own refusals.
fn unfit(fault: InvalidArgument) -> Refused {
    Refused::issues(vec![json!({ "path": [fault.field], "message": fault.message })])
}

fn get(world: &mut World, caller: &Caller, _: &GetTeam) -> Answered {
    let account = account(world, caller.owner)?;
    Ok(Answer::ok(json!({ "team": shown(account) })))
}

fn invite(world: &mut World, caller: &Caller, wanted: &InviteTeamMember) -> Answered {
    let email = wanted.email.trim();
    account(world, caller.owner)?;
    if !is_address(email) {
        let refused = Refused::bad_request("This is not an e-mail address.");
        return Err(refused.with_details(json!({ "email": email })));
    }
    if email.ends_with(NOWHERE) {
        return Err(Refused::conflict("invite_email_send_failed", "The invitation could not be e-mailed."));
    }
    let (now, status) = (world.now(), what_becomes(world, caller.owner, email));
    let id = world.ids.next(if status == "member_added" { "usr" } else { "tin" });
    if let Some(account) = world.account_mut(caller.owner) {
        let team = &mut account.team;
        match status {
            "member_added" => team.members.push(Member {
                user_id: id,
                name: email.split('@').next().unwrap_or_default().into(),
                email: email.into(),
                joined_at: now,
            }),
            "invite_created" => {
                team.invites.retain(|invite| !invite.email.eq_ignore_ascii_case(email));
                team.invites.push(Invite { id, email: email.into(), created_at: now });
            }
            _ => {}
        }
    }
    let team = shown(account(world, caller.owner)?);
    Ok(Answer::ok(json!({ "ok": true, "status": status, "email": email, "team": team })))
}

/// The account, if it has teams.
fn account(world: &World, owner: Owner) -> Result<&Account, Refused> {
    let missing = || Refused::not_found("The account is not there.");
    let account = world.account(owner).ok_or_else(missing)?;
    if account.organization == WITHOUT_TEAMS {
        let details = json!({ "reason": "teams_not_enabled" });
        return Err(Refused::forbidden("Teams are not enabled for this organization.", Some(details)));
    }
    Ok(account)
}

/// Whoever has an account of their own is added at once.
fn what_becomes(world: &World, owner: Owner, email: &str) -> &'static str {
    let is = |known: &str| known.eq_ignore_ascii_case(email);
    let belongs = |account: &Account| {
        account.email.as_deref().is_some_and(is) || account.team.members.iter().any(|member| is(&member.email))
    };
    if world.account(owner).is_some_and(belongs) {
        "already_member"
    } else if world.accounts.iter().any(belongs) {
        "member_added"
    } else {
        "invite_created"
    }
}

fn shown(account: &Account) -> Value {
    let owner = account.email.as_ref().map(|email| {
        json!({
            "userId": account.user_id,
            "role": "OWNER",
            "name": account.full_name(),
            "email": email,
            "joinedAt": account.created_at,
        })
    });
    let others = account.team.members.iter().map(|member| {
        json!({
            "userId": member.user_id,
            "role": "MEMBER",
            "name": member.name,
            "email": member.email,
            "joinedAt": member.joined_at,
        })
    });
    let invites = account.team.invites.iter().map(|invite| {
        json!({
            "id": invite.id,
            "email": invite.email,
            "createdAt": invite.created_at,
            "expiresAt": invite.created_at.plus_seconds(INVITATION),
        })
    });
    json!({
        "organization": {
            "id": account.organization_id,
            "name": account.organization,
            "ownerUserId": account.user_id,
            "ownerName": account.full_name(),
        },
        "members": owner.into_iter().chain(others).collect::<Vec<_>>(),
        "invites": invites.collect::<Vec<_>>(),
    })
}
