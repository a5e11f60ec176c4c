//! Names the candidate behind a proposal, for the answers about proposals, invitations and hires.

use crate::answer::{Shown, id, quoted, shown};
use crate::api::proposals::{GetProposal, Proposal};
use crate::api::types::ProposalId;
use crate::engine::Context;

/// A candidate for a job.
pub struct Candidate {
    /// The candidate's name and country, the proposal and the job.
    pub about: Shown,
    /// The masked name alone.
    pub name: Option<String>,
}

impl Candidate {
    /// Reads a proposal.
    pub async fn of(proposal_id: &ProposalId, context: &Context) -> Option<Self> {
        let proposal = context.look(&GetProposal { proposal_id: proposal_id.clone() }).await.ok()?.proposal;
        let job = proposal.job_title.text().map(|title| shown!(", for {}", quoted(title)));
        let about = shown!("{}, proposal {}{}", who(&proposal), id(&proposal_id.0), job);
        let name = proposal.candidate.get().and_then(|candidate| candidate.display_name.text());
        Some(Self { about, name: name.map(str::to_owned) })
    }
}

/// Reads a proposal, and names the candidate and the job.
pub async fn candidate(proposal_id: &ProposalId, context: &Context) -> Option<Shown> {
    Some(Candidate::of(proposal_id, context).await?.about)
}

/// The candidate's masked name and country.
pub fn who(proposal: &Proposal) -> Shown {
    let Some(candidate) = proposal.candidate.get() else { return "an unnamed candidate".into() };
    let name = candidate.display_name.text().map_or_else(|| "an unnamed candidate".into(), quoted);
    match candidate.country.text() {
        Some(country) => shown!("{} ({})", name, quoted(country)),
        None => name,
    }
}
