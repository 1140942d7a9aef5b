//! What the operator set about credentials.

use std::path::PathBuf;

use super::plan::{self, Configured, Order, RoleAlone, Source};
use super::session_name::{self, Template};
use super::setting::Setting;
use super::{Error, KeyPair, provider_oidc};
use crate::alicloud::{Endpoint, Network, OidcProviderArn, Region, RoleArn};
use crate::kubernetes::Name;

/// Seconds that a session may be asked to last. The role's own maximum may be lower.
pub const SESSION_SECONDS: std::ops::RangeInclusive<u32> = 900..=43_200;

/// All of it.
#[derive(Debug, Default)]
pub struct Settings {
    /// `ACCESS_KEY_ID` and `SECRET_ACCESS_KEY`.
    pub key_pair: Option<KeyPair>,
    /// `ALICLOUD_ROLE_ARN`.
    pub role: Option<Setting<RoleArn>>,
    /// Who vouches for tokens of this cluster.
    pub provider: Option<Provider>,
    /// Where the provider's own token is.
    pub token_file: PathBuf,
    /// `ALICLOUD_ROLE_SESSION_NAME`.
    pub session_name: Option<Setting<Template>>,
    /// `ALICLOUD_ROLE_SESSION_EXPIRATION`.
    pub session_seconds: Option<Setting<u32>>,
    /// `ALICLOUD_CROSS_ACCOUNT_EXTERNAL_ID`.
    pub external_id: Option<Setting<String>>,
    /// The role of the instance, if the operator named it.
    pub ecs_role: Option<String>,
    /// Lets pods without a usable identity use what comes next.
    pub pod_identity_fallback: bool,
    /// Lets a pod's key pair go before the provider's role.
    pub prefer_node_publish_secret: bool,
    /// STS, in place of the region's.
    pub sts_endpoint: Option<Endpoint>,
    /// Which endpoint of a region is meant.
    pub network: Network,
    /// The node's region, if the operator named it.
    pub region: Option<Region>,
    /// How sessions call the node.
    pub node: String,
}

/// An OIDC provider, named or derived.
#[derive(Debug)]
pub enum Provider {
    /// `ALICLOUD_OIDC_PROVIDER_ARN`.
    Named(Setting<OidcProviderArn>),
    /// `ALICLOUD_ACCOUNT_ID` and `ALICLOUD_CLUSTER_ID`.
    OfCluster {
        /// The cluster's account.
        account: Setting<String>,
        /// The cluster.
        cluster: Setting<String>,
    },
}

impl Settings {
    /// The order of sources that follows, if these settings make sense together.
    pub fn order(&self) -> Result<Order, RoleAlone> {
        let provider_level = plan::provider_level(Configured {
            role: self.role.is_some(),
            provider: self.provider.is_some(),
            key_pair: self.key_pair.is_some(),
        })?;
        Ok(Order {
            provider_level,
            prefer_node_publish_secret: self.prefer_node_publish_secret,
            pod_identity_fallback: self.pod_identity_fallback,
        })
    }

