//! The seeded data.

mod contracts;
mod jobs;
mod people;
mod proposals;
mod talk;

pub(crate) use contracts::contracts;
pub(crate) use jobs::jobs;
pub(crate) use people::TRAINERS;
pub(crate) use proposals::proposals;
pub(crate) use talk::conversations;
