//! What is read of credits and payments. Credits are in cents on the wire, and in dollars here.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::Number;

use crate::api::amount;
use crate::api::credits::{
    CreateCreditTopUp, GetCreditTopUp, GetCredits, LedgerEntry, ListCreditLedger, ListPendingPayments, NewTopUp,
    Payment, TopUp,
};
use crate::api::reply::{Read, Reply};
use crate::api::types::{Field, TopUpId};
use crate::api::{Effect, Gate, Operation};

use super::answer::{Answer, Link, LinkKind, Outcome, Report};
use super::audit::Settled;
use super::context::Call;
use super::failure::Trouble;
use super::parts::{self, Stretch, each, each_of_page, id, long, said, unsure};
use super::person::HumanStep;
use super::schema::Object;
use super::text::{count, grouped, moment, moment_of, number, quoted, total, usd, word};
use super::toolbox::Toolbox;
use super::{Context, Entry, Told, Tool};

/// The tools of this family.
pub const TOOLS: &[Entry] = &[
    Entry::of::<GetCredits>(),
    Entry::of::<ListCreditLedger>(),
    Entry::of::<CreateCreditTopUp>(),
    Entry::of::<GetCreditTopUp>(),
    Entry::of::<ListPendingPayments>(),
];
/// The most payments that are written out.
const SHOWN: usize = 50;

/// Cents as an amount of money, exactly.
fn cents(field: &Field<Number>) -> Option<Decimal> {
    field.decimal()?.checked_mul(Decimal::new(1, 2))
}

/// `$50`, or `50 EUR` where the account has another currency.
fn money(field: &Field<Number>, currency: Option<&str>) -> String {
    let Some(amount) = cents(field) else { return "an unknown amount".into() };
    match currency.filter(|currency| !currency.eq_ignore_ascii_case("usd")) {
        None => usd(amount),
        Some(currency) => format!("{} {}", grouped(&number(amount)), word(&currency.to_uppercase())),
    }
}

impl Told for GetCredits {
    const TITLE: &'static str = "Get the credits";

    fn tell(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let balance = &read.output.credits;
        let currency = balance.currency.text();
        let summary = format!(
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

impl Told for ListCreditLedger {
    const TITLE: &'static str = "List the credit ledger";

    fn tell(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let entries = &read.output.entries;
        let summary = match entries.len() {
            0 => "No entries.".to_owned(),
            many => {
                let stretch = Stretch::new(self.cursor.as_ref(), &read.output.next_cursor);
                format!("{}, newest first, in dollars.", stretch.of(many, "entry", ""))
            }
        };
        let next = parts::going_on("list_credit_ledger", "", &read.output.next_cursor, &[("get_credits", "")], context);
        Answer { lines: each_of_page(entries, entry_line), next, ..Answer::new(summary, read.object) }
    }
}

fn entry_line(entry: &LedgerEntry) -> String {
    let sign = if cents(&entry.amount_cents).is_some_and(|amount| amount.is_sign_positive()) { "+" } else { "" };
    let mut parts = vec![
        entry.created_at.timestamp().map_or_else(|| "at no time".into(), moment_of),
        said(&entry.kind, "no type"),
        format!("{sign}{}", money(&entry.amount_cents, None)),
    ];
    let about = [
        ("contract", &entry.contract_id),
        ("milestone", &entry.milestone_id),
        ("proposal", &entry.joboffer_id),
        ("top-up", &entry.top_up_id),
    ];
    parts.extend(about.into_iter().filter_map(|(what, id)| Some(format!("{what} {}", word(id.text()?)))));
    parts.extend(entry.note.text().map(|note| long(note, 200)));
    parts.push(id(&entry.id));
    parts.join(" · ")
}

impl Tool for CreateCreditTopUp {
    type Output = NewTopUp;
    const NAME: &'static str = <Self as Operation>::NAME;
    const TITLE: &'static str = "Make a page to buy credits";
    const EFFECT: Effect = <Self as Operation>::EFFECT;
    const GATE: Gate = <Self as Operation>::GATE;
    const IDS: &'static str = "";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let written = context.write(&self, None).await.map_err(|trouble| {
            let hint = "A page that nobody opens charges nothing and lapses by itself: calling again is safe, and makes another.";
            unsure(trouble, hint, true)
        })?;
        let warning = written.writing.end(Settled::with(Outcome::Created)).await;
        let made = &written.read.output;
        let link = parts::link(LinkKind::Checkout, &made.checkout_url, context).await;
        let amount = self.amount_usd.exact().map_or_else(|| "an unknown amount".into(), usd);
        let made_id = made.id().unwrap_or("without id");
        let top_up = word(made_id);
        let page = match &link {
            Some(link) => link.told("Show this link in full"),
            None => "OpenTrain gave no link.".into(),
        };
        let summary = format!(
            "WAITING FOR A PERSON. Nothing has been charged, and no credits were added so far.\n{page}\n\
             To decide: buy {amount} of credits (top-up {top_up}).{}",
            lapse(&made.expires_at, &written.reply)
        );
        let ask =
            format!("An agent asks you to buy {amount} of OpenTrain credits. Open this page to pay, or leave it.");
        let mut answer = Answer::new(summary, written.read.object);
        answer.outcome = Some(Outcome::Created);
        answer.warnings.extend(warning);
        answer.next = look_again(&top_up, context);
        let verified = link.clone().filter(|link| link.verified);
        answer.step = verified.map(|link| HumanStep::pay(link, ask, TopUpId(made_id.to_owned())));
        answer.links.extend(link);
        Ok(answer)
    }
}

