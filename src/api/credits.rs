//! Credits and payments (reference: api-reference/payments/pending).

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::types::Field;
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
    /// What waits.
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
    /// Of a job.
    pub title: Field<String>,
    /// Of a milestone.
    pub name: Field<String>,
}
