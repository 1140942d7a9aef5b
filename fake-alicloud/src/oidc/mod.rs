//! OIDC: keys of issuers, tokens that they sign, and tokens that are verified. Knows no HTTP and no state.

mod json;
mod key;
mod mint;
mod public_key;
mod rsa;
mod token;

pub use self::{
    key::Algorithm,
    mint::{Pod, ServiceAccountToken},
};
pub(crate) use self::{
    key::SigningKey,
    public_key::PublicKey,
    token::{Claims, Token, TokenError},
};
