//! Which names the fake may show a certificate for: the cloud's endpoints, sites of issuers, this machine, and what the
//! test added.
//!
//! Hosts from the endpoint pages of KMS, OOS, STS, RAM and IMS and from "Dedicated gateway" of KMS.

use std::net::IpAddr;

use crate::state::name::InstanceId;

/// Products by the first label of their hosts, and whether one host serves all regions.
const PRODUCTS: &[(&str, bool)] =
    &[("kms", false), ("oos", false), ("sts", true), ("ram", true), ("ims", true)];

/// Whom a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// An address of this machine: a client that connects to one names no host.
    Address(IpAddr),
    /// A shared endpoint, `localhost`, or a name of the test's own.
    Host(String),
    /// The dedicated gateway of an instance, which has an authority of its own.
    Instance(InstanceId),
}

impl Subject {
    /// The name that a client asked for, if it is among these.
    pub(super) fn among(name: &str, names: &[String]) -> Option<Self> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        names.iter().any(|own| own.eq_ignore_ascii_case(&name)).then_some(Self::Host(name))
    }

    /// Reads the name that a client asked for; none for a stranger's.
    pub(super) fn read(name: &str, own_names: &[String]) -> Option<Self> {
        if let Some(own) = Self::among(name, own_names) {
            return Some(own);
        }
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let host = || Some(Self::Host(name.clone()));
        if name == "localhost" || name.strip_suffix(".localhost").is_some_and(is_label) {
            return host();
        }
        let labels = name.strip_suffix(".aliyuncs.com")?;
        if let Some(instance) = labels.strip_suffix(".cryptoservice.kms") {
            return instance.parse().ok().map(Self::Instance);
        }
        let (first, region) = labels.split_once('.').map_or((labels, None), |(a, b)| (a, Some(b)));
        let is_endpoint = PRODUCTS.iter().any(|(product, is_global)| {
            let network = first.strip_prefix(product);
            match region {
                Some(region) => matches!(network, Some("" | "-vpc")) && is_label(region),
                None => network == Some("") && *is_global,
            }
        });
        if is_endpoint { host() } else { None }
    }
}

/// The host of an instance's gateway.
pub(super) fn gateway(instance: &InstanceId) -> String {
    format!("{instance}.cryptoservice.kms.aliyuncs.com")
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("kms.cn-hangzhou.aliyuncs.com")]
    #[case("kms-vpc.cn-hangzhou.aliyuncs.com")]
    #[case("oos-vpc.ap-southeast-1.aliyuncs.com")]
    #[case("sts.aliyuncs.com")]
    #[case("sts-vpc.cn-beijing.aliyuncs.com")]
    #[case("ram.aliyuncs.com")]
    #[case("ims.aliyuncs.com")]
    #[case("localhost")]
    #[case("kms.localhost")]
    #[case("cloud.test")]
    fn names_of_the_cloud_and_of_the_test_are_served(#[case] name: &str) {
        let own = ["cloud.test".to_owned()];
        assert_eq!(Subject::read(name, &own), Some(Subject::Host(name.to_owned())));
        assert_eq!(Subject::read(&name.to_uppercase(), &own), Some(Subject::Host(name.to_owned())));
    }

    #[rstest::rstest]
    #[case("example.org")]
    #[case("aliyuncs.com")]
    #[case("kms.aliyuncs.com")]
    #[case("kms-vpc.aliyuncs.com")]
    #[case("kmsx.cn-hangzhou.aliyuncs.com")]
    #[case("kms.a.b.aliyuncs.com")]
    #[case("kms..aliyuncs.com")]
    #[case("bucket.oss-cn-hangzhou.aliyuncs.com")]
    #[case(".cryptoservice.kms.aliyuncs.com")]
    #[case("a.kst-1.cryptoservice.kms.aliyuncs.com")]
    #[case("kms.cn-hangzhou.aliyuncs.com.example.org")]
    #[case("")]
    fn names_of_strangers_are_not(#[case] name: &str) {
        assert_eq!(Subject::read(name, &[]), None);
    }

    #[test]
    fn a_dedicated_gateway_is_its_instances() {
        let Some(Subject::Instance(id)) = Subject::read("kst-hzz62abc.cryptoservice.kms.aliyuncs.com", &[])
        else {
            panic!("an instance");
        };
        assert_eq!(id.as_ref(), "kst-hzz62abc");
        assert_eq!(gateway(&id), "kst-hzz62abc.cryptoservice.kms.aliyuncs.com");
    }
}
