//! `AssumeRoleWithOIDC`: the bearer of a token becomes a role. Nobody signs; the token and the role's trust decide.

use serde_json::{Value, json};

use super::{
    super::{ApiError, Asked},
    argument::Wish,
    error, open,
};
use crate::{
    clock::wire_time,
    policy::Assumer,
    state::{State, arn::OidcProviderArn},
};

pub(super) fn assume_role_with_oidc(asked: &Asked<'_>, state: &mut State) -> Result<Value, ApiError> {
    let text = |name| asked.parameters.text(name).unwrap_or_default();
    let provider_arn: OidcProviderArn = text("OIDCProviderArn").parse().map_err(|_| error::provider_arn())?;
    let wish = Wish::read(asked)?;
    let account = state.accounts.get(&provider_arn.account);
    let provider = account
        .and_then(|account| account.oidc_providers.get(&provider_arn.name))
        .ok_or_else(error::provider_not_found)?;
    let verified = state.issuers.verify(text("OIDCToken"), provider, asked.now);
    let claims = verified.map_err(|problem| error::token(&problem))?;

    let role = state.role(&wish.role).ok_or_else(|| error::federated_role_not_found(&wish.role))?;
    let mut context = asked.context.clone();
    context.set("oidc:iss", &claims.issuer);
    context.set("oidc:sub", &claims.subject);
    context.set_all("oidc:aud", claims.audiences.iter().cloned());
    // In whichever account the provider is: the trust names it.
    if !role.trust.admits(Assumer::Federated(&provider_arn.to_string()), &context) {
        return Err(error::not_trusted());
    }
    let mut answer = open(state, wish, asked.now)?;
    answer["OIDCTokenInfo"] = json!({
        "ClientIds": claims.audiences.join(","),
        "ExpirationTime": wire_time(claims.expires),
        "IssuanceTime": wire_time(claims.issued),
        "Issuer": claims.issuer,
        "Subject": claims.subject,
        "VerificationInfo": "Success",
    });
    Ok(answer)
}
