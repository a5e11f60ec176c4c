//! The seeded data.

mod contracts;
mod jobs;
mod people;
mod proposals;
mod talk;

pub(super) use contracts::contracts;
pub(super) use jobs::jobs;
pub(super) use people::TRAINERS;
pub(super) use proposals::proposals;
pub(super) use talk::conversations;
