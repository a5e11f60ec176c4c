//! Credits and payments (reference: api-reference/credits and api-reference/payments/pending). The API counts credits
//! in cents; contracts and payments are in USD.

#![expect(missing_docs, reason = "the type of an id describes it wherever it stands")]

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::error::InvalidArgument;
use super::evidence::Evidence;
use super::types::{Field, List, Positive, TopUpId, wrapper};
use super::{Effect, Gate, Operation};

/// List invoices that wait: for a person to fund them, or for a payout. Amounts are USD.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListPendingPayments {}

impl Operation for ListPendingPayments {
    type Output = PendingPayments;
    const NAME: &'static str = "list_pending_payments";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/payments/pending";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::scopes(&["payments:read"]);
}

/// `{"payments": […]}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct PendingPayments {
    /// The open invoices.
    pub payments: Vec<Payment>,
}

/// An invoice that waits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Payment {
    /// Invoice id.
    pub id: Field<String>,
    /// PENDING_FUNDING or PENDING_PAYOUT.
    pub status: Field<String>,
    /// Such as FUNDING.
    pub invoice_kind: Field<String>,
    /// Such as EMPLOYER.
    pub viewer_role: Field<String>,
    /// USD.
    pub amount_usd: Field<Number>,
    /// ISO 8601.
    pub created_at: Field<String>,
    /// The invoice's number.
    pub invoice_number: Field<Number>,
    /// The job it is about.
    pub job: Field<Titled>,
    /// The milestone it is about.
    pub milestone: Field<Titled>,
}

/// A job by its title, or a milestone by its name.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Titled {
    /// Id.
    pub id: Field<String>,
    /// The title of a job.
    pub title: Field<String>,
    /// The name of a milestone.
    pub name: Field<String>,
}

/// Get the credit balance and the latest entries. The object has cents, the text dollars.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct GetCredits {}

impl Operation for GetCredits {
    type Output = OneBalance;
    const NAME: &'static str = "get_credits";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/credits";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::scopes(&["payments:read"]).feature("public_api_credits");
}

/// `{"credits": {…}}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OneBalance {
    /// The balance.
    #[serde(deserialize_with = "wrapper")]
    pub credits: Balance,
}

/// A credit balance, in cents.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Balance {
    /// Cents that can be spent.
    pub available_cents: Field<Number>,
    /// Cents that are held.
    pub reserved_cents: Field<Number>,
    /// Such as usd.
    pub currency: Field<String>,
    /// At most 10 entries.
    pub recent_entries: List<LedgerEntry>,
}

/// An entry of the credit ledger.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LedgerEntry {
    /// Entry id.
    pub id: Field<String>,
    /// TOP_UP, HOLD, HOLD_RELEASE, CAPTURE, REFUND or ADJUSTMENT.
    #[serde(rename = "type")]
    pub kind: Field<String>,
    /// Cents, signed.
    pub amount_cents: Field<Number>,
    /// ISO 8601.
    pub created_at: Field<String>,
    /// The contract it is about.
    pub contract_id: Field<String>,
    /// The milestone it is about.
    pub milestone_id: Field<String>,
    /// The proposal it is about.
    pub joboffer_id: Field<String>,
    /// The top-up it is about.
    pub top_up_id: Field<String>,
    /// A note.
    pub note: Field<String>,
}

/// List the credit ledger, newest first. The object has cents, the text dollars.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListCreditLedger {
    /// Default 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// nextCursor of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Operation for ListCreditLedger {
    type Output = Ledger;
    const NAME: &'static str = "list_credit_ledger";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/credits/ledger";
    const EFFECT: Effect = Effect::Read;
    const SMALLER: &'static str = "a smaller limit";
    const GATE: Gate = Gate::scopes(&["payments:read"]).feature("public_api_credits");
}

/// `{"entries", "nextCursor"}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ledger {
    /// Newest first.
    pub entries: Vec<LedgerEntry>,
    /// The cursor of the next page.
    #[serde(default)]
    pub next_cursor: Field<String>,
}

/// Make a checkout page on which the user can buy credits. Charges nothing by itself: show
/// them the full checkoutUrl, then look at the top-up. Each call makes another page.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateCreditTopUp {
    /// USD, from 10 to 10,000.
    #[schemars(range(min = 10, max = 10_000))]
    pub amount_usd: Positive,
}

impl Operation for CreateCreditTopUp {
    type Output = NewTopUp;
    const NAME: &'static str = "create_credit_top_up";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/credits/top-ups";
    const EFFECT: Effect = Effect::Create;
    const EVIDENCE: Evidence = Evidence::Id(&["/topUpId", "/topUp/id"]);
    const GATE: Gate = Gate::scopes(&["payments:write"]).feature("public_api_credits").claimed();

    fn check(&self) -> Result<(), InvalidArgument> {
        self.amount_usd.check("amountUsd")
    }
}

/// A checkout page.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewTopUp {
    /// The topUpId of other tools.
    #[serde(default)]
    pub top_up_id: Field<String>,
    /// The page where a person pays, at Stripe.
    #[serde(default)]
    pub checkout_url: Field<String>,
    /// ISO 8601.
    #[serde(default)]
    pub expires_at: Field<String>,
    /// The top-up.
    #[serde(default)]
    pub top_up: Field<TopUp>,
    /// OpenTrain's own words.
    #[serde(default)]
    pub message: Field<String>,
}

impl NewTopUp {
    /// The id, from either of its two places in the reply.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.top_up_id.text().or_else(|| self.top_up.get()?.id.text())
    }
}

/// A purchase of credits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TopUp {
    /// The topUpId of other tools.
    pub id: Field<String>,
    /// PENDING, COMPLETED or EXPIRED.
    pub status: Field<String>,
    /// Cents.
    pub amount_cents: Field<Number>,
    /// ISO 8601.
    pub created_at: Field<String>,
    /// ISO 8601; null until paid.
    pub completed_at: Field<String>,
    /// ISO 8601.
    pub expires_at: Field<String>,
}

/// Look whether a top-up was paid: PENDING, COMPLETED or EXPIRED.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetCreditTopUp {
    pub top_up_id: TopUpId,
}

impl Operation for GetCreditTopUp {
    type Output = OneTopUp;
    const NAME: &'static str = "get_credit_top_up";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/credits/top-ups/{topUpId}";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::scopes(&["payments:read"]).feature("public_api_credits");
}

/// `{"topUp": {…}}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OneTopUp {
    /// The top-up.
    #[serde(deserialize_with = "wrapper")]
    pub top_up: TopUp,
}
