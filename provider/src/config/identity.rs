//! The settings of credentials: variables, each of which may be a file, and flags.

use std::ffi::OsString;
use std::path::PathBuf;

use super::Environment;
use crate::alicloud::metadata::is_role_name;
use crate::alicloud::{Endpoint, Network, Region};
use crate::cli::IdentityArgs;
use crate::credential::access_key::{ID_VARIABLE, SECRET_VARIABLE};
use crate::credential::session_name::Template;
use crate::credential::setting::{Parse, Setting, sensitive};
use crate::credential::settings::{self, Provider, Settings};
use crate::credential::{KeyPair, provider_oidc};
use crate::sensitive::Sensitive;

const NODE_NAME: &str = "NODE_NAME";

/// Reads them all; what cannot be used goes to `mistakes`.
pub(super) fn read(
    args: IdentityArgs,
    network: Network,
    region: Option<Region>,
    environment: &impl Environment,
    mistakes: &mut Vec<String>,
) -> Settings {
    let mut reader = Reader { environment, mistakes };
    let key_pair = reader.key_pair();
    let provider = reader.provider();
    let token_file =
        reader.path("ALICLOUD_OIDC_TOKEN_FILE").unwrap_or_else(|| provider_oidc::TOKEN_FILE.into());
    let ecs_role = args.ecs_ram_role.filter(|role| {
        let fits = is_role_name(role);
        if !fits {
            reader.mistakes.push(format!("--ecs-ram-role is {role:?}, expected the name of a RAM role"));
        }
        fits
    });
    let settings = Settings {
        key_pair,
        role: reader.setting("ALICLOUD_ROLE_ARN", "ALICLOUD_ROLE_ARN_FILE", settings::parse_role),
        provider,
        token_file,
        session_name: reader.setting(
            "ALICLOUD_ROLE_SESSION_NAME",
            "ALICLOUD_ROLE_SESSION_NAME_FILE",
            Template::parse,
        ),
        session_seconds: reader.setting(
            "ALICLOUD_ROLE_SESSION_EXPIRATION",
            "ALICLOUD_ROLE_SESSION_EXPIRATION_FILE",
            settings::parse_session_seconds,
        ),
        external_id: reader.setting(
            "ALICLOUD_CROSS_ACCOUNT_EXTERNAL_ID",
            "ALICLOUD_CROSS_ACCOUNT_EXTERNAL_ID_FILE",
            settings::parse_external_id,
        ),
        ecs_role,
        pod_identity_fallback: args.pod_identity_fallback,
        prefer_node_publish_secret: args.prefer_node_publish_secret,
        sts_endpoint: args.sts_endpoint,
        network,
        region,
        node: reader.text(NODE_NAME).map_or_else(host_name, Sensitive::into_exposed),
    };
    // What is half there because it could not be read was reported already.
    if mistakes.is_empty() {
        mistakes.extend(settings.order().err().map(|mistake| mistake.to_string()));
    }
    settings
}

struct Reader<'a, E> {
    environment: &'a E,
    mistakes: &'a mut Vec<String>,
}

impl<E: Environment> Reader<'_, E> {
    fn key_pair(&mut self) -> Option<KeyPair> {
        let before = self.mistakes.len();
        let id = self.setting(ID_VARIABLE, "ACCESS_KEY_ID_FILE", sensitive);
        let secret = self.setting(SECRET_VARIABLE, "SECRET_ACCESS_KEY_FILE", sensitive);
        if self.mistakes.len() > before {
            return None;
        }
        self.good(KeyPair::new(id, secret)).flatten()
    }

    fn provider(&mut self) -> Option<Provider> {
        let before = self.mistakes.len();
        let named = self.setting(
            "ALICLOUD_OIDC_PROVIDER_ARN",
            "ALICLOUD_OIDC_PROVIDER_ARN_FILE",
            settings::parse_provider,
        );
        let account =
            self.setting("ALICLOUD_ACCOUNT_ID", "ALICLOUD_ACCOUNT_ID_FILE", settings::parse_account);
        let cluster =
            self.setting("ALICLOUD_CLUSTER_ID", "ALICLOUD_CLUSTER_ID_FILE", settings::parse_cluster);
        match (named, account, cluster) {
            (Some(arn), _, _) => Some(Provider::Named(arn)),
            (None, Some(account), Some(cluster)) => Some(Provider::OfCluster { account, cluster }),
            (None, None, None) => None,
            (None, account, _) => {
                if self.mistakes.len() == before {
                    let (present, missing) = match account {
                        Some(_) => ("ALICLOUD_ACCOUNT_ID", "ALICLOUD_CLUSTER_ID"),
                        None => ("ALICLOUD_CLUSTER_ID", "ALICLOUD_ACCOUNT_ID"),
                    };
                    self.mistakes.push(format!(
                        "{present} is set but {missing} is missing or empty; set both, or ALICLOUD_OIDC_PROVIDER_ARN, or neither"
                    ));
                }
                None
            }
        }
    }

    fn setting<T>(&mut self, name: &'static str, file: &str, parse: Parse<T>) -> Option<Setting<T>> {
        let (text, file) = (self.text(name), self.path(file));
        self.good(Setting::new(name, text, file, parse)).flatten()
    }

    fn text(&mut self, name: &'static str) -> Option<Sensitive<String>> {
        let value = self.environment.variable(name)?.into_string();
        self.good(value.map_err(|_| format!("{name} is no UTF-8 text")))
            .filter(|text| !text.trim().is_empty())
            .map(Sensitive::from)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.environment.variable(name).filter(|path: &OsString| !path.is_empty()).map(PathBuf::from)
    }

    fn good<T>(&mut self, result: Result<T, impl ToString>) -> Option<T> {
        result.map_err(|mistake| self.mistakes.push(mistake.to_string())).ok()
    }
}

/// The chart's pods share the node's network and so its name.
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Where instance metadata is; another place is for a fake.
pub(super) fn metadata_endpoint(given: Option<Endpoint>) -> Endpoint {
    given.unwrap_or_else(|| crate::alicloud::metadata::ADDRESS.parse().expect("the address is an endpoint"))
}
