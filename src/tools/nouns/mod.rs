//! The common wording for OpenTrain's objects: a contract, a milestone, a candidate, an approval.

pub mod approval;
pub mod candidate;
pub mod contract;
pub mod decision;
pub mod dry_run;
pub mod event;
pub mod milestone;
pub mod oddities;
pub mod people;
pub mod standing;
pub mod subject;
