//! What a mount brings to prove who it is for.

use std::collections::BTreeMap;

use super::plan::Asked;
use crate::kubernetes::Name;
use crate::sensitive::Sensitive;

/// Where the driver puts the pod's tokens: among the attributes, among the secrets, or both (`tokenRequests`,
/// `serviceAccountTokenInSecrets`).
pub(super) const TOKENS: &str = "csi.storage.k8s.io/serviceAccount.tokens";
const NAMESPACE: &str = "csi.storage.k8s.io/pod.namespace";
const SERVICE_ACCOUNT: &str = "csi.storage.k8s.io/serviceAccount.name";
/// The half of a `nodePublishSecretRef` that names the key, in any letter case.
pub(super) const ACCESS_KEY: &str = "access_key";
/// The other half.
pub(super) const ACCESS_SECRET: &str = "access_secret";

/// The pod behind a mount.
#[derive(Debug, Default)]
pub struct Caller {
    /// Whether the class asks for the pod's own identity.
    pub pod_identity: bool,
    /// The pod's service account, if the kubelet named it.
    pub account: Option<Name>,
    pub(super) tokens: Option<Sensitive<String>>,
    pub(super) access_key: Option<Sensitive<String>>,
    pub(super) access_secret: Option<Sensitive<String>>,
}

impl Caller {
    /// Picks out what matters from a mount's attributes and secrets.
    pub fn new<'a>(
        pod_identity: bool,
        attribute: impl Fn(&str) -> Option<&'a str>,
        secrets: &BTreeMap<String, Sensitive<String>>,
    ) -> Self {
        let secret = |wanted: &str| {
            let is_wanted = |name: &str| {
                mutate!(PodKeysInExactCase, name.trim().eq_ignore_ascii_case(wanted), name == wanted)
            };
            let found = secrets.iter().find(|(name, _)| is_wanted(name));
            found.and_then(|(_, value)| trimmed(value.expose()))
        };
        let in_secrets = secrets.get(TOKENS).and_then(|tokens| trimmed(tokens.expose()));
        let account = attribute(NAMESPACE).zip(attribute(SERVICE_ACCOUNT));
        Self {
            pod_identity,
            account: account.and_then(|(namespace, name)| Name::new(namespace, name)),
            tokens: in_secrets.or_else(|| attribute(TOKENS).and_then(trimmed)),
            access_key: mutate!(
                TokensTakenForKeys,
                secret(ACCESS_KEY),
                secret(ACCESS_KEY).or(secret(TOKENS))
            ),
            access_secret: secret(ACCESS_SECRET),
        }
    }

    pub(super) fn asked(&self) -> Asked {
        Asked {
            pod_identity: mutate!(PodIdentityIgnored, self.pod_identity, false),
            // Half a pair is meant to be one.
            node_publish_secret: self.access_key.is_some() || self.access_secret.is_some(),
        }
    }
}

fn trimmed(text: &str) -> Option<Sensitive<String>> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn caller(attributes: &[(&'static str, &'static str)], secrets: &[(&str, &str)]) -> Caller {
        let attribute =
            |name: &str| attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        Caller::new(true, attribute, &secrets)
    }

    #[rstest]
    #[case(&[], &[(TOKENS, "in secrets")], "in secrets")]
    #[case(&[(TOKENS, "in attributes")], &[], "in attributes")]
    #[case(&[(TOKENS, "in attributes")], &[(TOKENS, "in secrets")], "in secrets")]
    fn tokens_are_taken_from_either_place(
        #[case] attributes: &[(&'static str, &'static str)],
        #[case] secrets: &[(&str, &str)],
        #[case] expected: &str,
    ) {
        let caller = caller(attributes, secrets);
        assert_eq!(caller.tokens.as_ref().unwrap().expose(), expected);
        assert!(!caller.asked().node_publish_secret);
    }

    #[rstest]
    #[case("access_key", "access_secret")]
    #[case("Access_Key", "ACCESS_SECRET")]
    fn a_key_pair_is_found_in_any_letter_case(#[case] key: &str, #[case] secret: &str) {
        let caller = caller(&[], &[(key, " LTAI\n"), (secret, "s\n")]);
        assert_eq!(caller.access_key.as_ref().unwrap().expose(), "LTAI");
        assert_eq!(caller.access_secret.as_ref().unwrap().expose(), "s");
    }

    #[rstest]
    #[case(&[("access_key", "LTAI")], true)]
    #[case(&[("access_key", " ")], false)]
    #[case(&[("password", "x")], false)]
    fn half_a_pair_is_meant_to_be_one(#[case] secrets: &[(&str, &str)], #[case] expected: bool) {
        assert_eq!(caller(&[], secrets).asked().node_publish_secret, expected);
    }
}
