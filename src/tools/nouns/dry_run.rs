//! A dry run: everything that can be checked by reading is checked, and nothing is sent. The answer shows the exact
//! request, what it would cost, and what is odd.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::answer::text::{self, moment_of, total, usd};
use crate::answer::{Answer, Denial, Object, Outcome, Shown, ToolError, id, quoted, quoted_to, shown};
use crate::api::account::{GetAuthStatus, GetCapabilities, TokenFacts};
use crate::api::{Operation, amount, wire};
use crate::engine::Context;
use crate::guard::ledger::{Commitment, Line};

use super::standing::stops_of;

/// $9.95, charged once per hire (reference: concepts/credits-and-billing).
const INITIATION: Decimal = Decimal::from_parts(995, 0, 0, false, 2);
/// The most characters of a body in the text.
const LONGEST_BODY: usize = 1_500;

/// What is known of a write without sending it.
#[derive(Default)]
pub struct Plan {
    /// What the call would do, with amount and person.
    pub would: Shown,
    /// The money that the write commits.
    pub commitment: Option<Commitment>,
    /// What it costs, in words, and with a total if the fees are documented.
    pub costs: Option<Costs>,
    /// Reasons for which OpenTrain or this server would refuse it.
    pub refusals: Vec<Shown>,
    /// Facts for the decision.
    pub facts: Vec<Shown>,
    /// What is odd.
    pub notes: Vec<Shown>,
}

/// The documented costs of a write.
pub struct Costs {
    /// In words.
    pub text: Shown,
    /// The fees, if documented.
    pub fees: Option<Decimal>,
    /// The total, if documented.
    pub total: Option<Decimal>,
}

impl Costs {
    /// A hire costs the first milestone, 10 % and $9.95 (reference: concepts/credits-and-billing).
    #[must_use]
    pub fn of_hire(amount: Decimal) -> Option<Self> {
        let (fee, total) = hire_fees(amount)?;
        let text = shown!(
            "By OpenTrain's price list that is {} + 10 % marketplace fee ({}) + {} contract initiation fee = {}",
            usd(amount),
            usd(fee),
            usd(INITIATION),
            usd(total)
        );
        Some(Self { text, fees: fee.checked_add(INITIATION), total: Some(total) })
    }

    /// For a later milestone no fee is documented; a hire has 10 %.
    #[must_use]
    pub fn of_funding(amount: Decimal) -> Option<Self> {
        let with = amount.checked_add(amount.checked_mul(Decimal::new(1, 1))?)?;
        let text = shown!(
            "OpenTrain documents a 10 % marketplace fee, but not whether each later milestone has it: {} to {}. The page shows the \
             total before anything is paid",
            usd(amount),
            usd(with)
        );
        Some(Self { text, fees: None, total: None })
    }

    /// A write that charges nothing.
    #[must_use]
    pub fn nothing(text: &'static str) -> Self {
        Self { text: text.into(), fees: Some(Decimal::ZERO), total: Some(Decimal::ZERO) }
    }
}

/// The marketplace fee of a hire, and its total.
#[must_use]
pub fn hire_fees(amount: Decimal) -> Option<(Decimal, Decimal)> {
    let fee = amount.checked_mul(Decimal::new(1, 1))?;
    Some((fee, amount.checked_add(fee)?.checked_add(INITIATION)?))
}

