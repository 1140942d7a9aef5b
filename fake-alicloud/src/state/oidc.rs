//! OIDC: the issuers that the world has, and the providers by which accounts trust them.

use std::{collections::BTreeSet, ops::RangeInclusive};

use jiff::Timestamp;

/// How many client ids a provider can have.
pub(crate) const MAX_CLIENT_IDS: usize = 50;
/// How many fingerprints a provider can have.
pub(crate) const MAX_FINGERPRINTS: usize = 5;
/// How many providers an account can have.
pub(crate) const MAX_PROVIDERS: usize = 100;
/// How many hours ago a token may have been issued, at the choice of the provider's owner.
pub(crate) const ISSUANCE_LIMIT_HOURS: RangeInclusive<u32> = 1..=168;
/// The same where the owner made no choice.
pub(crate) const DEFAULT_ISSUANCE_LIMIT_HOURS: u32 = 12;
/// How long the description of a provider may be.
pub(crate) const MAX_DESCRIPTION_CHARACTERS: usize = 256;

/// An issuer that an account trusts, as IMS keeps it.
#[derive(Clone, Debug)]
pub(crate) struct OidcProvider {
    /// Obeys the rule of [`IssuerUrl`](super::name::IssuerUrl), and is no other provider's of the account.
    pub(crate) issuer_url: String,
    /// Each obeys the rule of [`ClientId`](super::name::ClientId).
    pub(crate) client_ids: BTreeSet<String>,
    /// SHA-1 of the root certificate of the issuer's site, in hex.
    pub(crate) fingerprints: BTreeSet<String>,
    pub(crate) description: String,
    /// How long ago a token may have been issued, within [`ISSUANCE_LIMIT_HOURS`].
    pub(crate) issuance_limit_hours: u32,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}
