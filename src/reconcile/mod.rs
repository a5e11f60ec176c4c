//! The record of writes compared with what OpenTrain says: every milestone from the request to the payout, and what does
//! not fit. Pure: it reads and sends nothing. Start reading at `reconcile`.

mod compare;
mod creates;
mod csv;
mod decisions;
mod difference;
mod hires;
mod html;
mod index;
mod report;
mod sides;
#[cfg(test)]
mod tests;
mod text;
mod trails;

pub use compare::{approvals_to_look_up, reconcile};
pub use csv::csv;
pub use difference::{Difference, Kind};
pub use html::html;
pub use report::{Report, Request, State, Sums, Trail};
pub use sides::{Ours, Scope, Theirs};
pub use text::text;
