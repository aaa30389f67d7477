use std::error::Error;
use std::fmt;

/// Most characters that are shown.
const LENGTH_LIMIT: usize = 200;

/// What the OpenPGP library says of bytes that it cannot read, without the bytes, which it would repeat whole.
#[derive(Debug)]
pub struct OpenPgpError(Box<pgp::errors::Error>);

impl From<pgp::errors::Error> for OpenPgpError {
    fn from(error: pgp::errors::Error) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for OpenPgpError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&shortened(&self.0.to_string()))
    }
}

impl Error for OpenPgpError {}

/// Cuts off what is there for programmers: the likes of `Error(Error { input: [83, 117, …` and `IO { source: Custom { …`.
fn shortened(text: &str) -> String {
    let text = text.lines().next().unwrap_or_default();
    let end = [" Error(", " {"].iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    text[..end].trim_end_matches([' ', ':']).chars().take(LENGTH_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_not_repeated() {
        for (text, expected) in [
            ("unknown packet header version 1010100", "unknown packet header version 1010100"),
            ("failed reading: cleartext header Error(Error { input: [83, 117] })", "failed reading: cleartext header"),
            ("cannot parse: IO { source: Custom { kind: Other }, backtrace: None }", "cannot parse: IO"),
            ("one line\nand another", "one line"),
        ] {
            assert_eq!(shortened(text), expected);
        }
        assert_eq!(shortened(&"x".repeat(10_000)).len(), LENGTH_LIMIT);
    }
}
