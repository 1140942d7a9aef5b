//! RAM 2015-05-01: users, roles and policies.

use super::Operation;

pub(super) const OPERATIONS: &[Operation] = &[];
