//! What is read of webhooks, and the signing secret of a new one: it goes into a file and no further.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use tempfile::{NamedTempFile, TempDir};
use url::Url;

use crate::api::client::is_loopback;
use crate::api::reply::{Read, Reply};
use crate::api::types::WebhookId;
use crate::api::webhooks::{CreateWebhook, DeleteWebhook, GetWebhook, ListWebhooks, Webhook};
use crate::api::{Effect, Gate, Operation};
use crate::files;

use super::answer::{Answer, Outcome};
use super::audit::Settled;
use super::failure::{Denial, Trouble};
use super::parts::{each, id, row, said, unsure};
use super::schema::Object;
use super::text::{count, date, visible, word};
use super::{Context, Entry, Told, Tool};

/// The tools of this family.
pub const TOOLS: &[Entry] = &[
    Entry::of::<CreateWebhook>(),
    Entry::of::<ListWebhooks>(),
    Entry::of::<GetWebhook>(),
    Entry::of::<DeleteWebhook>(),
];

const WEBHOOK_IDS: &str = "webhookId comes from list_webhooks.";
/// How every signing secret begins.
const SECRET_PREFIX: &str = "whsec_";
const MASK: &str = "[secret hidden]";

/// What is passed on of a new webhook: everything but its secret.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is read")]
pub struct Created {
    /// The webhook.
    webhook: Option<Webhook>,
    /// The file that holds the signing secret, on the machine of this server; null if it could not be written.
    secret_file: Option<String>,
    /// OpenTrain's own words.
    message: Option<String>,
}

impl Tool for CreateWebhook {
    type Output = Created;
    const NAME: &'static str = <Self as Operation>::NAME;
    const TITLE: &'static str = "Create a webhook";
    const EFFECT: Effect = <Self as Operation>::EFFECT;
    const GATE: Gate = <Self as Operation>::GATE;
    const IDS: &'static str = WEBHOOK_IDS;

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        self.check()?;
        // Without a place for the secret the webhook would be of no use: that is found out first.
        let vault = Vault::open(context).await.map_err(Denial::unkept)?;
        let written = context.write(&self, None).await.map_err(|trouble| {
            let hint =
                "Its secret is lost if it was created: list_webhooks shows it; delete_webhook it, and create it again.";
            unsure(trouble, hint, false)
        })?;
        let webhook = written.read.output.webhook.get().cloned().unwrap_or_default();
        let (object, secret) = without_secret(written.read.object);
        let warning = written.writing.end(Settled::with(Outcome::Created)).await;
        let name = word(webhook.id.text().unwrap_or("without id"));
        let kept = match secret {
            Some(secret) => vault.keep(secret, file_name(webhook.id.text().unwrap_or("unnamed"))).await,
            None => Err("OpenTrain gave none".to_owned()),
        };
        let mut answer = Answer::new("", with_file(object, kept.as_ref().ok()));
        answer.outcome = Some(Outcome::Created);
        let lead = format!("Created: webhook {name} {}.", deliveries(&webhook, context.toolbox.sandbox));
        (answer.summary, answer.next) = match &kept {
            Ok(path) => (
                format!(
                    "{lead} Its signing secret is in the file {}; it is not shown here.",
                    visible(&path.display().to_string())
                ),
                context.next(&[("get_webhook", &format!("webhookId \"{name}\""))]),
            ),
            Err(fault) => (
                format!(
                    "{lead} BUT its signing secret is LOST: it could not be kept ({}). Nobody can check its deliveries: delete the \
                     webhook, have your person mend that, and create it again.",
                    visible(fault)
                ),
                context.next(&[("delete_webhook", &format!("webhookId \"{name}\""))]),
            ),
        };
        answer.warnings.extend(warning);
        Ok(answer)
    }
}

/// Takes the secret out of an answer. Wherever else it stands in it, it is hidden too.
fn without_secret(mut object: Object) -> (Object, Option<SecretString>) {
    let secret = object.get("secret").and_then(Value::as_str).filter(|secret| !secret.is_empty()).map(str::to_owned);
    if let Some(place) = object.get_mut("secret") {
        *place = Value::Null;
    }
    for value in object.values_mut() {
        hide(value, secret.as_deref());
    }
    (object, secret.map(SecretString::from))
}

