//! Tools for the team. An invitation gives access to the account without human approval.

use crate::answer::lines::{each, id_of, text_or};
use crate::answer::text::{count, date};
use crate::answer::{Answer, Joined, Outcome, Shown, ToolError, id, quoted, shown};
use crate::api::reply::{Read, Reply};
use crate::api::team::{GetTeam, Invite, InviteTeamMember, Member, Team};
use crate::engine::{Context, OneRequest, tools};

tools![GetTeam, InviteTeamMember];

impl OneRequest for GetTeam {
    const TITLE: &'static str = "Get the team";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let mut answer = Answer::new(head(&read.output.team), read.object);
        answer.lines = people(&read.output.team);
        answer.next = context.next(&[("invite_team_member", "email")]);
        answer
    }
}

fn head(team: &Team) -> Shown {
    let organization = team.organization.get();
    let name =
        organization.and_then(|organization| organization.name.text()).map_or_else(|| "without name".into(), quoted);
    let owner = organization.and_then(|organization| organization.owner_name.text());
    let owner = owner.map(|owner| shown!(" of {}", quoted(owner))).unwrap_or_default();
    let (members, invites) = (team.members.items().len(), team.invites.items().len());
    shown!("Team {}{}: {}, {} more invited.", name, owner, count(members, "member"), invites)
}

fn people(team: &Team) -> Vec<Shown> {
    let mut lines = each(team.members.items(), member);
    lines.extend(each(team.invites.items(), invited));
    lines
}

fn member(member: &Member) -> Shown {
    let mut parts = vec![
        id_of(&member.user_id),
        text_or(&member.role, "no role"),
        member.name.text().map_or_else(|| "no name".into(), quoted),
    ];
    parts.extend(member.email.text().map(id));
    parts.extend(member.joined_at.text().map(|at| shown!("since {}", date(at))));
    parts.joined(" · ")
}

fn invited(invite: &Invite) -> Shown {
    let until = invite.expires_at.text().map(|at| shown!(" · until {}", date(at))).unwrap_or_default();
    shown!("{} · invited · {}{}", id_of(&invite.id), text_or(&invite.email, "no address"), until)
}

impl OneRequest for InviteTeamMember {
    const TITLE: &'static str = "Invite a team member";

    async fn question(&self, _: &Context) -> Result<Shown, ToolError> {
        Ok(shown!("Invite {} into the team? They get access to the account.", quoted(&self.email)))
    }

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let result = &read.output;
        let who = id(result.email.text().unwrap_or(&self.email));
        let (outcome, summary) = match result.status.text().unwrap_or("no status") {
            "invite_created" => {
                (Outcome::Created, shown!("Invitation sent to {}. Whoever accepts it gets access to the account.", who))
            }
            "member_added" => {
                (Outcome::Created, shown!("Added: {} belongs to the team now, and has access to the account.", who))
            }
            "already_member" => {
                (Outcome::Existing, shown!("Nothing was changed: {} belongs to the team already.", who))
            }
            other => (Outcome::Done, shown!("OpenTrain took it for {}, in its own word: {}.", who, id(other))),
        };
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(outcome);
        answer.lines.extend(result.team.get().map(head));
        answer.next = context.next(&[("get_team", "")]);
        answer
    }
}
