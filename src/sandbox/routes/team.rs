//! The team of an account.

use serde_json::{Value, json};

use super::agent::is_address;
use super::answer::{Answer, Answered};
use crate::api::error::InvalidArgument;
use crate::api::team::{GetTeam, InviteTeamMember};
use crate::sandbox::world::{Account, Caller, Invite, Member, Owner, Refused, World};

/// An organization by this name rehearses that it has no teams.
const WITHOUT_TEAMS: &str = "teams-off-test";
/// No e-mail arrives at addresses below it (RFC 2606, 2).
const NOWHERE: &str = ".invalid";

/// The API's schema words refusals of this endpoint.
pub(crate) fn invalid(fault: InvalidArgument) -> Refused {
    Refused::issues(vec![json!({ "path": [fault.field], "message": fault.message.to_string() })])
}

pub(crate) fn get(world: &mut World, caller: &Caller, _: &GetTeam) -> Answered {
    let account = account(world, caller.owner)?;
    Ok(Answer::ok(json!({ "team": to_json(account) })))
}

pub(crate) fn invite(world: &mut World, caller: &Caller, wanted: &InviteTeamMember) -> Answered {
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
    let team = to_json(account(world, caller.owner)?);
    Ok(Answer::ok(json!({ "ok": true, "status": status, "email": email, "team": team })))
}

fn account(world: &World, owner: Owner) -> Result<&Account, Refused> {
    let missing = || Refused::not_found("The account is not there.");
    let account = world.account(owner).ok_or_else(missing)?;
    if account.organization == WITHOUT_TEAMS {
        let details = json!({ "reason": "teams_not_enabled" });
        return Err(Refused::forbidden("Teams are not enabled for this organization.").with_details(details));
    }
    Ok(account)
}

/// A person who has an account is added at once.
fn what_becomes(world: &World, owner: Owner, email: &str) -> &'static str {
    let belongs = |account: &Account| account.has_email(email) || account.team.has(email);
    if world.account(owner).is_some_and(belongs) {
        "already_member"
    } else if world.accounts.iter().any(belongs) {
        "member_added"
    } else {
        "invite_created"
    }
}

fn to_json(account: &Account) -> Value {
    let owner = account.email.clone().map(|email| {
        let (user_id, name) = (account.user_id.clone(), account.full_name());
        Member { user_id, name, email, joined_at: account.created_at }.to_json("OWNER")
    });
    let members = account.team.members.iter().map(|member| member.to_json("MEMBER"));
    json!({
        "organization": {
            "id": account.organization_id,
            "name": account.organization,
            "ownerUserId": account.user_id,
            "ownerName": account.full_name(),
        },
        "members": owner.into_iter().chain(members).collect::<Vec<_>>(),
        "invites": account.team.invites.iter().map(Invite::to_json).collect::<Vec<_>>(),
    })
}
