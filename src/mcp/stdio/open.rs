//! The requests of the host that have no answer yet. rmcp knows each by a number of ours, so an id comes back exactly as
//! it was sent, whatever it is, and two requests with the same id are two.

use std::collections::HashMap;

use serde_json::Value;

/// A request that has no answer yet.
pub(super) struct Request {
    /// Its id, as the host wrote it.
    pub(super) id: Value,
    /// The name of its method.
    pub(super) method: String,
    /// The batch it came in.
    pub(super) batch: Option<u64>,
}

/// The answers of a batch, until all are there.
struct Batch {
    missing: usize,
    answers: Vec<Vec<u8>>,
}

/// All requests that have no answer yet.
#[derive(Default)]
pub(super) struct Open {
    last: i64,
    requests: HashMap<i64, Request>,
    batches: HashMap<u64, Batch>,
}

impl Open {
    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Takes a request in, and gives the number under which rmcp knows it.
    pub(super) fn add(&mut self, request: Request) -> i64 {
        self.last += 1;
        self.requests.insert(self.last, request);
        self.last
    }

    /// The request is answered, or never will be.
    pub(super) fn remove(&mut self, number: i64) -> Option<Request> {
        self.requests.remove(&number)
    }

    /// The numbers of the requests with this id.
    pub(super) fn with_id(&self, id: &Value) -> Vec<i64> {
        self.requests.iter().filter(|(_, request)| request.id == *id).map(|(number, _)| *number).collect()
    }

    /// Begins a batch of so many requests.
    pub(super) fn begin_batch(&mut self, requests: usize) -> u64 {
        let batch = self.last.unsigned_abs() + 1;
        self.last += 1;
        self.batches.insert(batch, Batch { missing: requests, answers: Vec::new() });
        batch
    }

    /// One request of a batch is settled, with an answer or without. Gives all answers when it was the last.
    pub(super) fn settle(&mut self, batch: u64, answer: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let waiting = self.batches.get_mut(&batch)?;
        waiting.missing = waiting.missing.saturating_sub(1);
        waiting.answers.extend(answer);
        if waiting.missing > 0 {
            return None;
        }
        let answers = self.batches.remove(&batch)?.answers;
        (!answers.is_empty()).then(|| [b"[".as_slice(), &answers.join(b",".as_slice()), b"]"].concat())
    }
}
