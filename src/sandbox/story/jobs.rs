//! The jobs of the story: ours, and what others offer on the market.

use serde_json::{Map, Value, json};

use super::super::accounts::Owner;
use super::super::drafts;
use super::super::postings::Job;
use super::super::values::Moment;
use crate::api::jobs::JobStatus;

/// Who we are.
const OUR_COMPANY: &str = "Chen Language Data";

/// All of them, in no order.
pub(in super::super) fn jobs() -> Vec<Job> {
    let mut jobs = hired_for();
    jobs.push(open_with_proposals());
    jobs.push(unfinished());
    jobs.extend(of_others());
    jobs
}

/// What was hired for: the story's contracts are theirs.
fn hired_for() -> Vec<Job> {
    use JobStatus::{Completed, Ongoing};
    let day = Moment::in_2026;
    [
        (
            "job_3Vn6",
            "Spanish tweet sentiment labeling",
            Ongoing,
            day(6, 9, 9, 0),
            "TEXT",
            "SENTIMENT",
            "Spanish",
            ("fixedPrice", json!(300)),
        ),
        (
            "job_6Tc1",
            "Call-center audio",
            Ongoing,
            day(5, 14, 9, 0),
            "AUDIO",
            "TRANSCRIPTION",
            "Spanish",
            ("pricePerHour", json!(12)),
        ),
        (
            "job_7Yb4",
            "Entities in medical abstracts",
            Ongoing,
            day(5, 25, 9, 0),
            "TEXT",
            "NAMED_ENTITY",
            "English",
            ("pricePerLabel", "0.035".parse().map(Value::Number).unwrap_or_default()),
        ),
        (
            "job_1Gw8",
            "Arabic scans",
            Ongoing,
            day(4, 20, 9, 0),
            "IMAGE",
            "TRANSCRIPTION",
            "Arabic",
            ("pricePerHour", json!(11)),
        ),
        (
            "job_5Rk0",
            "Street signs at night",
            Completed,
            day(3, 30, 9, 0),
            "IMAGE",
            "BOUNDING_BOX",
            "English",
            ("pricePerLabel", "0.04".parse().map(Value::Number).unwrap_or_default()),
        ),
    ]
    .map(|(id, title, status, at, data, label, language, price)| {
        let text = format!("{title}: the work that its contract describes.");
        let mut job =
            published(Owner::SEEDED, OUR_COMPANY, id, at, fields([title, &text, data, label, language], price));
        job.withdraw(status, at.plus_seconds(2 * 24 * 3_600));
        job
    })
    .into()
}

/// Open, with proposals from the start.
fn open_with_proposals() -> Job {
    let text = "Label the intent of 2,000 customer support chats in English and Polish, by our guide with 24 intents. \
                Chats are anonymous. One trainer who reads both languages well.";
    let mut fields =
        fields(["Support chats: intent labels", text, "TEXT", "INTENT", "English"], ("pricePerHour", json!(14)));
    fields.insert("languages".into(), json!(["English", "Polish"]));
    fields.insert("subjectMatter".into(), json!("Customer support"));
    published(Owner::SEEDED, OUR_COMPANY, "job_8Lx2", Moment::in_2026(6, 11, 8, 0), fields)
}

/// A draft that lacks some fields.
fn unfinished() -> Job {
    let fields = drafts::read("Bird calls\n\nTell apart the calls of 40 European birds in short recordings.");
    Job::draft(Owner::SEEDED, "job_2Mq7", OUR_COMPANY, fields, Moment::in_2026(6, 12, 9, 45))
}

