//! How a target is told what a scenario sets.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::target::template::Template;

/// Arguments for what a scenario may set.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::target) struct Arguments {
    /// KMS is at {kms}, a URL. Without it, and the next three, the cloud's own names are used.
    pub(in crate::target) kms: Option<Vec<Template>>,
    /// OOS is at {oos}.
    pub(in crate::target) oos: Option<Vec<Template>>,
    /// The token service is at {sts}.
    pub(in crate::target) sts: Option<Vec<Template>>,
    /// The instance metadata service is at {metadata}.
    pub(in crate::target) metadata: Option<Vec<Template>>,
    /// The cluster's {region}; without it the node's is looked up.
    pub(in crate::target) region: Option<Vec<Template>>,
    /// Which endpoints are used if none are named: the {network} is `vpc` or `public`.
    pub(in crate::target) network: Option<Vec<Template>>,
    /// The file {kubeconfig} says where the Kubernetes API is.
    pub(in crate::target) kubeconfig: Option<Vec<Template>>,
    /// The authorities in {caFile} vouch for hosts that end in {hostSuffix}; for each such file.
    pub(in crate::target) ca_file: Option<Vec<Template>>,
    /// An {endpoint} that classes may name; for each such endpoint.
    pub(in crate::target) allowed_endpoint: Option<Vec<Template>>,
    /// How many {milliseconds} running mounts may go on after SIGTERM.
    pub(in crate::target) grace_period: Option<Vec<Template>>,
    /// After how many {milliseconds} a change must have reached every pod.
    pub(in crate::target) rotation_interval: Option<Vec<Template>>,
    /// How many {calls} to KMS may be under way.
    pub(in crate::target) kms_bound: Option<Vec<Template>>,
    /// How many {calls} to OOS may be under way.
    pub(in crate::target) oos_bound: Option<Vec<Template>>,
    /// The name of the {role} that the node's instance has.
    pub(in crate::target) ecs_role: Option<Vec<Template>>,
    /// Pods without an identity of their own read with the provider's.
    pub(in crate::target) pod_identity_fallback: Option<Vec<Template>>,
    /// A pod's key pair goes before the provider's role.
    pub(in crate::target) prefer_node_publish_secret: Option<Vec<Template>>,
    /// The log has all that there is to tell. Without it, what is logged anyway is searched for secrets.
    pub(in crate::target) verbose: Option<Vec<Template>>,
}

/// Variables of the environment, by what they tell.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(in crate::target) struct Identities {
    /// {accessKeyId}
    pub(in crate::target) access_key_id: BTreeMap<String, Template>,
    /// {accessKeySecret}
    pub(in crate::target) access_key_secret: BTreeMap<String, Template>,
    /// {roleArn}
    pub(in crate::target) role: BTreeMap<String, Template>,
    /// {oidcProviderArn}
    pub(in crate::target) oidc_provider: BTreeMap<String, Template>,
    /// {accountId}
    pub(in crate::target) account: BTreeMap<String, Template>,
    /// {clusterId}
    pub(in crate::target) cluster: BTreeMap<String, Template>,
    /// {tokenFile}, the provider's own token
    pub(in crate::target) token_file: BTreeMap<String, Template>,
    /// {sessionName}
    pub(in crate::target) session_name: BTreeMap<String, Template>,
    /// {sessionSeconds}
    pub(in crate::target) session_seconds: BTreeMap<String, Template>,
    /// {externalId}
    pub(in crate::target) external_id: BTreeMap<String, Template>,
}

impl Arguments {
    pub(super) fn slots(&self) -> [(&Option<Vec<Template>>, &'static [&'static str]); 17] {
        [
            (&self.kms, &["kms"]),
            (&self.oos, &["oos"]),
            (&self.sts, &["sts"]),
            (&self.metadata, &["metadata"]),
            (&self.region, &["region"]),
            (&self.network, &["network"]),
            (&self.kubeconfig, &["kubeconfig"]),
            (&self.ca_file, &["hostSuffix", "caFile"]),
            (&self.allowed_endpoint, &["endpoint"]),
            (&self.grace_period, &["milliseconds"]),
            (&self.rotation_interval, &["milliseconds"]),
            (&self.kms_bound, &["calls"]),
            (&self.oos_bound, &["calls"]),
            (&self.ecs_role, &["role"]),
            (&self.pod_identity_fallback, &[]),
            (&self.prefer_node_publish_secret, &[]),
            (&self.verbose, &[]),
        ]
    }
}

impl Identities {
    pub(super) fn slots(&self) -> [(&BTreeMap<String, Template>, &'static str); 10] {
        [
            (&self.access_key_id, "accessKeyId"),
            (&self.access_key_secret, "accessKeySecret"),
            (&self.role, "roleArn"),
            (&self.oidc_provider, "oidcProviderArn"),
            (&self.account, "accountId"),
            (&self.cluster, "clusterId"),
            (&self.token_file, "tokenFile"),
            (&self.session_name, "sessionName"),
            (&self.session_seconds, "sessionSeconds"),
            (&self.external_id, "externalId"),
        ]
    }
}
