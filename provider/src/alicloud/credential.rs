//! What a call is signed with.

use crate::sensitive::Sensitive;

/// An access key, and the security token that goes with a temporary one.
///
/// `Debug` shows the access key id, which is no secret; the rest redacts itself.
#[derive(Debug)]
pub struct Credential {
    /// `LTAI…` for a long-lived key, `STS.…` for a temporary one.
    pub access_key_id: String,
    /// The key that signs.
    pub access_key_secret: Sensitive<String>,
    /// Sent along with temporary keys.
    pub security_token: Option<Sensitive<String>>,
}
