//! An agent, and how its key is checked.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::guard::policy::Limits;

use super::key::{KeyHash, id_of};

/// An agent.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Its name on the record, under which its amounts are added up.
    pub name: String,
    /// The public part of its key.
    pub id: String,
    pub(super) hash: KeyHash,
    /// What it may do less than the server's settings allow.
    pub limits: Limits,
    /// When the key was made.
    pub created: Option<Timestamp>,
    /// When the key stops working.
    pub expires: Option<Timestamp>,
    /// When the operator revoked the key.
    pub revoked: Option<Timestamp>,
}

impl Agent {
    /// True if its key works at `now`.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|end| now < end)
    }
}

/// All agents of a file.
#[derive(Clone, Debug, Default)]
pub struct Agents {
    all: Vec<Agent>,
    by_id: HashMap<String, usize>,
}

impl Agents {
    pub(super) fn of(all: Vec<Agent>) -> Self {
        let by_id = all.iter().enumerate().map(|(place, agent)| (agent.id.clone(), place)).collect();
        Self { all, by_id }
    }

    /// The agents in the order of the file.
    #[must_use]
    pub fn all(&self) -> &[Agent] {
        &self.all
    }

    /// Finds the agent whose key this is. Unknown, expired and revoked keys look alike, and all are compared.
    #[must_use]
    pub fn admit(&self, key: &str, now: Timestamp) -> Option<&Agent> {
        let hash = KeyHash::of(key);
        let agent = id_of(key).and_then(|id| self.all.get(*self.by_id.get(id)?));
        let is_its_key = agent.map_or_else(|| KeyHash::of(""), |agent| agent.hash).is(hash);
        agent.filter(|agent| is_its_key && agent.is_valid(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::agents::key::NewKey;

    #[test]
    fn only_the_whole_valid_key_admits() {
        let (key, other) = (NewKey::make().unwrap(), NewKey::make().unwrap());
        let agent = |expires: Option<&str>, revoked: Option<&str>| Agent {
            name: "a".into(),
            id: key.id.clone(),
            hash: key.hash(),
            limits: Limits::default(),
            created: None,
            expires: expires.map(|end| end.parse().unwrap()),
            revoked: revoked.map(|end| end.parse().unwrap()),
        };
        let now: Timestamp = "2026-06-12T10:00:00Z".parse().unwrap();
        let admits = |agent: Agent, key: &str| Agents::of(vec![agent]).admit(key, now).is_some();
        assert!(admits(agent(None, None), &key.text));
        assert!(admits(agent(Some("2026-06-12T10:00:01Z"), None), &key.text));
        assert!(!admits(agent(Some("2026-06-12T10:00:00Z"), None), &key.text), "expired");
        assert!(!admits(agent(None, Some("2026-06-12T09:00:00Z")), &key.text), "revoked");
        assert!(!admits(agent(None, None), &other.text));
        let mixed = format!("otm_{}_{}", key.id, other.text.rsplit('_').next().unwrap());
        assert!(!admits(agent(None, None), &mixed), "the id of one key with the secret of another");
        assert!(!admits(agent(None, None), ""));
    }
}
