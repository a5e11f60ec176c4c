//! What happens by itself while the clock moves: proposals arrive, trainers answer, approvals lapse.

use std::collections::BTreeMap;

use serde_json::json;

use crate::api::approvals::EXPIRED;
use crate::sandbox::routes::updates::What;
use crate::sandbox::story::TRAINERS;
use crate::sandbox::world::job::Job;
use crate::sandbox::world::proposal::{Interview, Proposal};
use crate::sandbox::world::state::World;
use crate::sandbox::world::trainer::Trainer;
use crate::sandbox::world::values::Moment;

/// How many seconds after its publication a job gets its proposals.
const ARRIVALS: [u64; 3] = [2, 4, 7];
/// How many seconds a trainer takes to answer.
const ANSWER: u64 = 2;

/// Something that is going to happen.
#[derive(Debug)]
pub(crate) enum Due {
    /// A trainer applies for a job.
    Proposal { job: String, who: &'static Trainer, score: u32 },
    /// A trainer answers in a conversation.
    Answer { conversation: String },
    /// An approval lapses, if nobody has decided it.
    Lapse { approval: String },
}

/// What is going to happen, and when.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    due: BTreeMap<(Moment, u64), Due>,
    planned: u64,
}

impl Agenda {
    /// Plans `due` for `at`.
    pub(crate) fn plan(&mut self, at: Moment, due: Due) {
        self.due.insert((at, self.planned), due);
        self.planned += 1;
    }

    /// What is due by `now`, the earliest first.
    fn next(&mut self, now: Moment) -> Option<(Moment, Due)> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), due) = entry.remove_entry();
        Some((at, due))
    }
}

impl World {
    /// Lets everything happen that is due by now.
    pub(crate) fn catch_up(&mut self) {
        let now = self.now();
        while let Some((at, due)) = self.agenda.next(now) {
            match due {
                Due::Proposal { job, who, score } => self.apply(&job, who, score, at),
                Due::Answer { conversation } => self.answer_in(&conversation, at),
                Due::Lapse { approval } => self.lapse(&approval, at),
            }
        }
    }

    /// Plans who applies for a job that was published at `now`: first those who speak one of its languages.
    pub(crate) fn expect_proposals(&mut self, job: &str, now: Moment) {
        let Some(found) = self.jobs.iter().find(|known| known.id == job) else { return };
        let mut who: Vec<_> = TRAINERS.iter().filter(|trainer| trainer.applies).collect();
        who.sort_by_key(|trainer| !speaks(trainer, found));
        for ((delay, who), score) in ARRIVALS.into_iter().zip(who).zip([88, 81, 74]) {
            self.agenda.plan(now.plus_seconds(delay), Due::Proposal { job: job.into(), who, score });
        }
    }

    /// Plans an answer in a conversation to which somebody wrote at `now`.
    pub(crate) fn expect_answer(&mut self, conversation: &str, now: Moment) {
        self.agenda.plan(now.plus_seconds(ANSWER), Due::Answer { conversation: conversation.into() });
    }

    fn apply(&mut self, job: &str, who: &'static Trainer, score: u32, at: Moment) {
        let Some(found) = self.jobs.iter().find(|known| known.id == job && known.is_open()) else { return };
        if self.proposals.iter().any(|proposal| proposal.job_id == job && proposal.freelancer_id == who.id) {
            return;
        }
        let (owner, interview) = (found.owner, Interview::about(found, who, score));
        let id = self.ids.next("prp");
        let proposal = Proposal::new(&id, job, who.id, i64::from(score) + 3, at);
        self.proposals.push(Proposal { interview: Some(interview), ..proposal });
        let data = json!({ "proposalId": id, "jobId": job });
        self.tell(owner, What::ProposalReceived, at, &id, Some(job), data);
    }

    fn lapse(&mut self, id: &str, at: Moment) {
        let Some(approval) = self.approvals.iter().find(|approval| approval.id == id) else { return };
        if approval.decision.is_some() {
            return;
        }
        let (owner, job) = (approval.owner, approval.request.job_id.clone());
        let data = json!({ "approvalId": id, "status": EXPIRED });
        self.tell(owner, What::ApprovalConfirmed, at, id, Some(&job), data);
    }
}

fn speaks(who: &Trainer, job: &Job) -> bool {
    let wanted = job.words("languages");
    who.languages.iter().any(|(language, _)| wanted.contains(language))
}
