//! The state that a client carries from one round of a call to the next (`requestState`, revision 2026-07-28).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rmcp::model::{ElicitRequest, ElicitRequestParams, InputRequest, InputRequiredResult, SealOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{After, Object};
use crate::api::hex::sha256;

use super::server::{Request, Server};

/// The lifetime of a sealed state.
const STATE_LIFE: Duration = Duration::from_secs(15 * 60);
/// The longest sealed state, in bytes: the client carries it back, and some keep it in a model's context.
const LONGEST_STATE: usize = 8 * 1024;
/// The room for a refusal in a state, in bytes. Sealing makes four bytes of three.
pub(super) const REFUSAL_ROOM: usize = 4 * 1024;
/// The key of the server's only request in `inputRequests`.
pub(super) const PERSON: &str = "person";

/// The content of a sealed state.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) waits: Waits,
    /// When the user was asked, in milliseconds since 1970.
    asked: i64,
    /// The mark of the question to which a person has said yes for this call.
    pub(super) confirmed: Option<String>,
}

/// What a call waits for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Waits {
    /// A page of OpenTrain that its user opens.
    Page(After),
    /// A yes to the question with this mark.
    Yes(String),
}

impl State {
    /// The time that the call has already waited.
    pub(super) fn waited(&self) -> Duration {
        let waited = Timestamp::now().as_millisecond().saturating_sub(self.asked);
        Duration::from_millis(u64::try_from(waited).unwrap_or_default())
    }
}

impl Server {
    /// Opens the sealed state of a repeated call. An invalid state counts as none.
    pub(super) fn open_state(&self, request: &Request, sealed: &str) -> Option<State> {
        self.seal.0.open_json_with(sealed, &self.binding(request)).ok()
    }

    /// The result that asks the user for input. `None` if the state is too long to be carried.
    pub(super) fn input_required(
        &self,
        request: &Request,
        waits: Waits,
        asks: ElicitRequestParams,
    ) -> Option<InputRequiredResult> {
        let asked = Timestamp::now().as_millisecond();
        let state = State { waits, asked, confirmed: request.call.confirmed.clone() };
        let binding = self.binding(request);
        let options = SealOptions::new().associated_data(&binding).ttl(STATE_LIFE);
        let state = self.seal.0.seal_json_with(&state, &options).ok().filter(|state| state.len() <= LONGEST_STATE)?;
        let asked = InputRequest::Elicitation(ElicitRequest::new(asks));
        Some(InputRequiredResult::new(Some(BTreeMap::from([(PERSON.to_owned(), asked)])), Some(state)))
    }

    /// Names the use of a state for this call of this principal. The token is no part of it: a claim replaces the token.
    pub(super) fn key_of_use(&self, state: &str, request: &Request) -> String {
        let arguments = in_order(&request.arguments);
        let sent = json!([self.toolbox.services.principal.name, state, request.name, arguments]).to_string();
        sha256(sent.as_bytes(), 64)
    }

    /// Binds a sealed state to this tool, these arguments, this token and this principal.
    fn binding(&self, request: &Request) -> Vec<u8> {
        let arguments = in_order(&request.arguments);
        let token = self.toolbox.services.tokens.current();
        let token = token.as_ref().map_or("", crate::api::token::Token::expose);
        json!([request.name, arguments, token, self.toolbox.services.principal.name]).to_string().into_bytes()
    }
}

/// The same arguments in an order of their own: a client may write them in another one each time.
fn in_order(arguments: &Object) -> Value {
    let mut arguments = Value::Object(arguments.clone());
    arguments.sort_all_objects();
    arguments
}

/// Opens a state that no server has sealed, for `fuzz/`.
#[cfg(fuzzing)]
pub(super) fn fuzz(text: &str) {
    let Ok(seal) = super::seal::Seal::new() else { return };
    assert!(seal.0.open_json_with::<State>(text, b"").is_err(), "a forged state was opened");
    // What is sealed is opened again, whatever the refusal was.
    let Ok(after) = serde_json::from_str::<After>(text) else { return };
    let is_a_call = matches!(after, After::Call { .. });
    let waits = Waits::Page(after.within(REFUSAL_ROOM));
    let state = State { waits, asked: 0, confirmed: None };
    let options = SealOptions::new().associated_data(b"call").ttl(STATE_LIFE);
    let Ok(sealed) = seal.0.seal_json_with(&state, &options) else { return };
    assert!(sealed.len() <= LONGEST_STATE || is_a_call, "{} bytes", sealed.len());
    assert!(seal.0.open_json_with::<State>(&sealed, b"call").is_ok(), "an own state was not opened");
    assert!(seal.0.open_json_with::<State>(&sealed, b"another call").is_err(), "a state was moved");
}
