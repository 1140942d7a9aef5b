//! A service for tests, over any endpoint.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::sync::Arc;

use csi_secrets_store_provider_alibabacloud::alicloud::sign::Scheme;
use csi_secrets_store_provider_alibabacloud::alicloud::{Client, Credential};
use csi_secrets_store_provider_alibabacloud::credential::Credentials;
use csi_secrets_store_provider_alibabacloud::metrics::Metrics;
use csi_secrets_store_provider_alibabacloud::mount::Mounter;
use csi_secrets_store_provider_alibabacloud::service::Service;
use csi_secrets_store_provider_alibabacloud::store::KmsStore;
use tokio::sync::watch;

/// A service, its counters, and the flag that ends its mounts.
pub(crate) struct Parts {
    pub(crate) service: Service,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) ending: watch::Sender<bool>,
}

/// Without a credential nothing can be mounted.
pub(crate) fn service(kms_endpoint: Option<&str>, scheme: Scheme, access_key: Option<Credential>) -> Parts {
    let metrics = Metrics::new();
    let client = Arc::new(Client::new(Arc::clone(&metrics)).expect("a client"));
    let mounter = Mounter {
        region: None,
        kms_endpoint: kms_endpoint.map(|endpoint| endpoint.parse().expect("an endpoint")),
        credentials: Credentials::new(access_key),
        kms: KmsStore::new(client, scheme, 10),
    };
    let (ending, ended) = watch::channel(false);
    Parts { service: Service::new(mounter, Arc::clone(&metrics), ended), metrics, ending }
}