/// Others' jobs: open ones, one that is closed, and one that was hired for.
fn of_others() -> Vec<Job> {
    let mut jobs: Vec<_> = market().into_iter().collect();
    let ranking = ["Preference ranking", "Rank 3,000 pairs of answers.", "TEXT", "RANKING", "English"];
    let mut hired = published(
        Owner::ANOTHER,
        "Another customer",
        "job_9Ep1",
        Moment::in_2026(6, 8, 9, 0),
        fields(ranking, ("fixedPrice", json!(900))),
    );
    hired.withdraw(JobStatus::Ongoing, Moment::in_2026(6, 10, 9, 0));
    let maps =
        ["Roof outlines on aerial images", "Outline the roofs of 800 images.", "IMAGE", "SEGMENTATION", "English"];
    let mut closed = published(
        Owner::ANOTHER,
        "Geo Example GmbH",
        "job_6Zr3",
        Moment::in_2026(6, 1, 9, 0),
        fields(maps, ("fixedPrice", json!(650))),
    );
    closed.withdraw(JobStatus::Archived, Moment::in_2026(6, 12, 8, 0));
    jobs.extend([hired, closed]);
    jobs
}

fn market() -> [Job; 6] {
    let day = |day| Moment::in_2026(6, day, 12, 0);
    [
        (
            "job_4Ab6",
            "Nordic Speech Lab",
            11,
            [
                "Swedish voice recordings: transcripts",
                "Transcribe 60 hours of short recordings.",
                "AUDIO",
                "TRANSCRIPTION",
                "Swedish",
            ],
            ("pricePerHour", json!(19)),
            "Sweden",
        ),
        (
            "job_1Pn5",
            "Example Health",
            10,
            [
                "Chest X-rays: findings",
                "Box the findings on 1,200 anonymous X-rays. Radiologists only.",
                "IMAGE",
                "BOUNDING_BOX",
                "English",
            ],
            ("pricePerHour", json!(45)),
            "",
        ),
        (
            "job_7Sd0",
            "Mercado Demo",
            9,
            [
                "Product questions in Spanish",
                "Sort 10,000 questions of customers into 12 classes.",
                "TEXT",
                "CLASSIFICATION",
                "Spanish",
            ],
            ("pricePerLabel", "0.03".parse().map(Value::Number).unwrap_or_default()),
            "Mexico",
        ),
        (
            "job_3Ht9",
            "Street View Example",
            7,
            [
                "Traffic lights in city videos",
                "Mark each traffic light and its state in 300 clips.",
                "VIDEO",
                "BOUNDING_BOX",
                "English",
            ],
            ("fixedPrice", json!(1_500)),
            "",
        ),
        (
            "job_5Wm2",
            "Answers Example Inc.",
            5,
            [
                "Rank answers of a chat model",
                "Rank four answers each to 900 questions about history.",
                "TEXT",
                "RANKING",
                "English",
            ],
            ("pricePerHour", json!(24)),
            "United States",
        ),
        (
            "job_0Kc8",
            "Deutsche Beispiel AG",
            3,
            [
                "German letters: sender and date",
                "Find sender, date and subject on 5,000 scanned letters.",
                "IMAGE",
                "NAMED_ENTITY",
                "German",
            ],
            ("pricePerLabel", "0.06".parse().map(Value::Number).unwrap_or_default()),
            "Germany",
        ),
    ]
    .map(|(id, company, at, texts, price, country)| {
        let mut fields = fields(texts, price);
        if !country.is_empty() {
            fields.insert("countries".into(), json!([country]));
        }
        published(Owner::ANOTHER, company, id, day(at), fields)
    })
}

/// The fields of a job that can be published: title, description, data type, label type, language, and its price.
fn fields([title, text, data, label, language]: [&str; 5], (price, amount): (&str, Value)) -> Map<String, Value> {
    let kind = match price {
        "pricePerHour" => "PAY_PER_HOUR",
        "pricePerLabel" => "PAY_PER_LABEL",
        _ => "FIXED_PRICE",
    };
    Map::from_iter([
        ("jobTitle".to_owned(), title.into()),
        ("jobDescription".to_owned(), text.into()),
        ("dataType".to_owned(), data.into()),
        ("labelTypes".to_owned(), json!([label])),
        ("languages".to_owned(), json!([language])),
        ("experienceLevel".to_owned(), "INTERMEDIATE".into()),
        ("paymentType".to_owned(), kind.into()),
        (price.to_owned(), amount),
    ])
}

fn published(owner: Owner, company: &str, id: &str, at: Moment, fields: Map<String, Value>) -> Job {
    let mut job = Job::draft(owner, id, company, fields, at);
    job.publish(at);
    job
}
