//! OIDC: the issuers that the world has, and the providers by which accounts trust them.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// An issuer that an account trusts, as IMS keeps it.
#[derive(Clone, Debug)]
pub(crate) struct OidcProvider {
    pub(crate) issuer_url: String,
    pub(crate) client_ids: BTreeSet<String>,
    /// SHA-1 of the root certificate of the issuer's site, in hex.
    pub(crate) fingerprints: BTreeSet<String>,
    pub(crate) description: String,
    /// How long ago a token may have been issued, from 1 to 168.
    pub(crate) issuance_limit_hours: u32,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}
