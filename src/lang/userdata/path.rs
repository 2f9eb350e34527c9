//! The way from a userdata's value to the part of it that a base type's methods work on.

use std::sync::Arc;

/// Leads from a value to itself, or to a part of it.
#[derive(Clone, Default)]
pub(crate) struct Path(Option<Arc<Step>>);

struct Step {
    shared: Box<dyn Fn(*const ()) -> *const () + Send + Sync>,
    unique: Box<dyn Fn(*mut ()) -> *mut () + Send + Sync>,
}

impl Path {
    /// This path, which leads to a `T`, and from there on to a `B`.
    pub(crate) fn then<T: 'static, B: 'static>(&self, get: fn(&T) -> &B, get_mut: fn(&mut T) -> &mut B) -> Self {
        let (shared, unique) = (self.clone(), self.clone());
        Self(Some(Arc::new(Step {
            // SAFETY: the caller of `shared` has a value of the type that the path starts from.
            shared: Box::new(move |value| std::ptr::from_ref(get(unsafe { &*shared.shared(value).cast() })).cast()),
            // SAFETY: as above, of `unique`; the value is its caller's alone.
            unique: Box::new(move |value| std::ptr::from_mut(get_mut(unsafe { &mut *unique.unique(value).cast() })).cast()),
        })))
    }

    /// Where the value at the end is, of a value that is shared.
    #[inline]
    pub(crate) fn shared(&self, value: *const ()) -> *const () {
        match &self.0 {
            None => value,
            Some(step) => (step.shared)(value),
        }
    }

    /// Where the value at the end is, of a value that is the caller's alone.
    #[inline]
    pub(crate) fn unique(&self, value: *mut ()) -> *mut () {
        match &self.0 {
            None => value,
            Some(step) => (step.unique)(value),
        }
    }
}
