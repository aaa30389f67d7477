//! The merged layout: `/bin`, `/sbin`, `/lib` and the wide library folders are links into `/usr` (Debian Policy 10.1, DEP 17).

use super::package::Package;

/// Links that every image has.
const ALWAYS: [&str; 3] = ["bin", "lib", "sbin"];
/// Links for architectures whose packages have such a folder: `lib64` on amd64 and ppc64el, `lib32` and `libx32` where several ABIs meet.
const WHERE_USED: [&str; 4] = ["lib32", "lib64", "libo32", "libx32"];

/// Returns the names of the links that an image of these packages has.
pub(crate) fn links(packages: &[Package]) -> Vec<&'static str> {
    let used = |name: &str| {
        let entries = packages.iter().flat_map(|package| &package.entries);
        entries.map(|entry| entry.path.as_str()).any(|path| {
            let inside = path.strip_prefix("usr/").unwrap_or(path);
            inside.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    ALWAYS.into_iter().chain(WHERE_USED.into_iter().filter(|name| used(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_oci::layer::{Entry, Kind};

    #[test]
    fn follow_the_packages() {
        for (path, expected) in [
            ("lib64/ld64.so.2", vec!["bin", "lib", "sbin", "lib64"]),
            ("usr/libx32/x", vec!["bin", "lib", "sbin", "libx32"]),
            ("lib/ld-linux-aarch64.so.1", vec!["bin", "lib", "sbin"]),
            ("usr/lib640/x", vec!["bin", "lib", "sbin"]),
        ] {
            let kind = Kind::File("".into());
            let package = Package {
                name: "p".into(),
                version: "1".into(),
                architecture: "amd64".into(),
                control: Vec::new(),
                scripts: Default::default(),
                conffiles: Vec::new(),
                md5sums: None,
                replaces: Vec::new(),
                entries: vec![Entry { mode: 0o644, ..Entry::new(path.parse().unwrap(), kind) }],
            };
            assert_eq!(links(&[package]), expected, "{path}");
        }
    }
}