/// Answers a dry run of `operation`. The token's rights and the operator's limits are checked here.
///
/// # Errors
/// An argument that could not be sent.
pub async fn answer<O: Operation>(operation: &O, mut plan: Plan, context: &Context) -> Result<Answer, ToolError> {
    let request = wire::encode(operation)?;
    let path = request.path;
    let body = request.body.and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    let mut refusals = refused_account(context).await;
    refusals.append(&mut plan.refusals);
    let day = day(&plan, &mut refusals, context).await;
    plan.facts.extend(asked_before(context).await);
    plan.facts.extend(context.wants_a_yes().then(|| "The operator wants a person's yes before this call.".into()));
    let sum = plan.commitment.as_ref().and_then(|commitment| commitment.amount);
    let verdict =
        if refusals.is_empty() { "nothing that could be read speaks against it" } else { "it WOULD BE REFUSED" };
    let mut answer =
        Answer::new(shown!("DRY RUN, nothing was sent: {}. This call would {}.", verdict, plan.would), Object::new());
    answer.outcome = Some(Outcome::NotDone);
    answer.warnings.extend(refusals.iter().map(|why| shown!("Would be refused: {}", why)));
    let shown = body.as_ref().map_or_else(|| "no body".into(), |body| quoted_to(&body.to_string(), LONGEST_BODY));
    answer.lines.push(shown!("Request: {} {} {}", id(O::METHOD.as_str()), text::path(&path), shown));
    answer.lines.extend(plan.costs.as_ref().map(|costs| shown!("Costs: {}.", costs.text)));
    answer.lines.extend(day.as_ref().map(|day| shown!("{}.", day.text)));
    answer.lines.extend(plan.facts.iter().cloned());
    answer.warnings.extend(plan.notes.iter().cloned());
    answer.next = "To do it, make the same call without dryRun.".into();
    let run = json!({
        "method": O::METHOD.as_str(), "path": path, "body": body, "amountUsd": amount::json(sum),
        "feesUsd": amount::json(plan.costs.as_ref().and_then(|costs| costs.fees)), "totalUsd": amount::json(plan.costs.as_ref().and_then(|costs| costs.total)),
        "usedTodayUsd": amount::json(day.as_ref().map(|day| day.after)), "refusals": refusals, "facts": plan.facts, "notes": plan.notes,
    });
    answer.own.insert("dryRun".into(), run);
    Ok(answer)
}

/// The open request on record for the same thing, which asking again would give back.
async fn asked_before(context: &Context) -> Option<Shown> {
    let ids = ["milestoneId", "proposalId", "contractId"];
    let name = ids.into_iter().find(|name| context.arguments.contains_key(*name))?;
    let open = context.services.operator.ledger.open_approvals(context.account().await?).await.ok()?;
    let is_same =
        |line: &&Line| line.tool == context.facts.name && line.arguments.get(name) == context.arguments.get(name);
    let line = open.iter().rev().find(is_same)?;
    let at = line.at.parse::<Timestamp>().map_or_else(|_| id(&line.at), moment_of);
    Some(shown!(
        "Asked for already, {}: approval {}, of which no decision is known here. While it is open, asking again gives the same \
         one, or replaces it where other terms are given.",
        at,
        id(line.approval_id.as_deref()?)
    ))
}

/// What the token's scopes, the account's features and the claim would refuse.
async fn refused_account(context: &Context) -> Vec<Shown> {
    let (status, features) = tokio::join!(context.look(&GetAuthStatus {}), context.look(&GetCapabilities {}));
    let Ok(status) = status else { return Vec::new() };
    let scopes = status.token.get().map(TokenFacts::scope_names).unwrap_or_default();
    stops_of(&context.facts.gate, &scopes, features.ok().map(|features| features.capabilities).as_ref(), context).await
}

/// The day's limit with this write.
struct Day {
    text: Shown,
    after: Decimal,
}

/// Checks the operator's limits as they would be checked before the request.
async fn day(plan: &Plan, refusals: &mut Vec<Shown>, context: &Context) -> Option<Day> {
    let policy = context.policy();
    let commitment = plan.commitment.clone()?;
    let refuse = |denial: Denial| shown!("{}.", denial.message.without_end('.'));
    refusals.extend(policy.check_milestone(commitment.amount).err().map(refuse));
    let (limit, sum) = (policy.max_day?, commitment.amount?);
    let before = match context.services.committed_today(context.token.as_ref(), &context.call).await {
        Ok(before) => before,
        Err(fault) => {
            refusals.push(shown!(
                "How much of the day's limit is used could not be read ({}).",
                quoted(&fault.to_string())
            ));
            return None;
        }
    };
    let after = amount::sum([before, sum])?;
    refusals.extend(policy.check_day(before, after).err().map(refuse));
    let text =
        shown!("Today's limit: {} of {} would be used (a milestone counts once)", total(Some(after)), usd(limit));
    Some(Day { text, after })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    #[test]
    fn fees_are_exact() {
        for (amount, fee, total) in [
            ("300", "30", "339.95"),
            ("0.1", "0.01", "10.06"),
            ("333.33", "33.333", "376.613"),
            ("19.99", "1.999", "31.939"),
        ] {
            assert_eq!(hire_fees(exact(amount)), Some((exact(fee), exact(total))), "{amount}");
        }
        assert_eq!(hire_fees(Decimal::MAX), None);
    }
}
