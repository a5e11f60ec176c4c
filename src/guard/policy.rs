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
    /// True if a person has to say yes before a call that takes effect at once and cannot be taken back.
    pub person_confirms: bool,
    /// The time within which an equal milestone counts as the same one; zero turns the check off.
    pub duplicate_window: Duration,
    /// A prefix for all tool names, for hosts with several servers.
    pub prefix: String,
    /// If set, only these tools are served, named without the prefix.
    pub tools: Option<BTreeSet<String>>,
}

/// What one principal may do less than the operator's rules allow. Nothing in it can widen them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// True if only reads are allowed.
    pub read_only: bool,
    /// The families that are served, if fewer.
    pub toolsets: Option<Toolsets>,
    /// The tools that are served, if fewer, named without the prefix.
    pub tools: Option<BTreeSet<String>>,
    /// The highest amount of one milestone, in USD before fees.
    pub max_milestone: Option<Decimal>,
    /// The highest amount that may be committed in one day (UTC), in USD before fees.
    pub max_day: Option<Decimal>,
    /// True if a person has to say yes before a call that takes effect at once and cannot be taken back.
    pub person_confirms: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            read_only: false,
            toolsets: Toolsets::default(),
            max_milestone: None,
            max_day: None,
            person_confirms: false,
            duplicate_window: Duration::from_secs(15 * 60),
            prefix: String::new(),
            tools: None,
        }
    }
}

/// The families that are served: the default ones, unless the operator names others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toolsets {
    chosen: Option<Chosen>,
    /// Further choices that each take families away.
    narrowed: Vec<Chosen>,
}

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
        let chosen = Chosen { families: chosen.into_iter().map(str::to_owned).collect(), all };
        Ok(Self { chosen: Some(chosen), narrowed: Vec::new() })
    }

    /// True if a family is served. `by_default` tells whether the family is a default one.
    #[must_use]
    pub fn has(&self, family: &str, by_default: bool) -> bool {
        let is_chosen = self.chosen.as_ref().map_or(by_default, |chosen| chosen.families.contains(family));
        is_chosen && self.narrowed.iter().all(|chosen| chosen.families.contains(family))
    }

    /// The families that both choices have. A family that is not served by default is in it only if both name it.
    #[must_use]
    fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.narrowed.extend(other.chosen.iter().chain(&other.narrowed).cloned());
        both
    }

    /// Describes the choice; `None` if it takes nothing away.
    #[must_use]
    pub fn describe(&self) -> Option<Shown> {
        let chosen = self.narrowed.iter().chain(&self.chosen).filter(|chosen| !chosen.all);
        let families = chosen.map(|chosen| chosen.families.clone()).reduce(|all, next| &all & &next)?;
        Some(shown!("only the toolsets {}", families.iter().map(|family| id(family)).joined(", ")))
    }
}

impl Policy {
    /// These rules together with the limits of one principal: of two limits the lower one holds.
    #[must_use]
    pub fn narrowed(&self, limits: &Limits) -> Self {
        let lower = |ours: Option<Decimal>, theirs: Option<Decimal>| ours.into_iter().chain(theirs).min();
        let tools = match (&self.tools, &limits.tools) {
            (Some(ours), Some(theirs)) => Some(ours & theirs),
            (ours, theirs) => ours.clone().or_else(|| theirs.clone()),
        };
        Self {
            read_only: self.read_only || limits.read_only,
            toolsets: limits
                .toolsets
                .as_ref()
                .map_or_else(|| self.toolsets.clone(), |theirs| self.toolsets.and(theirs)),
            max_milestone: lower(self.max_milestone, limits.max_milestone),
            max_day: lower(self.max_day, limits.max_day),
            person_confirms: self.person_confirms || limits.person_confirms,
            tools,
            ..self.clone()
        }
    }

    /// True if a tool may be served as far as its name decides.
    #[must_use]
    pub fn serves(&self, tool: &str) -> bool {
        self.tools.as_ref().is_none_or(|tools| tools.contains(tool))
    }

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
    fn limits_of_a_principal_only_narrow() {
        let families = ["contracts", "milestones", "webhooks"];
        let toolsets = |list| Some(Toolsets::parse(list, &families).unwrap());
        let tools = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let operator =
            Policy { max_milestone: Some(Decimal::from(100)), tools: tools(&["a", "b"]), ..Policy::default() };
        let loose = Limits { max_milestone: Some(Decimal::from(900)), toolsets: toolsets("all"), ..Limits::default() };
        let narrowed = operator.narrowed(&loose);
        assert_eq!(narrowed.max_milestone, operator.max_milestone);
        assert!(narrowed.toolsets.has("contracts", true) && !narrowed.toolsets.has("webhooks", false));
        let tight = Limits {
            read_only: true,
            toolsets: toolsets("contracts"),
            tools: tools(&["b", "c"]),
            max_day: Some(Decimal::ONE),
            person_confirms: true,
            ..Limits::default()
        };
        let narrowed = narrowed.narrowed(&tight).narrowed(&loose);
        assert!(narrowed.read_only && narrowed.person_confirms && narrowed.max_day == Some(Decimal::ONE));
        assert!(narrowed.toolsets.has("contracts", true) && !narrowed.toolsets.has("milestones", true));
        assert_eq!(["a", "b", "c"].map(|tool| narrowed.serves(tool)), [false, true, false]);
        assert!(narrowed.describe().contains(&"only the toolsets contracts".into()));
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
