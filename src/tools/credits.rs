//! Tools for credits and payments. The API counts credits in cents; the answers use dollars.

use rust_decimal::Decimal;
use serde_json::Number;

use crate::answer::lines::{self, PageRange, each, each_of_page, id_of, long, text_or};
use crate::answer::phrases::WAITING;
use crate::answer::text::{count, grouped, moment, moment_of, number, total, usd};
use crate::answer::{
    Address, Answer, HumanStep, Joined, LinkKind, Object, Outcome, Sentence, Shown, StepFacts, ToolError, id, quoted,
    shown,
};
use crate::api::credits::{
    CreateCreditTopUp, GetCreditTopUp, GetCredits, LedgerEntry, ListCreditLedger, ListPendingPayments, Payment, TopUp,
};
use crate::api::reply::{Read, Reply};
use crate::api::types::{Field, TopUpId};
use crate::api::{Operation, amount};
use crate::engine::{Context, Money, OneRequest, tools};

tools![GetCredits, ListCreditLedger, CreateCreditTopUp, GetCreditTopUp, ListPendingPayments];

/// Converts cents to an exact amount of money.
fn cents(field: &Field<Number>) -> Option<Decimal> {
    field.decimal()?.checked_mul(Decimal::new(1, 2))
}

/// Formats `$50`, or `50 EUR` if the account has another currency.
fn money(field: &Field<Number>, currency: Option<&str>) -> Shown {
    let Some(amount) = cents(field) else { return "an unknown amount".into() };
    match currency.filter(|currency| !currency.eq_ignore_ascii_case("usd")) {
        None => usd(amount),
        Some(currency) => shown!("{} {}", grouped(&number(amount)), id(&currency.to_uppercase())),
    }
}

impl OneRequest for GetCredits {
    const TITLE: &'static str = "Get the credits";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let balance = &read.output.credits;
        let currency = balance.currency.text();
        let summary = shown!(
            "Credits: {} can be spent, {} is reserved.",
            money(&balance.available_cents, currency),
            money(&balance.reserved_cents, currency)
        );
        let mut answer = Answer::new(summary, read.object);
        answer.lines = each(balance.recent_entries.items(), entry_line);
        answer.next = context.next(&[("list_credit_ledger", ""), ("create_credit_top_up", "amountUsd")]);
        answer
    }
}

impl OneRequest for ListCreditLedger {
    const TITLE: &'static str = "List the credit ledger";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let entries = &read.output.entries;
        let range = PageRange::new(self.cursor.as_ref(), &read.output.next_cursor);
        let summary = match entries.len() {
            0 => shown!("{}.", range.describe_none("entries")),
            many => shown!("{}, newest first, in dollars.", range.describe(many, "entry", "")),
        };
        let next = lines::next_page(
            "list_credit_ledger",
            "",
            &read.output.next_cursor,
            &[("get_credits", "")],
            context.names(),
        );
        Answer { lines: each_of_page(entries, entry_line), next, ..Answer::new(summary, read.object) }
    }
}

fn entry_line(entry: &LedgerEntry) -> Shown {
    let sign = if cents(&entry.amount_cents).is_some_and(|amount| amount.is_sign_positive()) { "+" } else { "" };
    let mut parts = vec![
        entry.created_at.timestamp().map_or_else(|| "at no time".into(), moment_of),
        text_or(&entry.kind, "no type"),
        shown!("{}{}", sign, money(&entry.amount_cents, None)),
    ];
    let about = [
        ("contract", &entry.contract_id),
        ("milestone", &entry.milestone_id),
        ("proposal", &entry.joboffer_id),
        ("top-up", &entry.top_up_id),
    ];
    parts.extend(about.into_iter().filter_map(|(what, field)| Some(shown!("{} {}", what, id(field.text()?)))));
    parts.extend(entry.note.text().map(|note| long(note, 200)));
    parts.push(id_of(&entry.id));
    parts.joined(" · ")
}

