//! Tools for the account's API tokens. Their secrets are not in the answers.

use crate::answer::lines::{each, id, row, said};
use crate::answer::text::{count, date, quoted, word};
use crate::answer::{Answer, Outcome, Sentence};
use crate::api::reply::{Read, Reply};
use crate::api::tokens::{ListTokens, ListedToken, RevokeToken};
use crate::engine::{Context, OneRequest, tools};

tools![ListTokens, RevokeToken,];

impl OneRequest for ListTokens {
    const TITLE: &'static str = "List API tokens";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let tokens = &read.output.tokens;
        let active = tokens.iter().filter(|token| token.status.text() == Some("active")).count();
        let summary = format!("{}, {active} active. Secrets are never shown.", count(tokens.len(), "API token"));
        let mut answer = Answer { lines: each(tokens, line), ..Answer::new(summary, read.object) };
        answer.next = context.next(&[("revoke_token", "tokenId")]);
        answer
    }
}

fn line(token: &ListedToken) -> String {
    let mut parts = vec![id(&token.id), said(&token.status, "no status")];
    parts.extend(token.name.text().map(quoted));
    parts.extend(token.preview.text().map(word));
    parts.extend(row(&token.scopes));
    parts.push(token.last_used_at.text().map_or_else(|| "never used".into(), |at| format!("last used {}", date(at))));
    parts.extend(token.expires_at.text().map(|at| format!("expires {}", date(at))));
    parts.join(" · ")
}

impl OneRequest for RevokeToken {
    const TITLE: &'static str = "Revoke an API token";
    const ID_HINT: Sentence = Sentence::naming("tokenId comes from {}; it is not the token itself.", &["list_tokens"]);

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let token = read.output.token.get().cloned().unwrap_or_default();
        let name = token.name.text().map(|name| format!(" {}", quoted(name))).unwrap_or_default();
        let status = said(&token.status, "not given");
        let summary = format!(
            "Revoked: token {}{name}; its status is {status}. Whoever used it is locked out, and it cannot be brought back.",
            word(&self.token_id.0)
        );
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(Outcome::Done);
        answer.lines.push("If it was the one in use here, every further call is refused until another is set.".into());
        answer.next = context.next(&[("get_auth_status", "")]);
        answer
    }
}
