//! Creates that are under way in this process.

use std::collections::HashMap;
use std::sync::Mutex;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use crate::tools::answer::Answer;
use crate::tools::failure::Trouble;

use super::earlier::Place;
use super::terms::Terms;

/// The creates under way in this process: identical ones share one request.
#[derive(Default)]
pub(super) struct InFlight(Mutex<HashMap<Key, Creating>>);

/// The same for equal terms by the same caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) place: Place,
    pub(super) terms: Terms,
}

type Creating = Shared<BoxFuture<'static, Result<Answer, Trouble>>>;

impl InFlight {
    pub(super) async fn share(
        &self,
        key: Key,
        creation: BoxFuture<'static, Result<Answer, Trouble>>,
    ) -> Result<Answer, Trouble> {
        let creating = match self.0.lock() {
            Ok(mut all) => {
                all.retain(|_, creating| creating.peek().is_none());
                all.entry(key).or_insert_with(|| creation.shared()).clone()
            }
            Err(_) => creation.shared(),
        };
        creating.await
    }
}
