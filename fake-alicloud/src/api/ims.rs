//! IMS 2019-08-15: OIDC providers, by which an account trusts issuers of tokens.
//!
//! From the IMS API reference and the models of the official SDK `alibabacloud_ims20190815`; where these are silent, the
//! choice is listed under "Limits" in the crate's README. Permissions are those of RAM, and so are pages.

mod argument;
mod error;
mod member;
mod provider;

use super::{ApiError, Call, Operation, Run};
use crate::state::State;

type Signed = fn(&Call<'_>, &mut State) -> Result<serde_json::Value, ApiError>;

const fn operation(action: &'static str, required: &'static [&'static str], run: Signed) -> Operation {
    Operation { action, required, run: Run::Signed(run) }
}

const NAME: &[&str] = &["OIDCProviderName"];
const CLIENT_ID: &[&str] = &["OIDCProviderName", "ClientId"];
const FINGERPRINT: &[&str] = &["OIDCProviderName", "Fingerprint"];

pub(super) const OPERATIONS: &[Operation] = &[
    operation("CreateOIDCProvider", &["OIDCProviderName", "IssuerUrl"], provider::create),
    operation("DeleteOIDCProvider", NAME, provider::delete),
    operation("GetOIDCProvider", NAME, provider::describe),
    operation("ListOIDCProviders", &[], provider::list),
    operation("UpdateOIDCProvider", NAME, provider::update),
    operation("AddClientIdToOIDCProvider", CLIENT_ID, member::add_client_id),
    operation("RemoveClientIdFromOIDCProvider", CLIENT_ID, member::remove_client_id),
    operation("AddFingerprintToOIDCProvider", FINGERPRINT, member::add_fingerprint),
    operation("RemoveFingerprintFromOIDCProvider", FINGERPRINT, member::remove_fingerprint),
];
