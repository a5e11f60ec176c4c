//! What the operator of this server allows, and the record of what was done.
//!
//! Nothing here knows how a call runs or which tools there are. Start reading at `Operator::begin`.

pub mod freeze;
pub mod ledger;
pub mod locks;
pub mod policy;

use std::path::PathBuf;
use std::sync::Arc;

use crate::answer::Denial;

use freeze::Switch;
use ledger::{AuditLog, Intent, OpenWrite};
use locks::Locks;
use policy::Policy;

/// What the operator of this server has decided.
#[derive(Default)]
pub struct Operator {
    /// The rules.
    pub policy: Policy,
    /// Where every write is recorded.
    pub audit: Option<Arc<AuditLog>>,
    /// What stops all writes.
    pub switch: Switch,
    /// One create at a time for each contract.
    pub locks: Locks,
    /// Where secrets that no model may see are written.
    pub private_folder: Option<PathBuf>,
}

impl Operator {
    /// The rules in force, each in words.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        let mut rules = self.policy.describe();
        rules.extend(self.switch.check().err().map(|denial| denial.message));
        rules
    }

    /// Whether any write may leave now.
    ///
    /// # Errors
    /// Why none may.
    pub fn allows_writes(&self) -> Result<(), Denial> {
        if self.policy.read_only {
            return Err(Denial::read_only());
        }
        self.switch.check()
    }

    /// Lets a write through, on record.
    ///
    /// # Errors
    /// Why it may not leave.
    pub async fn begin(&self, intent: Intent) -> Result<OpenWrite, Denial> {
        self.allows_writes()?;
        if let Some(commitment) = &intent.commitment {
            self.policy.check_milestone(commitment.amount)?;
        }
        match &self.audit {
            Some(audit) => audit.begin(intent, &self.policy).await,
            None => Ok(OpenWrite::unrecorded()),
        }
    }
}
