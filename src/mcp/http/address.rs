//! The address of a client. A header names it only if the connection comes from a proxy that the operator trusts.

use std::net::IpAddr;

use http::HeaderMap;

/// A range of addresses, such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    base: IpAddr,
    prefix: u8,
}

impl IpRange {
    /// The addresses that share the first `prefix` bits with `base`.
    #[must_use]
    pub const fn new(base: IpAddr, prefix: u8) -> Self {
        Self { base, prefix }
    }
}

#[cfg(test)]
impl std::str::FromStr for IpRange {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (base, prefix) = text.split_once('/').map_or((text, None), |(base, prefix)| (base, Some(prefix)));
        let base: IpAddr = base.parse().map_err(|_| ())?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), str::parse).map_err(|_| ())?;
        if prefix <= longest { Ok(Self { base, prefix }) } else { Err(()) }
    }
}

impl IpRange {
    fn contains(self, address: IpAddr) -> bool {
        let shift = |bits: u32| bits.saturating_sub(u32::from(self.prefix));
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                (base.to_bits() ^ address.to_bits()).checked_shr(shift(32)).unwrap_or_default() == 0
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                (base.to_bits() ^ address.to_bits()).checked_shr(shift(128)).unwrap_or_default() == 0
            }
            _ => false,
        }
    }
}

/// The address of the client. `X-Forwarded-For` is read from the right, since a client can write anything on the left:
/// the first address that is no trusted proxy is the client.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpRange]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    let mut client = peer;
    let values: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let mut hops = values.iter().flat_map(|value| value.split(',')).map(str::trim).rev();
    while is_trusted(client) {
        match hops.next().map(str::parse) {
            Some(Ok(hop)) => client = hop,
            _ => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_name_the_client() {
        let client = |peer: &str, forwarded: &[&str], trusted: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let trusted: Vec<IpRange> = trusted.iter().map(|range| range.parse().unwrap()).collect();
            super::client(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        assert_eq!(client("203.0.113.9", &["10.0.0.1"], &[]), "203.0.113.9", "nobody is trusted");
        assert_eq!(client("203.0.113.9", &["10.0.0.1"], &["127.0.0.1"]), "203.0.113.9", "forged by a client");
        assert_eq!(client("127.0.0.1", &["1.1.1.1, 203.0.113.9"], &["127.0.0.1"]), "203.0.113.9", "the left is forged");
        assert_eq!(client("10.1.2.3", &["1.1.1.1, 2.2.2.2", "10.9.9.9"], &["10.0.0.0/8"]), "2.2.2.2");
        assert_eq!(client("127.0.0.1", &["nonsense"], &["127.0.0.1"]), "127.0.0.1");
        assert_eq!(client("::ffff:127.0.0.1", &["2001:db8::1"], &["127.0.0.0/8"]), "2001:db8::1");
    }

    #[test]
    fn a_range_is_an_address_and_a_prefix() {
        for (range, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("2001:db8::/32", "2001:db8:1::", "2001:db9::"),
            ("::1", "::1", "::2"),
        ] {
            let range: IpRange = range.parse().unwrap();
            assert!(range.contains(inside.parse().unwrap()) && !range.contains(outside.parse().unwrap()));
        }
        assert!("0.0.0.0/0".parse::<IpRange>().unwrap().contains("9.9.9.9".parse().unwrap()));
        for wrong in ["", "10.0.0.0/33", "host", "10.0.0.0/x"] {
            assert!(wrong.parse::<IpRange>().is_err(), "{wrong}");
        }
    }
}
