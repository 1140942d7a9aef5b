//! Which operation of which product in which region a request is for.
//!
//! The host decides when it is one of the cloud's; at an address of the test's own, version and `RegionId` do.

use std::borrow::Cow;

use crate::{
    api::{ApiError, Operation, Product},
    auth,
    journal::SignatureKind,
    request::Request,
    state::name::{InstanceId, Region},
};

/// What a request aims at, as far as it can be told.
#[derive(Debug)]
pub(super) struct Target {
    host: Host,
    pub(super) product: Option<Product>,
    /// Absent if `RegionId` had to decide and does not look like a region.
    pub(super) region: Option<Region>,
    pub(super) action: String,
    pub(super) version: String,
}

/// What a host name says.
#[derive(Debug, PartialEq, Eq)]
enum Host {
    /// A product's endpoint in a region.
    Endpoint(Product, Region),
    /// A product's one endpoint for all regions.
    Global(Product),
    /// The gateway of a dedicated KMS instance, which does not name its region.
    Instance(InstanceId),
    /// A name of the cloud that is no endpoint of a product played here.
    Foreign,
    /// Not a name of the cloud: an address, or a name that the test gave to the fake.
    Other,
}

impl Host {
    fn read(host: &str) -> Self {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
        let Some(labels) = name.strip_suffix(".aliyuncs.com") else { return Self::Other };
        for product in Product::ALL {
            if product.is_global() && labels == product.name() {
                return Self::Global(product);
            }
            let Some((first, region)) = labels.split_once('.') else { continue };
            let is_endpoint =
                first.strip_prefix(product.name()).is_some_and(|rest| matches!(rest, "" | "-vpc"));
            if let (true, Ok(region)) = (is_endpoint, region.parse()) {
                return Self::Endpoint(product, region);
            }
        }
        let instance = labels.strip_suffix(".cryptoservice.kms").and_then(|id| id.parse().ok());
        instance.map_or(Self::Foreign, Self::Instance)
    }
}

impl Target {
    pub(super) fn read(request: &Request, default_region: &Region) -> Self {
        // A V3 client names both in headers. A V1 client does in parameters, and its signature does not cover headers.
        let headers_count = auth::signature_kind(request) != SignatureKind::V1;
        let named = |header: &str, parameter: &str| {
            let value = request.header(header).filter(|_| headers_count);
            value.or_else(|| request.parameter(parameter).map(Cow::from)).unwrap_or_default().into_owned()
        };
        let action = named("x-acs-action", "Action");
        let version = named("x-acs-version", "Version");
        let host = Host::read(&request.host());
        let product = match &host {
            Host::Endpoint(product, _) | Host::Global(product) => Some(*product),
            Host::Instance(_) => Some(Product::Kms),
            Host::Foreign => None,
            Host::Other => Product::ALL.into_iter().find(|product| product.version() == version),
        };
        let region = match (&host, request.parameter("RegionId").filter(|text| !text.is_empty())) {
            (Host::Endpoint(_, region), _) => Some(region.clone()),
            (_, Some(text)) => text.parse().ok(),
            (_, None) => Some(default_region.clone()),
        };
        Self { host, product, region, action, version }
    }

    /// The dedicated instance whose gateway was called.
    pub(super) fn instance(&self) -> Option<&InstanceId> {
        match &self.host {
            Host::Instance(id) => Some(id),
            Host::Endpoint(..) | Host::Global(_) | Host::Foreign | Host::Other => None,
        }
    }

    /// The operation, or what is wrong with its naming.
    pub(super) fn operation(&self) -> Result<&'static Operation, ApiError> {
        if self.host == Host::Foreign {
            return Err(ApiError::unknown_domain());
        }
        if self.action.is_empty() {
            return Err(ApiError::missing("Action"));
        }
        if self.version.is_empty() {
            return Err(ApiError::missing("Version"));
        }
        let product = self.product.ok_or_else(ApiError::unknown_action_or_version)?;
        if product.version() != self.version {
            return Err(ApiError::wrong_version());
        }
        product.operation(&self.action).ok_or_else(ApiError::unknown_action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(region: &str) -> Host {
        Host::Endpoint(Product::Kms, region.parse().expect("a region"))
    }

    #[rstest::rstest]
    #[case("kms.cn-hangzhou.aliyuncs.com", endpoint("cn-hangzhou"))]
    #[case("KMS-VPC.ap-southeast-1.aliyuncs.com:443", endpoint("ap-southeast-1"))]
    #[case("kst-hzz62abc.cryptoservice.kms.aliyuncs.com", Host::Instance("kst-hzz62abc".parse().expect("an id")))]
    #[case("hzz62abc.cryptoservice.kms.aliyuncs.com", Host::Foreign)]
    #[case("kms.aliyuncs.com", Host::Foreign)]
    #[case("sts.aliyuncs.com", Host::Global(Product::Sts))]
    #[case("kmsx.cn-hangzhou.aliyuncs.com", Host::Foreign)]
    #[case("kms.a.b.aliyuncs.com", Host::Foreign)]
    #[case("ecs.cn-hangzhou.aliyuncs.com", Host::Foreign)]
    #[case("127.0.0.1:8080", Host::Other)]
    #[case("[::1]:8080", Host::Other)]
    #[case("kms.cn-hangzhou.aliyuncs.com.example.org", Host::Other)]
    #[case("", Host::Other)]
    fn a_host_names_product_and_region(#[case] text: &str, #[case] host: Host) {
        assert_eq!(Host::read(text), host);
    }

    fn target(host: &str, query: &str) -> Target {
        let headers = [(http::header::HOST, host.parse().expect("a header value"))].into_iter().collect();
        let default_region = "cn-hangzhou".parse().expect("a region");
        Target::read(&Request::new("GET", "/", query, headers, Vec::new()), &default_region)
    }

    #[rstest::rstest]
    #[case("kms.cn-beijing.aliyuncs.com", "RegionId=cn-shanghai", Some("cn-beijing"))]
    #[case("127.0.0.1", "RegionId=cn-shanghai", Some("cn-shanghai"))]
    #[case("127.0.0.1", "", Some("cn-hangzhou"))]
    #[case("127.0.0.1", "RegionId=NO!", None)]
    fn the_region_comes_from_host_then_parameter_then_default(
        #[case] host: &str,
        #[case] query: &str,
        #[case] region: Option<&str>,
    ) {
        assert_eq!(target(host, query).region.as_ref().map(ToString::to_string).as_deref(), region);
    }

    #[rstest::rstest]
    #[case("ecs.cn-hangzhou.aliyuncs.com", "Action=A&Version=2014-05-26", "InvalidProduct.NotFound")]
    #[case("127.0.0.1", "Version=2016-01-20", "MissingAction")]
    #[case("127.0.0.1", "Action=GetSecretValue", "MissingVersion")]
    #[case("127.0.0.1", "Action=GetSecretValue&Version=1999-01-01", "InvalidParameter")]
    #[case("kms.cn-hangzhou.aliyuncs.com", "Action=GetSecretValue&Version=1999-01-01", "InvalidVersion")]
    #[case("127.0.0.1", "Action=getsecretvalue&Version=2016-01-20", "InvalidAction.NotFound")]
    fn a_wrong_name_is_refused_as_the_gateway_does(
        #[case] host: &str,
        #[case] query: &str,
        #[case] code: &str,
    ) {
        let refused = target(host, query).operation().err().expect("no such operation");
        assert_eq!(refused.code, code);
    }
}
