//! What the operator of this server has decided, in one place: the rules, the record, the stop switch, the locks.

use std::path::PathBuf;
use std::sync::Arc;

use super::audit::{AuditLog, Figure, Writing};
use super::context::Context;
use super::creation::Locks;
use super::failure::Denial;
use super::freeze::Switch;
use super::policy::Policy;

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
    pub fn told(&self) -> Vec<String> {
        let mut rules = self.policy.told();
        rules.extend(self.switch.check().err().map(|denial| denial.message));
        rules
    }

    /// Whether any write may leave now.
    pub(super) fn allows_writes(&self) -> Result<(), Denial> {
        if self.policy.read_only {
            return Err(Denial::read_only());
        }
        self.switch.check()
    }

    /// Lets a write through, on record, or says why not.
    pub(super) async fn begin(&self, context: &Context, figure: Option<Figure>) -> Result<Writing, Denial> {
        self.allows_writes()?;
        if let Some(figure) = &figure {
            self.policy.check_milestone(figure.amount)?;
        }
        match &self.audit {
            Some(audit) => audit.begin(context, figure, &self.policy).await,
            None => Ok(Writing::unrecorded()),
        }
    }
}
