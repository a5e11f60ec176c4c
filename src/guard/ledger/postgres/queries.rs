//! What is asked of the record's table, and how a line is put into it.

use std::sync::Arc;

use deadpool_postgres::{GenericClient, Object, Transaction};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::json;
use tokio_postgres::Row;

use crate::guard::ledger::approvals::OpenApprovals;
use crate::guard::ledger::book::{Book, horizon};
use crate::guard::ledger::line::{Line, Phase};
use crate::guard::ledger::reading::read;
use crate::guard::ledger::store::{Account, Search, contract_in};

use super::fault::{Done, Fault};

// Values are sent as text: the database converts dates and amounts exactly.
const INSERT: &str = "
    INSERT INTO opentrain_mcp.record
        (id, phase, at, day, account, base, principal, owner, tool, contract, approval, counted_as, amount, counts, line)
    VALUES ($1, $2, $3::text::timestamptz,
        coalesce((SELECT day FROM opentrain_mcp.record WHERE id = $1 AND phase = 'before'), $4::text::date),
        $5, $6, $7, $8, $9, $10, $11, $12, $13::text::numeric, $14, $15)
    ON CONFLICT (id, phase) DO NOTHING";
/// The writes of an account are counted one after the other.
const TURN: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 1))";
const SUMS: &str = "
    WITH writes AS (
        SELECT (array_agg(counted_as ORDER BY seq DESC))[1] AS counted_as, max(amount) AS amount
        FROM opentrain_mcp.record WHERE account = $1 AND day = $2::text::date AND phase IN ('before', 'after')
        GROUP BY id HAVING bool_and(counts)
    ), sums AS (SELECT counted_as, max(amount) AS amount FROM writes WHERE amount IS NOT NULL GROUP BY counted_as)
    SELECT coalesce(sum(amount), 0)::text, coalesce(max(amount) FILTER (WHERE counted_as = $3), 0)::text FROM sums";
const RECENT: &str = "
    SELECT line FROM opentrain_mcp.record
    WHERE contract = $1 AND at >= $2::text::timestamptz AND tool = $3 AND base = $4
        AND owner IS NOT DISTINCT FROM $5
    ORDER BY seq";
const APPROVALS: &str = "
    SELECT line FROM opentrain_mcp.record WHERE approval IS NOT NULL AND at >= $1::text::timestamptz ORDER BY seq";
const LINES: &str = "
    SELECT seq, line FROM opentrain_mcp.record
    WHERE seq > $1 AND ($2::text IS NULL OR at >= $2::text::timestamptz) ORDER BY seq LIMIT 1000";
const ACCEPTS_WRITES: &str = "
    SELECT pg_is_in_recovery(), (
        SELECT string_agg(name, ', ')
        FROM (VALUES ('record', 'INSERT'), ('contract_lock', 'UPDATE'), ('state_lock', 'DELETE')) AS needed (name, use)
        WHERE NOT has_table_privilege('opentrain_mcp.' || name, use))";

/// The amounts of a day.
pub(super) struct Sums {
    /// All of them.
    pub(super) total: Decimal,
    /// What is counted already for the same milestone or candidate.
    pub(super) same: Decimal,
}

/// The account of a line, as one text.
fn account_of(line: &Line) -> String {
    json!([line.base, line.principal, line.sandbox]).to_string()
}

/// Adds a line unless it is there.
pub(super) async fn insert(transaction: &Transaction<'_>, line: &Line) -> Done<()> {
    let phase = match line.phase {
        Phase::Before => "before",
        Phase::After => "after",
        Phase::Decided => "decided",
        Phase::Refused => "refused",
        Phase::Unknown => return Err(Fault::new("a line of an unknown kind cannot be recorded")),
    };
    let (account, day) = (account_of(line), line.at.get(..10).unwrap_or_default());
    let (contract, amount) = (contract_in(&line.arguments), line.amount_usd.map(|amount| amount.to_string()));
    let (counted_as, counts, text) = (line.counted_as(), !line.came_to_nothing(), line.written());
    let insert = transaction.prepare_cached(INSERT).await?;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 15] = [
        &line.id,
        &phase,
        &line.at,
        &day,
        &account,
        &line.base,
        &line.principal,
        &line.owner(),
        &line.tool,
        &contract,
        &line.approval_id,
        &counted_as,
        &amount,
        &counts,
        &text,
    ];
    transaction.execute(&insert, &values).await?;
    Ok(())
}