    /// Whether all of it can be used as it is now: a file may be gone or wrong since the start. Asks nobody.
    pub fn check(&self) -> Result<(), Error> {
        if let Some(pair) = &self.key_pair {
            pair.credential()?;
        }
        if let Some(role) = &self.role {
            role.value()?;
        }
        self.provider()?;
        self.named_session()?;
        self.session_seconds()?;
        self.external_id()?;
        match self.order() {
            Ok(Order { provider_level: Source::ProviderOidc, .. }) => {
                provider_oidc::read_token(&self.token_file).map(drop)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn role(&self) -> Result<RoleArn, Error> {
        let role = self.role.as_ref().expect("the order names a role's source only if there is a role");
        Ok(role.value()?.as_ref().clone())
    }

    pub(super) fn provider(&self) -> Result<Option<OidcProviderArn>, Error> {
        Ok(match &self.provider {
            None => None,
            Some(Provider::Named(arn)) => Some(arn.value()?.as_ref().clone()),
            Some(Provider::OfCluster { account, cluster }) => {
                let (account, cluster) = (account.value()?, cluster.value()?);
                let cluster = mutate!(OtherCluster, cluster.as_str(), "c0");
                let arn = OidcProviderArn::of_cluster(&account, cluster);
                Some(arn.expect("both are checked when they are read"))
            }
        })
    }

    /// The name of sessions, if the operator chose it.
    pub(super) fn named_session(&self) -> Result<Option<String>, Error> {
        let Some(template) = &self.session_name else { return Ok(None) };
        Ok(Some(template.value()?.render(None, &self.node)))
    }

    pub(super) fn session_name(&self, account: Option<&Name>) -> Result<String, Error> {
        let template = mutate!(SessionNameIgnored, self.session_name.as_ref(), None);
        let Some(template) = template else { return Ok(session_name::DEFAULT.to_owned()) };
        Ok(template.value()?.render(account, &self.node))
    }

    pub(super) fn session_seconds(&self) -> Result<Option<u32>, Error> {
        let seconds = mutate!(SessionLifeIgnored, self.session_seconds.as_ref(), None);
        Ok(seconds.map(Setting::value).transpose()?.map(|seconds| *seconds))
    }

    pub(super) fn external_id(&self) -> Result<Option<String>, Error> {
        let id = self.external_id.as_ref().map(Setting::value).transpose()?;
        Ok(id.map(|id| id.as_ref().clone()))
    }
}

/// Reads `ALICLOUD_ROLE_ARN`.
pub fn parse_role(text: &str) -> Result<RoleArn, String> {
    text.parse()
        .map_err(|_| "expected a role's ARN, such as acs:ram::1234567890123456:role/reader".to_owned())
}

/// Reads `ALICLOUD_OIDC_PROVIDER_ARN`.
pub fn parse_provider(text: &str) -> Result<OidcProviderArn, String> {
    let expected =
        "expected an OIDC provider's ARN, such as acs:ram::1234567890123456:oidc-provider/ack-rrsa-c1";
    text.parse().map_err(|_| expected.to_owned())
}

/// Reads `ALICLOUD_ACCOUNT_ID`.
pub fn parse_account(text: &str) -> Result<String, String> {
    let fits = OidcProviderArn::of_cluster(text, "c").is_ok();
    fits.then(|| text.to_owned()).ok_or_else(|| "expected the digits of an account id".to_owned())
}

/// Reads `ALICLOUD_CLUSTER_ID`.
pub fn parse_cluster(text: &str) -> Result<String, String> {
    let fits = OidcProviderArn::of_cluster("1", text).is_ok();
    fits.then(|| text.to_owned()).ok_or_else(|| "expected the letters and digits of a cluster id".to_owned())
}

/// Reads `ALICLOUD_ROLE_SESSION_EXPIRATION`.
pub fn parse_session_seconds(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|seconds| SESSION_SECONDS.contains(seconds)).ok_or_else(|| {
        let (shortest, longest) = (SESSION_SECONDS.start(), SESSION_SECONDS.end());
        format!("expected seconds from {shortest} to {longest}, and no more than the role's own maximum")
    })
}

/// Reads `ALICLOUD_CROSS_ACCOUNT_EXTERNAL_ID`.
pub fn parse_external_id(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_=,.@:/-".contains(&byte);
    let fits = (2..=1224).contains(&text.len()) && text.bytes().all(allowed);
    fits.then(|| text.to_owned())
        .ok_or_else(|| "expected 2 to 1224 letters, digits and characters of '_=,.@:/-'".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("900", Some(900))]
    #[case("43200", Some(43_200))]
    #[case("899", None)]
    #[case("43201", None)]
    #[case("1h", None)]
    fn session_seconds_have_bounds_that_the_message_names(#[case] text: &str, #[case] expected: Option<u32>) {
        match expected {
            Some(seconds) => assert_eq!(parse_session_seconds(text), Ok(seconds)),
            None => assert!(parse_session_seconds(text).unwrap_err().contains("from 900 to 43200")),
        }
    }

    #[rstest]
    #[case("team-a:42", true)]
    #[case("a", false)]
    #[case("with space", false)]
    fn an_external_id_is_what_the_cloud_takes(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(parse_external_id(text).is_ok(), expected);
    }
}
