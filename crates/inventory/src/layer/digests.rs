use md5::Md5;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::fmt::Write;

/// Digests of a file's contents, as `algorithm:hex`, by all algorithms that databases of distributions have them by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileDigests([String; 3]);

impl FileDigests {
    /// Memory that they take, roughly, in bytes.
    pub(crate) const SIZE: usize = 320;

    pub(crate) fn of(contents: &[u8]) -> Self {
        Self([
            text("md5", &Md5::digest(contents)),
            text("sha1", &Sha1::digest(contents)),
            text("sha256", &Sha256::digest(contents)),
        ])
    }

    /// Returns whether a digest is of these contents.
    pub(crate) fn confirm(&self, digest: &str) -> bool {
        self.0.iter().any(|own| own == digest)
    }

    /// Returns whether a digest is of other contents. One by an algorithm that is not known says nothing.
    pub(crate) fn contradict(&self, digest: &str) -> bool {
        let algorithm = |digest: &str| digest.split_once(':').map(|(algorithm, _)| algorithm.to_owned());
        self.0.iter().any(|own| algorithm(own) == algorithm(digest) && own != digest)
    }
}

fn text(algorithm: &str, digest: &[u8]) -> String {
    let mut text = format!("{algorithm}:");
    for byte in digest {
        // Writing to a string does not fail.
        _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_other_contents_contradict() {
        let digests = FileDigests::of(b"");
        for (digest, expected) in [
            ("md5:d41d8cd98f00b204e9800998ecf8427e", false),
            ("md5:d41d8cd98f00b204e9800998ecf8427f", true),
            ("sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709", false),
            ("sha1:da39a3ee5e6b4b0d3255bfef95601890afd80700", true),
            ("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false),
            ("sha256:00", true),
            ("sha512:00", false),
            ("", false),
        ] {
            assert_eq!(digests.contradict(digest), expected, "{digest}");
            assert_eq!(digests.confirm(digest), !expected && digest.len() > 10, "{digest}");
        }
    }
}
