//! What the sandbox does where the reference says nothing, or says two things.

mod accounts;
mod contracts;
mod events;
mod hiring;

use std::sync::LazyLock;

/// A rule of the sandbox that is inferred and not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// What it is about.
    pub topic: &'static str,
    /// What the sandbox does.
    pub rule: &'static str,
    /// What is documented, and why this was chosen.
    pub because: &'static str,
}

/// Every rule of the sandbox that is inferred and not documented.
#[must_use]
pub fn assumptions() -> &'static [Assumption] {
    static ALL: LazyLock<Vec<Assumption>> = LazyLock::new(|| {
        [contracts::ASSUMPTIONS, accounts::ASSUMPTIONS, hiring::ASSUMPTIONS, events::ASSUMPTIONS].concat()
    });
    &ALL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_assumption_stands_once_and_says_why() {
        for assumption in assumptions() {
            assert!(assumption.rule.ends_with('.') && assumption.because.ends_with('.'), "{}", assumption.topic);
            assert_eq!(assumptions().iter().filter(|other| other.topic == assumption.topic).count(), 1);
        }
    }
}
