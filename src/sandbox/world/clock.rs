//! The clock is the same in every run, so that the same requests get the same bytes.

use super::values::Moment;

const START: Moment = Moment::in_2026(6, 12, 10, 0);

/// Each API request takes one second, and a person can let time pass.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    requests: u64,
    waited: u64,
}

impl Clock {
    pub(crate) fn now(&self) -> Moment {
        START.plus_seconds(self.requests.saturating_add(self.waited))
    }

    pub(crate) const fn count_request(&mut self) {
        self.requests = self.requests.saturating_add(1);
    }

    pub(crate) const fn wait(&mut self, seconds: u64) {
        self.waited = self.waited.saturating_add(seconds);
    }

    /// It looks like a UUID.
    pub(crate) fn request_id(&self) -> String {
        let mixed = self.requests.wrapping_mul(0x9e37_79b9).wrapping_add(0x9d1f_3a8e) & 0xffff_ffff;
        format!("{mixed:08x}-0000-4000-8000-{:012x}", self.requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_look_real_and_differ() {
        let mut clock = Clock::default();
        assert_eq!(clock.request_id(), "9d1f3a8e-0000-4000-8000-000000000000");
        clock.count_request();
        assert_eq!(clock.request_id(), "3b56b447-0000-4000-8000-000000000001");
    }
}
