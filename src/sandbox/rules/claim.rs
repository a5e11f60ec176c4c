//! An agent registers an account, and a person claims it.

use crate::sandbox::world::{AFTER_THE_CLAIM, Account, Attempt, BEFORE_THE_CLAIM, Ceremony, Key, Moment, Owner, World};
use tokio::time::Instant;

/// How many seconds an account waits for a person (reference: api-reference/agent-auth/register).
const CLAIM_WINDOW: u64 = 24 * 3_600;
/// How many seconds a code is valid (reference: api-reference/agent-auth/claim).
pub(crate) const CODE_LIFETIME: u64 = 1_800;
/// How many seconds lie between two polls (reference: api-reference/agent-auth/claim).
pub(crate) const POLL_INTERVAL: u64 = 5;
/// The first code (reference: api-reference/agent-auth/claim), and the step from one to the next.
const FIRST_CODE: u64 = 439_218;
const CODE_STRIDE: u64 = 271_829;

/// A new account's secrets. They are delivered once.
pub(crate) struct Registered {
    pub(crate) registration_id: String,
    pub(crate) access_token: String,
    pub(crate) claim_token: String,
    pub(crate) ends_at: Moment,
}

/// Why the agent gets no token now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotYet {
    Pending,
    TooFast,
    Expired,
    Invalid,
}

pub(crate) fn register(world: &mut World, agent: Option<&str>, organization: Option<&str>) -> Registered {
    let (owner, now) = (Owner(world.accounts.len()), world.now());
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
        created_at: now,
        ceremony: Some(Ceremony { claim_token: claim_token.clone(), ends_at, ..Ceremony::default() }),
        ..Account::default()
    });
    let mut key = Key::new(owner, &access_token, agent, BEFORE_THE_CLAIM, now);
    key.until_claimed = true;
    world.keys.add(key);
    Registered { registration_id, access_token, claim_token, ends_at }
}

/// Makes a link and a code, which replace earlier ones.
pub(crate) fn invite(world: &mut World, claim_token: &str, email: &str) -> Result<Attempt, &'static str> {
    let now = world.now();
    let is_taken = world
        .accounts
        .iter()
        .any(|account| (account.claimed || account.ceremony.is_none()) && account.has_email(email));
    let attempts = world.keys.minted;
    let page_token = world.keys.mint("cat", "claim");
    let (_, account) = by_claim_token(&mut world.accounts, claim_token).ok_or("claim_token is unknown.")?;
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

/// Delivers the token of a claimed account, once.
pub(crate) fn exchange(world: &mut World, claim_token: &str) -> Result<String, NotYet> {
    let now = world.now();
    let (owner, account) = by_claim_token(&mut world.accounts, claim_token).ok_or(NotYet::Invalid)?;
    let ceremony = account.ceremony.as_mut().filter(|ceremony| !ceremony.delivered).ok_or(NotYet::Invalid)?;
    if account.claimed {
        ceremony.delivered = true;
        let token = world.keys.mint("pat", "claimed");
        world.keys.add(Key::new(owner, &token, "claimed agent", AFTER_THE_CLAIM, now));
        return Ok(token);
    }
    if now >= ceremony.ends_at {
        return Err(NotYet::Expired);
    }
    let is_early = |(moment, instant): (Moment, Instant)| {
        now < moment.plus_seconds(POLL_INTERVAL) && instant.elapsed().as_secs() < POLL_INTERVAL
    };
    match ceremony.polled.replace((now, Instant::now())) {
        Some(before) if is_early(before) => Err(NotYet::TooFast),
        _ => Err(NotYet::Pending),
    }
}

/// The account that the link with the token `attempt` can claim. An error is text for the person's page.
pub(crate) fn open<'a>(world: &'a World, attempt: &str) -> Result<(Owner, &'a Account, &'a Attempt), &'static str> {
    let missing = "This link is not the latest one, or of another sandbox. Ask your assistant for a new one.";
    let (owner, account, found) = world.by_attempt(attempt).ok_or(missing)?;
    let now = world.now();
    if account.claimed {
        return Err("The account was claimed before.");
    }
    if now >= found.ends_at || account.ceremony.as_ref().is_none_or(|ceremony| now >= ceremony.ends_at) {
        return Err("The code is too old. Ask your assistant for a new one.");
    }
    Ok((owner, account, found))
}

/// Claims an account for the person who has the code. An error is text for the person's page.
pub(crate) fn claim(world: &mut World, attempt: &str, code: &str) -> Result<(), &'static str> {
    let now = world.now();
    let (owner, _, found) = open(world, attempt)?;
    if code.trim() != found.code {
        return Err("Wrong code. Your assistant shows the right one.");
    }
    let email = found.email.clone();
    if let Some(account) = world.account_mut(owner) {
        account.claimed = true;
        account.email = Some(email);
        (account.first_name, account.last_name) = ("Account".into(), "Owner".into());
    }
    world.keys.end_with_claim(owner, now);
    Ok(())
}

/// Claims the seeded account, which has no ceremony.
pub(crate) fn claim_seeded(world: &mut World) {
    let now = world.now();
    if let Some(account) = world.account_mut(Owner::SEEDED) {
        account.claimed = true;
    }
    world.keys.end_with_claim(Owner::SEEDED, now);
}

fn by_claim_token<'a>(accounts: &'a mut [Account], token: &str) -> Option<(Owner, &'a mut Account)> {
    let holds = |account: &Account| account.ceremony.as_ref().is_some_and(|ceremony| ceremony.claim_token == token);
    let place = accounts.iter().position(holds)?;
    Some((Owner(place), accounts.get_mut(place)?))
}
