//! A service for tests, over any endpoint.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::sync::Arc;

use csi_secrets_store_provider_alibabacloud::alicloud::sign::Scheme;
use csi_secrets_store_provider_alibabacloud::alicloud::{Authorities, Ceilings, Credential, Endpoint};
use csi_secrets_store_provider_alibabacloud::config::Cloud;
use csi_secrets_store_provider_alibabacloud::credential::setting::{Setting, sensitive};
use csi_secrets_store_provider_alibabacloud::credential::{self, KeyPair};
use csi_secrets_store_provider_alibabacloud::kubernetes::Access;
use csi_secrets_store_provider_alibabacloud::metrics::Metrics;
use csi_secrets_store_provider_alibabacloud::mount::settings::Settings;
use csi_secrets_store_provider_alibabacloud::service::Service;
use csi_secrets_store_provider_alibabacloud::store::cache;
use tokio::sync::watch;

pub(crate) const LARGEST_RESPONSE: usize = 1 << 20;

/// A service, its counters, and the flag that ends its mounts.
pub(crate) struct Parts {
    pub(crate) service: Service,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) ending: watch::Sender<bool>,
}

/// All services at one endpoint. Without a credential nothing can be mounted, since there is no instance metadata either.
pub(crate) fn service(endpoint: Option<&str>, scheme: Scheme, access_key: Option<Credential>) -> Parts {
    let metrics = Metrics::new();
    let mounter = cloud(endpoint, scheme, access_key).mounter(Arc::clone(&metrics)).expect("a mounter");
    let (ending, ended) = watch::channel(false);
    Parts { service: Service::new(mounter, LARGEST_RESPONSE, Arc::clone(&metrics), ended), metrics, ending }
}

/// The same as settings.
pub(crate) fn cloud(endpoint: Option<&str>, scheme: Scheme, access_key: Option<Credential>) -> Cloud {
    let endpoint: Option<Endpoint> = endpoint.map(|endpoint| endpoint.parse().expect("an endpoint"));
    Cloud {
        identity: credential::Settings {
            key_pair: access_key.map(key_pair),
            sts_endpoint: endpoint.clone(),
            ..credential::Settings::default()
        },
        settings: Settings {
            kms_endpoint: endpoint.clone(),
            oos_endpoint: endpoint.clone(),
            allowed_endpoints: endpoint.into_iter().collect(),
            signature: scheme,
            ..Settings::default()
        },
        ceilings: Ceilings::default(),
        cache: cache::Settings::default(),
        metadata_endpoint: "http://127.0.0.1:9".parse().expect("an endpoint"),
        kubernetes: Access::Nowhere,
        authorities: Authorities::default(),
        hosts: Vec::new(),
    }
}

/// A key pair from the environment.
pub(crate) fn key_pair(credential: Credential) -> KeyPair {
    let setting = |name, text| Setting::new(name, Some(text), None, sensitive).expect("a setting");
    let Credential { access_key_id, access_key_secret, .. } = credential;
    let (id, secret) = (setting("ID", access_key_id.into()), setting("SECRET", access_key_secret));
    KeyPair::new(id, secret).expect("both halves").expect("a pair")
}
