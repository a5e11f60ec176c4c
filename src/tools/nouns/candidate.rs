//! Names the candidate behind a proposal, for the answers about proposals, invitations and hires.

use crate::answer::lines::name;
use crate::answer::text::{quoted, word};
use crate::api::proposals::{GetProposal, Proposal};
use crate::api::types::ProposalId;
use crate::engine::Context;

/// A candidate for a job.
pub struct Candidate {
    /// The candidate's name and country, the proposal and the job.
    pub about: String,
    /// The masked name alone.
    pub name: Option<String>,
}

impl Candidate {
    /// Reads a proposal.
    pub async fn of(proposal_id: &ProposalId, context: &Context) -> Option<Self> {
        let proposal = context.look(&GetProposal { proposal_id: proposal_id.clone() }).await.ok()?.proposal;
        let job = proposal.job_title.text().map(|title| format!(", for {}", quoted(title))).unwrap_or_default();
        let about = format!("{}, proposal {}{job}", who(&proposal), word(&proposal_id.0));
        let name = proposal.candidate.get().and_then(|candidate| candidate.display_name.text());
        Some(Self { about, name: name.map(str::to_owned) })
    }
}

/// Reads a proposal, and names the candidate and the job.
pub async fn candidate(proposal_id: &ProposalId, context: &Context) -> Option<String> {
    Some(Candidate::of(proposal_id, context).await?.about)
}

/// The candidate's masked name and country.
pub fn who(proposal: &Proposal) -> String {
    let Some(candidate) = proposal.candidate.get() else { return "an unnamed candidate".into() };
    let name = candidate.display_name.text().map_or_else(|| "an unnamed candidate".into(), name);
    match candidate.country.text() {
        Some(country) => format!("{name} ({})", word(country)),
        None => name,
    }
}
