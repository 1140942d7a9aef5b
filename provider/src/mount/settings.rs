//! What the operator set for all classes.

use super::object::Rules;
use super::path::Translation;
use crate::alicloud::sign::Scheme;
use crate::alicloud::{Endpoint, Network, Region};
use crate::store::Door;

/// The operator's part of every mount.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The region of classes that name none.
    pub region: Option<Region>,
    /// KMS, in place of the region's.
    pub kms_endpoint: Option<Endpoint>,
    /// OOS, in place of the region's.
    pub oos_endpoint: Option<Endpoint>,
    /// Which of a service's endpoints in a region is meant.
    pub network: Network,
    /// What `kmsEndpoint` may name beside the cloud's own hosts.
    pub allowed_endpoints: Vec<Endpoint>,
    /// How calls to the operator's own endpoints are signed.
    pub signature: Scheme,
}

impl Settings {
    /// The rules for a class with this translation that is read in this region.
    pub fn rules<'a>(&'a self, translation: Translation, region: Option<&'a Region>) -> Rules<'a> {
        Rules { translation, region, allowed_endpoints: &self.allowed_endpoints }
    }

    /// KMS for an object that may name its own endpoint; nothing without any region.
    pub fn kms_door(&self, own: Option<&Endpoint>, region: Option<&Region>) -> Option<Door> {
        mutate!(EndpointIgnored: own = None);
        let endpoint = own.or(self.kms_endpoint.as_ref()).cloned();
        endpoint
            .or_else(|| region.map(|region| Endpoint::kms(region, self.network)))
            .map(|endpoint| self.door(endpoint))
    }

    /// OOS; nothing without any region.
    pub fn oos_door(&self, region: Option<&Region>) -> Option<Door> {
        let endpoint = self.oos_endpoint.clone();
        endpoint
            .or_else(|| region.map(|region| Endpoint::oos(region, self.network)))
            .map(|endpoint| self.door(endpoint))
    }

    /// A V1 signature does not cover the host, so it is for hosts that the operator named.
    fn door(&self, endpoint: Endpoint) -> Door {
        let mut own = self.kms_endpoint.iter().chain(&self.oos_endpoint).chain(&self.allowed_endpoints);
        let scheme = if own.any(|own| *own == endpoint) { self.signature } else { Scheme::V3 };
        Door { endpoint, scheme }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        text.parse().unwrap()
    }

    #[test]
    fn an_objects_own_endpoint_goes_before_the_operators_before_the_regions() {
        let region: Region = "cn-beijing".parse().unwrap();
        let own = endpoint("kms.cn-beijing.aliyuncs.com");
        let mut settings = Settings::default();
        let host = |door: Option<Door>| door.map(|door| door.endpoint.host().to_owned());
        assert_eq!(host(settings.kms_door(None, None)), None);
        assert_eq!(host(settings.kms_door(None, Some(&region))).unwrap(), "kms-vpc.cn-beijing.aliyuncs.com");
        assert_eq!(host(settings.oos_door(Some(&region))).unwrap(), "oos-vpc.cn-beijing.aliyuncs.com");
        settings.kms_endpoint = Some(endpoint("kms.example.com"));
        assert_eq!(host(settings.kms_door(None, Some(&region))).unwrap(), "kms.example.com");
        assert_eq!(host(settings.kms_door(Some(&own), Some(&region))).unwrap(), own.host());
    }

    #[test]
    fn v1_is_for_the_operators_hosts_only() {
        let own = endpoint("kms.example.com");
        let settings = Settings { kms_endpoint: Some(own), signature: Scheme::V1, ..Settings::default() };
        let scheme = |door: Option<Door>| door.unwrap().scheme;
        assert_eq!(scheme(settings.kms_door(None, None)), Scheme::V1);
        assert_eq!(
            scheme(settings.kms_door(Some(&endpoint("kms.cn-beijing.aliyuncs.com")), None)),
            Scheme::V3
        );
        assert_eq!(scheme(settings.oos_door(Some(&"cn-beijing".parse().unwrap()))), Scheme::V3);
    }
}