impl OneRequest for CreateCreditTopUp {
    const TITLE: &'static str = "Make a page to buy credits";
    /// The page costs nothing; a person pays on it or does not.
    const MONEY: Money = Money::Outside;

    async fn explain(&self, error: ToolError, _: &Context) -> ToolError {
        error.with_unknown_outcome(
            &[
                "A page that nobody opens charges nothing and expires by itself.".into(),
                "Calling again makes another page: show only one, since each can be paid.".into(),
            ],
            true,
        )
    }

    async fn render(&self, read: Read<Self>, reply: &Reply, context: &Context) -> Answer {
        let made = &read.output;
        let link = context.link(LinkKind::Checkout, &made.checkout_url).await;
        let amount = self.amount_usd.exact().map_or_else(|| "an unknown amount".into(), usd);
        let made_id = made.id().unwrap_or("without id");
        let top_up = id(made_id);
        let page = match &link {
            Some(link) => link.describe("Show this link in full"),
            None => "OpenTrain gave no link.".into(),
        };
        let summary = shown!(
            "{} Nothing has been charged, and no credits were added so far.\n{}\n\
             To decide: buy {} of credits (top-up {}).{}",
            WAITING,
            page,
            amount,
            top_up,
            expiry(&made.expires_at, reply)
        );
        let ask =
            shown!("An agent asks you to buy {} of OpenTrain credits. Open this page to pay, or leave it.", amount);
        let arguments = Object::from_iter([("topUpId".to_owned(), made_id.into())]);
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(Outcome::PendingApproval);
        answer.next = look_again(&top_up, context);
        let verified = link.as_ref().and_then(Address::verified).cloned();
        let about = StepFacts {
            amount_usd: self.amount_usd.exact(),
            expires_at: made.expires_at.text().map(str::to_owned),
            ..StepFacts::default()
        };
        answer.step = verified
            .map(|link| HumanStep { about, ..HumanStep::then_call(link, ask, GetCreditTopUp::NAME, arguments) });
        answer.links.extend(link.as_ref().and_then(Address::link).cloned());
        answer
    }
}

fn look_again(top_up: &Shown, context: &Context) -> Shown {
    context.next(&[("get_credit_top_up", shown!("topUpId \"{}\"", top_up))])
}

impl OneRequest for GetCreditTopUp {
    const TITLE: &'static str = "Look at a top-up";
    const ID_HINT: Sentence = Sentence::naming("topUpId comes from {}.", &["create_credit_top_up"]);

    async fn render(&self, read: Read<Self>, reply: &Reply, context: &Context) -> Answer {
        let summary = describe_top_up(&read.output.top_up, &self.top_up_id, reply);
        let next = match read.output.top_up.status.text() {
            Some(PENDING) => look_again(&id(&self.top_up_id.0), context),
            _ => context.next(&[("get_credits", "")]),
        };
        let step_outcome = match read.output.top_up.status.text() {
            Some(COMPLETED) => Outcome::Done,
            Some(EXPIRED) => Outcome::NotDone,
            _ => Outcome::PendingApproval,
        };
        Answer { next, step_outcome: Some(step_outcome), ..Answer::new(summary, read.object) }
    }
}

/// The status of a checkout page that has not been paid.
const PENDING: &str = "PENDING";
/// The status of a paid page.
const COMPLETED: &str = "COMPLETED";
/// The status of a page that was not paid in time.
const EXPIRED: &str = "EXPIRED";

