//! One creation in progress: the wanted terms, and the known facts of the contract.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::answer::{Denial, ToolError};
use crate::api::error::Error;
use crate::api::milestones::CreateMilestone;
use crate::engine::Context;
use crate::engine::in_flight::InFlight;

use super::earlier::{Memory, Past, Place};
use super::look::Look;
use super::terms::Terms;

/// The creations of this process.
#[derive(Default)]
pub(super) struct Creations {
    /// Identical creations share one run: those with the same caller, contract and terms.
    pub(super) in_flight: InFlight<(Option<String>, Place, Terms)>,
    pub(super) memory: Memory,
}

/// One creation in progress.
#[derive(Clone)]
pub(super) struct Creation {
    pub(super) wanted: CreateMilestone,
    pub(super) terms: Terms,
    pub(super) place: Place,
    /// True if the caller wants a second milestone with the same terms.
    pub(super) doubles: bool,
    pub(super) context: Context,
    pub(super) creations: Arc<Creations>,
}

impl Creation {
    pub(super) async fn new(wanted: CreateMilestone, doubles: bool, context: &Context) -> Self {
        Self {
            terms: Terms::of(&wanted),
            place: Place {
                base: context.services.base().await.unwrap_or_default(),
                principal: context.owner(),
                contract: wanted.contract_id.0.trim().to_owned(),
            },
            wanted,
            doubles,
            context: context.clone(),
            creations: context.services.memory.of(),
        }
    }

    pub(super) async fn past(&self) -> Result<Past, ToolError> {
        Ok(self.creations.memory.of(&self.place, self.window(), &self.context).await.map_err(Denial::unrecorded)?)
    }

    /// The contract could not be read, so the create was not sent.
    pub(super) fn unsent(fault: Error) -> ToolError {
        let is_forbidden = fault.status() == Some(403);
        let error = ToolError::unsent(fault).note(
            "Nothing was sent: the contract is read before a milestone is created in it, so that none is created twice, and \
             it could not be read.",
        );
        if is_forbidden {
            return error
                .note("Where the token cannot get that right, allowDuplicate: true creates the milestone unseen.");
        }
        error
    }

    pub(super) async fn look(&self, deadline: Instant) -> Result<Look, Error> {
        Look::at(&self.context, &self.wanted.contract_id, deadline).await
    }

    /// True if an existing milestone is returned instead of creating a second one.
    pub(super) fn is_guarded(&self) -> bool {
        !self.doubles && !self.window().is_zero()
    }

    /// The time within which an equal milestone counts as the same one.
    pub(super) fn window(&self) -> Duration {
        self.context.policy().duplicate_window
    }
}
