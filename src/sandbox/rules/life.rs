//! Plays what happens while the clock moves: proposals arrive, trainers answer, approvals expire.

use std::sync::Arc;

use serde_json::json;

use super::tell;
use crate::api::approvals::EXPIRED;
use crate::sandbox::world::{Due, EventKind, Interview, Job, Moment, Proposal, Trainer, World};

/// When proposals arrive, in seconds after the publication, and the score of each interview.
const ARRIVALS: [(u64, u32); 3] = [(2, 88), (4, 81), (7, 74)];
/// How many seconds a trainer takes to answer.
const ANSWER: u64 = 2;
/// Trainers' answers, in turn.
const ANSWERS: [&str; 3] = [
    "Thank you for writing! Yes, I have read the description, and I can start on Monday.",
    "Understood. I keep a list of doubtful cases and send it to you every evening.",
    "All clear. I will report when the first part is done.",
];

pub(crate) fn catch_up(world: &mut World) {
    let now = world.now();
    while let Some((at, due)) = world.agenda.next(now) {
        match due {
            Due::Proposal { job, trainer, score } => apply(world, &job, trainer, score, at),
            Due::Answer { conversation } => answer(world, &conversation, at),
            Due::Expiry { approval } => expire(world, &approval, at),
        }
    }
}

pub(crate) fn wait(world: &mut World, seconds: u64) {
    world.clock.wait(seconds);
    catch_up(world);
}

/// Plans who applies for a job. Those who speak one of its languages come first.
pub(crate) fn expect_proposals(world: &mut World, job: &str, now: Moment) {
    let Some(found) = world.job(job) else { return };
    let mut trainers: Vec<_> = world.trainers.iter().filter(|trainer| trainer.applies).cloned().collect();
    trainers.sort_by_key(|trainer| !speaks(trainer, found));
    for ((delay, score), trainer) in ARRIVALS.into_iter().zip(trainers) {
        world.agenda.plan(now.plus_seconds(delay), Due::Proposal { job: job.into(), trainer, score });
    }
}

fn speaks(trainer: &Trainer, job: &Job) -> bool {
    let wanted = job.words("languages");
    trainer.languages.iter().any(|(language, _)| wanted.contains(&language.as_str()))
}

/// Plans a trainer's answer.
pub(crate) fn expect_answer(world: &mut World, conversation: &str, now: Moment) {
    world.agenda.plan(now.plus_seconds(ANSWER), Due::Answer { conversation: conversation.into() });
}

fn apply(world: &mut World, job: &str, trainer: Arc<Trainer>, score: u32, at: Moment) {
    let Some(found) = world.job(job).filter(|known| known.is_open()) else { return };
    if world.proposals.iter().any(|proposal| proposal.job_id == job && proposal.trainer.id == trainer.id) {
        return;
    }
    let (owner, interview) = (found.owner, Interview::about(found, &trainer, score));
    let id = world.ids.next("prp");
    let proposal = Proposal::new(&id, job, trainer, i64::from(score) + 3, at);
    world.proposals.push(Proposal { interview: Some(interview), ..proposal });
    let data = json!({ "proposalId": id, "jobId": job });
    world.record_event(owner, EventKind::ProposalReceived, at, &id, Some(job), data);
}

fn answer(world: &mut World, conversation: &str, at: Moment) {
    let Some(known) = world.conversations.iter().find(|known| known.id == conversation) else { return };
    let answered = known.messages.iter().filter(|message| !message.is_ours).count();
    if let Some(text) = ANSWERS.get(answered % ANSWERS.len()) {
        world.write(conversation, false, text, at);
    }
}

fn expire(world: &mut World, id: &str, at: Moment) {
    if world.approval(id).is_some_and(|approval| approval.decision.is_none()) {
        tell::decision(world, id, EXPIRED, at);
    }
}
