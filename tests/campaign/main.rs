//! The proof: whatever a network, a power switch and an API do, each milestone exists exactly once, and no answer names
//! another one. `CAMPAIGN_SIZE` says how many milestones each contract gets, `CAMPAIGN_SEED` what happens to them:
//! `CAMPAIGN_SIZE=8 CAMPAIGN_SEED=7 cargo test --test campaign -- --nocapture`. Start reading at `player`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "tests say what is wrong by failing"
)]

mod fate;
#[allow(dead_code, unused_imports, reason = "it serves other tests too")]
#[path = "../suite/harness/mod.rs"]
mod harness;
mod manners;
mod player;
mod tally;

use std::time::Instant;

use tokio::task::JoinSet;

use manners::MANNERS;
use player::Player;
use tally::Tally;

/// What is played unless another seed is named.
const SEED: u64 = 20_260_612;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number: {text}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_milestone_exists_exactly_once_whatever_happens() {
    let (size, seed) = (setting("CAMPAIGN_SIZE", 1), setting("CAMPAIGN_SEED", SEED));
    let began = Instant::now();
    let mut tallies = play(usize::try_from(size).unwrap(), seed).await;
    tallies.sort_by_key(|tally| MANNERS.iter().position(|manner| manner.name == tally.manner.name));
    let total = tallies.iter().fold(Tally::default(), Tally::plus);
    for tally in tallies.iter().chain([&total]) {
        println!("{tally}");
    }
    println!("seed {seed}, size {size}, {:.0} s", began.elapsed().as_secs_f64());
    for tally in &tallies {
        assert!(tally.holds(), "CAMPAIGN_SIZE={size} CAMPAIGN_SEED={seed}: {tally}\n{:#?}", tally.story);
    }
    // Otherwise nothing was proven.
    assert!(total.kills > 0 && total.sent >= total.wanted, "{total}");
    for outcome in ["created", "existing", "recovered"] {
        assert!(total.outcomes.contains_key(outcome), "no call ended as {outcome}: {total}");
    }
}

async fn play(size: usize, seed: u64) -> Vec<Tally> {
    let manners = (0_u64..).zip(MANNERS).filter(|(_, manner)| size > 1 || !manner.is_late());
    let players = manners.map(|(number, manner)| async move {
        Player::with(manner, size, seed.wrapping_add(number * 1_000_003)).await.play().await
    });
    players.collect::<JoinSet<_>>().join_all().await
}
