//! The pages for a person: the front page, the account with its claim and payment method, and each decision. Pages need
//! no scripts, and a GET changes nothing. Text of other people cannot pretend to be part of the page.

mod account;
mod checkout;
mod decision;
mod front;
mod jobs;
mod keys;
pub(crate) mod layout;
mod request;
pub(crate) mod router;
