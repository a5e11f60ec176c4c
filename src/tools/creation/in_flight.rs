//! Creates that are under way in this process.

use std::collections::HashMap;
use std::sync::Mutex;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use crate::tools::answer::Answer;
use crate::tools::failure::Trouble;

/// The creates under way in this process: identical ones share one request.
#[derive(Default)]
pub struct InFlight(Mutex<HashMap<String, Creating>>);

type Creating = Shared<BoxFuture<'static, Result<Answer, Trouble>>>;

impl InFlight {
    pub(super) async fn share(
        &self,
        key: String,
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
