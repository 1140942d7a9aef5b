//! What is to go wrong.

use std::time::Duration;

/// How the API misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// RBAC does not let the client: 403.
    Forbidden,
    /// The client's token is not known: 401.
    Unauthorized,
    /// Too many requests: 429.
    Throttled,
    /// A failure of the API: 500.
    Broken,
    /// The API is about to go, or to come: 503.
    Unavailable,
    /// The connection is reset instead of an answer.
    Reset,
    /// No answer.
    Hang,
    /// An answer later than usual.
    Delay(Duration),
    /// An answer that is no JSON.
    Garbage,
    /// JSON that is no object of the kind that was asked for.
    OtherJson,
}

/// How many of the next requests meet which trouble.
#[derive(Debug, Default)]
pub(super) struct Plan {
    trouble: Option<Trouble>,
    /// Without an end if none.
    left: Option<usize>,
}

impl Plan {
    pub(super) fn new(trouble: Trouble, times: Option<usize>) -> Self {
        Self { trouble: Some(trouble), left: times }
    }

    /// What the next request meets.
    pub(super) fn next(&mut self) -> Option<Trouble> {
        match &mut self.left {
            Some(0) => None,
            Some(left) => {
                *left -= 1;
                self.trouble
            }
            None => self.trouble,
        }
    }
}
