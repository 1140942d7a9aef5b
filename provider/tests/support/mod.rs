//! A service for tests, over any endpoint.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::sync::Arc;

use csi_secrets_store_provider_alibabacloud::alicloud::sign::Scheme;
use csi_secrets_store_provider_alibabacloud::alicloud::{Client, Credential, Endpoint};
use csi_secrets_store_provider_alibabacloud::credential::Credentials;
use csi_secrets_store_provider_alibabacloud::metrics::Metrics;
use csi_secrets_store_provider_alibabacloud::mount::Mounter;
use csi_secrets_store_provider_alibabacloud::mount::settings::Settings;
use csi_secrets_store_provider_alibabacloud::service::Service;
use csi_secrets_store_provider_alibabacloud::store::{KmsStore, OosStore};
use tokio::sync::watch;

pub(crate) const LARGEST_RESPONSE: usize = 1 << 20;

/// A service, its counters, and the flag that ends its mounts.
pub(crate) struct Parts {
    pub(crate) service: Service,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) ending: watch::Sender<bool>,
}

/// All services at one endpoint. Without a credential nothing can be mounted.
pub(crate) fn service(endpoint: Option<&str>, scheme: Scheme, access_key: Option<Credential>) -> Parts {
    let metrics = Metrics::new();
    let client = Arc::new(Client::new(Arc::clone(&metrics)).expect("a client"));
    let endpoint: Option<Endpoint> = endpoint.map(|endpoint| endpoint.parse().expect("an endpoint"));
    let mounter = Mounter {
        settings: Settings {
            kms_endpoint: endpoint.clone(),
            oos_endpoint: endpoint.clone(),
            allowed_endpoints: endpoint.into_iter().collect(),
            signature: scheme,
            ..Settings::default()
        },
        credentials: Credentials::new(access_key),
        kms: KmsStore::new(Arc::clone(&client), 10),
        oos: OosStore::new(client, 10),
    };
    let (ending, ended) = watch::channel(false);
    Parts { service: Service::new(mounter, LARGEST_RESPONSE, Arc::clone(&metrics), ended), metrics, ending }
}