fn hide(value: &mut Value, secret: Option<&str>) {
    match value {
        Value::String(text) => {
            if let Some(secret) = secret {
                *text = text.replace(secret, MASK);
            }
            if text.contains(SECRET_PREFIX) {
                *text = MASK.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, secret)),
        Value::Object(fields) => fields.values_mut().for_each(|field| hide(field, secret)),
        _ => {}
    }
}

/// The answer with `secretFile` where `secret` was.
fn with_file(object: Object, file: Option<&PathBuf>) -> Object {
    let file = file.map_or(Value::Null, |path| path.display().to_string().into());
    let mut given = Map::new();
    for (key, value) in object {
        match key.as_str() {
            "secret" => drop(given.insert("secretFile".into(), file.clone())),
            _ => drop(given.insert(key, value)),
        }
    }
    given.entry("secretFile").or_insert(file);
    given
}

/// A name that no other webhook of any account has, and that means nothing to a file system.
fn file_name(id: &str) -> String {
    let letters = id.chars().take(100);
    let id: String =
        letters.map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' }).collect();
    format!("webhook-{id}.secret")
}

/// Removes the secret of a webhook that is no more. What is told of it; nothing where none was kept here.
fn forget(id: &str, context: &Context) -> Option<String> {
    let folder = match SANDBOX_FOLDER.get() {
        made if context.toolbox.sandbox => made?.as_deref()?,
        _ => context.private_folder()?,
    };
    let path = folder.join(file_name(id));
    let shown = visible(&path.display().to_string());
    match std::fs::remove_file(&path) {
        Ok(()) => Some(format!("Its signing secret was in the file {shown}, which is removed.")),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => None,
        Err(fault) => {
            Some(format!("WARNING: the file with its signing secret, {shown}, could not be removed ({fault})."))
        }
    }
}

/// The room that is taken for a secret before it is asked for. It has some dozens of bytes.
const ROOM: usize = 1024;

/// A file that is open already, and gets its name when it holds a secret.
struct Vault {
    file: NamedTempFile,
    folder: PathBuf,
}

impl Vault {
    async fn open(context: &Context) -> Result<Self, String> {
        let folder = folder(context)?;
        let opened = tokio::task::spawn_blocking(move || {
            let file = files::room_for(&folder.join("webhook"), ROOM)?;
            Ok(Self { file, folder })
        });
        opened.await.map_err(|fault| fault.to_string())?.map_err(|fault: io::Error| fault.to_string())
    }

    async fn keep(self, secret: SecretString, name: String) -> Result<PathBuf, String> {
        let kept = tokio::task::spawn_blocking(move || self.write(&secret, &name));
        kept.await.map_err(|fault| fault.to_string())?.map_err(|fault| fault.to_string())
    }

    /// Nothing but the secret itself: no line end that a signature would be reckoned with.
    fn write(self, secret: &SecretString, name: &str) -> io::Result<PathBuf> {
        let path = self.folder.join(name);
        files::put(self.file, secret.expose_secret().as_bytes(), &path)?;
        Ok(path)
    }
}

/// Where secrets are kept: beside the credentials, and in the sandbox in a folder of this process.
fn folder(context: &Context) -> Result<PathBuf, String> {
    if context.toolbox.sandbox {
        return sandbox_folder().map(Path::to_path_buf).ok_or_else(|| "no temporary folder could be made".into());
    }
    let folder = context.private_folder().map(Path::to_path_buf);
    folder.ok_or_else(|| "neither XDG_CONFIG_HOME nor HOME says where the user's files are".into())
}

/// Where the sandbox's secrets are, once there is one.
static SANDBOX_FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();

/// A folder that only this user can open, made once for this process. It stays: others are to read what is in it.
fn sandbox_folder() -> Option<&'static Path> {
    let made = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix("opentrain-mcp-sandbox-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        builder.tempdir().map(TempDir::keep).ok()
    };
    SANDBOX_FOLDER.get_or_init(made).as_deref()
}

fn types(webhook: &Webhook) -> String {
    row(&webhook.event_types).unwrap_or_else(|| "no event types".into())
}

/// What comes of a new webhook.
fn deliveries(webhook: &Webhook, sandbox: bool) -> String {
    let is_here = || webhook.url.text().and_then(|url| Url::parse(url).ok()).is_some_and(|url| is_loopback(&url));
    let (types, address) = (types(webhook), address(webhook));
    if sandbox && !is_here() {
        return format!("for {types} to {address}; but the sandbox sends to loopback only, so nothing will come there");
    }
    format!("sends {types} to {address} from now on")
}

