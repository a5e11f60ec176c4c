//! How the things of OpenTrain are written, wherever they appear: a contract, a milestone, a candidate, an approval.

pub mod approval;
pub mod candidate;
pub mod contract;
pub mod decision;
pub mod milestone;
pub mod oddities;
pub mod subject;
