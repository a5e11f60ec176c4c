//! Trainers. The API shows the first name and the initial of the last name only.

use serde::Deserialize;
use serde_json::{Value, json};

use super::contract::Freelancer;
use super::values::Exact;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trainer {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) first_name: String,
    pub(crate) initial: String,
    title: String,
    pub(crate) bio: String,
    city: String,
    country_code: String,
    pub(crate) country: String,
    pub(crate) hourly_rate: u32,
    pub(crate) availability: String,
    level: String,
    /// Each language has a level.
    pub(crate) languages: Vec<(String, String)>,
    data_types: Vec<String>,
    label_types: Vec<String>,
    pub(crate) verified: bool,
    earned: u32,
    hours: u32,
    /// Each rating has a comment.
    reviews: Vec<(u8, String)>,
    #[serde(default)]
    pub(crate) applies: bool,
}

/// The availability of a trainer who takes no work now.
pub(crate) const UNAVAILABLE: &str = "UNAVAILABLE";

impl Trainer {
    pub(crate) fn display_name(&self) -> String {
        format!("{} {}.", self.first_name, self.initial)
    }

    fn path(&self) -> String {
        format!("/profile/{}", self.slug)
    }

    pub(crate) fn hired(&self) -> Freelancer {
        Freelancer {
            user_id: self.id.clone(),
            display_name: self.display_name(),
            country: self.country.clone(),
            profile_path: self.path(),
        }
    }

    pub(crate) fn candidate(&self) -> Value {
        json!({
            "id": self.id,
            "profileSlug": self.slug,
            "displayName": self.display_name(),
            "firstName": self.first_name,
            "lastNameInitial": self.initial,
            "profileTitle": self.title,
            "profilePhotoUrl": null,
            "countryCode": self.country_code,
            "country": self.country,
            "talentType": "FREELANCER",
            "highestEarningsUsd": self.earned,
            "reviewCount": self.reviews.len(),
        })
    }

    pub(crate) fn profile(&self) -> Value {
        let languages =
            self.languages.iter().map(|(language, level)| json!({ "language": language, "proficiency": level }));
        let reviews = self.reviews.iter().enumerate().map(|(place, review)| self.review(place, review));
        json!({
            "id": self.id,
            "profileSlug": self.slug,
            "profilePath": self.path(),
            "displayName": self.display_name(),
            "firstName": self.first_name,
            "lastNameInitial": self.initial,
            "talentType": "FREELANCER",
            "title": self.title,
            "bio": self.bio,
            "city": self.city,
            "countryCode": self.country_code,
            "country": self.country,
            "profilePhotoUrl": null,
            "hourlyRateUsd": self.hourly_rate,
            "availability": self.availability,
            "expertiseLevel": self.level,
            "englishLevel": self.languages.iter().find(|(language, _)| language == "English").map(|(_, level)| level),
            "memberSince": "2024-09-02T00:00:00.000Z",
            "identityVerified": self.verified,
            "skills": {
                "subjectMatter": [],
                "tags": self.label_types,
                "software": ["Label Studio"],
                "dataTypes": self.data_types,
                "labelTypes": self.label_types,
            },
            "languages": languages.collect::<Vec<_>>(),
            "stats": self.stats(),
            "agency": null,
            "labelExperience": [self.experience()],
            "workExperience": [],
            "education": [],
            "reviews": reviews.collect::<Vec<_>>(),
        })
    }

    fn stats(&self) -> Value {
        let sum: u32 = self.reviews.iter().map(|(rating, _)| u32::from(*rating)).sum();
        let count = u32::try_from(self.reviews.len()).unwrap_or(0);
        let mean = (sum * 10).checked_div(count).map(|tenths| Exact::new(tenths.into(), 1));
        json!({
            "totalEarnedUsd": self.earned,
            "billedHours": self.hours,
            "jobSuccessScore": if self.reviews.is_empty() { Value::Null } else { json!(96) },
            "reviewCount": count,
            "averageRating": mean,
        })
    }

    fn experience(&self) -> Value {
        json!({
            "id": format!("exp_{}", self.slug),
            "title": self.title,
            "description": self.bio,
            "fromYear": 2023,
            "toYear": null,
            "ongoing": true,
            "software": "Label Studio",
            "dataType": self.data_types.first(),
            "labelTypes": self.label_types,
        })
    }

    fn review(&self, place: usize, (rating, comment): &(u8, String)) -> Value {
        json!({
            "id": format!("rev_{}_{place}", self.slug),
            "rating": rating,
            "comment": comment,
            "createdAt": "2026-03-18T12:00:00.000Z",
        })
    }
}
