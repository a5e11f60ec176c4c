//! Accounts: whose everything is, and how one that an agent registered comes to a person.

use tokio::time::Instant;

use crate::sandbox::routes::team::Team;
use crate::sandbox::world::keys::{AFTER_THE_CLAIM, BEFORE_THE_CLAIM};
use crate::sandbox::world::state::World;
use crate::sandbox::world::values::Moment;

/// How long an account waits for a person (reference: api-reference/agent-auth/register).
const CLAIM_WINDOW: u64 = 24 * 3_600;
/// How long a code is good (reference: api-reference/agent-auth/claim).
pub(crate) const CODE_LIFETIME: u64 = 1_800;
/// How many seconds lie between two polls (reference: api-reference/agent-auth/claim).
pub(crate) const POLL_INTERVAL: u64 = 5;
/// The first code (reference: api-reference/agent-auth/claim), and the way from one to the next.
const FIRST_CODE: u64 = 439_218;
const CODE_STRIDE: u64 = 271_829;

/// Whose something is: the place of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner(usize);

impl Owner {
    /// The seeded account, for which the tokens of the roles act.
    pub(crate) const SEEDED: Self = Self(0);
    /// Another customer of OpenTrain.
    pub(crate) const ANOTHER: Self = Self(1);
    /// Whoever calls without a token.
    pub(crate) const NOBODY: Self = Self(usize::MAX);
}

/// An account.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) organization_id: String,
    pub(crate) organization: String,
    /// Who it belongs to, or will.
    pub(crate) user_id: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: Option<String>,
    /// Whether a person owns it.
    pub(crate) claimed: bool,
    /// Whether there is a payment method on file.
    pub(crate) has_card: bool,
    /// Who belongs to it besides its owner.
    pub(crate) team: Team,
    pub(crate) created_at: Moment,
    /// Of an account that an agent registered: its way to a person.
    pub(crate) ceremony: Option<Ceremony>,
}

/// How an account that an agent registered is claimed.
#[derive(Debug)]
pub(crate) struct Ceremony {
    /// Secret of the agent.
    pub(crate) claim_token: String,
    /// When it is too late.
    pub(crate) ends_at: Moment,
    /// What the agent shows to a person now.
    pub(crate) attempt: Option<Attempt>,
    /// The token after the claim was delivered.
    delivered: bool,
    /// When the agent asked last: by the sandbox's clock, and by the real one.
    polled: Option<(Moment, Instant)>,
}

/// A link and a code by which a person can claim an account.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) token: String,
    pub(crate) code: String,
    pub(crate) email: String,
    pub(crate) ends_at: Moment,
}

/// What a registration gives away, once.
pub(crate) struct Registered {
    pub(crate) registration_id: String,
    pub(crate) access_token: String,
    pub(crate) claim_token: String,
    pub(crate) ends_at: Moment,
}

/// Why the agent gets no token (yet), as OAuth names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotYet {
    Pending,
    TooFast,
    Expired,
    Invalid,
}

impl Account {
    /// Its person's name.
    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// The account of the story, and one that has nothing to do with it.
    pub(crate) fn seeded() -> Vec<Self> {
        let account = |organization_id: &str, organization: &str, user_id: &str, name: [&str; 2], email: &str| Self {
            organization_id: organization_id.into(),
            organization: organization.into(),
            user_id: user_id.into(),
            first_name: name[0].into(),
            last_name: name[1].into(),
            email: Some(email.into()),
            claimed: false,
            has_card: false,
            team: Team::default(),
            created_at: Moment::in_2026(3, 2, 8, 0),
            ceremony: None,
        };
        let ours = account("org_4Hq8", "Chen Language Data", "usr_2Mc5", ["Mira", "Chen"], "owner@example.com");
        let another = account("org_6Wd2", "Another customer", "usr_9Ra6", ["Noor", "Haddad"], "noor@example.net");
        vec![Self { team: Team::seeded(), ..ours }, Self { claimed: true, ..another }]
    }
}

/// Opens an empty account for an agent.
pub(crate) fn register(world: &mut World, agent: Option<&str>, organization: Option<&str>) -> Registered {
    let owner = Owner(world.accounts.len());
    let now = world.now();
    let ends_at = now.plus_seconds(CLAIM_WINDOW);
    let access_token = world.keys.mint("pat", "agent");
    let claim_token = world.keys.mint("clm", "agent");
    let registration_id = world.ids.next("reg");
    let agent = agent.unwrap_or("Agent");
    world.accounts.push(Account {
        organization_id: world.ids.next("org"),
        organization: organization.unwrap_or(agent).into(),
        user_id: world.ids.next("usr"),
        first_name: agent.into(),
        last_name: "(unclaimed)".into(),
        email: None,
        claimed: false,
        has_card: false,
        team: Team::default(),
        created_at: now,
        ceremony: Some(Ceremony {
            claim_token: claim_token.clone(),
            ends_at,
            attempt: None,
            delivered: false,
            polled: None,
        }),
    });
    world.keys.add(owner, &access_token, agent, BEFORE_THE_CLAIM.to_vec(), now).until_claimed = true;
    Registered { registration_id, access_token, claim_token, ends_at }
}

