use rustix::fs::readlinkat;
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// Most links on the way of a path, as in the kernel (path_resolution(7)).
const LINK_LIMIT: usize = 40;
/// Most parts of a path.
const PART_LIMIT: usize = 256;

/// Returns the path, relative and without links, that `path` has when `root` is `/`, whether or not anything is there. Nothing else may change the tree
/// meanwhile.
pub(in crate::init) fn resolve(root: &OwnedFd, path: &[u8]) -> Result<Vec<Vec<u8>>, Errno> {
    let mut pending = parts(path);
    let mut resolved: Vec<Vec<u8>> = Vec::new();
    let mut links = 0;
    while let Some(part) = pending.pop() {
        if part == b".." {
            resolved.pop();
            continue;
        }
        resolved.push(part);
        if resolved.len() + pending.len() > PART_LIMIT {
            return Err(Errno::NAMETOOLONG);
        }
        match readlinkat(root, resolved.join(&b'/').as_slice(), Vec::new()) {
            Ok(target) => {
                links += 1;
                if links > LINK_LIMIT {
                    return Err(Errno::LOOP);
                }
                resolved.pop();
                if target.as_bytes().starts_with(b"/") {
                    resolved.clear();
                }
                pending.extend(parts(target.as_bytes()));
            }
            Err(Errno::INVAL | Errno::NOENT) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(resolved)
}

/// Returns the parts of a path, last first.
fn parts(path: &[u8]) -> Vec<Vec<u8>> {
    let parts = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
    parts.rev().map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn stays_inside() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("usr/lib")).unwrap();
        symlink("usr/lib", path("lib")).unwrap();
        symlink("/var/run", path("run")).unwrap();
        symlink("../../../../etc", path("usr/out")).unwrap();
        symlink("loop", path("loop")).unwrap();
        fs::write(path("file"), "").unwrap();
        let root: OwnedFd = fs::File::open(folder.path()).unwrap().into();
        for (given, expected) in [
            ("/proc", Ok("proc")),
            ("/lib/x/y", Ok("usr/lib/x/y")),
            ("/run/secrets", Ok("var/run/secrets")),
            ("/usr/out/passwd", Ok("etc/passwd")),
            ("/../../a/./b//c/..", Ok("a/b")),
            ("/", Ok("")),
            ("/loop", Err(Errno::LOOP)),
            ("/file/x", Err(Errno::NOTDIR)),
            (&"/x".repeat(300), Err(Errno::NAMETOOLONG)),
        ] {
            let found = resolve(&root, given.as_bytes()).map(|parts| parts.join(&b'/'));
            assert_eq!(found, expected.map(|path: &str| path.as_bytes().to_vec()), "{given}");
        }
    }
}
