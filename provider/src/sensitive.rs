//! The type that every secret value, access key secret and token lives in.
//!
//! It redacts itself wherever it is formatted and wipes its memory when it goes. There is one way in (`From`) and there
//! are two ways out ([`Sensitive::expose`], [`Sensitive::into_exposed`]), so a search for their names finds every place
//! that touches plain text. Equality is left out on purpose: a careless comparison does not compile.
//!
//! Depends on no other module.

use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroize;

/// A value that must never be printed and is wiped when dropped.
pub struct Sensitive<T: Zeroize>(T);

impl<T: Zeroize> Sensitive<T> {
    /// The plain value, for the moment of its use.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The plain value, mutable: for filling a buffer in place.
    pub fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Zeroize + Default> Sensitive<T> {
    /// Gives the plain value away. The caller takes over the duty of wiping it.
    pub fn into_exposed(mut self) -> T {
        std::mem::take(&mut self.0)
    }
}

impl<T: Zeroize> From<T> for Sensitive<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Sensitive<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T: Zeroize> Drop for Sensitive<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de, T: Zeroize + Deserialize<'de>> Deserialize<'de> for Sensitive<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn debug_shows_nothing_of_the_value() {
        let value = Sensitive::from("hunter2-hunter2");
        assert_eq!(format!("{value:?} {value:#?}"), "[redacted] [redacted]");
    }

    #[test]
    fn dropping_wipes_exactly_once() {
        static WIPED: AtomicUsize = AtomicUsize::new(0);
        struct Probe;
        impl Zeroize for Probe {
            fn zeroize(&mut self) {
                WIPED.fetch_add(1, Ordering::SeqCst);
            }
        }
        drop(Sensitive::from(Probe));
        assert_eq!(WIPED.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn giving_the_value_away_leaves_an_empty_shell() {
        let value = Sensitive::from("hunter2-hunter2");
        assert_eq!(value.into_exposed(), "hunter2-hunter2");
    }
}
