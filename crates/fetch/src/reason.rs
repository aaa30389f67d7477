use std::error::Error;
use std::io;

/// Says that a name leads nowhere. The name server's own words are for its makers.
pub const NO_ADDRESS: &str = "there is no address for that name";

/// Says in a few words why no answer came: the cause of all causes, without what each layer above it says about it.
pub fn reason(error: &reqwest::Error) -> String {
    let mut innermost: &(dyn Error + 'static) = error;
    while let Some(cause) = innermost.source() {
        if cause.to_string() == "dns error" {
            return NO_ADDRESS.to_owned();
        }
        innermost = cause;
    }
    let kind = innermost.downcast_ref::<io::Error>().map(io::Error::kind);
    match kind.and_then(words) {
        Some(words) => words.to_owned(),
        None if error.is_timeout() => "no answer in time".to_owned(),
        None => innermost.to_string(),
    }
}

fn words(kind: io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => "the connection broke off",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "there is no way to that host",
        io::ErrorKind::TimedOut => "no answer in time",
        _ => return None,
    })
}
