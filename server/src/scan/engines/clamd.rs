//! Where clamd listens, and the streams that lead there.

use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use lazaret_scanner::malware::clamd::ReadWrite;

/// The address of a clamd (clamd.conf(5), `LocalSocket` and `TCPSocket`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A host and port.
    Tcp(String),
}

/// What was given is no address of a clamd.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address of clamd: use unix:///PATH or tcp://HOST:PORT")]
pub struct InvalidClamdAddress(String);

impl FromStr for ClamdAddress {
    type Err = InvalidClamdAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix://").or(text.starts_with('/').then_some(text))
            && path.starts_with('/')
        {
            return Ok(Self::Unix(path.into()));
        }
        let host = text.strip_prefix("tcp://").filter(|host| {
            host.rsplit_once(':').is_some_and(|(name, port)| !name.is_empty() && port.parse::<u16>().is_ok())
        });
        host.map(|host| Self::Tcp(host.to_owned())).ok_or_else(|| InvalidClamdAddress(text.to_owned()))
    }
}

impl fmt::Display for ClamdAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(host) => write!(f, "tcp://{host}"),
        }
    }
}

impl ClamdAddress {
    /// A connection on which every read and write ends within `timeout`.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect(&self, timeout: Duration) -> io::Result<Box<dyn ReadWrite>> {
        match self {
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))?;
                Ok(Box::new(stream))
            }
            Self::Tcp(host) => {
                let mut last = io::ErrorKind::NotFound.into();
                for address in host.to_socket_addrs()? {
                    match TcpStream::connect_timeout(&address, timeout) {
                        Ok(stream) => {
                            stream.set_read_timeout(Some(timeout))?;
                            stream.set_write_timeout(Some(timeout))?;
                            return Ok(Box::new(stream));
                        }
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_sockets_or_hosts_with_a_port() {
        for (text, written) in [
            ("unix:///run/clamav/clamd.ctl", "unix:///run/clamav/clamd.ctl"),
            ("/run/clamd.sock", "unix:///run/clamd.sock"),
            ("tcp://clamav:3310", "tcp://clamav:3310"),
            ("tcp://[::1]:3310", "tcp://[::1]:3310"),
        ] {
            assert_eq!(text.parse::<ClamdAddress>().unwrap().to_string(), written);
        }
        for text in ["", "clamav:3310", "tcp://clamav", "tcp://:3310", "unix://run/x", "http://clamav:3310"] {
            assert!(text.parse::<ClamdAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_silent_clamd_is_not_waited_for_longer_than_the_timeout() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clamd");
        let _silent = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let mut stream = ClamdAddress::Unix(path).connect(Duration::from_millis(50)).unwrap();
        let error = stream.read(&mut [0]).unwrap_err();
        assert!(matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut), "{error:?}");
    }
}
