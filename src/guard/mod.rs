//! The operator's rules, and the record of every write.
//!
//! This folder knows neither how a call runs nor which tools exist. Start reading at `Operator::begin`.

pub mod agents;
pub mod freeze;
pub mod ledger;
pub mod policy;

use std::path::PathBuf;
use std::sync::Arc;

use crate::answer::{Denial, Shown};

use ledger::{Intent, Ledger, OpenWrite};
use policy::Policy;

/// The operator's decisions for this server.
#[derive(Clone, Default)]
pub struct Operator {
    /// The rules.
    pub policy: Policy,
    /// The record of writes, the locks of creates and the stop switch.
    pub ledger: Arc<Ledger>,
    /// The folder for secrets that no model may see.
    pub private_folder: Option<PathBuf>,
}

impl Operator {
    /// The same with another policy, for one principal of a server over HTTP. No secret of a caller goes to a file there.
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Self {
        Self { policy, private_folder: None, ..self.clone() }
    }

    /// Checks whether writes can be recorded now.
    ///
    /// # Errors
    /// The reason why not.
    pub async fn ready(&self) -> Result<(), String> {
        self.ledger.check().await.map_err(|fault| fault.to_string())
    }

    /// Describes the rules in force, as far as this machine knows them.
    #[must_use]
    pub fn describe(&self) -> Vec<Shown> {
        let mut rules = self.policy.describe();
        rules.extend(self.ledger.switch.check().err().map(|denial| denial.message));
        rules
    }

    /// Checks whether any write may be sent now.
    ///
    /// # Errors
    /// The rule that forbids all writes.
    pub async fn allows_writes(&self) -> Result<(), Denial> {
        if self.policy.read_only {
            return Err(Denial::read_only());
        }
        self.ledger.check_switch().await
    }

    /// Checks the rules and records the start of a write.
    ///
    /// # Errors
    /// The rule that forbids the write.
    pub async fn begin(&self, intent: Intent) -> Result<OpenWrite, Denial> {
        self.allows_writes().await?;
        if let Some(commitment) = &intent.commitment {
            self.policy.check_milestone(commitment.amount)?;
        }
        self.ledger.begin(intent, &self.policy).await
    }
}