/// Makes a link and a code; those of before are void.
///
/// # Errors
/// Why not, in words.
pub(crate) fn invite(world: &mut World, claim_token: &str, email: &str) -> Result<Attempt, &'static str> {
    let now = world.now();
    let is_taken = world.accounts.iter().any(|account| {
        (account.claimed || account.ceremony.is_none())
            && account.email.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(email))
    });
    let attempts = world.keys.minted();
    let page_token = world.keys.mint("cat", "claim");
    let found = by_claim_token(&mut world.accounts, claim_token);
    let (_, account) = found.ok_or("claim_token is unknown.")?;
    let ceremony = account.ceremony.as_mut().ok_or("claim_token is unknown.")?;
    if account.claimed {
        return Err("This account is claimed already.");
    }
    if now >= ceremony.ends_at {
        return Err("The time to claim this account is over: register again.");
    }
    if is_taken {
        return Err("email_already_registered: this address has an OpenTrain account already.");
    }
    let code = format!("{:06}", (FIRST_CODE + attempts.wrapping_sub(2) * CODE_STRIDE) % 1_000_000);
    let attempt = Attempt { token: page_token, code, email: email.into(), ends_at: now.plus_seconds(CODE_LIFETIME) };
    ceremony.attempt = Some(attempt.clone());
    Ok(attempt)
}

/// The token of a claimed account, exactly once.
///
/// # Errors
/// Why there is none.
pub(crate) fn exchange(world: &mut World, claim_token: &str) -> Result<String, NotYet> {
    let now = world.now();
    let (owner, account) = by_claim_token(&mut world.accounts, claim_token).ok_or(NotYet::Invalid)?;
    let ceremony = account.ceremony.as_mut().ok_or(NotYet::Invalid)?;
    if ceremony.delivered {
        return Err(NotYet::Invalid);
    }
    if account.claimed {
        ceremony.delivered = true;
        let token = world.keys.mint("pat", "claimed");
        world.keys.add(owner, &token, "claimed agent", AFTER_THE_CLAIM.to_vec(), now);
        return Ok(token);
    }
    if now >= ceremony.ends_at {
        return Err(NotYet::Expired);
    }
    let before = ceremony.polled.replace((now, Instant::now()));
    match before {
        Some((moment, instant))
            if now < moment.plus_seconds(POLL_INTERVAL) && instant.elapsed().as_secs() < POLL_INTERVAL =>
        {
            Err(NotYet::TooFast)
        }
        _ => Err(NotYet::Pending),
    }
}

/// A person claims the account that `attempt` leads to.
///
/// # Errors
/// Why not, for the person.
pub(crate) fn claim(world: &mut World, attempt: &str, code: &str) -> Result<(), &'static str> {
    let now = world.now();
    let Some((owner, account, found)) = by_attempt(world, attempt) else {
        return Err("This link is not the latest one, or of another sandbox. Ask your assistant for a new one.");
    };
    if account.claimed {
        return Err("The account was claimed before.");
    }
    if now >= found.ends_at || account.ceremony.as_ref().is_none_or(|ceremony| now >= ceremony.ends_at) {
        return Err("The code is too old. Ask your assistant for a new one.");
    }
    if code.trim() != found.code {
        return Err("Wrong code. Your assistant shows the right one.");
    }
    let email = found.email.clone();
    if let Some(account) = world.accounts.get_mut(owner.0) {
        account.claimed = true;
        account.email = Some(email);
        (account.first_name, account.last_name) = ("Account".into(), "Owner".into());
    }
    world.keys.end_with_claim(owner, now);
    Ok(())
}

/// A person claims the seeded account, without a ceremony.
pub(crate) fn claim_seeded(world: &mut World) {
    let now = world.now();
    if let Some(account) = world.accounts.first_mut() {
        account.claimed = true;
    }
    world.keys.end_with_claim(Owner::SEEDED, now);
}

/// The account and the attempt that a link leads to.
pub(crate) fn by_attempt<'a>(world: &'a World, token: &str) -> Option<(Owner, &'a Account, &'a Attempt)> {
    world.accounts.iter().enumerate().find_map(|(place, account)| {
        let attempt = account.ceremony.as_ref()?.attempt.as_ref()?;
        (attempt.token == token).then_some((Owner(place), account, attempt))
    })
}

fn by_claim_token<'a>(accounts: &'a mut [Account], token: &str) -> Option<(Owner, &'a mut Account)> {
    let holds = |account: &Account| account.ceremony.as_ref().is_some_and(|ceremony| ceremony.claim_token == token);
    let place = accounts.iter().position(holds)?;
    Some((Owner(place), accounts.get_mut(place)?))
}

impl World {
    /// The account of `owner`.
    pub(crate) fn account(&self, owner: Owner) -> Option<&Account> {
        self.accounts.get(owner.0)
    }

    /// The account of `owner`, to be changed.
    pub(crate) fn account_mut(&mut self, owner: Owner) -> Option<&mut Account> {
        self.accounts.get_mut(owner.0)
    }

    /// Whether a person owns the account.
    pub(crate) fn is_claimed(&self, owner: Owner) -> bool {
        self.account(owner).is_some_and(|account| account.claimed)
    }

    /// Our accounts: the seeded one, and those that agents registered.
    pub(crate) fn our_accounts(&self) -> impl Iterator<Item = (Owner, &Account)> {
        let all = self.accounts.iter().enumerate().map(|(place, account)| (Owner(place), account));
        all.filter(|(owner, _)| *owner != Owner::ANOTHER)
    }

    /// The account of an organization; the seeded one where none is named.
    pub(crate) fn owner_of(&self, organization_id: Option<&str>) -> Option<Owner> {
        let Some(wanted) = organization_id else { return Some(Owner::SEEDED) };
        self.our_accounts().find(|(_, account)| account.organization_id == wanted).map(|(owner, _)| owner)
    }

    /// The address of a page about an account: `path` alone is the seeded one's.
    pub(crate) fn account_page(&self, path: &str, owner: Owner) -> String {
        let page = self.page(path);
        match self.account(owner) {
            Some(account) if owner != Owner::SEEDED => format!("{page}?account={}", account.organization_id),
            _ => page,
        }
    }
}
