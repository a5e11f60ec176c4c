//! Tools for milestones. A milestone is created without money; a person decides on funding and release.

pub mod create;
mod request;

use crate::engine::tools;

use create::CreateMilestoneOnce;
use request::{Funding, Release};

tools![CreateMilestoneOnce, Funding, Release];
