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

/// The first row that fits a field counts.
const WRITERS: &[Row] = &[
    Row {
        writer: Stranger,
        tools: &["get_job", "search_jobs"],
        fields: &[
            "title",
            "companyName",
            "descriptionText",
            "summary",
            "category",
            "countries/*",
            "languages/*",
            "labelTypes/*",
            "dataType",
            "experienceLevel",
        ],
    },
    Row {
        writer: Stranger,
        tools: &["get_job_facets"],
        fields: &["categories/*/value", "countries/*/value", "languages/*/value"],
    },
    Row {
        writer: Stranger,
        tools: &["get_freelancer_profile"],
        fields: &[
            "freelancer/title",
            "bio",
            "city",
            "availability",
            "englishLevel",
            "expertiseLevel",
            "skills",
            "labelExperience/*/title",
            "labelExperience/*/description",
            "languages/*/language",
            "languages/*/proficiency",
            "reviews/*/comment",
        ],
    },
    Row { writer: Account, tools: &["send_message"], fields: &["message/content"] },
    Row {
        writer: Stranger,
        tools: &[],
        fields: &[
            "displayName",
            "country",
            "profileTitle",
            "aiInterview/summary",
            "interview/summary",
            "messages/*/content",
            "lastMessage/content",
        ],
    },
    Row {
        writer: Account,
        tools: &[],
        fields: &[
            "actor/fullName",
            "asked",
            "channelName",
            "contract/title",
            "contracts/*/title",
            "email",
            "jobTitle",
            "jobs/*/title",
            "token/label",
            "members/*/name",
            "milestone/description",
            "milestones/*/description",
            "milestone/name",
            "milestones/*/name",
            "milestone/title",
            "organization/name",
            "organization/ownerName",
            "payments/*/job/name",
            "payments/*/job/title",
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
            "enumValues/*",
            "eventTypes/*",
            "example",
            "expiresAt",
            "field",
            "freelancerId",
            "generatedAt",
            "id",
            "invoiceId",
            "invoiceKind",
            "issues/*",
            "jobDmConversationId",
            "jobId",
            "jobUrl",
            "joinedAt",
            "jobofferId",
            "kind",
            "lastUsageAt",
            "lastUsedAt",
            "memberRole",
            "memberSince",
            "message",
            "milestoneId",
            "missingFields/*",
            "missingFields/*/label",
            "moderation",
            "note",
            "occurredAt",
            "organizationId",
            "ownerOrganizationId",
            "ownerUserId",
            "payTypes/*/value",
            "paymentType",
            "preview",
            "profilePath",
            "prompt",
            "proposal/contract",
            "proposalId",
            "proposals/*/contract",
            "registration_id",
            "resolvedAt",
            "resourceId",
            "result",
            "reviewUrl",
            "role",
            "rolloutMode",
            "scopes/*",
            "secretFile",
            "senderUserId",
            "sentAt",
            "since",
            "startDate",
            "status",
            "status/label",
            "status/raw",
            "stops/*",
            "topUpId",
            "type",
            "until",
            "updateKeys/*",
            "updatedAt",
            "url",
            "userId",
            "userType",
            "user_code",
            "validThrough",
            "verification",
            "verification_uri",
            "viewerRole",
            "warnings/*",
        ],
    },
];

/// Fields of strangers that no schema describes: those of the overview, which are ours but repeat words of others, and
/// fields that stand under `opentrain` because a key of ours has their name.
const UNDESCRIBED: &[(&str, &[&str])] = &[
    ("get_job", &["/opentrain/summary"]),
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
    let described = texts(schema).into_iter().filter(|pointer| writer(tool, pointer) == Some(Stranger));
    let undescribed = UNDESCRIBED.iter().filter(|(name, _)| *name == tool).flat_map(|(_, pointers)| *pointers);
    described.chain(undescribed.map(|pointer| (*pointer).to_owned())).collect()
}

/// Who writes the field at `pointer`; `None` if the table does not say it.
#[must_use]
pub fn writer(tool: &str, pointer: &str) -> Option<Writer> {
    let ends_with = |field: &&str| pointer.strip_suffix(*field).is_some_and(|before| before.ends_with('/'));
    let fits = |row: &&Row| {
        (row.tools.is_empty() || row.tools.contains(&tool)) && row.fields.iter().any(|field| ends_with(&field))
    };
    WRITERS.iter().find(fits).map(|row| row.writer)
}

/// The pointers of all fields that may hold a text, but for our own keys.
#[must_use]
pub fn texts(schema: &Object) -> Vec<String> {
    let mut found = Vec::new();
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    for (name, field) in fields.filter(|(name, _)| !is_ours(name)) {
        texts_in(field, format!("/{name}"), &mut found);
    }
    found
}

fn texts_in(schema: &Value, pointer: String, found: &mut Vec<String>) {
    let fields = schema.get("properties").and_then(Value::as_object);
    if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
        fields.iter().for_each(|(name, field)| texts_in(field, format!("{pointer}/{name}"), found));
    } else if let Some(items) = schema.get("items") {
        texts_in(items, format!("{pointer}/*"), found);
    } else {
        let types = types(schema);
        let is_none = |name: &&str| matches!(*name, "integer" | "number" | "boolean" | "null");
        if types.is_empty() || !types.iter().all(is_none) {
            found.push(pointer);
        }
    }
}
