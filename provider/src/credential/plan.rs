//! Which source a mount's credential comes from: a pure function of what is configured and what the mount asks for.
//!
//! A source that was asked for and cannot be used is an error. Only what was not configured at all is passed over, so that
//! no pod ever reads with an identity that nobody meant it to have.

/// Where a credential comes from. A closed set: it also labels metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The pod's service account token, exchanged for the role in the account's annotation.
    PodServiceAccount,
    /// The provider's own service account token, exchanged for the role that the operator set.
    ProviderOidc,
    /// A role, assumed with the operator's key pair.
    RamRole,
    /// The key pair that the pod's volume refers to.
    NodePublishSecret,
    /// The operator's key pair.
    AccessKey,
    /// The role of the node's instance.
    EcsRamRole,
}

impl Source {
    /// The metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PodServiceAccount => "pod_service_account",
            Self::ProviderOidc => "provider_oidc",
            Self::RamRole => "ram_role",
            Self::NodePublishSecret => "node_publish_secret",
            Self::AccessKey => "access_key",
            Self::EcsRamRole => "ecs_ram_role",
        }
    }

    /// How messages call it.
    pub fn describe(self) -> &'static str {
        match self {
            Self::PodServiceAccount => "the pod's service account",
            Self::ProviderOidc => "the provider's own service account (RRSA)",
            Self::RamRole => "the RAM role that the provider assumes with its key pair",
            Self::NodePublishSecret => "the key pair of the pod's nodePublishSecretRef",
            Self::AccessKey => "the provider's key pair",
            Self::EcsRamRole => "the RAM role of the node's instance",
        }
    }
}

impl Source {
    /// What to check when the cloud does not know the key, or no longer.
    pub fn check_advice(self) -> &'static str {
        match self {
            Self::AccessKey | Self::RamRole => {
                "check ACCESS_KEY_ID and SECRET_ACCESS_KEY in the provider's environment: the key may be deleted, disabled or \
                 mistyped"
            }
            Self::NodePublishSecret => {
                "check access_key and access_secret in the Secret of the pod's nodePublishSecretRef: the key may be deleted, \
                 disabled or mistyped"
            }
            Self::PodServiceAccount | Self::ProviderOidc | Self::EcsRamRole => {
                "a new session was refused, too: check that its role still exists"
            }
        }
    }
}

/// What of the credential settings is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Configured {
    /// `ALICLOUD_ROLE_ARN`.
    pub role: bool,
    /// `ALICLOUD_OIDC_PROVIDER_ARN`, or account and cluster id.
    pub provider: bool,
    /// Both halves of the key pair.
    pub key_pair: bool,
}

/// A role without the means to become it. The operator must add them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "ALICLOUD_ROLE_ARN is set, but nothing to assume the role with: set ALICLOUD_OIDC_PROVIDER_ARN (or ALICLOUD_ACCOUNT_ID and \
     ALICLOUD_CLUSTER_ID) to use the provider's own service account, or ACCESS_KEY_ID and SECRET_ACCESS_KEY"
)]
pub struct RoleAlone;

/// The source of mounts that bring nothing of their own.
pub fn provider_level(configured: Configured) -> Result<Source, RoleAlone> {
    match configured {
        Configured { role: true, provider: true, .. } => {
            Ok(mutate!(RrsaIgnored, Source::ProviderOidc, Source::EcsRamRole))
        }
        Configured { role: true, provider: false, key_pair: true } => {
            Ok(mutate!(RoleNotAssumed, Source::RamRole, Source::AccessKey))
        }
        Configured { role: true, provider: false, key_pair: false } => Err(RoleAlone),
        Configured { role: false, key_pair: true, .. } => {
            Ok(mutate!(KeyPairIgnored, Source::AccessKey, Source::EcsRamRole))
        }
        // A provider alone serves the identities of pods.
        Configured { role: false, key_pair: false, .. } => Ok(Source::EcsRamRole),
    }
}

/// What the operator decided about the order.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// The source of mounts that bring nothing of their own.
    pub provider_level: Source,
    /// `--prefer-node-publish-secret`.
    pub prefer_node_publish_secret: bool,
    /// `--pod-identity-fallback`.
    pub pod_identity_fallback: bool,
}

/// What a mount brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `usePodServiceAccountToken` is true.
    pub pod_identity: bool,
    /// The volume refers to a Secret with at least half a key pair.
    pub node_publish_secret: bool,
}