fn describe_top_up(top_up: &TopUp, asked: &TopUpId, reply: &Reply) -> Shown {
    let amount = money(&top_up.amount_cents, None);
    let name = id(&asked.0);
    match top_up.status.text() {
        Some(PENDING) => shown!(
            "PENDING: {} of credits are not paid yet (top-up {}). Nothing has been charged so far.{}",
            amount,
            name,
            expiry(&top_up.expires_at, reply)
        ),
        Some(COMPLETED) => shown!("COMPLETED: {} of credits were paid and added (top-up {}).", amount, name),
        Some(EXPIRED) => shown!(
            "EXPIRED: nobody paid the {} in time, and nothing was charged (top-up {}). Ask if it is still wanted.",
            amount,
            name
        ),
        other => shown!(
            "{}: OpenTrain's own word for top-up {} of {}; it is not COMPLETED.",
            other.map_or_else(|| "no status".into(), id),
            name,
            amount
        ),
    }
}

/// Formats when the page expires, if known.
fn expiry(expires_at: &Field<String>, reply: &Reply) -> Shown {
    let Some(at) = expires_at.timestamp() else { return Shown::default() };
    let expires = if at < reply.now() { "expired" } else { "expires" };
    shown!(" The page {} {}.", expires, moment(at, reply.now()))
}

impl OneRequest for ListPendingPayments {
    const TITLE: &'static str = "List pending payments";

    async fn render(&self, read: Read<Self>, _: &Reply, _: &Context) -> Answer {
        let payments = &read.output.payments;
        let sum = amount::sum(payments.iter().filter_map(|payment| payment.amount_usd.decimal()));
        let summary = match payments.len() {
            0 => "No pending payments.".into(),
            many => shown!("{} waiting, {} in all.", count(many, "payment"), total(sum)),
        };
        Answer { lines: each(payments, line), ..Answer::new(summary, read.object) }
    }
}

fn line(payment: &Payment) -> Shown {
    let mut parts = vec![
        payment.id.text().map_or_else(|| "no id".into(), id),
        payment.status.text().map_or_else(|| "no status".into(), id),
        payment.amount_usd.decimal().map_or_else(|| "no amount".into(), usd),
    ];
    parts.extend(payment.invoice_number.get().map(|number| shown!("invoice {}", number)));
    if let Some(milestone) = payment.milestone.get() {
        let named = [milestone.id.text().map(id), milestone.name.text().map(quoted)];
        let named: Vec<Shown> = named.into_iter().flatten().collect();
        parts.push(shown!("milestone {}", if named.is_empty() { "without name".into() } else { named.joined(" ") }));
    }
    parts.extend(payment.job.get().and_then(|job| job.title.text()).map(|title| shown!("job {}", quoted(title))));
    parts.joined(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::from_value;
    use serde_json::{Value, json};

    #[test]
    fn cents_are_dollars_exactly() {
        let field = |value: Value| from_value::<Field<Number>>(&value);
        for (wire, text) in [
            (json!(5000), "$50"),
            (json!(-2505), "-$25.05"),
            (json!(1), "$0.01"),
            (json!(0), "$0"),
            (json!(9_007_199_254_740_993_u64), "$90,071,992,547,409.93"),
            (json!(12.5), "$0.125"),
            (json!("x"), "an unknown amount"),
        ] {
            assert_eq!(money(&field(wire.clone()), Some("USD")), text, "{wire}");
        }
        assert_eq!(money(&field(json!(5050)), Some("eur")), "50.5 EUR");
    }

    #[test]
    fn a_ledger_entry_says_which_way_and_what_for() {
        let entry: LedgerEntry = from_value(&json!({
            "id": "le_1", "type": "HOLD", "amountCents": -2500, "createdAt": "2026-06-12T10:00:00.000Z",
            "jobofferId": "prop_1", "contractId": null, "milestoneId": "ms_1", "note": "for «you»"
        }));
        assert_eq!(
            entry_line(&entry),
            "2026-06-12 10:00 UTC · HOLD · -$25 · milestone ms_1 · proposal prop_1 · «for \\u{ab}you\\u{bb}» · le_1"
        );
        let added: LedgerEntry = from_value(&json!({ "type": "TOP_UP", "amountCents": 10000 }));
        assert_eq!(entry_line(&added), "at no time · TOP_UP · +$100 · no id");
    }
}
