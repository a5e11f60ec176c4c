//! What the operator allows, whatever a model asks for. Pure: it looks at nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use rust_decimal::Decimal;

use crate::api::Effect;

use super::failure::Denial;
use super::text::usd;
use super::{Entry, FAMILIES, Family};

/// The operator's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Only reads.
    pub read_only: bool,
    /// Which families are served.
    pub toolsets: Toolsets,
    /// The most that one milestone may cost, in USD before fees.
    pub max_milestone: Option<Decimal>,
    /// The most that may be committed in one day (UTC), in USD before fees.
    pub max_day: Option<Decimal>,
    /// How long an equal milestone counts as the same one; zero for never.
    pub duplicate_window: Duration,
    /// Put before every tool's name, where several servers meet.
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

/// Which families of tools are served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toolsets(Option<BTreeSet<&'static str>>);

impl Toolsets {
    /// Reads a list such as `contracts,account`, or `all`.
    ///
    /// # Errors
    /// When a name is none of a family; the right ones are listed.
    pub fn parse(list: &str) -> Result<Self, String> {
        let mut chosen = BTreeSet::new();
        for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if name == "all" {
                return Ok(Self(Some(FAMILIES.iter().map(|family| family.name).collect())));
            }
            match FAMILIES.iter().find(|family| family.name == name) {
                Some(family) => chosen.insert(family.name),
                None => {
                    return Err(format!("there is no toolset \"{name}\"; there are {}, and all", names().join(", ")));
                }
            };
        }
        if chosen.is_empty() {
            return Err(format!("names no toolset; there are {}, and all", names().join(", ")));
        }
        Ok(Self(Some(chosen)))
    }

    fn has(&self, family: &Family) -> bool {
        self.0.as_ref().map_or(family.by_default, |chosen| chosen.contains(family.name))
    }

    fn told(&self) -> Option<String> {
        let chosen = self.0.as_ref().filter(|chosen| chosen.len() < FAMILIES.len())?;
        Some(format!("only the toolsets {}", chosen.iter().copied().collect::<Vec<_>>().join(", ")))
    }
}

fn names() -> Vec<&'static str> {
    FAMILIES.iter().map(|family| family.name).collect()
}

impl Policy {
    /// The tools that are listed.
    pub fn listed(&self) -> impl Iterator<Item = &'static Entry> {
        self.chosen().filter(|entry| !self.read_only || entry.effect == Effect::Read)
    }

    /// The tools of the chosen families, whether or not they may be called.
    fn chosen(&self) -> impl Iterator<Item = &'static Entry> {
        FAMILIES.iter().filter(|family| self.toolsets.has(family)).flat_map(|family| family.tools)
    }

    /// A tool that would be listed, were it not for read-only mode.
    #[must_use]
    pub fn withheld(&self, name: &str) -> Option<&'static Entry> {
        self.chosen().find(|entry| self.read_only && entry.name == name && entry.effect != Effect::Read)
    }

    /// Whether amounts have to be known before a write.
    #[must_use]
    pub const fn has_caps(&self) -> bool {
        self.max_milestone.is_some() || self.max_day.is_some()
    }

    /// Holds one milestone's amount against its limit. What cannot be determined is refused.
    ///
    /// # Errors
    /// When it is over the limit, or unknown while there is a limit.
    pub fn check_milestone(&self, amount: Option<Decimal>) -> Result<(), Denial> {
        if self.has_caps() && amount.is_none() {
            return Err(Denial::undetermined(self.max_milestone.or(self.max_day)));
        }
        match (self.max_milestone, amount) {
            (Some(limit), Some(amount)) if amount > limit => {
                let what = format!("The operator's limit is {} a milestone; this is {}", usd(limit), usd(amount));
                Err(Denial::over_limit(what, limit, amount))
            }
            _ => Ok(()),
        }
    }

    /// Holds what this day would come to against its limit.
    ///
    /// # Errors
    /// When it is over the limit.
    pub fn check_day(&self, before: Decimal, after: Decimal) -> Result<(), Denial> {
        match self.max_day {
            Some(limit) if after > limit => {
                let what = format!(
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

    /// The limits in force, each in words.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        let mut rules = Vec::new();
        if self.read_only {
            rules.push("read-only: no call changes anything".to_owned());
        }
        rules.extend(self.toolsets.told());
        rules.extend(self.max_milestone.map(|limit| format!("at most {} a milestone, before fees", usd(limit))));
        rules.extend(self.max_day.map(|limit| format!("at most {} a day (UTC), before fees", usd(limit))));
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_of(policy: &Policy) -> Vec<&'static str> {
        policy.listed().map(|entry| entry.name).collect()
    }

    #[test]
    fn read_only_lists_reads_and_withholds_the_rest() {
        let policy = Policy { read_only: true, ..Policy::default() };
        assert!(policy.listed().all(|entry| entry.effect == Effect::Read));
        assert!(policy.withheld("create_milestone").is_some());
        assert!(policy.withheld("list_contracts").is_none() && policy.withheld("nothing").is_none());
    }

    #[test]
    fn toolsets_are_families_and_an_unknown_one_lists_them() {
        let toolsets = Toolsets::parse("account, contracts").unwrap();
        let policy = Policy { toolsets, ..Policy::default() };
        assert!(names_of(&policy).contains(&"get_contract") && !names_of(&policy).contains(&"create_milestone"));
        assert_eq!(
            names_of(&Policy { toolsets: Toolsets::parse("all").unwrap(), ..Policy::default() }).len(),
            super::super::all().count()
        );
        let fault = Toolsets::parse("contract").unwrap_err();
        assert!(fault.contains("\"contract\"") && fault.contains("contracts, milestones"), "{fault}");
        assert!(Toolsets::parse(" , ").is_err());
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
