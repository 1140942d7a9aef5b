//! IMS 2019-08-15: OIDC providers.

use super::Operation;

pub(super) const OPERATIONS: &[Operation] = &[];