fn look_again(top_up: &str, context: &Context) -> String {
    context.next(&[("get_credit_top_up", &format!("topUpId \"{top_up}\""))])
}

impl Told for GetCreditTopUp {
    const TITLE: &'static str = "Look at a top-up";
    const IDS: &'static str = "topUpId comes from create_credit_top_up.";

    fn tell(&self, read: Read<Self>, reply: &Reply, context: &Context) -> Answer {
        let summary = top_up_told(&read.output.top_up, &self.top_up_id, reply);
        let next = match read.output.top_up.status.text() {
            Some(PENDING) => look_again(&word(&self.top_up_id.0), context),
            _ => context.next(&[("get_credits", "")]),
        };
        Answer { next, ..Answer::new(summary, read.object) }
    }
}

/// The page has not been paid yet.
const PENDING: &str = "PENDING";
/// It has.
const COMPLETED: &str = "COMPLETED";
/// It has not, and cannot be any more.
const EXPIRED: &str = "EXPIRED";

fn top_up_told(top_up: &TopUp, asked: &TopUpId, reply: &Reply) -> String {
    let amount = money(&top_up.amount_cents, None);
    let name = word(&asked.0);
    match top_up.status.text() {
        Some(PENDING) => format!(
            "PENDING: {amount} of credits are not paid yet (top-up {name}). Nothing has been charged so far.{}",
            lapse(&top_up.expires_at, reply)
        ),
        Some(COMPLETED) => format!("COMPLETED: {amount} of credits were paid and added (top-up {name})."),
        Some(EXPIRED) => format!(
            "EXPIRED: nobody paid the {amount} in time, and nothing was charged (top-up {name}). Ask if it is still wanted."
        ),
        other => format!(
            "{}: OpenTrain's own word for top-up {name} of {amount}; it is not COMPLETED.",
            other.map_or_else(|| "no status".into(), word)
        ),
    }
}

/// Adds the page, which OpenTrain names only once.
async fn with_page(answer: &mut Answer, page: &str, context: &Context) {
    let app = context.toolbox.client.origin().await.ok();
    let link = Link::new(LinkKind::Checkout, page, app.as_ref());
    answer.show("The page for your person", link);
}

/// How long the page can be paid on, where that is told.
fn lapse(expires_at: &Field<String>, reply: &Reply) -> String {
    let Some(at) = expires_at.timestamp() else { return String::new() };
    let lapses = if at < reply.now() { "was to lapse" } else { "lapses" };
    format!(" The page {lapses} {}.", moment(at, reply.now()))
}

