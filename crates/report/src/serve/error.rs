//! Why a server does not start, or ends.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// An error of serving runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// What should be served is not there.
    #[error("cannot serve {path}: {source}; give a run or a folder with runs below it")]
    Path {
        /// What was asked for.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The host to listen on is neither an address nor a name of this machine.
    #[error(
        "cannot listen on {host:?}: {source}; give an address of this machine, such as 127.0.0.1 or \
         0.0.0.0 for all"
    )]
    Host {
        /// What was asked for.
        host: String,
        /// The cause.
        source: io::Error,
    },
    /// Another program listens on the port.
    #[error(
        "port {} of {} is taken: choose another with --port, or --port 0 for any that is free",
        .address.port(), .address.ip()
    )]
    PortTaken {
        /// Address and port that were asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Address and port that were asked for.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// The server cannot go on.
    #[error("the server ended: {source}")]
    Ended {
        /// The cause.
        source: io::Error,
    },
}
