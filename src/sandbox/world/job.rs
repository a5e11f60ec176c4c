//! Jobs, and how the API shows them to their owner and to everybody.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::account::Owner;
use super::values::Moment;
use crate::api::jobs::JobStatus;

/// How many seconds a public job is valid.
const VALID: u64 = 30 * 24 * 3_600;
/// How many characters of the description a summary has.
const SUMMARY: usize = 140;

/// A change that the public sees (reference: api-reference/jobs/changes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Change {
    Published,
    Updated,
    Closed,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    #[serde(default)]
    pub(crate) owner: Owner,
    pub(crate) id: String,
    pub(crate) company: String,
    pub(crate) status: JobStatus,
    /// The keys are those of the API's updates.
    pub(crate) fields: Map<String, Value>,
    pub(crate) created_at: Moment,
    pub(crate) updated_at: Moment,
    pub(crate) published_at: Option<Moment>,
    /// What happened to it while it was public.
    #[serde(default)]
    pub(crate) history: Vec<(Moment, Change)>,
    /// A repeated draft has the same key.
    pub(crate) idempotency_key: Option<String>,
}

impl Job {
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Value::as_str)
    }

    pub(crate) fn title(&self) -> &str {
        self.text("jobTitle").unwrap_or("Untitled draft")
    }

    pub(crate) fn words(&self, key: &str) -> Vec<&str> {
        self.fields.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.status == JobStatus::Open
    }

    pub(crate) fn publish(&mut self, now: Moment) {
        self.status = JobStatus::Open;
        self.published_at = Some(now);
        self.updated_at = now;
        self.history.push((now, Change::Published));
    }

    /// Hides it from the public by another status than open.
    pub(crate) fn withdraw(&mut self, status: JobStatus, now: Moment) {
        if self.is_open() {
            self.history.push((now, Change::Closed));
        }
        self.status = status;
        self.updated_at = now;
    }

    pub(crate) fn owned(&self, url: &str, (total, unreviewed): (usize, usize)) -> Value {
        json!({
            "id": self.id,
            "title": self.title(),
            "status": self.status,
            "published": self.published_at.is_some() && self.status != JobStatus::Draft,
            "acceptingApplicants": self.is_open(),
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "jobUrl": url,
            "proposalCounts": { "total": total, "unreviewed": unreviewed },
        })
    }

    pub(crate) fn category(&self) -> Option<&str> {
        self.text("subjectMatter").or_else(|| self.text("dataType"))
    }

    pub(crate) fn public(&self, url: &str) -> Value {
        let text = self.text("jobDescription").unwrap_or_default();
        let summary: String = text.chars().take(SUMMARY).collect();
        json!({
            "id": self.id,
            "slug": slug(self.title()),
            "title": self.title(),
            "companyName": self.company,
            "descriptionText": text,
            "descriptionHtml": maud::html! { p { (text) } }.into_string(),
            "seoTitle": null,
            "summary": summary,
            "status": self.status,
            "datePosted": self.published_at,
            "validThrough": self.published_at.map(|moment| moment.plus_seconds(VALID)),
            "updatedAt": self.updated_at,
            "employmentTypes": ["CONTRACTOR"],
            "countries": self.words("countries"),
            "languages": self.words("languages"),
            "category": self.category(),
            "dataType": self.text("dataType"),
            "labelTypes": self.words("labelTypes"),
            "labelingSoftware": self.text("labelingSoftware"),
            "experienceLevel": self.text("experienceLevel"),
            "skills": self.words("labelTypes"),
            "pay": self.pay(),
            "url": url,
            "applyUrl": format!("{url}/apply"),
        })
    }

    fn pay(&self) -> Value {
        let amount = |key: &str| self.fields.get(key).cloned().unwrap_or_default();
        json!({
            "paymentType": self.text("paymentType"),
            "currency": "USD",
            "hourlyRate": amount("pricePerHour"),
            "hourlyMin": null,
            "hourlyMax": null,
            "fixedPrice": amount("fixedPrice"),
            "perLabelRate": amount("pricePerLabel"),
        })
    }
}

fn slug(title: &str) -> String {
    let clean = title.to_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), " ");
    clean.split_whitespace().collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_slug_has_letters_and_dashes() {
        assert_eq!(super::slug("Call-center audio (part 2)!"), "call-center-audio-part-2");
    }
}