/// Which source is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The one to use.
    pub source: Source,
    /// The one to use when the pod has no usable identity of its own, if the operator allowed that.
    pub fallback: Option<Source>,
    /// The pod brings a key pair that is not used.
    pub key_pair_ignored: bool,
}

/// The plan for a mount.
pub fn plan(order: Order, asked: Asked) -> Plan {
    let prefer_pods_pair = mutate!(PodKeysFirst, order.prefer_node_publish_secret, true);
    let (without_pod_identity, key_pair_ignored) = match (asked.node_publish_secret, order.provider_level) {
        (true, Source::ProviderOidc | Source::RamRole) if !prefer_pods_pair => (order.provider_level, true),
        (true, _) => (Source::NodePublishSecret, false),
        (false, provider_level) => (provider_level, false),
    };
    if asked.pod_identity {
        let may_fall_back = mutate!(SlidIdentity, order.pod_identity_fallback, true);
        mutate!(SlidAfterFailure: may_fall_back = true);
        let fallback = may_fall_back.then_some(without_pod_identity);
        return Plan { source: Source::PodServiceAccount, fallback, key_pair_ignored: false };
    }
    Plan { source: without_pod_identity, fallback: None, key_pair_ignored }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    //        role,  provider, key pair
    #[case(false, false, false, Ok(Source::EcsRamRole))]
    #[case(false, false, true, Ok(Source::AccessKey))]
    #[case(false, true, false, Ok(Source::EcsRamRole))]
    #[case(false, true, true, Ok(Source::AccessKey))]
    #[case(true, false, false, Err(RoleAlone))]
    #[case(true, false, true, Ok(Source::RamRole))]
    #[case(true, true, false, Ok(Source::ProviderOidc))]
    #[case(true, true, true, Ok(Source::ProviderOidc))]
    fn what_is_configured_decides_at_provider_level(
        #[case] role: bool,
        #[case] provider: bool,
        #[case] key_pair: bool,
        #[case] expected: Result<Source, RoleAlone>,
    ) {
        assert_eq!(provider_level(Configured { role, provider, key_pair }), expected);
    }

    const ALL: [Source; 4] = [Source::ProviderOidc, Source::RamRole, Source::AccessKey, Source::EcsRamRole];

    fn order(provider_level: Source) -> Order {
        Order { provider_level, prefer_node_publish_secret: false, pod_identity_fallback: false }
    }

    fn source(order: Order, node_publish_secret: bool) -> (Source, bool) {
        let plan = plan(order, Asked { pod_identity: false, node_publish_secret });
        assert_eq!(plan.fallback, None);
        (plan.source, plan.key_pair_ignored)
    }

    #[test]
    fn a_mount_that_brings_nothing_uses_the_providers() {
        assert_eq!(ALL.map(|level| source(order(level), false)), ALL.map(|level| (level, false)));
    }

    #[test]
    fn a_pods_key_pair_goes_after_roles_and_before_keys_and_says_when_it_is_ignored() {
        let expected = [
            (Source::ProviderOidc, true),
            (Source::RamRole, true),
            (Source::NodePublishSecret, false),
            (Source::NodePublishSecret, false),
        ];
        assert_eq!(ALL.map(|level| source(order(level), true)), expected);
    }

    #[test]
    fn the_operator_may_put_a_pods_key_pair_first() {
        let preferring = |level| Order { prefer_node_publish_secret: true, ..order(level) };
        assert_eq!(ALL.map(|level| source(preferring(level), true)), [(Source::NodePublishSecret, false); 4]);
    }

    #[rstest]
    #[case(false)]
    #[case(true)]
    fn a_pods_identity_is_used_alone(#[case] node_publish_secret: bool) {
        for level in ALL {
            let plan = plan(order(level), Asked { pod_identity: true, node_publish_secret });
            let expected =
                Plan { source: Source::PodServiceAccount, fallback: None, key_pair_ignored: false };
            assert_eq!(plan, expected);
        }
    }

    #[test]
    fn the_operator_may_let_a_pod_slide_to_what_comes_next() {
        let order = Order { pod_identity_fallback: true, ..order(Source::AccessKey) };
        let fallback =
            |node_publish_secret| plan(order, Asked { pod_identity: true, node_publish_secret }).fallback;
        assert_eq!(fallback(false), Some(Source::AccessKey));
        assert_eq!(fallback(true), Some(Source::NodePublishSecret));
    }
}
