//! The jobs of the story: ours, and what others offer on the market.

use serde_json::{Map, Value, json};

use crate::api::jobs::JobStatus;
use crate::sandbox::rules::drafts;
use crate::sandbox::world::account::Owner;
use crate::sandbox::world::job::Job;
use crate::sandbox::world::values::Moment;

/// Who we are.
const OUR_COMPANY: &str = "Chen Language Data";

/// The job whose work is over.
const OVER: &str = "job_5Rk0";

/// A published job of the story, in short.
struct Posting {
    id: &'static str,
    company: &'static str,
    at: Moment,
    title: &'static str,
    text: &'static str,
    /// Data type, label type, language.
    kinds: [&'static str; 3],
    /// The field, and the amount.
    price: (&'static str, &'static str),
    /// The only one; none when empty.
    country: &'static str,
}

/// What was hired for: the story's contracts are theirs.
const HIRED_FOR: [Posting; 5] = [
    Posting {
        id: "job_3Vn6",
        company: OUR_COMPANY,
        at: Moment::in_2026(6, 9, 9, 0),
        title: "Spanish tweet sentiment labeling",
        text: "Spanish tweet sentiment labeling: the work that its contract describes.",
        kinds: ["TEXT", "SENTIMENT", "Spanish"],
        price: ("fixedPrice", "300"),
        country: "",
    },
    Posting {
        id: "job_6Tc1",
        company: OUR_COMPANY,
        at: Moment::in_2026(5, 14, 9, 0),
        title: "Call-center audio",
        text: "Call-center audio: the work that its contract describes.",
        kinds: ["AUDIO", "TRANSCRIPTION", "Spanish"],
        price: ("pricePerHour", "12"),
        country: "",
    },
    Posting {
        id: "job_7Yb4",
        company: OUR_COMPANY,
        at: Moment::in_2026(5, 25, 9, 0),
        title: "Entities in medical abstracts",
        text: "Entities in medical abstracts: the work that its contract describes.",
        kinds: ["TEXT", "NAMED_ENTITY", "English"],
        price: ("pricePerLabel", "0.035"),
        country: "",
    },
    Posting {
        id: "job_1Gw8",
        company: OUR_COMPANY,
        at: Moment::in_2026(4, 20, 9, 0),
        title: "Arabic scans",
        text: "Arabic scans: the work that its contract describes.",
        kinds: ["IMAGE", "TRANSCRIPTION", "Arabic"],
        price: ("pricePerHour", "11"),
        country: "",
    },
    Posting {
        id: "job_5Rk0",
        company: OUR_COMPANY,
        at: Moment::in_2026(3, 30, 9, 0),
        title: "Street signs at night",
        text: "Street signs at night: the work that its contract describes.",
        kinds: ["IMAGE", "BOUNDING_BOX", "English"],
        price: ("pricePerLabel", "0.04"),
        country: "",
    },
];

/// What others offer.
const MARKET: [Posting; 6] = [
    Posting {
        id: "job_4Ab6",
        company: "Nordic Speech Lab",
        at: Moment::in_2026(6, 11, 12, 0),
        title: "Swedish voice recordings: transcripts",
        text: "Transcribe 60 hours of short recordings.",
        kinds: ["AUDIO", "TRANSCRIPTION", "Swedish"],
        price: ("pricePerHour", "19"),
        country: "Sweden",
    },
    Posting {
        id: "job_1Pn5",
        company: "Example Health",
        at: Moment::in_2026(6, 10, 12, 0),
        title: "Chest X-rays: findings",
        text: "Box the findings on 1,200 anonymous X-rays. Radiologists only.",
        kinds: ["IMAGE", "BOUNDING_BOX", "English"],
        price: ("pricePerHour", "45"),
        country: "",
    },
    Posting {
        id: "job_7Sd0",
        company: "Mercado Demo",
        at: Moment::in_2026(6, 9, 12, 0),
        title: "Product questions in Spanish",
        text: "Sort 10,000 questions of customers into 12 classes.",
        kinds: ["TEXT", "CLASSIFICATION", "Spanish"],
        price: ("pricePerLabel", "0.03"),
        country: "Mexico",
    },
    Posting {
        id: "job_3Ht9",
        company: "Street View Example",
        at: Moment::in_2026(6, 7, 12, 0),
        title: "Traffic lights in city videos",
        text: "Mark each traffic light and its state in 300 clips.",
        kinds: ["VIDEO", "BOUNDING_BOX", "English"],
        price: ("fixedPrice", "1500"),
        country: "",
    },
    Posting {
        id: "job_5Wm2",
        company: "Answers Example Inc.",
        at: Moment::in_2026(6, 5, 12, 0),
        title: "Rank answers of a chat model",
        text: "Rank four answers each to 900 questions about history.",
        kinds: ["TEXT", "RANKING", "English"],
        price: ("pricePerHour", "24"),
        country: "United States",
    },
    Posting {
        id: "job_0Kc8",
        company: "Deutsche Beispiel AG",
        at: Moment::in_2026(6, 3, 12, 0),
        title: "German letters: sender and date",
        text: "Find sender, date and subject on 5,000 scanned letters.",
        kinds: ["IMAGE", "NAMED_ENTITY", "German"],
        price: ("pricePerLabel", "0.06"),
        country: "Germany",
    },
];

/// Others' jobs that are not to be had any more: hired for, and closed.
const TAKEN: [Posting; 2] = [
    Posting {
        id: "job_9Ep1",
        company: "Another customer",
        at: Moment::in_2026(6, 8, 9, 0),
        title: "Preference ranking",
        text: "Rank 3,000 pairs of answers.",
        kinds: ["TEXT", "RANKING", "English"],
        price: ("fixedPrice", "900"),
        country: "",
    },
    Posting {
        id: "job_6Zr3",
        company: "Geo Example GmbH",
        at: Moment::in_2026(6, 1, 9, 0),
        title: "Roof outlines on aerial images",
        text: "Outline the roofs of 800 images.",
        kinds: ["IMAGE", "SEGMENTATION", "English"],
        price: ("fixedPrice", "650"),
        country: "",
    },
];

/// All of them, in no order.
pub(crate) fn jobs() -> Vec<Job> {
    let mut jobs = hired_for();
    jobs.push(open_with_proposals());
    jobs.push(unfinished());
    jobs.extend(MARKET.map(|posting| posting.published(Owner::ANOTHER)));
    jobs.extend(taken());
    jobs
}

fn hired_for() -> Vec<Job> {
    let hired = |posting: Posting| {
        let (at, over) = (posting.at, posting.id == OVER);
        let mut job = posting.published(Owner::SEEDED);
        let status = if over { JobStatus::Completed } else { JobStatus::Ongoing };
        job.withdraw(status, at.plus_seconds(2 * 24 * 3_600));
        job
    };
    HIRED_FOR.map(hired).into()
}

fn taken() -> [Job; 2] {
    let [mut hired, mut closed] = TAKEN.map(|posting| posting.published(Owner::ANOTHER));
    hired.withdraw(JobStatus::Ongoing, Moment::in_2026(6, 10, 9, 0));
    closed.withdraw(JobStatus::Archived, Moment::in_2026(6, 12, 8, 0));
    [hired, closed]
}

/// Open, with proposals from the start.
fn open_with_proposals() -> Job {
    let posting = Posting {
        id: "job_8Lx2",
        company: OUR_COMPANY,
        at: Moment::in_2026(6, 11, 8, 0),
        title: "Support chats: intent labels",
        text: "Label the intent of 2,000 customer support chats in English and Polish, by our guide with 24 intents. \
               Chats are anonymous. One trainer who reads both languages well.",
        kinds: ["TEXT", "INTENT", "English"],
        price: ("pricePerHour", "14"),
        country: "",
    };
    let more = [("languages", json!(["English", "Polish"])), ("subjectMatter", json!("Customer support"))];
    posting.published_with(Owner::SEEDED, more)
}

/// A draft that lacks some fields.
fn unfinished() -> Job {
    let fields = drafts::read("Bird calls\n\nTell apart the calls of 40 European birds in short recordings.");
    Job::draft(Owner::SEEDED, "job_2Mq7", OUR_COMPANY, fields, Moment::in_2026(6, 12, 9, 45))
}

impl Posting {
    fn published(self, owner: Owner) -> Job {
        self.published_with(owner, [])
    }

