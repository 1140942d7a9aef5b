//! The type for what must not be seen: secret data and the private half of access keys.

use std::fmt;

use serde::Deserialize;

/// A text with one way out, [`Hidden::expose`]. It is not wiped: the fake holds throw-away values only.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hidden(String);

impl Hidden {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?}", Hidden::from("correct horse".to_owned()));
        assert_eq!(shown, "[hidden]");
    }
}
