//! API tokens. Each belongs to an account.

use super::account::Owner;
use super::roles::{Role, Standing, roles};
use super::values::Moment;
use crate::api::Gate;

/// How many active tokens an account may have (reference: concepts/authentication).
pub(crate) const MOST_KEYS: usize = 25;
/// How many seconds the page shows a new key.
const SHOWN_FOR: u64 = 600;
const LONG_AGO: Moment = Moment::in_2026(4, 1, 9, 0);
/// The number of the first token that is not a role's.
const FIRST: u64 = 11;

#[derive(Debug, Default)]
pub(crate) struct Key {
    pub(crate) owner: Owner,
    token: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<&'static str>,
    disabled: &'static [&'static str],
    /// True if the claim of the account revokes it.
    pub(crate) until_claimed: bool,
    pub(crate) created_at: Moment,
    pub(crate) last_used_at: Option<Moment>,
    pub(crate) revoked_at: Option<Moment>,
}

#[derive(Debug, Default)]
pub(crate) struct Keys {
    all: Vec<Key>,
    pub(crate) minted: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) owner: Owner,
    /// The public part of the token.
    pub(crate) token_id: String,
    pub(crate) label: String,
    pub(crate) scopes: Vec<&'static str>,
    disabled: &'static [&'static str],
}

/// The caller of an operation that needs no token.
pub(crate) const ANYONE: Caller =
    Caller { owner: Owner::NOBODY, token_id: String::new(), label: String::new(), scopes: Vec::new(), disabled: &[] };

impl Caller {
    pub(crate) fn has_feature(&self, feature: &str) -> bool {
        !self.disabled.contains(&feature)
    }

    /// True if the token has at least one of `scopes`.
    pub(crate) fn may(&self, scopes: &'static [&'static str]) -> bool {
        Gate::scopes(scopes).admits(&self.scopes)
    }
}

impl Key {
    pub(crate) fn new(owner: Owner, token: &str, name: &str, scopes: &[&'static str], now: Moment) -> Self {
        let (token, name, scopes) = (token.into(), name.into(), scopes.to_vec());
        Self { owner, token, name, scopes, created_at: now, ..Self::default() }
    }

    /// The public part of the token.
    pub(crate) fn id(&self) -> &str {
        self.token.split('_').nth(2).unwrap_or_default()
    }

    /// The whole token, while the page may show it: a reload of that page must not lose it.
    pub(crate) fn secret(&self, now: Moment) -> Option<&str> {
        (self.revoked_at.is_none() && now < self.created_at.plus_seconds(SHOWN_FOR)).then_some(self.token.as_str())
    }

    /// Start and end of the token (reference: api-reference/tokens/list).
    pub(crate) fn preview(&self) -> String {
        let start: String = self.token.chars().take("ot_pat_".len() + 4).collect();
        let end: String = self.token.chars().skip(self.token.chars().count().saturating_sub(4)).collect();
        format!("{start}********{end}")
    }
}

impl Keys {
    pub(crate) fn seeded() -> Self {
        let key = |role: &Role| Key {
            disabled: role.disabled,
            until_claimed: role.standing == Standing::UntilClaimed,
            revoked_at: (role.standing == Standing::Revoked).then(|| LONG_AGO.plus_seconds(24 * 3_600)),
            ..Key::new(Owner::SEEDED, role.token, &format!("sandbox {}", role.name), role.scopes, LONG_AGO)
        };
        Self { all: roles().iter().map(key).collect(), minted: 0 }
    }

    /// Makes a token that is visibly no secret: `ot_pat_sandboxagent11_notarealsecret0011`.
    pub(crate) fn mint(&mut self, kind: &str, what: &str) -> String {
        let number = self.number();
        format!("ot_{kind}_sandbox{what}{number}_notarealsecret{number:04}")
    }

    pub(crate) fn mint_signing_secret(&mut self) -> String {
        let number = self.number();
        format!("whsec_sandbox{number}notarealsecret{number:04}")
    }

    fn number(&mut self) -> u64 {
        self.minted += 1;
        FIRST + self.minted - 1
    }

    pub(crate) fn add(&mut self, key: Key) {
        self.all.push(key);
    }

    /// The tokens of an account, newest first.
    pub(crate) fn of(&self, owner: Owner) -> impl Iterator<Item = &Key> {
        self.all.iter().rev().filter(move |key| key.owner == owner)
    }

    pub(crate) fn active(&self, owner: Owner) -> usize {
        self.of(owner).filter(|key| key.revoked_at.is_none()).count()
    }

    pub(crate) fn find(&mut self, owner: Owner, id: &str) -> Option<&mut Key> {
        self.all.iter_mut().find(|key| key.owner == owner && key.id() == id)
    }

    /// Finds the caller by the token. `Err` means that the token is revoked.
    pub(crate) fn caller(&mut self, token: &str, now: Moment) -> Option<Result<Caller, ()>> {
        let key = self.all.iter_mut().find(|key| key.token == token)?;
        if key.revoked_at.is_some() {
            return Some(Err(()));
        }
        key.last_used_at = Some(now);
        Some(Ok(Caller {
            owner: key.owner,
            token_id: key.id().into(),
            label: key.name.clone(),
            scopes: key.scopes.clone(),
            disabled: key.disabled,
        }))
    }

    pub(crate) fn revoke(&mut self, token: &str, now: Moment) {
        if let Some(key) = self.all.iter_mut().find(|key| key.token == token) {
            key.revoked_at.get_or_insert(now);
        }
    }

    pub(crate) fn end_with_claim(&mut self, owner: Owner, now: Moment) {
        for key in self.all.iter_mut().filter(|key| key.owner == owner && key.until_claimed) {
            key.revoked_at.get_or_insert(now);
        }
    }
}
