//! Programs and libraries for Linux: what they run on, what they need, and where loaders look for that.

mod linked;
mod machine;
mod script;
mod search;

pub use linked::Linked;
pub use machine::Machine;
pub use script::Script;
pub use search::{Library, Search};

use consign_oci::Platform;
use consign_oci::layer::EntryPath;
use std::sync::Arc;

/// The files of an image, as whoever runs in it finds them.
pub trait Files {
    /// Returns the real path of a file, links followed; `None` where there is no file.
    fn find(&self, path: &str) -> Option<EntryPath>;

    /// Returns what a file is linked to; `None` if it is no ELF file.
    fn linked(&self, path: &EntryPath) -> Option<Arc<Linked>>;

    /// Returns whether nobody could look into a file, which may be anything then.
    fn is_unread(&self, path: &EntryPath) -> bool;

    /// Returns a text that a loader is configured by, links followed. What is not UTF-8 in it is replaced.
    fn text(&self, path: &str) -> Option<String>;

    /// Returns the folders that `/etc/ld.so.conf` lists, and those that glibc looks in beside (ldconfig(8)).
    fn listed_folders(&self) -> Vec<String>;
}

/// Returns how GNU's tools, and Debian's folders of libraries, name the platform (Debian wiki, "Multiarch/Tuples").
pub fn gnu_triplet(platform: &Platform) -> Option<String> {
    if platform.os() != "linux" {
        return None;
    }
    let (machine, suffix) = match (platform.architecture(), platform.variant()) {
        ("amd64", _) => ("x86_64", ""),
        ("386", _) => ("i386", ""),
        ("arm64", _) => ("aarch64", ""),
        ("arm", Some("v5")) => ("arm", "eabi"),
        ("arm", _) => ("arm", "eabihf"),
        ("loong64", _) => ("loongarch64", ""),
        ("mips64le", _) => ("mips64el", "abi64"),
        ("ppc64le", _) => ("powerpc64le", ""),
        ("riscv64", _) => ("riscv64", ""),
        ("s390x", _) => ("s390x", ""),
        _ => return None,
    };
    Some(format!("{machine}-linux-gnu{suffix}"))
}
