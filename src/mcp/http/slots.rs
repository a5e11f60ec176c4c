//! Bounds the calls in flight: for each principal, and for all together. A principal without calls takes no memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// The most calls of one principal.
pub(super) const EACH: usize = 16;
/// The most calls of all.
pub(super) const ALL: usize = 512;

/// The calls in flight.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    each: Arc<Mutex<HashMap<String, usize>>>,
    all: watch::Sender<usize>,
}

/// One call in flight. It ends when this value is dropped.
pub(super) struct Slot {
    slots: Slots,
    principal: String,
}

impl Slots {
    /// Takes a slot; `None` if there are too many calls already.
    pub(super) fn take(&self, principal: &str) -> Option<Slot> {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        if *self.all.borrow() >= ALL || each.get(principal).is_some_and(|calls| *calls >= EACH) {
            return None;
        }
        *each.entry(principal.to_owned()).or_default() += 1;
        self.all.send_modify(|calls| *calls += 1);
        Some(Slot { slots: self.clone(), principal: principal.to_owned() })
    }

    /// The calls in flight.
    pub(super) fn used(&self) -> usize {
        *self.all.borrow()
    }

    /// Waits until no call is in flight.
    pub(super) async fn empty(&self) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.all.subscribe().wait_for(|calls| *calls == 0).await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut each = self.slots.each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(calls) = each.get_mut(&self.principal) {
            *calls = calls.saturating_sub(1);
            if *calls == 0 {
                each.remove(&self.principal);
            }
        }
        self.slots.all.send_modify(|calls| *calls = calls.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_principal_has_its_own_bound_and_leaves_nothing() {
        let slots = Slots::default();
        let taken: Vec<Slot> = (0..EACH).map(|_| slots.take("a").unwrap()).collect();
        assert!(slots.take("a").is_none());
        let other = slots.take("b");
        assert!(other.is_some());
        drop(taken);
        assert!(slots.take("a").is_some());
        drop(other);
        assert_eq!((slots.used(), slots.each.lock().unwrap().len()), (0, 0));
    }

    #[test]
    fn all_principals_together_have_a_bound() {
        let slots = Slots::default();
        let taken: Vec<Slot> = (0..ALL).map(|call| slots.take(&call.to_string()).unwrap()).collect();
        assert!(slots.take("another").is_none());
        drop(taken);
    }
}
