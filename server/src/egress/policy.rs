//! Which addresses may be called.
//!
//! A base address, a webhook or a redirect is text that somebody wrote; the machine it leads to may hold the cloud's
//! credentials. So the address decides, after resolution, and not the name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cidr::{Cidr, InvalidCidr};

/// Decides by address: public ones may be called, private ones when configured, link-local and metadata ones never.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    allowed: Vec<Cidr>,
}

/// Why an address may not be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Link-local, metadata, multicast, unspecified or reserved: nothing allows it.
    #[error("{0} is a link-local, metadata or reserved address, which Lazaret never calls")]
    Never(IpAddr),
    /// Private, and not in `egress.allow_private`.
    #[error(
        "{0} is a private address; add its network to `egress.allow_private` in the configuration to allow it"
    )]
    Private(IpAddr),
}

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Cidr {
    Cidr::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits)
}

const fn v6(first: u16, second: u16, last: u16, bits: u8) -> Cidr {
    Cidr::new(IpAddr::V6(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, last)), bits)
}

/// Never called: link-local (where most clouds have their metadata), the metadata addresses outside it (Azure's wire
/// server, Alibaba, the IPv6 one of EC2), and what is no host: unspecified, multicast, reserved, broadcast.
const NEVER: &[Cidr] = &[
    v4(169, 254, 0, 0, 16),
    v4(168, 63, 129, 16, 32),
    v4(100, 100, 100, 200, 32),
    v4(0, 0, 0, 0, 8),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
    v6(0xfe80, 0, 0, 10),
    v6(0xfd00, 0x0ec2, 0x0254, 128),
    v6(0, 0, 0, 128),
    v6(0xff00, 0, 0, 8),
];

/// Private, shared or special by the IANA registries: loopback, RFC 1918, carrier NAT, protocol assignments,
/// documentation, benchmarking, unique local, deprecated site-local, discard-only.
const PRIVATE: &[Cidr] = &[
    v4(127, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(172, 16, 0, 0, 12),
    v4(192, 168, 0, 0, 16),
    v4(100, 64, 0, 0, 10),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v6(0, 0, 1, 128),
    v6(0xfc00, 0, 0, 7),
    v6(0xfec0, 0, 0, 10),
    v6(0x0100, 0, 0, 64),
    v6(0x2001, 0x0db8, 0, 32),
];

impl AddressPolicy {
    /// A policy that also lets the networks in `allow_private` be called.
    pub fn new(allow_private: &[String]) -> Result<Self, InvalidCidr> {
        let allowed = allow_private.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
        Ok(Self { allowed })
    }

    /// Whether `address` may be called.
    ///
    /// An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4) is judged by what it carries: both forms reach
    /// the same machine.
    pub fn check(&self, address: IpAddr) -> Result<(), Refusal> {
        let carried = match address {
            IpAddr::V6(ip) => carried_v4(ip).map(IpAddr::V4),
            IpAddr::V4(_) => None,
        };
        let judged = carried.unwrap_or(address);
        let within = |networks: &[Cidr]| networks.iter().any(|net| net.contains(judged));
        if within(NEVER) {
            return Err(Refusal::Never(judged));
        }
        if within(PRIVATE) && !within(&self.allowed) {
            return Err(Refusal::Private(judged));
        }
        Ok(())
    }
}

/// The IPv4 address that an IPv6 one stands for: `::ffff:a.b.c.d`, `::a.b.c.d` (deprecated), `64:ff9b::a.b.c.d`
/// (NAT64, RFC 6052) and `2002:aabb:ccdd::` (6to4, RFC 3056).
fn carried_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = |segments: &[u16]| match segments {
        [high, low] => Ipv4Addr::from((u32::from(*high) << 16) | u32::from(*low)),
        _ => Ipv4Addr::UNSPECIFIED,
    };
    let segments = ip.segments();
    match segments {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(low(&segments[6..])),
        [0, 0, 0, 0, 0, 0, high, low_part] if high != 0 => Some(low(&[high, low_part])),
        [0x2002, high, low_part, ..] => Some(low(&[high, low_part])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allowed: &[&str]) -> AddressPolicy {
        AddressPolicy::new(&allowed.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn addresses_are_judged_by_where_they_lead() {
        const PUBLIC: u8 = 0;
        const ASK: u8 = 1;
        const NO: u8 = 2;
        let table: &[(&str, u8)] = &[
            ("1.1.1.1", PUBLIC),
            ("142.250.1.1", PUBLIC),
            ("2001:4860:4860::8888", PUBLIC),
            ("172.15.255.255", PUBLIC),
            ("172.32.0.1", PUBLIC),
            ("100.63.0.1", PUBLIC),
            ("100.128.0.1", PUBLIC),
            ("64:ff9b::1.1.1.1", PUBLIC),
            ("127.0.0.1", ASK),
            ("127.255.0.3", ASK),
            ("10.1.2.3", ASK),
            ("172.16.0.1", ASK),
            ("172.31.255.255", ASK),
            ("192.168.1.1", ASK),
            ("100.64.0.1", ASK),
            ("198.18.0.1", ASK),
            ("::1", ASK),
            ("fd12::1", ASK),
            ("fec0::1", ASK),
            ("::ffff:10.0.0.1", ASK),
            ("::ffff:127.0.0.1", ASK),
            ("::127.0.0.1", ASK),
            ("64:ff9b::10.0.0.1", ASK),
            ("2002:0a00:0001::1", ASK),
            ("169.254.169.254", NO),
            ("169.254.0.1", NO),
            ("168.63.129.16", NO),
            ("100.100.100.200", NO),
            ("0.0.0.0", NO),
            ("0.1.2.3", NO),
            ("224.0.0.1", NO),
            ("255.255.255.255", NO),
            ("::", NO),
            ("fe80::1", NO),
            ("fd00:ec2::254", NO),
            ("ff02::1", NO),
            ("::ffff:169.254.169.254", NO),
            ("64:ff9b::169.254.169.254", NO),
            ("2002:a9fe:a9fe::", NO),
        ];
        let none = policy(&[]);
        let all = policy(&["0.0.0.0/0", "::/0"]);
        for (text, class) in table {
            let address: IpAddr = text.parse().unwrap();
            let strict = none.check(address);
            match *class {
                PUBLIC => assert_eq!(strict, Ok(()), "{text}"),
                ASK => assert!(matches!(strict, Err(Refusal::Private(_))), "{text}: {strict:?}"),
                _ => assert!(matches!(strict, Err(Refusal::Never(_))), "{text}: {strict:?}"),
            }
            assert_eq!(all.check(address).is_ok(), *class != NO, "{text} with everything allowed");
        }
    }

    #[test]
    fn only_the_networks_named_are_opened() {
        let policy = policy(&["10.1.0.0/16", "fd00::/8", "127.0.0.1"]);
        for (text, allowed) in [
            ("10.1.9.9", true),
            ("::ffff:10.1.9.9", true),
            ("10.2.0.1", false),
            ("fd01::5", true),
            ("fc01::5", false),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
        ] {
            assert_eq!(policy.check(text.parse().unwrap()).is_ok(), allowed, "{text}");
        }
    }

    #[test]
    fn a_refusal_names_the_key_that_would_allow_it() {
        let refusal = policy(&[]).check("10.0.0.1".parse().unwrap()).unwrap_err().to_string();
        assert!(refusal.contains("egress.allow_private"), "{refusal}");
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "localhost", "10.0.0.0/-1", "10.0.0.0/"] {
            assert!(text.parse::<Cidr>().is_err(), "{text}");
        }
    }
}
