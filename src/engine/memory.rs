//! What tools remember between calls, by type: the engine does not know what it is.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Values that live as long as the server, one of each type.
#[derive(Default)]
pub struct Memory(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Memory {
    /// The value of type `T`, made at the first use.
    pub fn of<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let Ok(mut values) = self.0.lock() else { return Arc::default() };
        let value = values.entry(TypeId::of::<T>()).or_insert_with(|| Arc::<T>::default());
        Arc::clone(value).downcast().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_for_each_type() {
        let memory = Memory::default();
        *memory.of::<Mutex<u8>>().lock().unwrap() = 7;
        assert_eq!(*memory.of::<Mutex<u8>>().lock().unwrap(), 7);
        assert_eq!(*memory.of::<Mutex<u16>>().lock().unwrap(), 0);
    }
}
