//! Tools for the account's API tokens. The answers never contain their secrets.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::lines::{each, id_of, join_texts, text_or};
use crate::answer::text::{count, date};
use crate::answer::{Answer, Joined, Outcome, Sentence, Shown, ToolError, id, quoted, shown};
use crate::api::error::InvalidArgument;
use crate::api::reply::{Read, Reply};
use crate::api::token::Token;
use crate::api::tokens::{ListTokens, ListedToken, OneToken, RevokeToken};
use crate::api::types::TokenId;
use crate::engine::{Context, OneRequest, Tool, tools};

tools![ListTokens, RevokeOneToken];

impl OneRequest for ListTokens {
    const TITLE: &'static str = "List API tokens";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let tokens = &read.output.tokens;
        let active = tokens.iter().filter(|token| token.status.text() == Some("active")).count();
        let summary = shown!("{}, {} active. Secrets are never shown.", count(tokens.len(), "API token"), active);
        let mut answer = Answer { lines: each(tokens, line), ..Answer::new(summary, read.object) };
        answer.next = context.next(&[("revoke_token", "tokenId")]);
        answer
    }
}

fn line(token: &ListedToken) -> Shown {
    let mut parts = vec![id_of(&token.id), text_or(&token.status, "no status")];
    parts.extend(token.name.text().map(quoted));
    parts.extend(token.preview.text().map(id));
    parts.extend(join_texts(&token.scopes, id));
    parts.push(token.last_used_at.text().map_or_else(|| "never used".into(), |at| shown!("last used {}", date(at))));
    parts.extend(token.expires_at.text().map(|at| shown!("expires {}", date(at))));
    parts.joined(" · ")
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RevokeOneToken {
    #[serde(flatten)]
    request: RevokeToken,
    /// true revokes even the token in use here.
    own_token: Option<bool>,
}

impl Tool for RevokeOneToken {
    type On = RevokeToken;
    type Output = OneToken;
    const TITLE: &'static str = "Revoke an API token";
    const ID_HINT: Sentence = Sentence::naming("tokenId comes from {}; it is not the token itself.", &["list_tokens"]);

    async fn question(&self, _: &Context) -> Result<Shown, ToolError> {
        let token = id(&self.request.token_id.0);
        Ok(shown!(
            "Revoke the API token {}? Whoever uses it is locked out at once, and it cannot be brought back.",
            token
        ))
    }

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        if self.own_token != Some(true) && is_in_use(&self.request.token_id, context).await {
            let message = "tokenId is the token in use here: without it every further call is refused. ownToken: true revokes \
                           it all the same";
            return Err(InvalidArgument::new("tokenId", message).into());
        }
        let (_, read) = context.write(&self.request, None).await?;
        let token = read.output.token.get().cloned().unwrap_or_default();
        let name = token.name.text().map(|name| shown!(" {}", quoted(name))).unwrap_or_default();
        let status = text_or(&token.status, "not given");
        let summary = shown!(
            "Revoked: token {}{}; its status is {}. Whoever used it is locked out, and it cannot be brought back.",
            id(&self.request.token_id.0),
            name,
            status
        );
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(Outcome::Done);
        answer.next = context.next(&[("get_auth_status", "")]);
        Ok(answer)
    }
}

/// True if the token's preview matches the token in use, as far as the list shows it.
async fn is_in_use(token_id: &TokenId, context: &Context) -> bool {
    let (Some(own), Ok(listed)) = (context.token.as_ref().map(Token::principal), context.look(&ListTokens {}).await)
    else {
        return false;
    };
    let wanted = listed.tokens.iter().find(|token| token.id.text() == Some(token_id.0.as_str()));
    let preview = wanted.and_then(|token| token.preview.text()).unwrap_or_default();
    preview
        .strip_prefix("ot_pat_")
        .is_some_and(|rest| rest.split('*').next().is_some_and(|id| !id.is_empty() && own.starts_with(id)))
}
