//! Tools for the public job market.

use std::collections::BTreeMap;

use crate::answer::lines::{
    self, PageRange, count_or_zero, each, each_of_page, id_of, join_bounded, join_texts, long, text_or,
};
use crate::answer::text::{count, date, usd};
use crate::answer::{Answer, Cause, Joined, LinkKind, Sentence, Shown, ToolError, id, quoted, shown};
use crate::api::error::Error;
use crate::api::marketplace::{Facet, GetJob, GetJobFacets, JobChange, ListJobChanges, Pay, PublicJob, SearchJobs};
use crate::api::reply::{Read, Reply};
use crate::engine::{Context, OneRequest, tools};

tools![SearchJobs, GetJob, GetJobFacets, ListJobChanges];

/// The most changes in one answer of list_job_changes.
const MOST_CHANGES: usize = 5_000;

impl OneRequest for SearchJobs {
    const TITLE: &'static str = "Search the job market";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let jobs = &read.output.jobs;
        let range = PageRange::new(self.cursor.as_ref(), &read.output.next_cursor);
        let summary = match jobs.len() {
            0 => shown!("{}.", range.describe_none("matching jobs")),
            all => shown!("{}.", range.describe(all, "job", " on the public market")),
        };
        let calls = [("get_job", "jobId")];
        let calls: &[_] = if jobs.is_empty() { &[("get_job_facets", "")] } else { &calls };
        let next = lines::next_page("search_jobs", "", &read.output.next_cursor, calls, context.names());
        Answer { lines: each_of_page(jobs, line), next, ..Answer::new(summary, read.object) }
    }
}

fn line(job: &PublicJob) -> Shown {
    let mut parts = vec![id_of(&job.id), job.title.text().map_or_else(|| "no title".into(), quoted)];
    parts.extend(job.company_name.text().map(quoted));
    parts.push(pay(job.pay.get()));
    parts.extend(job.data_type.text().map(id));
    parts.extend([join_texts(&job.languages, quoted), join_texts(&job.countries, quoted)].into_iter().flatten());
    parts.extend(job.date_posted.text().map(|at| shown!("posted {}", date(at))));
    parts.joined(" · ")
}

/// `$12 to $15 an hour`, `$0.04 a label`, `$300 in all`
fn pay(pay: Option<&Pay>) -> Shown {
    let Some(pay) = pay else { return "no pay named".into() };
    let currency = pay.currency.text().filter(|currency| !currency.eq_ignore_ascii_case("usd"));
    let money = |amount| match currency {
        None => usd(amount),
        Some(currency) => {
            shown!("{} {}", crate::answer::text::grouped(&crate::answer::text::number(amount)), id(currency))
        }
    };
    let span = match (pay.hourly_min.decimal(), pay.hourly_max.decimal()) {
        (Some(least), Some(most)) if least != most => Some(shown!("{} to {}", money(least), money(most))),
        (Some(one), _) | (None, Some(one)) => Some(money(one)),
        (None, None) => None,
    };
    let hourly = pay.hourly_rate.decimal().map(money).or(span).map(|amount| shown!("{} an hour", amount));
    let label = pay.per_label_rate.decimal().map(|amount| shown!("{} a label", money(amount)));
    let whole = pay.fixed_price.decimal().map(|amount| shown!("{} in all", money(amount)));
    let text = match pay.payment_type.text() {
        Some("PAY_PER_HOUR") => hourly,
        Some("PAY_PER_LABEL") => label,
        Some("FIXED_PRICE") => whole,
        _ => hourly.or(label).or(whole),
    };
    text.unwrap_or_else(|| text_or(&pay.payment_type, "no pay named"))
}

impl OneRequest for GetJob {
    const TITLE: &'static str = "Get a public job";
    const ID_HINT: Sentence = Sentence::naming(
        "jobId comes from {}, or from {} for a published one of your own.",
        &["search_jobs", "list_jobs"],
    );

    /// Explains a closed job: the API answers 404 with `{"id", "status": "closed"}` and no envelope.
    async fn explain(&self, error: ToolError, _: &Context) -> ToolError {
        match error.cause {
            Cause::Api(Error::Refused(refusal))
                if refusal.status == 404 && refusal.detail_text("status") == Some("closed") =>
            {
                let closed = shown!("The job {} is closed: it is no longer on the market.", id(&self.job_id.0));
                ToolError::from(Error::Refused(refusal)).note(closed)
            }
            cause => ToolError { cause, ..error },
        }
    }

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let job = &read.output;
        let mut answer = Answer::new(shown!("{}.", line(job)), read.object);
        answer.lines = page(job);
        if let Some(address) = context.link(LinkKind::Job, &job.url).await {
            answer.show("Public page", &address);
        }
        answer.next = context.next(&[("search_jobs", "q")]);
        answer
    }
}

