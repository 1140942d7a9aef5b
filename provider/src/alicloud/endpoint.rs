//! Where a call goes: regions and endpoints, parsed so that neither can carry a surprise.

use std::fmt;
use std::str::FromStr;

/// A region id such as `cn-hangzhou`: lower-case letters, digits and hyphens.
///
/// The set of regions grows, so only the form is checked. The form is what keeps a region from naming another host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Region(String);

impl Region {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let well_formed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let starts_with_letter = text.starts_with(|first: char| first.is_ascii_lowercase());
        let fits =
            starts_with_letter && text.len() <= 63 && !text.ends_with('-') && text.bytes().all(well_formed);
        if mutate!(AnyRegion, fits, true) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseError::Region(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which of a service's two endpoints in a region is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Network {
    /// Within a VPC: where nodes of a managed or dedicated cluster are.
    #[default]
    Vpc,
    /// On the Internet: for registered clusters elsewhere.
    Public,
}

/// A scheme and a host, with a port if it is not the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    scheme: Scheme,
    host: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scheme {
    Http,
    Https,
}

impl Endpoint {
    /// KMS of a region.
    pub fn kms(region: &Region, network: Network) -> Self {
        Self::regional("kms", region.as_str(), network)
    }

    /// OOS of a region.
    pub fn oos(region: &Region, network: Network) -> Self {
        Self::regional("oos", region.as_str(), network)
    }

    /// STS of a region. Some regions of the financial cloud share another's ("Endpoints" in the documents of STS).
    pub fn sts(region: &Region, network: Network) -> Self {
        match (region.as_str(), network) {
            ("cn-hangzhou-finance", Network::Vpc) => Self::regional("sts", "cn-hangzhou", network),
            ("cn-hangzhou-finance" | "cn-shenzhen-finance-1", Network::Public) => Self::global_sts(),
            (region, _) => Self::regional("sts", region, network),
        }
    }

    /// STS of no region in particular, on the Internet.
    pub fn global_sts() -> Self {
        Self { scheme: Scheme::Https, host: "sts.aliyuncs.com".to_owned() }
    }

    fn regional(product: &str, region: &str, network: Network) -> Self {
        let suffix = match network {
            Network::Vpc => "-vpc",
            Network::Public => "",
        };
        Self { scheme: Scheme::Https, host: format!("{product}{suffix}.{region}.aliyuncs.com") }
    }

    /// Whether this is a host that the cloud itself serves KMS at, over HTTPS: the shared gateway of a region, or the
    /// gateway of a dedicated instance. Other names under `aliyuncs.com` may belong to tenants.
    pub fn is_the_clouds_kms(&self) -> bool {
        let Some(name) = self.host.strip_suffix(".aliyuncs.com") else { return false };
        let shared = name.strip_prefix("kms.").or_else(|| name.strip_prefix("kms-vpc."));
        let label = shared.or_else(|| name.strip_suffix(".cryptoservice.kms"));
        // The id of an instance has the form of a region's: one label of letters, digits and hyphens.
        self.scheme == Scheme::Https && label.is_some_and(|label| label.parse::<Region>().is_ok())
    }

    /// The host as it is signed and sent: `kms-vpc.cn-hangzhou.aliyuncs.com`, or `127.0.0.1:4580`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The URL of the service's root with `query` (already encoded) attached.
    pub fn url(&self, query: &str) -> String {
        let separator = if query.is_empty() { "" } else { "?" };
        format!("{self}/{separator}{query}")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}", self.host)
    }
}

/// Reads an operator's endpoint: a host, `https://host[:port]`, or `http://host[:port]` for a fake.
impl FromStr for Endpoint {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let refuse = || ParseError::Endpoint(text.chars().take(200).collect());
        let url = reqwest::Url::parse(&with_scheme).map_err(|_| refuse())?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(refuse()),
        };
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        let Some(name) = url.host_str().filter(|_| bare && anonymous) else {
            return Err(refuse());
        };
        let host = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        Ok(Self { scheme, host })
    }
}

