//! What came of one API, or of all of them.

use std::collections::BTreeMap;
use std::fmt;

use crate::manners::{MANNERS, Manner, Promise};

#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) manner: Manner,
    /// Milestones that were asked for.
    pub(crate) wanted: usize,
    /// Creates that reached the API.
    pub(crate) sent: usize,
    pub(crate) kills: usize,
    /// Milestones that answers call made, and that do not exist.
    pub(crate) lost: usize,
    /// Milestones that exist twice, though no kill broke off a call for them.
    pub(crate) doubled: usize,
    /// Milestones that exist twice after a kill.
    pub(crate) doubled_after_kill: usize,
    /// Answers that name another milestone, or lead nowhere.
    pub(crate) wrong: Vec<String>,
    /// How many calls ended in which way.
    pub(crate) outcomes: BTreeMap<String, usize>,
    /// What happened, for the reader of a failure.
    pub(crate) story: Vec<String>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            manner: Manner { name: "all of them", ..MANNERS[0] },
            wanted: 0,
            sent: 0,
            kills: 0,
            lost: 0,
            doubled: 0,
            doubled_after_kill: 0,
            wrong: Vec::new(),
            outcomes: BTreeMap::new(),
            story: Vec::new(),
        }
    }
}

impl Tally {
    pub(crate) fn holds(&self) -> bool {
        let doubled = match self.manner.promise {
            Promise::Once => self.doubled + self.doubled_after_kill,
            Promise::NoDoubleByHints => self.doubled,
            Promise::Unkept => 0,
        };
        (self.lost, doubled, self.wrong.len()) == (0, 0, 0)
    }

    pub(crate) fn plus(mut self, other: &Self) -> Self {
        self.wanted += other.wanted;
        self.sent += other.sent;
        self.kills += other.kills;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.doubled_after_kill += other.doubled_after_kill;
        self.wrong.extend(other.wrong.iter().cloned());
        other.outcomes.iter().for_each(|(name, many)| *self.outcomes.entry(name.clone()).or_default() += many);
        self
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:<34} {:>4} milestones, {:>4} creates, {:>3} kills: {} lost, {} doubled, {} false",
            self.manner.name,
            self.wanted,
            self.sent,
            self.kills,
            self.lost,
            self.doubled + self.doubled_after_kill,
            self.wrong.len(),
        )?;
        if self.doubled_after_kill > 0 {
            write!(formatter, " ({} of the doubles after a kill)", self.doubled_after_kill)?;
        }
        let outcomes: Vec<String> = self.outcomes.iter().map(|(name, many)| format!("{many} {name}")).collect();
        write!(formatter, "; {}", outcomes.join(", "))?;
        self.wrong.iter().try_for_each(|wrong| write!(formatter, "\n    {wrong}"))
    }
}