fn address(webhook: &Webhook) -> String {
    said(&webhook.url, "no address")
}

fn line(webhook: &Webhook) -> String {
    let mut parts = vec![id(&webhook.id), said(&webhook.status, "no status"), address(webhook), types(webhook)];
    parts.extend(webhook.disabled_at.text().map(|at| format!("disabled {}", date(at))));
    parts.extend(webhook.disabled_reason.text().map(|reason| format!("because {}", word(reason))));
    parts.join(" · ")
}

/// What to do about one that sends nothing any more.
fn revival<'a>(mut webhooks: impl Iterator<Item = &'a Webhook>) -> Option<String> {
    let disabled = webhooks.any(|webhook| webhook.status.text() == Some("DISABLED"));
    disabled.then(|| "One that is DISABLED cannot be enabled again: it is deleted, and a new one created.".into())
}

impl Told for ListWebhooks {
    const TITLE: &'static str = "List webhooks";

    fn tell(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let webhooks = &read.output.webhooks;
        let active = webhooks.iter().filter(|webhook| webhook.status.text() == Some("ACTIVE")).count();
        let summary = format!("{}, {active} active; 10 are possible.", count(webhooks.len(), "webhook"));
        let mut answer = Answer { lines: each(webhooks, line), ..Answer::new(summary, read.object) };
        answer.lines.extend(revival(webhooks.iter()));
        answer.next = context.next(&[("create_webhook", "url, eventTypes"), ("delete_webhook", "webhookId")]);
        answer
    }
}

impl Told for GetWebhook {
    const TITLE: &'static str = "Get a webhook";
    const IDS: &'static str = WEBHOOK_IDS;

    fn tell(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let mut answer = Answer::new(format!("{}.", line(&read.output.webhook)), read.object);
        answer.lines.extend(revival(std::iter::once(&read.output.webhook)));
        answer.next = context.next(&[("delete_webhook", "webhookId")]);
        answer
    }
}

impl Told for DeleteWebhook {
    const TITLE: &'static str = "Delete a webhook";
    const IDS: &'static str = WEBHOOK_IDS;

    fn tell(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let WebhookId(asked) = &self.webhook_id;
        let to = read
            .output
            .webhook
            .get()
            .and_then(|webhook| webhook.url.text())
            .map(|url| format!(", to {}", word(url)))
            .unwrap_or_default();
        let summary =
            format!("Deleted: webhook {}{to}. Nothing is sent there any more; it cannot be brought back.", word(asked));
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(Outcome::Done);
        answer.lines.extend(forget(asked, context));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Object {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn the_secret_is_nowhere_in_what_is_given_on() {
        let answer = json!({ "webhook": { "id": "wh_1", "note": ["whsec_other"] }, "secret": "whsec_s3cr3t",
            "message": "Store whsec_s3cr3t now." });
        let (hidden, secret) = without_secret(object(answer));
        assert_eq!(secret.unwrap().expose_secret(), "whsec_s3cr3t");
        let given = with_file(hidden, Some(&PathBuf::from("/x/webhook-wh_1.secret")));
        assert_eq!(
            Value::Object(given),
            json!({ "webhook": { "id": "wh_1", "note": [MASK] }, "secretFile": "/x/webhook-wh_1.secret",
                "message": "Store [secret hidden] now." })
        );
        let (hidden, secret) = without_secret(object(json!({ "webhook": {}, "secret": { "value": "whsec_a" } })));
        assert!(secret.is_none());
        assert_eq!(Value::Object(with_file(hidden, None)), json!({ "webhook": {}, "secretFile": null }));
    }

    #[test]
    fn a_secret_is_kept_in_a_file_of_its_own_that_only_its_user_reads() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        let file = files::unnamed(&inner).unwrap();
        let vault = Vault { file, folder: inner.clone() };
        let path = vault.write(&SecretString::from("whsec_x"), &file_name("../wh_1")).unwrap();
        assert_eq!(path, inner.join("webhook-___wh_1.secret"));
        assert_eq!(std::fs::read(&path).unwrap(), b"whsec_x");
        #[cfg(unix)]
        for (path, mode) in [(&path, 0o600), (&inner, 0o700)] {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
        }
        assert_eq!(std::fs::read_dir(&inner).unwrap().count(), 1);
    }
}
