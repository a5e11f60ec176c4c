//! Who is behind an id: names that were read earlier, so that conversations, messages and events name people as
//! contracts do. Names are kept for each caller alone and sent nowhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::answer::{Shown, id, shown};
use crate::api::contracts::Contract;
use crate::api::messages::{ListedConversation, Message};
use crate::api::proposals::Proposal;
use crate::engine::Context;

use super::candidate::who;
use super::contract::trainer;

/// The most names that are kept.
const MOST: usize = 20_000;

/// The names of all callers.
#[derive(Default)]
pub struct Known(Mutex<Names>);

#[derive(Default)]
struct Names {
    /// By caller and id.
    by_caller: HashMap<Option<String>, HashMap<String, Shown>>,
    count: usize,
}

impl Names {
    fn note(&mut self, caller: Option<&str>, key: String, name: &Shown) {
        if self.count >= MOST {
            self.forget_the_most();
        }
        let names = self.by_caller.entry(caller.map(str::to_owned)).or_default();
        if names.insert(key, name.clone()).is_none() {
            self.count += 1;
        }
    }

    /// Makes room at the cost of the caller who takes the most, not of the others.
    fn forget_the_most(&mut self) {
        let most = self.by_caller.iter().max_by_key(|(_, names)| names.len()).map(|(caller, _)| caller.clone());
        let names = most.and_then(|caller| self.by_caller.remove(&caller)).unwrap_or_default();
        self.count = self.count.saturating_sub(names.len());
    }
}

/// The names that the caller has read.
#[derive(Default)]
pub struct People {
    known: Arc<Known>,
    caller: Option<String>,
}

impl People {
    /// The names for the caller of `context`.
    #[must_use]
    pub fn of(context: &Context) -> Self {
        Self { known: context.services.memory.of(), caller: context.caller() }
    }

    fn note(&self, key: String, name: &Shown) {
        if let Ok(mut known) = self.known.0.lock() {
            known.note(self.caller.as_deref(), key, name);
        }
    }

    fn find(&self, key: String) -> Option<Shown> {
        self.known.0.lock().ok()?.by_caller.get(&self.caller)?.get(&key).cloned()
    }

    /// Notes the trainer of a contract.
    pub fn see_contract(&self, contract: &Contract) {
        let Some(contract_id) = contract.id.text() else { return };
        let trainer = trainer(contract);
        let name = shown!("{}, {}", trainer, id(contract_id));
        self.note(contract_key(contract_id), &name);
        let conversation = contract.job_dm_conversation_id.text().map(conversation_key);
        conversation
            .into_iter()
            .chain(contract.proposal_id.text().map(proposal_key))
            .for_each(|key| self.note(key, &name));
        if let Some(user) = contract.freelancer.get().and_then(|freelancer| freelancer.user_id.text()) {
            self.note(user_key(user), &trainer);
            if let Some(job) = contract.job_id.text() {
                self.note(worker_key(user, job), &name);
            }
        }
    }

    /// Notes the candidate of a proposal, unless a contract with the trainer is known.
    pub fn see_proposal(&self, proposal: &Proposal) {
        let candidate = who(proposal);
        if let Some(proposal_id) = proposal.id.text()
            && self.of_proposal(proposal_id).is_none()
        {
            self.note(proposal_key(proposal_id), &shown!("{}, {}", candidate, id(proposal_id)));
        }
    }

    /// The trainer of a contract, with its id.
    #[must_use]
    pub fn of_contract(&self, id: &str) -> Option<Shown> {
        self.find(contract_key(id))
    }

    /// The candidate of a proposal, or the trainer whom it brought, with an id.
    #[must_use]
    pub fn of_proposal(&self, id: &str) -> Option<Shown> {
        self.find(proposal_key(id))
    }

    /// The person in a conversation, with the id of the contract or the proposal.
    #[must_use]
    pub fn of_conversation(&self, conversation: &ListedConversation) -> Option<Shown> {
        let by_id = conversation.id.text().and_then(|id| self.find(conversation_key(id)));
        let by_proposal = || self.of_proposal(conversation.proposal_id.text()?);
        let theirs = || conversation.last_message.get().filter(|last| !last.is_from_viewer.is_true());
        let user = || theirs()?.sender_user_id.text();
        let at_work = || self.find(worker_key(user()?, conversation.job_id.text()?));
        let found = by_id.or_else(by_proposal).or_else(at_work).or_else(|| self.find(user_key(user()?)))?;
        if let Some(id) = conversation.id.text() {
            self.note(conversation_key(id), &found);
        }
        Some(found)
    }

    /// The person in the conversation with this id.
    #[must_use]
    pub fn in_conversation(&self, id: &str) -> Option<Shown> {
        self.find(conversation_key(id))
    }

    /// The sender of a message, without an id.
    #[must_use]
    pub fn of_sender(&self, message: &Message) -> Option<Shown> {
        self.find(user_key(message.sender_user_id.text()?))
    }
}

fn contract_key(id: &str) -> String {
    format!("contract {id}")
}

fn conversation_key(id: &str) -> String {
    format!("conversation {id}")
}

fn proposal_key(id: &str) -> String {
    format!("proposal {id}")
}

fn user_key(id: &str) -> String {
    format!("user {id}")
}

/// A trainer has one contract for each job.
fn worker_key(user: &str, job: &str) -> String {
    format!("user {user} job {job}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_who_takes_most_loses_them() {
        let mut names = Names::default();
        names.note(Some("a"), "user 1".into(), &"Maria G.".into());
        for user in 0..MOST {
            names.note(Some("b"), format!("user {user}"), &"Ben O.".into());
        }
        assert_eq!(names.count, names.by_caller.values().map(HashMap::len).sum::<usize>());
        assert!(names.count <= MOST);
        assert_eq!(names.by_caller.get(&Some("a".to_owned())).unwrap().get("user 1").unwrap(), "Maria G.");
    }
}
