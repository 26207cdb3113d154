//! Where a server listens, and by which names it may be called.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};

use axum::http::uri::Authority;

use super::ServeError;

/// Listens on `port` of `host`, an address or a name of this machine. Port 0 is any that is free.
pub(crate) fn listen(host: &str, port: u16) -> Result<TcpListener, ServeError> {
    let no_address = |source| ServeError::Host {
        host: host.to_owned(),
        source,
    };
    // An address in brackets is how it stands in a URL.
    let plain = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    let addresses = (plain, port).to_socket_addrs().map_err(no_address)?;
    let mut failure = no_address(io::Error::other("it has no address"));
    for address in addresses {
        match TcpListener::bind(address) {
            Ok(listener) => return Ok(listener),
            Err(source) => {
                failure = match source.kind() {
                    io::ErrorKind::AddrInUse => ServeError::PortTaken { address },
                    io::ErrorKind::AddrNotAvailable => no_address(source),
                    _ => ServeError::Listen { address, source },
                }
            }
        }
    }
    Err(failure)
}

/// An address that a browser on this machine can go to.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => {
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port())
        }
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port())
        }
        _ => address,
    }
}

/// The names by which a request may call the server.
///
/// A page anywhere in the web can have its own name resolved to 127.0.0.1 once its script runs
/// ("DNS rebinding"), and would then read this server as if it were its own. Such a request still
/// carries the foreign name, so a request is answered only if it names this machine.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    host: String,
    bound: IpAddr,
}

impl Names {
    /// For a server that was asked to listen on `host` and listens on `bound`.
    pub(crate) fn new(host: &str, bound: IpAddr) -> Self {
        Self {
            host: host.to_ascii_lowercase(),
            bound,
        }
    }

    /// Whether a request with `authority` (a `Host` header: a name or an address, and perhaps a
    /// port) means this server. The port is not looked at: a tunnel has another.
    pub(crate) fn accept(&self, authority: &str) -> bool {
        if authority.contains('@') {
            return false;
        }
        let Ok(authority) = authority.parse::<Authority>() else {
            return false;
        };
        let name = authority.host().to_ascii_lowercase();
        let address = name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(&name)
            .parse::<IpAddr>();
        match address {
            // An address in the place of a name cannot have been resolved to another.
            Ok(ip) => ip.is_loopback() || ip == self.bound || self.bound.is_unspecified(),
            Err(_) => name == "localhost" || name == self.host,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_name_this_machine() {
        let names = Names::new("127.0.0.1", Ipv4Addr::LOCALHOST.into());
        for name in [
            "localhost",
            "LocalHost:8427",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.8.0.1:1",
            "[::1]:8427",
        ] {
            assert!(names.accept(name), "{name}");
        }
        for name in [
            "",
            "evil.example",
            "evil.example:8427",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "user@localhost",
            "localhost@evil.example",
            "local host",
            "[::2]",
        ] {
            assert!(!names.accept(name), "{name}");
        }
    }

    #[test]
    fn another_address_is_accepted_where_it_was_asked_for() {
        let named = Names::new("Box.Lan", "10.0.0.1".parse().unwrap());
        for name in ["box.lan:1", "10.0.0.1", "localhost"] {
            assert!(named.accept(name), "{name}");
        }
        assert!(!named.accept("10.0.0.2") && !named.accept("evil.example"));
        let all = Names::new("0.0.0.0", Ipv4Addr::UNSPECIFIED.into());
        assert!(all.accept("192.168.1.5:8427") && !all.accept("evil.example"));
    }

    #[test]
    fn a_taken_port_and_a_host_of_elsewhere_are_told_apart() {
        let first = listen("127.0.0.1", 0).unwrap();
        let address = first.local_addr().unwrap();
        assert!(address.ip().is_loopback());
        let error = listen("127.0.0.1", address.port()).unwrap_err();
        assert!(matches!(error, ServeError::PortTaken { address: taken } if taken == address));
        assert!(error.to_string().contains("--port 0"), "{error}");
        // An address reserved for documentation is no machine's.
        let error = listen("192.0.2.1", 0).unwrap_err();
        assert!(matches!(error, ServeError::Host { .. }), "{error}");
    }

    #[test]
    fn every_address_is_reached_by_loopback() {
        let reached = |address: &str| reachable(address.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:5"), "127.0.0.1:5");
        assert_eq!(reached("[::]:5"), "[::1]:5");
        assert_eq!(reached("10.0.0.1:5"), "10.0.0.1:5");
    }
}
