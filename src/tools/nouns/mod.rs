//! The common wording for OpenTrain's objects: a contract, a milestone, a candidate, an approval.

pub mod approval;
pub mod candidate;
pub mod contract;
pub mod decision;
pub mod milestone;
pub mod oddities;
pub mod subject;
