//! Ranges of addresses, as `IpAddress` conditions have them.

use std::{net::IpAddr, str::FromStr};

/// One address, or all that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    prefix: u32,
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let width = width(address);
        let prefix = match prefix {
            None => width,
            // Digits only: the number's own parser takes a sign too.
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().map_err(|_| ())?,
            Some(_) => return Err(()),
        };
        if prefix <= width { Ok(Self { address, prefix }) } else { Err(()) }
    }
}

impl Network {
    /// Whether the address is in it. One of IPv4 that came in the clothes of IPv6 is taken for what it is.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if address.is_ipv4() != self.address.is_ipv4() {
            return false;
        }
        let beginning = |address| bits(address).checked_shr(width(address) - self.prefix).unwrap_or_default();
        beginning(address) == beginning(self.address)
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("10.0.0.0/8", "10.255.0.1", true)]
    #[case("10.0.0.0/8", "11.0.0.0", false)]
    #[case("10.1.2.3/8", "10.9.9.9", true)]
    #[case("10.1.2.3", "10.1.2.3", true)]
    #[case("10.1.2.3", "10.1.2.4", false)]
    #[case("0.0.0.0/0", "255.255.255.255", true)]
    #[case("0.0.0.0/0", "::1", false)]
    #[case("10.0.0.0/8", "::ffff:10.0.0.1", true)]
    #[case("::/0", "2001:db8::1", true)]
    #[case("2001:db8::/33", "2001:db8:7fff::1", true)]
    #[case("2001:db8::/33", "2001:db8:8000::1", false)]
    fn an_address_is_in_a_range_by_its_first_bits(
        #[case] range: &str,
        #[case] address: &str,
        #[case] expected: bool,
    ) {
        let network: Network = range.parse().expect("a range");
        assert_eq!(network.contains(address.parse().expect("an address")), expected);
    }

    #[rstest]
    #[case("")]
    #[case("10.0.0")]
    #[case("10.0.0.0/")]
    #[case("10.0.0.0/33")]
    #[case("10.0.0.0/+8")]
    #[case("10.0.0.0/8/8")]
    #[case("::/129")]
    #[case("localhost")]
    fn anything_else_is_no_range(#[case] text: &str) {
        assert!(text.parse::<Network>().is_err());
    }
}
