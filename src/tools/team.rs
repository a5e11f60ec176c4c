//! Tools for the team. An invitation gives access to the account without human approval.

use crate::answer::lines::{self, each, id, text_or};
use crate::answer::text::{count, date, quoted, word};
use crate::answer::{Answer, Outcome};
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

fn head(team: &Team) -> String {
    let organization = team.organization.get();
    let name =
        organization.and_then(|organization| organization.name.text()).map_or_else(|| "without name".into(), quoted);
    let owner = organization.and_then(|organization| organization.owner_name.text());
    let owner = owner.map(|owner| format!(" of {}", lines::name(owner))).unwrap_or_default();
    let (members, invites) = (team.members.items().len(), team.invites.items().len());
    format!("Team {name}{owner}: {}, {invites} more invited.", count(members, "member"))
}

fn people(team: &Team) -> Vec<String> {
    let mut lines = each(team.members.items(), member);
    lines.extend(each(team.invites.items(), invited));
    lines
}

fn member(member: &Member) -> String {
    let mut parts = vec![
        id(&member.user_id),
        text_or(&member.role, "no role"),
        member.name.text().map_or_else(|| "no name".into(), lines::name),
    ];
    parts.extend(member.email.text().map(word));
    parts.extend(member.joined_at.text().map(|at| format!("since {}", date(at))));
    parts.join(" · ")
}

fn invited(invite: &Invite) -> String {
    let until = invite.expires_at.text().map(|at| format!(" · until {}", date(at))).unwrap_or_default();
    format!("{} · invited · {}{until}", id(&invite.id), text_or(&invite.email, "no address"))
}

impl OneRequest for InviteTeamMember {
    const TITLE: &'static str = "Invite a team member";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let result = &read.output;
        let who = word(result.email.text().unwrap_or(&self.email));
        let (outcome, summary) = match result.status.text().unwrap_or("no status") {
            "invite_created" => {
                (Outcome::Created, format!("Invitation sent to {who}. Whoever accepts it gets access to the account."))
            }
            "member_added" => {
                (Outcome::Created, format!("Added: {who} belongs to the team now, and has access to the account."))
            }
            "already_member" => (Outcome::Existing, format!("Nothing was changed: {who} belongs to the team already.")),
            other => (Outcome::Done, format!("OpenTrain took it for {who}, in its own word: {}.", word(other))),
        };
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(outcome);
        answer.lines.extend(result.team.get().map(head));
        answer.next = context.next(&[("get_team", "")]);
        answer
    }
}