/// Adds up the day of a line's account, after every other write of the account has been recorded or refused.
pub(super) async fn sums(transaction: &Transaction<'_>, line: &Line) -> Done<Sums> {
    let (account, day) = (account_of(line), line.at.get(..10).unwrap_or_default());
    let turn = transaction.prepare_cached(TURN).await?;
    transaction.execute(&turn, &[&account]).await?;
    let sums = transaction.prepare_cached(SUMS).await?;
    let row = transaction.query_one(&sums, &[&account, &day, &line.counted_as()]).await?;
    Ok(Sums { total: amount(&row, 0)?, same: amount(&row, 1)? })
}

/// A sum that is too large for a decimal exceeds every limit.
fn amount(row: &Row, column: usize) -> Done<Decimal> {
    Ok(row.try_get::<_, &str>(column)?.parse().unwrap_or(Decimal::MAX))
}

/// The lines that may be wanted.
pub(super) struct Recent(Book);

impl Recent {
    /// Adds lines that the database does not have yet.
    pub(super) fn take(&mut self, lines: Vec<Line>) {
        let now = Timestamp::now();
        for line in lines {
            self.0.take(crate::guard::ledger::reading::Reading::Whole(line), now);
        }
    }

    pub(super) fn of(&self, search: &Search) -> Vec<Arc<Line>> {
        self.0.recent(search)
    }
}

pub(super) async fn recent(client: &Object, search: &Search) -> Done<Recent> {
    let now = Timestamp::now();
    let recent = client.prepare_cached(RECENT).await?;
    let since = horizon(now).to_string();
    let Account { base, principal } = &search.account;
    let rows = client.query(&recent, &[&search.contract, &since, &search.tool, base, principal]).await?;
    let mut book = Book::default();
    for row in rows {
        book.take(read(row.try_get::<_, &str>(0)?.as_bytes()), now);
    }
    Ok(Recent(book))
}

pub(super) async fn open_approvals(client: &Object, account: &Account) -> Done<Vec<Line>> {
    let mut approvals = OpenApprovals::of(Some(account), Timestamp::now());
    let since = approvals.since.to_string();
    for row in client.query(APPROVALS, &[&since]).await? {
        if let crate::guard::ledger::reading::Reading::Whole(line) = read(row.try_get::<_, &str>(0)?.as_bytes()) {
            approvals.take(line);
        }
    }
    Ok(approvals.oldest_first())
}

/// The next lines after the one with this number, each with its number.
pub(super) async fn lines(client: &Object, after: i64, since: Option<String>) -> Done<Vec<(i64, String)>> {
    let lines = client.prepare_cached(LINES).await?;
    let rows = client.query(&lines, &[&after, &since]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Fails unless a write could be recorded now.
pub(super) async fn accepts_writes(client: &Object) -> Done<()> {
    let asked = client.prepare_cached(ACCEPTS_WRITES).await?;
    let row = client.query_one(&asked, &[]).await?;
    match (row.try_get(0)?, row.try_get::<_, Option<&str>>(1)?) {
        (true, _) => Err(Fault::new("it is a standby, which takes no writes")),
        (false, Some(tables)) => Err(Fault::new(format!(
            "this role may not use the tables {tables}: run deploy/roles.sql (see docs/http.md)"
        ))),
        (false, None) => Ok(()),
    }
}