impl Toolbox {
    /// One look at a top-up on behalf of the call that made its page, and whether it is still to be paid.
    pub(super) async fn look_at_top_up(
        self: &Arc<Self>,
        entry: &'static Entry,
        top_up_id: &TopUpId,
        page: &str,
        call: &Call,
    ) -> (Report, bool) {
        let context = self.context(entry, Object::new(), self.token(), call.clone());
        let look = GetCreditTopUp { top_up_id: top_up_id.clone() };
        match context.read(&look).await {
            Ok((reply, read)) => {
                let status = read.output.top_up.status.text();
                let pending = status == Some(PENDING);
                let outcome = match status {
                    Some(COMPLETED) => Outcome::Done,
                    Some(EXPIRED) => Outcome::NotDone,
                    _ => Outcome::Created,
                };
                let mut answer = look.tell(read, &reply, &context);
                answer.outcome = Some(outcome);
                if pending {
                    with_page(&mut answer, page, &context).await;
                }
                (Report { result: Ok(answer), step: None }, pending)
            }
            // The page is there all the same, and its address is told nowhere else.
            Err(fault) => {
                let name = word(&top_up_id.0);
                let what = quoted(&fault.to_string());
                let summary = format!(
                    "The page to pay on was made (top-up {name}); whether it was paid could not be looked at: {what}."
                );
                let mut answer = Answer { next: look_again(&name, &context), ..Answer::new(summary, Object::new()) };
                answer.outcome = Some(Outcome::Created);
                with_page(&mut answer, page, &context).await;
                (Report { result: Ok(answer), step: None }, fault.is_passing())
            }
        }
    }
}

impl Told for ListPendingPayments {
    const TITLE: &'static str = "List pending payments";

    fn tell(&self, read: Read<Self>, _: &Reply, _: &Context) -> Answer {
        let payments = &read.output.payments;
        let sum = amount::sum(payments.iter().filter_map(|payment| payment.amount_usd.decimal()));
        let summary = match payments.len() {
            0 => "No payment waits.".to_owned(),
            many => format!("{} waiting, {} in all.", count(many, "payment"), total(sum)),
        };
        let mut lines: Vec<String> = payments.iter().take(SHOWN).map(line).collect();
        if payments.len() > SHOWN {
            lines.push(format!("… and {} more in structuredContent", payments.len() - SHOWN));
        }
        let mut answer = Answer::new(summary, read.object);
        answer.lines = lines;
        answer
    }
}

fn line(payment: &Payment) -> String {
    let mut parts = vec![
        payment.id.text().map_or_else(|| "no id".into(), word),
        payment.status.text().map_or_else(|| "no status".into(), word),
        payment.amount_usd.decimal().map_or_else(|| "no amount".into(), usd),
    ];
    parts.extend(payment.invoice_number.get().map(|number| format!("invoice {number}")));
    if let Some(milestone) = payment.milestone.get() {
        let named = [milestone.id.text().map(word), milestone.name.text().map(quoted)];
        let named: Vec<String> = named.into_iter().flatten().collect();
        parts.push(format!("milestone {}", if named.is_empty() { "without name".into() } else { named.join(" ") }));
    }
    parts.extend(payment.job.get().and_then(|job| job.title.text()).map(|title| format!("job {}", quoted(title))));
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::from_value;
    use serde_json::{Value, json};

    #[test]
    fn cents_are_dollars_exactly() {
        let field = |value: Value| from_value::<Field<Number>>(&value);
        for (wire, told) in [
            (json!(5000), "$50"),
            (json!(-2505), "-$25.05"),
            (json!(1), "$0.01"),
            (json!(0), "$0"),
            (json!(9_007_199_254_740_993_u64), "$90,071,992,547,409.93"),
            (json!(12.5), "$0.125"),
            (json!("x"), "an unknown amount"),
        ] {
            assert_eq!(money(&field(wire.clone()), Some("USD")), told, "{wire}");
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