/// True if the short text is only the beginning of the long one.
fn begins_with(whole: Option<&str>, short: &str) -> bool {
    whole.is_some_and(|whole| whole.starts_with(short.trim_end_matches(['…', '.', ' '])))
}

fn page(job: &PublicJob) -> Vec<Shown> {
    let mut facts: Vec<Shown> = job.status.text().map(id).into_iter().collect();
    facts.extend(job.category.text().map(quoted));
    facts.extend(join_texts(&job.label_types, id));
    facts.extend(job.experience_level.text().map(id));
    facts.extend(job.valid_through.text().map(|until| shown!("open until {}", date(until))));
    let mut lines = Vec::new();
    if !facts.is_empty() {
        lines.push(facts.joined(" · "));
    }
    let summary = job.summary.text().filter(|short| !begins_with(job.description_text.text(), short));
    lines.extend(summary.map(|text| shown!("In short: {}", long(text, lines::MESSAGE))));
    lines.extend(job.description_text.text().map(|text| shown!("Description: {}", long(text, lines::PART))));
    lines
}

impl OneRequest for GetJobFacets {
    const TITLE: &'static str = "Count the public jobs";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let facets = &read.output;
        let summary = shown!("{} public jobs.", id(&facets.total_jobs.to_string()));
        let groups = [
            ("pay", &facets.pay_types),
            ("category", &facets.categories),
            ("language", &facets.languages),
            ("country", &facets.countries),
        ];
        let lines = groups.into_iter().filter_map(|(by, group)| {
            Some(shown!("By {}: {}.", by, join_bounded(group.items().iter().map(facet).collect())?))
        });
        let mut answer = Answer { lines: lines.collect(), ..Answer::new(summary, read.object) };
        answer.next = context.next(&[("search_jobs", "q, language, country, payType")]);
        answer
    }
}

fn facet(facet: &Facet) -> Shown {
    shown!("{} {}", text_or(&facet.value, "unnamed"), count_or_zero(&facet.count))
}

impl OneRequest for ListJobChanges {
    const TITLE: &'static str = "List changes of the job market";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let changes = &read.output.changes;
        let mut kinds: BTreeMap<Shown, usize> = BTreeMap::new();
        for change in changes {
            *kinds.entry(text_or(&change.event_type, "of no type")).or_default() += 1;
        }
        let kinds: Vec<Shown> = kinds.iter().map(|(kind, many)| shown!("{} {}", many, kind)).collect();
        let since = date(read.output.since.text().unwrap_or(&self.since));
        let mut summary = match changes.len() {
            0 => shown!("Nothing changed on the market since {}.", since),
            all => shown!("{} since {}: {}.", count(all, "change"), since, kinds.joined(", ")),
        };
        if changes.len() >= MOST_CHANGES {
            summary.push(" OpenTrain gives no more than 5,000 at once, so later ones may be missing.");
        }
        let mut answer = Answer { lines: each(changes, change_line), ..Answer::new(summary, read.object) };
        let until = read.output.until.text().map(|until| shown!("since \"{}\"", id(until)));
        let again = until.map(|until| ("list_job_changes", until));
        let calls: Vec<(&str, Shown)> = again.into_iter().chain([("get_job", "jobId".into())]).collect();
        answer.next = context.next(&calls);
        answer
    }
}

fn change_line(change: &JobChange) -> Shown {
    let when = change.occurred_at.text().map_or_else(|| "at no time".into(), date);
    shown!("{} · {} · {}", id_of(&change.job_id), text_or(&change.event_type, "no type"), when)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::from_value;
    use serde_json::{Value, json};

    #[test]
    fn pay_is_told_by_its_kind() {
        let text = |value: Value| pay(Some(&from_value(&value)));
        for (value, words) in [
            (
                json!({ "paymentType": "PAY_PER_HOUR", "currency": "USD", "hourlyMin": 12, "hourlyMax": 15.5 }),
                "$12 to $15.50 an hour",
            ),
            (
                json!({ "paymentType": "PAY_PER_HOUR", "hourlyRate": 12, "hourlyMin": 9, "fixedPrice": 1 }),
                "$12 an hour",
            ),
            (json!({ "paymentType": "PAY_PER_LABEL", "perLabelRate": 0.04 }), "$0.04 a label"),
            (json!({ "paymentType": "FIXED_PRICE", "currency": "EUR", "fixedPrice": 300 }), "300 EUR in all"),
            (json!({ "paymentType": "BARTER" }), "BARTER"),
            (json!({}), "no pay named"),
        ] {
            assert_eq!(text(value), words);
        }
    }
}
