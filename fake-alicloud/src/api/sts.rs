//! STS 2015-04-01: sessions of roles.

use super::Operation;

pub(super) const OPERATIONS: &[Operation] = &[];
