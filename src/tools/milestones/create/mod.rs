//! Creates a milestone exactly once. The API has no idempotency key for creates, so the server reads the contract
//! before the create, under the contract's lock, and again if the outcome is unknown. Start reading at `run`.

mod abandoned;
mod age;
mod creation;
mod days;
mod earlier;
mod judge;
mod known_milestone;
mod look;
mod matching;
mod notes;
mod numbers;
mod recover;
mod rehearse;
mod run;
mod storage;
mod terms;
mod texts;
mod words;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::{Answer, Sentence, ToolError};
use crate::api::Operation;
use crate::api::milestones::{CreateMilestone, Milestone};
use crate::engine::{Context, Money, Tool};
use crate::tools::nouns::contract::CONTRACT_IDS;

use creation::Creation;

/// The answer to a create.
#[derive(JsonSchema)]
pub(super) struct CreatedOnce {
    /// The new milestone, or the one that exists already.
    #[expect(dead_code, reason = "it is read for its schema only")]
    milestone: Milestone,
    /// With existing_alike: the terms that were asked for.
    #[expect(dead_code, reason = "it is read for its schema only")]
    asked: Option<Map<String, Value>>,
    /// With existing_alike: the fields of milestone that differ from them.
    #[expect(dead_code, reason = "it is read for its schema only")]
    differences: Option<Vec<String>>,
}

// The operation and the option for a deliberate duplicate. The description for the model is that of the operation.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateMilestoneOnce {
    #[serde(flatten)]
    milestone: CreateMilestone,
    /// true makes a second milestone with the terms of one just made.
    allow_duplicate: Option<bool>,
    /// Checks and sends nothing.
    dry_run: Option<bool>,
}

impl Tool for CreateMilestoneOnce {
    type On = CreateMilestone;
    type Output = CreatedOnce;
    const TITLE: &'static str = "Create a milestone";
    const ID_HINT: Sentence = CONTRACT_IDS;
    const MONEY: Money = Money::Counted;

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        self.milestone.check()?;
        let doubles = self.allow_duplicate == Some(true);
        if self.dry_run == Some(true) {
            return Creation::new(self.milestone, doubles, context).await.rehearse().await;
        }
        run::run(Creation::new(self.milestone, doubles, context).await).await
    }
}
