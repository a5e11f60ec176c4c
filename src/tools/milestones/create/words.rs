//! The wording of the answers about a create, and of the next step if its outcome is unknown.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::creation::Creation;
use super::earlier::Open;
use super::judge::Found;
use super::known_milestone::KnownMilestone;
use super::look::{Look, Seen};
use super::recover::After;
use crate::answer::lines::plain;
use crate::answer::text::{count, moment, moment_of, number, usd};
use crate::answer::{Answer, Cause, Joined, Object, Outcome, Sentence, Shown, ToolError, id, quoted, shown};
use crate::api::contracts::Contract;
use crate::api::error::Error;
use crate::api::milestones::{CreateMilestone, Milestone};
use crate::api::reply::Reply;
use crate::api::types::from_value;
use crate::tools::nouns::contract::contract_name;
use crate::tools::nouns::milestone::milestone_line;
use crate::tools::nouns::oddities;

/// The most similar milestones that an answer names.
const ALIKE_SHOWN: usize = 3;
/// The terms under the API's names.
const TERMS: [&str; 5] = ["name", "description", "amountUsd", "volume", "dueDate"];
/// A shorter window leaves no minute to wait.
const LEAST_TO_WAIT: u64 = 3;

impl Creation {
    /// The answer that returns an existing milestone instead of creating a second one.
    pub(super) fn existing(&self, found: Found<'_>, look: &Look) -> Answer {
        match found {
            Found::Same(seen, open) => self.same(seen, open, look),
            Found::Alike(seen, differences) => self.alike(seen, &differences, look),
            Found::Unlisted(made) => self.unlisted(made, look),
        }
    }

    fn same(&self, seen: Seen<'_>, open: Option<&Open>, look: &Look) -> Answer {
        let lead = match open {
            Some(open) => shown!(
                "This call created nothing: an earlier call with these terms ({}), whose answer was never seen, has created \
                 the milestone.",
                moment_of(open.began)
            ),
            None => shown!("Nothing was created: the same milestone exists already{}.", made_at(seen, look)),
        };
        let line = milestone_line(seen.milestone, &look.reply);
        let summary = shown!(
            "{}\n{}{}.\n\
             If a second one with the same terms is really meant, call again with allowDuplicate: true.",
            lead,
            line,
            for_whom(Some(look), &self.wanted)
        );
        self.answer(summary, Outcome::Existing, seen.milestone, wrapped(seen.raw))
    }

    fn unlisted(&self, made: &KnownMilestone, look: &Look) -> Answer {
        let milestone: Milestone = from_value(&made.raw);
        let line = milestone_line(&milestone, &look.reply);
        let summary = shown!(
            "Nothing was created: the same milestone was created a moment ago. OpenTrain's list does not show it \
             yet.\n{}{}.\n\
             If a second one with the same terms is really meant, call again with allowDuplicate: true.",
            line,
            for_whom(Some(look), &self.wanted)
        );
        self.answer(summary, Outcome::Existing, &milestone, wrapped(&made.raw))
    }

