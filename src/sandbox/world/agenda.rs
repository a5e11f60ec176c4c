//! What is going to happen by itself, and when.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::trainer::Trainer;
use super::values::Moment;

#[derive(Debug)]
pub(crate) enum Due {
    /// A trainer applies for a job.
    Proposal { job: String, trainer: Arc<Trainer>, score: u32 },
    /// A trainer answers in a conversation.
    Answer { conversation: String },
    /// An approval expires, if nobody has decided it.
    Expiry { approval: String },
}

#[derive(Debug, Default)]
pub(crate) struct Agenda {
    due: BTreeMap<(Moment, u64), Due>,
    planned: u64,
}

impl Agenda {
    pub(crate) fn plan(&mut self, at: Moment, due: Due) {
        self.due.insert((at, self.planned), due);
        self.planned += 1;
    }

    /// Takes out what is due by `now`, the earliest first.
    pub(crate) fn next(&mut self, now: Moment) -> Option<(Moment, Due)> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), due) = entry.remove_entry();
        Some((at, due))
    }
}
