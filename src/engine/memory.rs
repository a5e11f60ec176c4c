//! State of tools that lasts between calls. It is stored by type, so that the engine need not know it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// At most one value of each type, for the lifetime of the server.
#[derive(Default)]
pub struct Memory(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Memory {
    /// The value of type `T`, created at the first use.
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