    fn alike(&self, seen: Seen<'_>, differences: &[&'static str], look: &Look) -> Answer {
        let asked = self.asked();
        let compared = differences.iter().map(|term| {
            shown!("{}: asked for {}, stored {}", term, format_term(asked.get(*term)), format_term(seen.raw.get(*term)))
        });
        let summary = shown!(
            "Nothing was created: a milestone exists already{} that may be the same, if OpenTrain has written its terms in \
             another way.\n{}{}.\n{}.\n\
             If this is the one, use it. If another one is meant, call again with allowDuplicate: true.",
            made_at(seen, look),
            milestone_line(seen.milestone, &look.reply),
            for_whom(Some(look), &self.wanted),
            compared.collect::<Vec<_>>().joined("\n")
        );
        let mut answer = self.answer(summary, Outcome::ExistingAlike, seen.milestone, wrapped(seen.raw));
        answer.own.insert("asked".into(), asked.into());
        answer.own.insert("differences".into(), json!(differences));
        answer
    }

    /// The terms as the caller gave them.
    fn asked(&self) -> Object {
        let mut asked = self.context.masked_arguments();
        asked.retain(|name, value| TERMS.contains(&name.as_str()) && !value.is_null());
        asked
    }

    pub(super) fn created(&self, object: &Object, reply: &Reply, look: Option<&Look>) -> Answer {
        self.made("Created, NOT funded. No money has moved.", Outcome::Created, object, reply, look)
    }

    /// The answer after a lost reply. The milestone may belong to `earlier`, a create with the same terms whose end is
    /// unknown.
    pub(super) fn recovered(
        &self,
        raw: &Value,
        reply: &Reply,
        differences: &[&'static str],
        look: Option<&Look>,
        earlier: Option<&Open>,
    ) -> Answer {
        let lead =
            "Created, NOT funded; the reply was lost, and the milestone was found in the contract. No money has moved.";
        let mut answer = self.made(lead, Outcome::Recovered, &wrapped(raw), reply, look);
        if !differences.is_empty() {
            answer.lines.push(shown!("OpenTrain writes in its own way: {}.", differences.joined(", ")));
        }
        answer.warnings.extend(earlier.map(|open| {
            shown!("WARNING: an earlier call with these terms ({}) never saw its answer, so this milestone may be that call's, and \
                 this call's own may still appear. Read the contract before you ask for funding.", moment_of(open.began))
        }));
        answer
    }

    fn made(
        &self,
        lead: &'static str,
        outcome: Outcome,
        object: &Object,
        reply: &Reply,
        look: Option<&Look>,
    ) -> Answer {
        let milestone: Milestone = object.get("milestone").map(from_value).unwrap_or_default();
        let line = milestone_line(&milestone, reply);
        let for_whom = for_whom(look, &self.wanted);
        let fixed = "It cannot be changed or deleted here; if it is wrong, the user corrects it in the app.";
        let mut answer =
            self.answer(shown!("{}\n{}{}.\n{}", lead, line, for_whom, fixed), outcome, &milestone, object.clone());
        answer.warnings = oddities::of_milestone(&self.wanted, &milestone, reply.now());
        let jump = look.and_then(|look| oddities::of_jump(milestone.amount_usd.decimal()?, look.largest?));
        answer.warnings.extend(jump);
        answer
    }

    fn answer(&self, summary: Shown, outcome: Outcome, milestone: &Milestone, object: Object) -> Answer {
        let mut answer = Answer::new(summary, object);
        answer.outcome = Some(outcome);
        answer.next = self.next(milestone);
        answer
    }

    fn next(&self, milestone: &Milestone) -> Shown {
        let id =
            milestone.id.text().map_or_else(|| "milestoneId".into(), |text| shown!("milestoneId \"{}\"", id(text)));
        match self.context.next(&[("request_milestone_funding", &id)]) {
            next if next.is_empty() => self.context.next(&[("get_contract", "contractId")]),
            next => shown!("{} The user decides.", next),
        }
    }

    /// The error if the outcome of the create is unknown. The identical call is safe only within the window that checks
    /// for duplicates.
    pub(super) fn unknown(&self, fault: &Error, after: &After) -> ToolError {
        let found = match after {
            After::Unseen => "The contract could not be read since.".into(),
            After::Several(many) => shown!(
                "{} new milestones with these terms show in the contract, and it cannot be told which is this one.",
                many
            ),
            After::Close(id) => shown!(
                "A new milestone that is close to these terms, but not the same, shows in the contract: {}. It may be \
                 this one.",
                id
            ),
            After::Nothing | After::Found { .. } => "No such milestone shows in the contract yet.".into(),
        };
        let minutes = self.window().as_secs() / 60;
        let is_safe = self.is_guarded() && matches!(after, After::Unseen | After::Nothing);
        let mut hint: Vec<Sentence> = vec![found.into()];
        if is_safe {
            hint.push(match minutes {
                0..LEAST_TO_WAIT => {
                    shown!("Make the identical call again within {}: {}", count_of(minutes, "minute"), FOUND_AGAIN)
                        .into()
                }
                _ => shown!(
                    "Wait a minute, then make the identical call again within {}: {}",
                    count_of(minutes - 1, "minute"),
                    FOUND_AGAIN
                )
                .into(),
            });
            hint.push("Later than that, read the contract first.".into());
        } else {
            hint.push("Read the contract first, and create only what is missing there.".into());
        }
        hint.push(Sentence::naming("{} reads it.", &["get_contract"]));
        Cause::Unknown { fault: fault.clone(), hint, retryable: is_safe }.into()
    }

    /// Formats the contract's payment model, its rate, and an amount that fits.
    pub(super) fn fitting_terms(&self, contract: &Contract) -> Option<Shown> {
        let payment_type = contract.payment_type.text()?;
        let rate = contract.rate_usd.decimal();
        let at = rate.map_or_else(|| "without a rate".into(), |rate| shown!("at {}", usd(rate)));
        let wants = match (payment_type, rate, self.terms.volume) {
            ("FIXED_PRICE", ..) => "give amountUsd.".into(),
            (_, Some(rate), Some(volume)) => fitting_amount(rate, volume),
            (_, None, _) => "a person has to set its rate in the OpenTrain app first.".into(),
            _ => "give volume, and omit amountUsd: OpenTrain works it out.".into(),
        };
        Some(shown!("This contract is {} {}: {}", id(payment_type), at, wants))
    }
}

