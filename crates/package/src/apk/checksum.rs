use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// A digest as apk-tools writes it: `Q1` and base64 for SHA-1, `Q2` for SHA-256, and MD5 in hexadecimal in old databases.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApkChecksum {
    /// Of old databases.
    Md5([u8; 16]),
    /// Of packages and their files.
    Sha1([u8; 20]),
    /// Of packages that newer programs made.
    Sha256([u8; 32]),
}

impl ApkChecksum {
    /// Reads one; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let decoded = |text: &str| STANDARD.decode(text).ok();
        if let Some(text) = text.strip_prefix("Q1") {
            return decoded(text)?.try_into().ok().map(Self::Sha1);
        }
        if let Some(text) = text.strip_prefix("Q2") {
            return decoded(text)?.try_into().ok().map(Self::Sha256);
        }
        // `X` says that the rest is in hexadecimal.
        if let Some(text) = text.strip_prefix("X1") {
            return hex(text).map(Self::Sha1);
        }
        if let Some(text) = text.strip_prefix("X2") {
            return hex(text).map(Self::Sha256);
        }
        hex(text).map(Self::Md5)
    }

    /// Returns its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Md5(bytes) => bytes,
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }
}

impl fmt::Display for ApkChecksum {
    /// Writes `algorithm:hex`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Md5(_) => "md5:",
            Self::Sha1(_) => "sha1:",
            Self::Sha256(_) => "sha256:",
        })?;
        self.bytes().iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

fn hex<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let digits = text.as_bytes();
    if digits.len() != LENGTH * 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
