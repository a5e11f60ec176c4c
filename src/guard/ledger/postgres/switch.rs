//! The stop switch of a ledger: it stops every server that uses the ledger. Each change is a row that stays.

use std::io;

use deadpool_postgres::{GenericClient, Object};
use futures::FutureExt;
use jiff::Timestamp;

use super::database::{Database, PATIENCE};
use super::fault::Done;
use crate::answer::text::moment_of;
use crate::guard::freeze::SwitchState;

const STATE: &str = "SELECT is_on, since, reason FROM opentrain_mcp.stop_switch ORDER BY seq DESC LIMIT 1";
const CHANGE: &str = "INSERT INTO opentrain_mcp.stop_switch (is_on, since, reason) VALUES ($1, $2, $3)";

/// The state of the switch, if it is on.
pub(super) async fn state(database: &Database) -> io::Result<Option<SwitchState>> {
    database.step(PATIENCE, &(), |client, ()| read(client).boxed()).await
}

async fn read(client: &Object) -> Done<Option<SwitchState>> {
    let state = client.prepare_cached(STATE).await?;
    let Some(row) = client.query_opt(&state, &[]).await? else { return Ok(None) };
    let is_on: bool = row.try_get(0)?;
    Ok(if is_on { Some(SwitchState { since: row.try_get(1)?, reason: row.try_get(2)? }) } else { None })
}

pub(super) async fn freeze(database: &Database, reason: &str) -> io::Result<Option<SwitchState>> {
    database
        .step(PATIENCE, &reason, |client, reason| {
            async move {
                let before = read(client).await?;
                let new = SwitchState::new(before.as_ref(), reason, Timestamp::now());
                client.execute(CHANGE, &[&true, &new.since, &new.reason]).await?;
                Ok(before)
            }
            .boxed()
        })
        .await
}

pub(super) async fn thaw(database: &Database) -> io::Result<bool> {
    database
        .step(PATIENCE, &(), |client, ()| {
            async move {
                let was_on = read(client).await?.is_some();
                if was_on {
                    let now = format!("since {}", moment_of(Timestamp::now()));
                    client.execute(CHANGE, &[&false, &now, &""]).await?;
                }
                Ok(was_on)
            }
            .boxed()
        })
        .await
}