/// Warnings about milestones with the same money and date but other words.
pub(super) fn resembling_warnings(look: &Look, resembling: &[Seen<'_>]) -> Vec<Shown> {
    let mut warnings: Vec<Shown> = resembling
        .iter()
        .take(ALIKE_SHOWN)
        .map(|seen| {
            shown!(
                "WARNING: one with the same amount and due date was made a short while ago: {}.",
                milestone_line(seen.milestone, &look.reply)
            )
        })
        .collect();
    if resembling.len() > ALIKE_SHOWN {
        warnings.push(shown!("And {} more like it.", resembling.len() - ALIKE_SHOWN));
    }
    warnings
}

const FOUND_AGAIN: &str = "one that did land is found and given back, not made twice. Do not reword it.";

fn fitting_amount(rate: Decimal, volume: Decimal) -> Shown {
    match rate.checked_mul(volume) {
        Some(amount) => {
            shown!("for volume {} the amountUsd that fits is {}, or omit it.", number(volume), number(amount))
        }
        None => "give volume, and omit amountUsd.".into(),
    }
}

fn count_of(many: u64, what: &'static str) -> Shown {
    count(usize::try_from(many).unwrap_or(usize::MAX), what)
}

/// The time of creation in parentheses, if it is certain.
fn made_at(seen: Seen<'_>, look: &Look) -> Shown {
    let at = seen.created().moment();
    at.map_or_else(Shown::default, |at| shown!(" ({})", moment(at, look.reply.now())))
}

/// Formats a term for a comparison side by side.
fn format_term(term: Option<&Value>) -> Shown {
    match term {
        None | Some(Value::Null) => "nothing".into(),
        Some(Value::String(text)) => {
            let long = text.chars().count();
            let length = if long > 120 { shown!(" ({} characters)", long) } else { Shown::default() };
            shown!("{}{}", quoted(text), length)
        }
        Some(Value::Number(number)) => shown!("{}", number),
        Some(other) => quoted(&plain(other)),
    }
}

/// Formats whom and what the milestone is for, if the contract was read.
fn for_whom(look: Option<&Look>, wanted: &CreateMilestone) -> Shown {
    match look {
        Some(look) => shown!(" · for {}", contract_name(&look.contract)),
        None => shown!(" · for contract {}", id(&wanted.contract_id.0)),
    }
}

fn wrapped(milestone: &Value) -> Object {
    Map::from_iter([("milestone".into(), milestone.clone())])
}
