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
    /// How they call themselves.
    pub title: Field<String>,
    /// In their words.
    pub bio: Field<String>,
    /// City.
    pub city: Field<String>,
    /// Country name.
    pub country: Field<String>,
    /// USD.
    pub hourly_rate_usd: Field<Number>,
    /// When they can work.
    pub availability: Field<String>,
    /// Such as EXPERT.
    pub expertise_level: Field<String>,
    /// Their English.
    pub english_level: Field<String>,
    /// ISO 8601.
    pub member_since: Field<String>,
    /// Their identity was checked.
    pub identity_verified: Field<bool>,
    /// subjectMatter, tags, software, dataTypes, labelTypes: lists of words.
    pub skills: Field<Map<String, Value>>,
    /// What they speak.
    pub languages: List<Language>,
    /// What they have done here.
    pub stats: Field<Stats>,
    /// Labeling work.
    pub label_experience: List<LabelExperience>,
    /// What others wrote.
    pub reviews: List<Review>,
}

/// A language.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Language {
    /// Its name.
    pub language: Field<String>,
    /// How well.
    pub proficiency: Field<String>,
}

/// What a trainer has done on OpenTrain.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Stats {
    /// USD.
    pub total_earned_usd: Field<Number>,
    /// Hours.
    pub billed_hours: Field<Number>,
    /// Score.
    pub job_success_score: Field<Number>,
    /// How many reviews.
    pub review_count: Field<Number>,
    /// Their mean.
    pub average_rating: Field<Number>,
}

/// Labeling work that a trainer names.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelExperience {
    /// Title.
    pub title: Field<String>,
    /// In their words.
    pub description: Field<String>,
    /// Year.
    pub from_year: Field<Number>,
    /// Year.
    pub to_year: Field<Number>,
}

/// What somebody wrote about a trainer.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Review {
    /// The rating.
    pub rating: Field<Number>,
    /// In their words.
    pub comment: Field<String>,
    /// ISO 8601.
    pub created_at: Field<String>,
}
