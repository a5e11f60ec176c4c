//! Pages for a person. They have no scripts, and a GET changes nothing. Other people's text cannot pretend to be part
//! of a page.

mod account;
mod checkout;
mod decision;
mod front;
mod jobs;
mod keys;
pub(crate) mod layout;
mod request;
pub(crate) mod router;
