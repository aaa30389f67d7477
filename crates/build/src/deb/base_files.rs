//! What the script of `base-files` does after unpacking. Its lines say what to make in a few words of its own, such as
//! `install_directory var/mail 2775 mail`; they are read, not run, so that what a release adds is made as well.

use super::maker::Maker;
use crate::accounts::Accounts;
use crate::tree::TreeError;
use consign_oci::layer::{EntryPath, Kind};

/// Makes what the script names.
pub(crate) fn apply(maker: &mut Maker<'_>, script: &str) -> Result<(), TreeError> {
    let accounts = Accounts::of(maker.tree)?;
    if maker.tree.contains("etc/dpkg/origins/debian") {
        maker.link("etc/dpkg/origins/default", "debian")?;
    }
    let group = |name: &str| accounts.group(name).unwrap_or(0);
    let mode = |text: &str| u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777).unwrap_or(0o755);
    for line in script.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        // A word that the shell would fill in belongs to the definition of one of these functions.
        if words.iter().any(|word| word.contains(['$', '"', '`'])) {
            continue;
        }
        match words[..] {
            ["install_from_default", name, path] => {
                let is_wanted = path != "/usr/share/info/dir" || maker.tree.is_directory("usr/share/info");
                let source = format!("usr/share/base-files/{name}");
                is_wanted.then(|| maker.copy(&source, path)).transpose()?;
            }
            ["install_directory", path, bits, owner] => {
                maker.owned(path, Kind::Directory, mode(bits), (0, group(owner)))?;
            }
            ["install_local_dir", path] => maker.directory(path, 0o755)?,
            ["migrate_directory", path, target] => migrate(maker, path, target)?,
            ["ensure_file_owner_mode", path, owner, bits] => {
                let owner = owner.split_once(':').map_or("root", |(_, group)| group);
                maker.owned(path, Kind::File(Default::default()), mode(bits), (0, group(owner)))?;
            }
            _ => {}
        }
    }
    if maker.tree.is_directory("usr/local") {
        maker.link("usr/local/man", "share/man")?;
    }
    if maker.tree.is_directory("var/spool") {
        maker.link("var/spool/mail", "../mail")?;
    }
    Ok(())
}

/// Replaces a folder by a link to another, and moves what is in it there.
fn migrate(maker: &mut Maker<'_>, path: &str, target: &str) -> Result<(), TreeError> {
    let from: EntryPath = path.parse()?;
    if !maker.tree.get(&from).is_some_and(|node| node.entry.kind == Kind::Directory) {
        return Ok(());
    }
    let moved: Vec<_> = maker.tree.within(&from).cloned().collect();
    for node in moved.iter().rev() {
        maker.tree.remove(&node.entry.path);
    }
    maker.tree.remove(&from);
    for mut node in moved {
        let rest = node.entry.path.as_str().strip_prefix(from.as_str()).unwrap_or_default();
        node.entry.path = format!("{target}{rest}").parse()?;
        maker.tree.put(node.entry, node.segment)?;
    }
    maker.link(path, target)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Segment, Tree};
    use consign_oci::layer::Entry;

    const SCRIPT: &str = "install_from_default() {\n  if [ ! -f \"$DPKG_ROOT$2\" ]; then\n    cp -p $1 $2\n  fi\n}\n\
        if [ \"$1\" = \"configure\" ]; then\n  install_from_default profile       /etc/profile\n\
        \x20 install_directory var/mail 2775 mail\n  migrate_directory /var/run /run\n  install_local_dir /usr/local/bin\n\
        \x20 ensure_file_owner_mode /var/log/btmp root:utmp 660\nfi\n";

    #[test]
    fn makes_what_the_script_says() {
        let mut tree = Tree::default();
        let mut put = |path: &str, kind| {
            let entry = Entry { mode: 0o640, mtime: 5, ..Entry::new(path.parse().unwrap(), kind) };
            tree.put(entry, Segment::Package("base-files".into())).unwrap();
        };
        put("usr/share/base-files/profile", Kind::File("p".into()));
        put("etc/group", Kind::File("mail:*:8:\nutmp:*:43:\n".into()));
        put("run", Kind::Directory);
        put("var/run/x", Kind::File("x".into()));
        put("var/spool", Kind::Directory);
        put("etc/dpkg/origins/debian", Kind::File("".into()));
        apply(&mut Maker { tree: &mut tree, mtime: 9 }, SCRIPT).unwrap();

        let get = |path: &str| tree.get(&path.parse().unwrap()).unwrap().entry.clone();
        assert_eq!((get("etc/profile").mode, get("etc/profile").mtime), (0o640, 5));
        assert_eq!((get("var/mail").mode, get("var/mail").gid), (0o2775, 8));
        assert_eq!((get("var/log/btmp").mode, get("var/log/btmp").gid), (0o660, 43));
        assert_eq!(get("var/run").kind, Kind::Symlink("/run".into()));
        assert_eq!(get("run/x").kind, Kind::File("x".into()));
        assert_eq!(get("usr/local/man").kind, Kind::Symlink("share/man".into()));
        assert_eq!(get("var/spool/mail").kind, Kind::Symlink("../mail".into()));
        assert_eq!(get("etc/dpkg/origins/default").kind, Kind::Symlink("debian".into()));
    }
}
