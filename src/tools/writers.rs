//! Who writes which text of an answer. From this table and the output schemas, `docs` generates the list of fields that
//! strangers write (`src/engine/untrusted.json`), which each answer names as `untrusted`.

use serde_json::Value;

use crate::answer::Object;
use crate::answer::schema::{is_ours, types};

use Writer::{Account, OpenTrain, Stranger};

/// Who decides what stands in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// OpenTrain or this server: ids, states, moments, codes, addresses.
    OpenTrain,
    /// The account: its people, and their agents.
    Account,
    /// Anybody else: trainers, candidates, other employers. What they choose from a list counts as theirs, too, since
    /// nothing here makes sure that they did.
    Stranger,
}

/// Fields with the same writer.
struct Row {
    writer: Writer,
    /// The only tools that the row is about; none for all tools.
    tools: &'static [&'static str],
    /// The ends of JSON pointers.
    fields: &'static [&'static str],
}

/// The first row that fits a field counts. A row that fits an object counts for everything inside, also for fields that
/// OpenTrain adds later.
const WRITERS: &[Row] = &[
    Row {
        writer: Stranger,
        tools: &["get_job"],
        fields: &[
            "title",
            "companyName",
            "descriptionText",
            "category",
            "countries/*",
            "languages/*",
            "labelTypes/*",
            "dataType",
            "experienceLevel",
        ],
    },
    Row { writer: Stranger, tools: &["search_jobs"], fields: &["jobs/*"] },
    Row { writer: Stranger, tools: &["get_job_facets"], fields: &["categories/*", "countries/*", "languages/*"] },
    Row { writer: Account, tools: &["send_message"], fields: &["message"] },
    Row {
        writer: Stranger,
        tools: &[],
        fields: &["aiInterview", "candidate", "freelancer", "interview", "lastMessage", "messages/*"],
    },
    Row {
        writer: Account,
        tools: &[],
        fields: &[
            "actor",
            "asked",
            "channelName",
            "contract/title",
            "contracts/*/title",
            "email",
            "jobTitle",
            "jobs/*/title",
            "milestone/description",
            "milestone/name",
            "milestone/title",
            "milestones/*/description",
            "milestones/*/name",
            "payments/*/job/name",
            "payments/*/job/title",
            "team",
            "token/label",
            "token/name",
            "tokens/*/name",
            "webhook/url",
            "webhooks/*/url",
        ],
    },
    Row {
        writer: OpenTrain,
        tools: &[],
        fields: &[
            "approvalUrl",
            "bid/unit",
            "bucket",
            "budget/state",
            "capabilities",
            "changes/*/eventType",
            "changes/*/jobId",
            "checkoutUrl",
            "claim_token_expires_at",
            "completedAt",
            "contractId",
            "conversationId",
            "createdAt",
            "currency",
            "data",
            "datePosted",
            "differences/*",
            "disabledAt",
            "disabledReason",
            "draftUrl",
            "dueDate",
            "endDate",
            "eventTypes/*",
            "expiresAt",
            "freelancerId",
            "generatedAt",
            "id",
            "invoiceId",
            "invoiceKind",
            "issues/*",
            "jobDmConversationId",
            "jobId",
            "jobUrl",
            "jobofferId",
            "kind",
            "lastUsageAt",
            "lastUsedAt",
            "memberRole",
            "message",
            "milestoneId",
            "missingFields/*",
            "moderation",
            "note",
            "occurredAt",
            "organizationId",
            "ownerOrganizationId",
            "ownerUserId",
            "payTypes/*/value",
            "paymentType",
            "preview",
            "proposal/contract",
            "proposalId",
            "proposals/*/contract",
            "registration_id",
            "resolvedAt",
            "resourceId",
            "result",
            "reviewUrl",
            "rolloutMode",
            "scopes/*",
            "secretFile",
            "since",
            "startDate",
            "status",
            "stops/*",
            "topUpId",
            "type",
            "until",
            "updatedAt",
            "url",
            "user_code",
            "validThrough",
            "verification",
            "verification_uri",
            "viewerRole",
            "warnings/*",
        ],
    },
];