    fn published_with<const MORE: usize>(self, owner: Owner, more: [(&str, Value); MORE]) -> Job {
        let mut fields = self.fields();
        fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
        let mut job = Job::draft(owner, self.id, self.company, fields, self.at);
        job.publish(self.at);
        job
    }

    /// The fields of a job that can be published.
    fn fields(&self) -> Map<String, Value> {
        let [data, label, language] = self.kinds;
        let (price, amount) = self.price;
        let kind = match price {
            "pricePerHour" => "PAY_PER_HOUR",
            "pricePerLabel" => "PAY_PER_LABEL",
            _ => "FIXED_PRICE",
        };
        let country = Some(("countries".to_owned(), json!([self.country]))).filter(|_| !self.country.is_empty());
        let fields = [
            ("jobTitle".to_owned(), self.title.into()),
            ("jobDescription".to_owned(), self.text.into()),
            ("dataType".to_owned(), data.into()),
            ("labelTypes".to_owned(), json!([label])),
            ("languages".to_owned(), json!([language])),
            ("experienceLevel".to_owned(), "INTERMEDIATE".into()),
            ("paymentType".to_owned(), kind.into()),
            (price.to_owned(), amount.parse().map(Value::Number).unwrap_or_default()),
        ];
        fields.into_iter().chain(country).collect()
    }
}
