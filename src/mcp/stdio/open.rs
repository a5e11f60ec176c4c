//! The open requests of the host. rmcp knows each request by a number of ours, so that every id returns exactly as
//! sent, and two requests with the same id stay distinct.

use std::collections::HashMap;

use serde_json::Value;

/// An open request.
pub(super) struct Request {
    /// The id as the host wrote it.
    pub(super) id: Value,
    /// The method's name.
    pub(super) method: String,
    /// The batch that contained the request.
    pub(super) batch: Option<u64>,
}

/// The answers of a batch, collected until it is complete.
struct Batch {
    missing: usize,
    answers: Vec<Vec<u8>>,
}

/// All open requests.
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

    /// Adds a request and returns its number for rmcp.
    pub(super) fn add(&mut self, request: Request) -> i64 {
        self.last += 1;
        self.requests.insert(self.last, request);
        self.last
    }

    /// Removes a request that is answered or never will be.
    pub(super) fn remove(&mut self, number: i64) -> Option<Request> {
        self.requests.remove(&number)
    }

    /// The numbers of the requests with this id.
    pub(super) fn with_id(&self, id: &Value) -> Vec<i64> {
        self.requests.iter().filter(|(_, request)| request.id == *id).map(|(number, _)| *number).collect()
    }

    /// Begins a batch with this number of requests.
    pub(super) fn begin_batch(&mut self, requests: usize) -> u64 {
        let batch = self.last.unsigned_abs() + 1;
        self.last += 1;
        self.batches.insert(batch, Batch { missing: requests, answers: Vec::new() });
        batch
    }

    /// Settles one request of a batch, with or without an answer. Returns all answers when the batch is complete.
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
