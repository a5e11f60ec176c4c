//! The tool that reads a trainer's profile.

use serde_json::{Number, Value};

use crate::answer::lines::{self, figure, join_bounded, long, plain};
use crate::answer::text::{date, usd};
use crate::answer::{Answer, Joined, Sentence, Shown, id, quoted, shown};
use crate::api::freelancers::{GetFreelancerProfile, LabelExperience, Language, Profile, Review, Stats};
use crate::api::reply::{Read, Reply};
use crate::api::types::Field;
use crate::engine::{Context, OneRequest, tools};

tools![GetFreelancerProfile];
/// The most entries in one part of the profile.
const ENTRIES: usize = 10;

impl OneRequest for GetFreelancerProfile {
    const TITLE: &'static str = "Get a trainer's profile";
    const ID_HINT: Sentence = Sentence::naming(
        "freelancerId is the trainer id of a proposal ({}), or a profile's slug.",
        &["list_proposals"],
    );

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let profile = &read.output.freelancer;
        let mut answer = Answer::new(head(profile), read.object);
        answer.lines = page(profile);
        let id = profile.id.text().map_or_else(|| id(&self.freelancer_id.0), id);
        let invite = shown!("jobId, freelancerId \"{}\"", id);
        answer.next = context.next(&[("invite_freelancer", &invite)]);
        answer
    }
}

fn head(profile: &Profile) -> Shown {
    let place = [profile.city.text().map(quoted), profile.country.text().map(quoted)];
    let place: Vec<Shown> = place.into_iter().flatten().collect();
    let mut parts = vec![profile.display_name.text().map_or_else(|| "an unnamed trainer".into(), quoted)];
    if !place.is_empty() {
        parts.push(place.joined(", "));
    }
    parts.extend(profile.title.text().map(quoted));
    parts.extend(profile.hourly_rate_usd.decimal().map(|rate| shown!("{} an hour", usd(rate))));
    parts.extend(profile.expertise_level.text().map(id));
    parts.push(match profile.identity_verified.get() {
        Some(true) => "identity verified".into(),
        Some(false) => "identity NOT verified".into(),
        None => "identity unknown".into(),
    });
    shown!("{}.", parts.joined(" · "))
}

fn page(profile: &Profile) -> Vec<Shown> {
    let mut facts = vec![shown!("trainer {}", lines::id_of(&profile.id))];
    facts.extend(profile.availability.text().map(|when| shown!("available: {}", quoted(when))));
    facts.extend(profile.english_level.text().map(|level| shown!("English: {}", id(level))));
    facts.extend(profile.member_since.text().map(|since| shown!("member since {}", date(since))));
    let mut lines = vec![facts.joined(" · ")];
    lines.extend(profile.stats.get().and_then(stats));
    lines.extend(
        join_bounded(profile.languages.items().iter().map(language).collect()).map(|row| shown!("Speaks {}.", row)),
    );
    lines.extend(skills(profile));
    lines.extend(profile.bio.text().map(|bio| shown!("In their words: {}", long(bio, lines::PART))));
    lines.extend(entries("Work", profile.label_experience.items(), experience));
    lines.extend(entries("Review", profile.reviews.items(), review));
    lines
}

fn stats(stats: &Stats) -> Option<Shown> {
    let named = |what: &'static str, field: &Field<Number>| figure(field).map(|value| shown!("{} {}", what, value));
    let facts = [
        stats.total_earned_usd.decimal().map(|sum| shown!("{} earned", usd(sum))),
        named("hours billed", &stats.billed_hours),
        named("job success", &stats.job_success_score),
        named("rating", &stats.average_rating),
        named("reviews", &stats.review_count),
    ];
    join_bounded(facts.into_iter().flatten().collect()).map(|row| shown!("On OpenTrain: {}.", row))
}

fn language(language: &Language) -> Shown {
    let name = language.language.text().map_or_else(|| "a language".into(), quoted);
    language.proficiency.text().map_or_else(|| name.clone(), |level| shown!("{} ({})", name, id(level)))
}

/// Formats the skills under their headings. Trainers choose both freely.
fn skills(profile: &Profile) -> Vec<Shown> {
    let headings = profile.skills.get().into_iter().flatten();
    let lines = headings.filter_map(|(heading, words)| {
        let words = join_bounded(words.as_array()?.iter().filter(|word| !word.is_null()).map(skill).collect())?;
        Some(shown!("{}: {}", id(heading), words))
    });
    lines.take(ENTRIES).collect()
}

fn skill(value: &Value) -> Shown {
    value.get("name").and_then(Value::as_str).map_or_else(|| quoted(&plain(value)), quoted)
}

fn entries<T>(what: &'static str, items: &[T], line: impl Fn(&T) -> Shown) -> Vec<Shown> {
    let mut lines: Vec<Shown> = items.iter().take(ENTRIES).map(|item| shown!("{}: {}", what, line(item))).collect();
    if items.len() > ENTRIES {
        lines.push(shown!("… and {} more in structuredContent", items.len() - ENTRIES));
    }
    lines
}

fn experience(work: &LabelExperience) -> Shown {
    let mut parts = vec![work.title.text().map_or_else(|| "no title".into(), quoted)];
    parts.extend(figure(&work.from_year).map(|from| match figure(&work.to_year) {
        Some(to) => shown!("{} to {}", from, to),
        None => shown!("from {}", from),
    }));
    parts.extend(work.description.text().map(|text| long(text, lines::ITEM)));
    parts.joined(" · ")
}

fn review(review: &Review) -> Shown {
    let mut parts =
        vec![figure(&review.rating).map_or_else(|| "no rating".into(), |rating| shown!("rating {}", rating))];
    parts.extend(review.created_at.text().map(date));
    parts.extend(review.comment.text().map(|text| long(text, lines::ITEM)));
    parts.joined(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::from_value;
    use serde_json::json;

    #[test]
    fn a_profile_is_a_short_page_whatever_is_missing() {
        let profile: Profile = from_value(&json!({
            "id": "fl_1", "displayName": "Maria G.", "title": "Linguist", "city": "Madrid", "country": "Spain",
            "hourlyRateUsd": 12.5, "identityVerified": true, "bio": "x".repeat(3_000),
            "skills": { "subjectMatter": ["Sentiment", { "name": "Law" }], "tags": [], "odd": 7 },
            "languages": [{ "language": "Spanish", "proficiency": "NATIVE" }],
            "stats": { "totalEarnedUsd": 1200, "averageRating": 4.90 },
            "reviews": [{ "rating": 5, "comment": "Good" }, null]
        }));
        assert_eq!(head(&profile), "«Maria G.» · «Madrid», «Spain» · «Linguist» · $12.50 an hour · identity verified.");
        let page = page(&profile);
        for line in [
            "trainer fl_1",
            "On OpenTrain: $1,200 earned, rating 4.9.",
            "Speaks «Spanish» (NATIVE).",
            "subjectMatter: «Sentiment», «Law»",
            "Review: rating 5 · «Good»",
            "Review: no rating",
        ] {
            assert!(page.iter().any(|shown| shown == line), "{line}: {page:#?}");
        }
        assert!(page.iter().all(|line| line.chars().count() < 2_100));
        assert_eq!(head(&Profile::default()), "an unnamed trainer · identity unknown.");
    }
}
