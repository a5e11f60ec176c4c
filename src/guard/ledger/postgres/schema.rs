//! The tables, made and brought up to date by the program. Several servers may start at once.

use deadpool_postgres::Object;

use super::fault::{Done, Fault};

/// The steps from an empty database to the tables of this version, in their order. A step is never changed once it was
/// released.
const STEPS: &[&str] = &[
    "
    CREATE TABLE opentrain_mcp.record (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL,
        phase text NOT NULL,
        at timestamptz NOT NULL,
        -- The day on which the write began: its amount counts for that day.
        day date NOT NULL,
        -- Base, principal and sandbox: limits are counted for each account.
        account text NOT NULL,
        base text,
        principal text,
        -- Whose token it was: several principals may share one.
        owner text,
        tool text NOT NULL,
        contract text,
        approval text,
        counted_as text NOT NULL,
        amount numeric,
        counts boolean NOT NULL,
        -- The line as a file has it.
        line text NOT NULL,
        UNIQUE (id, phase)
    );
    CREATE INDEX record_day ON opentrain_mcp.record (account, day);
    CREATE INDEX record_contract ON opentrain_mcp.record (contract, at) WHERE contract IS NOT NULL;
    CREATE INDEX record_approval ON opentrain_mcp.record (at) WHERE approval IS NOT NULL;

    CREATE TABLE opentrain_mcp.contract_lock (
        key text PRIMARY KEY,
        holder text,
        held_until timestamptz NOT NULL,
        -- What the holders tell each other of the contract.
        notes text NOT NULL DEFAULT ''
    );

    -- The last row says whether the stop switch is on.
    CREATE TABLE opentrain_mcp.stop_switch (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT now(),
        by_role text NOT NULL DEFAULT session_user,
        is_on boolean NOT NULL,
        since text NOT NULL,
        reason text NOT NULL
    );
",
    "
    CREATE TABLE opentrain_mcp.state_lock (
        -- A hash of the state, its caller and its call.
        key text PRIMARY KEY,
        holder text,
        held_until timestamptz NOT NULL,
        -- That the first use has begun, then its answer.
        notes text NOT NULL DEFAULT ''
    );
    CREATE INDEX state_lock_age ON opentrain_mcp.state_lock (held_until);
",
];

/// Servers that start at once make the tables one after the other. The number means nothing.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7161727374)";

/// Makes the tables, or brings them up to date.
pub(super) async fn migrate(client: &mut Object) -> Done<()> {
    bring_up_to_date(client).await.map_err(explain)
}

async fn bring_up_to_date(client: &mut Object) -> Done<()> {
    if version(client).await? == wanted() {
        return Ok(());
    }
    let transaction = client.transaction().await?;
    transaction.batch_execute(LOCK).await?;
    // Where the schema is there already, a role that may not make one is enough.
    let known = version(&transaction).await?;
    if known == 0 {
        let begin = "CREATE SCHEMA IF NOT EXISTS opentrain_mcp;
             CREATE TABLE IF NOT EXISTS opentrain_mcp.migration (
                 version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());";
        transaction.batch_execute(begin).await?;
    }
    for (version, step) in (1_i32..).zip(STEPS).filter(|(version, _)| *version > known) {
        transaction.batch_execute(step).await?;
        let noted = "INSERT INTO opentrain_mcp.migration (version) VALUES ($1)";
        transaction.execute(noted, &[&version]).await?;
    }
    transaction.commit().await?;
    Ok(())
}

fn wanted() -> i32 {
    i32::try_from(STEPS.len()).unwrap_or(i32::MAX)
}

/// The version of the tables; 0 without tables.
async fn version(client: &impl deadpool_postgres::GenericClient) -> Done<i32> {
    // A look at the catalog itself: what `to_regclass` remembers may be from before another server made the tables.
    let tables = "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'opentrain_mcp' AND \
                  tablename = 'migration')";
    let there = client.query_one(tables, &[]).await?;
    if !there.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let row = client.query_one("SELECT coalesce(max(version), 0) FROM opentrain_mcp.migration", &[]).await?;
    let version: i32 = row.try_get(0)?;
    if version > wanted() {
        return Err(Fault::new(format!("its tables are of a later version ({version}): update opentrain-mcp")));
    }
    Ok(version)
}

/// A role that may not do this needs another one to do it once.
fn explain(fault: Fault) -> Fault {
    if !fault.is_about_rights() {
        return fault;
    }
    fault.with(
        "the tables are not there yet, or not of this version, or this role may not use them: run `opentrain-mcp audit` once \
         with the role that owns them, see docs/http.md",
    )
}
