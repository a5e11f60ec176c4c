//! The list of all operations, for comparing them with OpenTrain's own description of its API.

use super::inputs::{self, InputMaker};
use super::wire::Facts;
use super::{account, agent, approvals, contracts, credits, freelancers, jobs, marketplace, messages, milestones};
use super::{proposals, team, tokens, updates, webhooks};

/// Declares both tables from one list.
macro_rules! operations {
    ($($operation:ty),+ $(,)?) => {
        /// All operations.
        pub const OPERATIONS: &[Facts] = &[$(Facts::of::<$operation>()),+];
        /// Describes the input of each operation, for `inputs.json`. The server does not use this table, so that the
        /// code that makes schemas is not in the binary.
        pub const INPUTS: &[InputMaker] = &[$(inputs::maker::<$operation>()),+];
    };
}

operations![
    account::GetAuthStatus,
    account::GetCapabilities,
    agent::ExchangeClaim,
    agent::RegisterIdentity,
    agent::RevokeOwnToken,
    agent::StartClaim,
    approvals::GetApproval,
    contracts::EndContract,
    contracts::GetContract,
    contracts::ListContracts,
    credits::CreateCreditTopUp,
    credits::GetCreditTopUp,
    credits::GetCredits,
    credits::ListCreditLedger,
    credits::ListPendingPayments,
    freelancers::GetFreelancerProfile,
    jobs::CloseJob,
    jobs::CreateJobDraft,
    jobs::InviteFreelancer,
    jobs::ListJobs,
    jobs::PublishJob,
    jobs::UpdateJob,
    jobs::UpdateJobDraft,
    marketplace::GetJob,
    marketplace::GetJobFacets,
    marketplace::ListJobChanges,
    marketplace::SearchJobs,
    messages::ListConversations,
    messages::ReadMessages,
    messages::SendMessage,
    milestones::CreateMilestone,
    milestones::RequestMilestoneApproval,
    milestones::RequestMilestoneFunding,
    proposals::GetProposal,
    proposals::GetProposalInterview,
    proposals::HireProposal,
    proposals::ListProposals,
    proposals::StartProposalConversation,
    team::GetTeam,
    team::InviteTeamMember,
    tokens::ListTokens,
    tokens::RevokeToken,
    updates::PollUpdates,
    webhooks::CreateWebhook,
    webhooks::DeleteWebhook,
    webhooks::GetWebhook,
    webhooks::ListWebhooks,
];