/// The sentences of a dry run, which are ours but repeat words of others: names, and a trainer's last message.
const REHEARSED: &[&str] = &["/dryRun/facts/*", "/dryRun/notes/*", "/dryRun/refusals/*"];

/// Fields of strangers that no schema describes: those of the overview, which are ours but repeat words of others, and
/// fields that stand under `opentrain` because a key of ours has their name.
const UNDESCRIBED: &[(&str, &[&str])] = &[
    ("create_milestone", REHEARSED),
    ("request_milestone_funding", REHEARSED),
    ("request_milestone_approval", REHEARSED),
    ("hire_proposal", REHEARSED),
    ("end_contract", REHEARSED),
    ("get_job", &["/opentrain/summary", "/skills"]),
    (
        "get_overview",
        &[
            "/waitingForUser/items/*/what",
            "/waitingForYou/items/*/who",
            "/money/items/*/who",
            "/work/items/*/who",
            "/sinceLastTime/items/*/what",
        ],
    ),
];

/// Tools whose answers anybody may read.
pub const PUBLIC: &[&str] = &["get_job", "get_job_facets", "list_job_changes", "search_jobs"];

/// The ends of pointers that the table has, each once for each of its rows.
pub fn fields() -> impl Iterator<Item = &'static str> {
    WRITERS.iter().flat_map(|row| row.fields).copied()
}

/// The pointers of the fields that strangers write in the answers of `tool`, whose documented fields are in `schema`.
#[must_use]
pub fn of_strangers(tool: &str, schema: &Object) -> Vec<String> {
    let described = texts(tool, schema).into_iter().filter(|pointer| writer(tool, pointer) == Some(Stranger));
    let undescribed = UNDESCRIBED.iter().filter(|(name, _)| *name == tool).flat_map(|(_, pointers)| *pointers);
    described.chain(undescribed.map(|pointer| (*pointer).to_owned())).collect()
}

/// Who writes the field at `pointer`; `None` if the table does not say it.
#[must_use]
pub fn writer(tool: &str, pointer: &str) -> Option<Writer> {
    let fits = |row: &&Row| {
        (row.tools.is_empty() || row.tools.contains(&tool)) && row.fields.iter().any(|field| ends_with(pointer, field))
    };
    WRITERS.iter().find(fits).map(|row| row.writer)
}

/// True if the last steps of `pointer` are those of `field`.
#[must_use]
pub fn ends_with(pointer: &str, field: &str) -> bool {
    pointer.strip_suffix(field).is_some_and(|before| before.ends_with('/'))
}

/// The pointers of all fields that may hold a text, but for our own keys: objects about which the table says something,
/// and everything else that has no fields of its own.
#[must_use]
pub fn texts(tool: &str, schema: &Object) -> Vec<String> {
    let mut found = Vec::new();
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    for (name, field) in fields.filter(|(name, _)| !is_ours(name)) {
        texts_in(tool, field, format!("/{name}"), &mut found);
    }
    found
}

fn texts_in(tool: &str, schema: &Value, pointer: String, found: &mut Vec<String>) {
    let fields = schema.get("properties").and_then(Value::as_object);
    if let Some(fields) = fields.filter(|fields| !fields.is_empty() && writer(tool, &pointer).is_none()) {
        fields.iter().for_each(|(name, field)| texts_in(tool, field, format!("{pointer}/{name}"), found));
    } else if let (Some(items), None) = (schema.get("items"), writer(tool, &pointer)) {
        texts_in(tool, items, format!("{pointer}/*"), found);
    } else {
        let types = types(schema);
        let is_none = |name: &&str| matches!(*name, "integer" | "number" | "boolean" | "null");
        if types.is_empty() || !types.iter().all(is_none) {
            found.push(pointer);
        }
    }
}
