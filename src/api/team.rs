//! The members of the account (reference: api-reference/team).

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Status};
use super::types::{Field, List, wrapper};
use super::{Effect, Gate, Operation};

/// List the members of the team, and who is invited to it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct GetTeam {}

impl Operation for GetTeam {
    type Output = OneTeam;
    const NAME: &'static str = "get_team";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/team";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::scopes(&["team:read"]).feature("public_api_team");
}

/// `{"team": {…}}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OneTeam {
    /// The team.
    #[serde(deserialize_with = "wrapper")]
    pub team: Team,
}

/// A team.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Team {
    /// The organization.
    pub organization: Field<Organization>,
    /// The members.
    pub members: List<Member>,
    /// The open invitations.
    pub invites: List<Invite>,
}

/// An organization.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Organization {
    /// Organization id.
    pub id: Field<String>,
    /// The organization's name.
    pub name: Field<String>,
    /// The owner's name.
    pub owner_name: Field<String>,
}

/// A member of a team.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Member {
    /// User id.
    pub user_id: Field<String>,
    /// OWNER or MEMBER.
    pub role: Field<String>,
    /// Name.
    pub name: Field<String>,
    /// Address.
    pub email: Field<String>,
    /// ISO 8601.
    pub joined_at: Field<String>,
}

/// An invitation that waits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Invite {
    /// Invitation id.
    pub id: Field<String>,
    /// The invited person's address.
    pub email: Field<String>,
    /// ISO 8601.
    pub expires_at: Field<String>,
}

/// Invite somebody into the team by e-mail: they get access to the account. Nobody co-signs it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InviteTeamMember {
    /// Their e-mail address.
    #[schemars(length(min = 3))]
    pub email: String,
}

impl Operation for InviteTeamMember {
    type Output = TeamInvitation;
    const NAME: &'static str = "invite_team_member";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/team/invites";
    const EFFECT: Effect = Effect::Exposes;
    const EVIDENCE: Evidence = Evidence::Field(&["/status", "/ok"], Status::None);
    const GATE: Gate = Gate::scopes(&["team:write"]).feature("public_api_team").claimed();
}

/// The result of an invitation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct TeamInvitation {
    /// invite_created, member_added or already_member.
    #[serde(default)]
    pub status: Field<String>,
    /// The invited person's address.
    #[serde(default)]
    pub email: Field<String>,
    /// The team as it is now.
    #[serde(default)]
    pub team: Field<Team>,
}
