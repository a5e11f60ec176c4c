//! The operator's rules, which hold whatever a model asks for. The checks are pure functions: they read no file and
//! send nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use rust_decimal::Decimal;

use crate::answer::text::usd;
use crate::answer::{Denial, Joined, Shown, id, shown};

/// The operator's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// True if only reads are allowed.
    pub read_only: bool,
    /// The families that are served.
    pub toolsets: Toolsets,
    /// The highest amount of one milestone, in USD before fees.
    pub max_milestone: Option<Decimal>,
    /// The highest amount that may be committed in one day (UTC), in USD before fees.
    pub max_day: Option<Decimal>,
    /// The time within which an equal milestone counts as the same one; zero turns the check off.
    pub duplicate_window: Duration,
    /// A prefix for all tool names, for hosts with several servers.
    pub prefix: String,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            read_only: false,
            toolsets: Toolsets::default(),
            max_milestone: None,
            max_day: None,
            duplicate_window: Duration::from_secs(15 * 60),
            prefix: String::new(),
        }
    }
}

/// The families that are served: the default ones, unless the operator names others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toolsets(Option<Chosen>);

/// The families that the operator names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chosen {
    families: BTreeSet<String>,
    /// True for all families.
    all: bool,
}

impl Toolsets {
    /// Parses a list such as `contracts,account`, or `all`. `families` are the valid names.
    ///
    /// # Errors
    /// If a name is unknown. The error lists the valid names.
    pub fn parse(list: &str, families: &[&str]) -> Result<Self, String> {
        let there_are = || format!("there are {}, and all", families.join(", "));
        let chosen: BTreeSet<&str> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if let Some(name) = chosen.iter().find(|name| **name != "all" && !families.contains(name)) {
            return Err(format!("there is no toolset \"{name}\"; {}", there_are()));
        }
        if chosen.is_empty() {
            return Err(format!("names no toolset; {}", there_are()));
        }
        let chosen = if chosen.contains("all") { families.iter().copied().collect() } else { chosen };
        let all = chosen.len() == families.len();
        Ok(Self(Some(Chosen { families: chosen.into_iter().map(str::to_owned).collect(), all })))
    }

    /// True if a family is served. `by_default` tells whether the family is a default one.
    #[must_use]
    pub fn has(&self, family: &str, by_default: bool) -> bool {
        self.0.as_ref().map_or(by_default, |chosen| chosen.families.contains(family))
    }

    fn describe(&self) -> Option<Shown> {
        let chosen = self.0.as_ref().filter(|chosen| !chosen.all)?;
        Some(shown!("only the toolsets {}", chosen.families.iter().map(|family| id(family)).joined(", ")))
    }
}

impl Policy {
    /// True if the amount of a write must be known before it is sent.
    #[must_use]
    pub const fn has_caps(&self) -> bool {
        self.max_milestone.is_some() || self.max_day.is_some()
    }

    /// Compares a milestone's amount with the limit. An unknown amount is refused if there is a limit.
    ///
    /// # Errors
    /// If the amount is over the limit, or unknown while there is a limit.
    pub fn check_milestone(&self, amount: Option<Decimal>) -> Result<(), Denial> {
        if self.has_caps() && amount.is_none() {
            return Err(Denial::undetermined(self.max_milestone.or(self.max_day)));
        }
        match (self.max_milestone, amount) {
            (Some(limit), Some(amount)) if amount > limit => {
                let what = shown!("The operator's limit is {} a milestone; this is {}", usd(limit), usd(amount));
                Err(Denial::over_limit(what, limit, amount))
            }
            _ => Ok(()),
        }
    }

    /// Compares the day's total with the limit.
    ///
    /// # Errors
    /// If the total is over the limit.
    pub fn check_day(&self, before: Decimal, after: Decimal) -> Result<(), Denial> {
        match self.max_day {
            Some(limit) if after > limit => {
                let what = shown!(
                    "The operator's limit is {} a day (UTC); {} of it is used, and this would make it {}",
                    usd(limit),
                    usd(before),
                    usd(after)
                );
                Err(Denial::over_limit(what, limit, after))
            }
            _ => Ok(()),
        }
    }

    /// Describes the limits in force.
    #[must_use]
    pub fn describe(&self) -> Vec<Shown> {
        let mut rules = Vec::new();
        if self.read_only {
            rules.push("read-only: no call changes anything".into());
        }
        rules.extend(self.toolsets.describe());
        rules.extend(self.max_milestone.map(|limit| shown!("at most {} a milestone, before fees", usd(limit))));
        rules.extend(self.max_day.map(|limit| shown!("at most {} a day (UTC), before fees", usd(limit))));
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_toolset_lists_the_known_ones() {
        let families = ["contracts", "milestones", "webhooks"];
        let some = Toolsets::parse("contracts, webhooks", &families).unwrap();
        assert!(some.has("webhooks", false) && !some.has("milestones", true));
        let all = Toolsets::parse("all", &families).unwrap();
        assert!(families.iter().all(|family| all.has(family, false)));
        assert!(Toolsets::default().has("contracts", true) && !Toolsets::default().has("webhooks", false));
        let fault = Toolsets::parse("contract", &families).unwrap_err();
        assert!(fault.contains("\"contract\"") && fault.contains("contracts, milestones"), "{fault}");
        assert!(Toolsets::parse(" , ", &families).is_err());
    }

    #[test]
    fn caps_are_exact_and_what_is_unknown_is_refused() {
        let amount = |text: &str| Some(Decimal::from_str_exact(text).unwrap());
        let policy = Policy { max_milestone: amount("500.10"), max_day: amount("1000"), ..Policy::default() };
        assert!(policy.check_milestone(amount("500.1")).is_ok());
        assert_eq!(policy.check_milestone(amount("500.11")).unwrap_err().reason, "over_limit");
        assert_eq!(policy.check_milestone(None).unwrap_err().reason, "over_limit");
        assert!(policy.check_day(Decimal::from(700), Decimal::from(1000)).is_ok());
        assert!(policy.check_day(Decimal::from(700), amount("1000.01").unwrap()).is_err());
        assert!(Policy::default().check_milestone(None).is_ok());
    }
}
