use crate::format::{Decoder, Encoder, Malformed};
use consign_oci::Platform;

/// Architectures as OCI names them, and as Rust's compiler does, whose advisories say on which they apply.
const ARCHITECTURES: [(&str, &[&str]); 9] = [
    ("386", &["x86"]),
    ("amd64", &["x86_64"]),
    ("arm", &["arm"]),
    ("arm64", &["aarch64"]),
    ("loong64", &["loongarch64"]),
    ("ppc64le", &["powerpc64", "powerpc64le"]),
    ("riscv64", &["riscv64"]),
    ("s390x", &["s390x"]),
    ("wasm", &["wasm32"]),
];

/// Where an advisory applies, if not everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Operating systems; empty: all.
    pub(crate) systems: Vec<String>,
    /// Architectures; empty: all.
    pub(crate) architectures: Vec<String>,
}

impl Reach {
    /// Returns whether it applies on a platform; `None`: on any, and so it does.
    pub(crate) fn includes(&self, platform: Option<&Platform>) -> bool {
        let Some(platform) = platform else { return true };
        let names = |known: &[String], name: &str| {
            known.is_empty() || known.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        let known = ARCHITECTURES.iter().find(|(name, _)| *name == platform.architecture());
        // Of an architecture that is not known here, nobody can say that it is another.
        names(&self.systems, platform.os())
            && known.is_none_or(|(_, words)| words.iter().any(|word| names(&self.architectures, word)))
    }

    /// Returns the memory that it takes, roughly, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.systems.iter().chain(&self.architectures).map(|name| 24 + name.len()).sum()
    }

    pub(crate) fn encode(&self, item: &mut Encoder) {
        item.texts(self.systems.iter());
        item.texts(self.architectures.iter());
    }

    pub(crate) fn decode(item: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { systems: item.texts()?, architectures: item.texts()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_so_elsewhere_only_does_not_apply() {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        for (systems, architectures, platform, expected) in [
            (&[][..], &[][..], "linux/amd64", true),
            (&["windows"], &[], "linux/amd64", false),
            (&["windows", "linux"], &[], "linux/amd64", true),
            (&["windows"], &[], "windows/amd64", true),
            (&[], &["x86_64"], "linux/amd64", true),
            (&[], &["x86_64"], "linux/arm64", false),
            (&[], &["aarch64"], "linux/arm64", true),
            (&[], &["arm"], "linux/arm/v7", true),
            (&[], &["powerpc64"], "linux/ppc64le", true),
            (&[], &["x86"], "linux/mips64", true),
        ] {
            let reach = Reach { systems: owned(systems), architectures: owned(architectures) };
            assert_eq!(reach.includes(Some(&platform.parse().unwrap())), expected, "{reach:?} {platform}");
            assert!(reach.includes(None));
        }
    }
}
