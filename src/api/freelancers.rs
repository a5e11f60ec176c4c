//! Trainers' public profiles (reference: api-reference/freelancers/get).

#![expect(missing_docs, reason = "the type of an id describes it wherever it stands")]

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::types::{Field, FreelancerId, List, wrapper};
use super::{Effect, Gate, Operation};

/// Get a trainer's profile: skills, languages, experience, reviews.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetFreelancerProfile {
    pub freelancer_id: FreelancerId,
}

impl Operation for GetFreelancerProfile {
    type Output = OneProfile;
    const NAME: &'static str = "get_freelancer_profile";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/freelancers/{freelancerId}";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::scopes(&["proposals:read"]);
}

/// `{"freelancer": {…}}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OneProfile {
    /// The profile.
    #[serde(deserialize_with = "wrapper")]
    pub freelancer: Profile,
}

/// A profile, masked: first name and last initial.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Profile {
    /// The freelancerId of other tools.
    pub id: Field<String>,
    /// Such as "Maria G.".
    pub display_name: Field<String>,
    /// The trainer's headline.
    pub title: Field<String>,
    /// The trainer's own description.
    pub bio: Field<String>,
    /// City.
    pub city: Field<String>,
    /// Country name.
    pub country: Field<String>,
    /// USD.
    pub hourly_rate_usd: Field<Number>,
    /// The trainer's availability.
    pub availability: Field<String>,
    /// Such as EXPERT.
    pub expertise_level: Field<String>,
    /// The trainer's level of English.
    pub english_level: Field<String>,
    /// ISO 8601.
    pub member_since: Field<String>,
    /// True if the trainer's identity was verified.
    pub identity_verified: Field<bool>,
    /// subjectMatter, tags, software, dataTypes, labelTypes: lists of words.
    pub skills: Field<Map<String, Value>>,
    /// The languages that the trainer speaks.
    pub languages: List<Language>,
    /// The trainer's record on OpenTrain.
    pub stats: Field<Stats>,
    /// Labeling work.
    pub label_experience: List<LabelExperience>,
    /// Reviews by clients.
    pub reviews: List<Review>,
}

/// A language.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Language {
    /// The language's name.
    pub language: Field<String>,
    /// The level of proficiency.
    pub proficiency: Field<String>,
}

/// A trainer's record on OpenTrain.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Stats {
    /// USD.
    pub total_earned_usd: Field<Number>,
    /// Hours.
    pub billed_hours: Field<Number>,
    /// Score.
    pub job_success_score: Field<Number>,
    /// The number of reviews.
    pub review_count: Field<Number>,
    /// The average rating.
    pub average_rating: Field<Number>,
}

/// Labeling work that a trainer names.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelExperience {
    /// Title.
    pub title: Field<String>,
    /// The trainer's own description.
    pub description: Field<String>,
    /// Year.
    pub from_year: Field<Number>,
    /// Year.
    pub to_year: Field<Number>,
}

/// A client's review of a trainer.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Review {
    /// The rating.
    pub rating: Field<Number>,
    /// The client's comment.
    pub comment: Field<String>,
    /// ISO 8601.
    pub created_at: Field<String>,
}
