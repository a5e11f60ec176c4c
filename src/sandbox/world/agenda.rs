//! Planned events and their times.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::trainer::Trainer;
use super::values::Moment;

#[derive(Debug)]
pub(crate) enum Due {
    Proposal {
        job: String,
        trainer: Arc<Trainer>,
        score: u32,
    },
    Answer {
        conversation: String,
    },
    /// If nobody has decided it.
    Expiry {
        approval: String,
    },
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

    /// Removes and returns the earliest event that is due by `now`.
    pub(crate) fn next(&mut self, now: Moment) -> Option<(Moment, Due)> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), due) = entry.remove_entry();
        Some((at, due))
    }
}
