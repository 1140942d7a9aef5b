//! Hosts that are elsewhere than DNS says. Certificates are still asked for by name.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// A host and where it is: `kms-vpc.cn-hangzhou.aliyuncs.com=127.0.0.1:8983`. Without a port it is the scheme's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    host: String,
    address: SocketAddr,
}

impl Resolve {
    pub(super) fn apply(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        builder.resolve(&self.host, self.address)
    }
}

impl FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let parsed = text.split_once('=').and_then(|(host, address)| {
            let bare = || address.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 0));
            let address = address.parse().ok().or_else(bare)?;
            let is_host = !host.is_empty() && host.bytes().all(plain);
            is_host.then(|| Self { host: host.to_ascii_lowercase(), address })
        });
        parsed.ok_or_else(|| {
            format!(
                "{text:?}: expected HOST=IP[:PORT], such as kms-vpc.cn-hangzhou.aliyuncs.com=127.0.0.1:8983"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("KMS.aliyuncs.com=127.0.0.1:8983", "127.0.0.1:8983")]
    #[case("kms.aliyuncs.com=127.0.0.1", "127.0.0.1:0")]
    #[case("kms.aliyuncs.com=[::1]:1", "[::1]:1")]
    #[case("kms.aliyuncs.com=::1", "[::1]:0")]
    fn a_host_is_at_an_address(#[case] text: &str, #[case] address: &str) {
        let resolve: Resolve = text.parse().unwrap();
        assert_eq!(resolve.host, text.split_once('=').unwrap().0.to_ascii_lowercase());
        assert_eq!(resolve.address.to_string(), address);
    }

    #[rstest]
    #[case("")]
    #[case("kms.aliyuncs.com")]
    #[case("=127.0.0.1")]
    #[case("kms.aliyuncs.com=elsewhere")]
    #[case("https://kms.aliyuncs.com=127.0.0.1")]
    fn anything_else_is_refused(#[case] text: &str) {
        assert!(text.parse::<Resolve>().unwrap_err().contains("expected HOST=IP[:PORT]"));
    }
}
