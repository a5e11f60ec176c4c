//! Tools for milestones: created without money, then funded and released by a person.

pub mod create;
mod request;

use crate::engine::tools;

use create::CreateMilestoneOnce;
use request::{Funding, Release};

tools![CreateMilestoneOnce, Funding, Release];
