//! Every operation, its type erased: what the client goes by, and what can be held against OpenTrain's own description
//! of its API.

use http::Method;
use serde_json::Value;

use super::{
    Dialect, Effect, Gate, Operation, account, agent, approvals, contracts, credits, freelancers, jobs, marketplace,
    messages,
};
use super::{milestones, proposals, team, tokens, updates, webhooks};

/// The facts of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Its name.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static Method,
    /// Where its path starts.
    pub root: &'static str,
    /// The path below that.
    pub path: &'static str,
    /// How bodies and errors are written.
    pub dialect: Dialect,
    /// What a call does to the world.
    pub effect: Effect,
    /// What the caller has to hold.
    pub gate: Gate,
    /// The field that is the whole body, where the body is open.
    pub body: Option<&'static str>,
    /// The schema of what is sent.
    pub schema: fn() -> Value,
}

impl Facts {
    /// Those of `O`.
    #[must_use]
    pub const fn of<O: Operation>() -> Self {
        Self {
            name: O::NAME,
            method: const { &O::METHOD },
            root: O::ROOT,
            path: O::PATH,
            dialect: O::DIALECT,
            effect: O::EFFECT,
            gate: O::GATE,
            body: O::BODY,
            schema: || super::wire::schema::<O>().to_value(),
        }
    }
}

/// Every operation.
pub const OPERATIONS: &[Facts] = &[
    Facts::of::<account::GetAuthStatus>(),
    Facts::of::<account::GetCapabilities>(),
    Facts::of::<agent::ExchangeClaim>(),
    Facts::of::<agent::RegisterIdentity>(),
    Facts::of::<agent::RevokeOwnToken>(),
    Facts::of::<agent::StartClaim>(),
    Facts::of::<approvals::GetApproval>(),
    Facts::of::<contracts::EndContract>(),
    Facts::of::<contracts::GetContract>(),
    Facts::of::<contracts::ListContracts>(),
    Facts::of::<credits::CreateCreditTopUp>(),
    Facts::of::<credits::GetCreditTopUp>(),
    Facts::of::<credits::GetCredits>(),
    Facts::of::<credits::ListCreditLedger>(),
    Facts::of::<credits::ListPendingPayments>(),
    Facts::of::<freelancers::GetFreelancerProfile>(),
    Facts::of::<jobs::CloseJob>(),
    Facts::of::<jobs::CreateJobDraft>(),
    Facts::of::<jobs::InviteFreelancer>(),
    Facts::of::<jobs::ListJobs>(),
    Facts::of::<jobs::PublishJob>(),
    Facts::of::<jobs::UpdateJob>(),
    Facts::of::<jobs::UpdateJobDraft>(),
    Facts::of::<marketplace::GetJob>(),
    Facts::of::<marketplace::GetJobFacets>(),
    Facts::of::<marketplace::ListJobChanges>(),
    Facts::of::<marketplace::SearchJobs>(),
    Facts::of::<messages::ListConversations>(),
    Facts::of::<messages::ReadMessages>(),
    Facts::of::<messages::SendMessage>(),
    Facts::of::<milestones::CreateMilestone>(),
    Facts::of::<milestones::RequestMilestoneApproval>(),
    Facts::of::<milestones::RequestMilestoneFunding>(),
    Facts::of::<proposals::GetProposal>(),
    Facts::of::<proposals::GetProposalInterview>(),
    Facts::of::<proposals::HireProposal>(),
    Facts::of::<proposals::ListProposals>(),
    Facts::of::<proposals::StartProposalConversation>(),
    Facts::of::<team::GetTeam>(),
    Facts::of::<team::InviteTeamMember>(),
    Facts::of::<tokens::ListTokens>(),
    Facts::of::<tokens::RevokeToken>(),
    Facts::of::<updates::PollUpdates>(),
    Facts::of::<webhooks::CreateWebhook>(),
    Facts::of::<webhooks::DeleteWebhook>(),
    Facts::of::<webhooks::GetWebhook>(),
    Facts::of::<webhooks::ListWebhooks>(),
];
