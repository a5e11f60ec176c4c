//! Generates the record of words: every fixed text that a model or a person reads, so that all can be read in one
//! sitting.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::answer::hints::{self, CallFacts, REASONS};
use crate::answer::{Names, Sentence, ToolError, phrases};
use crate::api::error::{Error, Refusal};
use crate::tools::instructions::INSTRUCTIONS;
use crate::tools::{SCHEMAS, all};

/// `schemas/words.md`
#[must_use]
pub(super) fn words() -> String {
    let names = Names::new("", all().map(|entry| entry.facts.name));
    let mut text = String::from(
        "# Words\n\nMade from the code, to be read in one sitting. What an answer says of its own facts is not here.\n",
    );
    text.push_str("\n## Instructions\n\n");
    for instruction in INSTRUCTIONS {
        let _ = writeln!(text, "- {}", names.say(&instruction.sentence).unwrap_or_default());
    }
    text.push_str("\n## Phrases\n\n");
    for phrase in phrases::all() {
        let _ = writeln!(text, "- {phrase}");
    }
    text.push_str("\n## Hints by reason\n\n");
    for reason in REASONS {
        let _ = writeln!(text, "- `{reason}`: {}", hint(reason, &names).replace('\n', " / "));
    }
    text.push_str("\n## Tools and their parameters\n");
    for maker in SCHEMAS.iter().flat_map(|family| family.iter()) {
        let published = (maker.make)();
        let (name, title) = (maker.facts.name, maker.facts.title);
        let _ = writeln!(text, "\n### {name}: {title}\n\n{}\n", published.description);
        let id_hint = names.say(&maker.facts.id_hint);
        let _ = id_hint.map(|hint| writeln!(text, "After a 404: {hint}\n"));
        let parameters = published.input_schema.get("properties").and_then(Value::as_object);
        for (name, schema) in parameters.into_iter().flatten() {
            let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
            let _ = writeln!(text, "- `{name}`: {description}");
        }
    }
    text
}

fn hint(reason: &str, names: &Names) -> String {
    let refusal = Refusal {
        status: 409,
        message: String::new(),
        code: None,
        request_id: None,
        details: Some(json!({ "reason": reason })),
        cuts: Vec::new(),
        is_foreign: false,
        retry_after: None,
    };
    let nothing = Sentence::plain("");
    let call = CallFacts {
        names,
        effect: crate::api::Effect::Replace,
        done: "done",
        gate: crate::api::Gate::TOKEN,
        id_hint: &nothing,
        app: None,
        notices: &[],
        after_claim: false,
        can_claim: false,
        variable: None,
        sandbox: false,
    };
    hints::failure(&ToolError::from(Error::Refused(Box::new(refusal))), &call).hint.into()
}