/// A region or endpoint that is none. The operator or the author of the class must correct it.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// Not of the form of a region id.
    #[error("{0:?} is no region id, expected lower-case letters, digits and hyphens such as cn-hangzhou")]
    Region(String),
    /// Not of the form of an endpoint.
    #[error(
        "{0:?} is no endpoint, expected a host such as kms.cn-hangzhou.aliyuncs.com, or http[s]://host[:port] without a path"
    )]
    Endpoint(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("cn-hangzhou")]
    #[case("cn-wuhan-lr")]
    #[case("ap-southeast-1")]
    fn regions_of_the_cloud_parse(#[case] text: &str) {
        assert_eq!(text.parse::<Region>().unwrap().to_string(), text);
    }

    #[rstest]
    #[case("")]
    #[case("evil.example.com/")]
    #[case("cn-hangzhou.evil")]
    #[case("cn hangzhou")]
    #[case("__ACK_REGION_ID__")]
    #[case("-cn")]
    #[case("cn-")]
    fn a_region_cannot_name_another_host(#[case] text: &str) {
        assert!(text.parse::<Region>().is_err());
    }

    #[rstest]
    #[case(
        "kms.cn-hangzhou.aliyuncs.com",
        "https://kms.cn-hangzhou.aliyuncs.com",
        "kms.cn-hangzhou.aliyuncs.com"
    )]
    #[case("https://kms.example.com:8443/", "https://kms.example.com:8443", "kms.example.com:8443")]
    #[case("http://127.0.0.1:4580", "http://127.0.0.1:4580", "127.0.0.1:4580")]
    #[case("https://kms.example.com:443", "https://kms.example.com", "kms.example.com")]
    #[case("http://[::1]:4580", "http://[::1]:4580", "[::1]:4580")]
    fn endpoints_keep_scheme_host_and_unusual_port(
        #[case] text: &str,
        #[case] url: &str,
        #[case] host: &str,
    ) {
        let endpoint: Endpoint = text.parse().unwrap();
        assert_eq!((endpoint.to_string().as_str(), endpoint.host()), (url, host));
    }

    #[rstest]
    #[case("kms.cn-hangzhou.aliyuncs.com", true)]
    #[case("https://KMS-VPC.cn-hangzhou.aliyuncs.com:443/", true)]
    #[case("kst-hzz62abc.cryptoservice.kms.aliyuncs.com", true)]
    #[case("http://kms.cn-hangzhou.aliyuncs.com", false)]
    #[case("kms.cn-hangzhou.aliyuncs.com:8443", false)]
    #[case("kms.cn-hangzhou.aliyuncs.com.", false)]
    #[case("kms.cn-hangzhou.aliyuncs.com.example.org", false)]
    #[case("kms.a.b.aliyuncs.com", false)]
    #[case("evil-kms.cn-hangzhou.aliyuncs.com", false)]
    #[case("bucket.oss-cn-hangzhou.aliyuncs.com", false)]
    #[case("a.b.cryptoservice.kms.aliyuncs.com", false)]
    #[case("oos.cn-hangzhou.aliyuncs.com", false)]
    #[case("kms.aliyuncs.com", false)]
    #[case("169.254.169.254", false)]
    fn only_kms_itself_is_a_host_of_the_clouds_kms(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(text.parse::<Endpoint>().unwrap().is_the_clouds_kms(), expected);
    }

    #[rstest]
    #[case("cn-beijing", Network::Vpc, "sts-vpc.cn-beijing.aliyuncs.com")]
    #[case("cn-beijing", Network::Public, "sts.cn-beijing.aliyuncs.com")]
    #[case("cn-hangzhou-finance", Network::Vpc, "sts-vpc.cn-hangzhou.aliyuncs.com")]
    #[case("cn-hangzhou-finance", Network::Public, "sts.aliyuncs.com")]
    #[case("cn-shenzhen-finance-1", Network::Vpc, "sts-vpc.cn-shenzhen-finance-1.aliyuncs.com")]
    fn sts_is_where_the_documents_say(#[case] region: &str, #[case] network: Network, #[case] host: &str) {
        assert_eq!(Endpoint::sts(&region.parse().unwrap(), network).host(), host);
    }

    #[rstest]
    #[case("")]
    #[case("ftp://kms.example.com")]
    #[case("https://user:pass@kms.example.com")]
    #[case("https://kms.example.com/path")]
    #[case("https://kms.example.com?query")]
    #[case("https://")]
    fn what_is_more_than_a_host_is_refused(#[case] text: &str) {
        assert!(text.parse::<Endpoint>().is_err());
    }
}
