//! `/etc/passwd` and `/etc/group`, as `base-passwd` makes them, and the accounts of the image file.

use super::maker::Maker;
use crate::accounts::Accounts;
use crate::specification::UserSpecification;
use crate::tree::TreeError;
use consign_oci::layer::{Entry, Kind};
use std::fmt::Write as _;

const PASSWD: &str = "root:*:0:0:root:/root:/bin/bash\nnobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
const GROUP: &str = "root:*:0:\nnogroup:*:65534:\n";

/// An account that cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The name is taken.
    #[error("the image already has an account `{name}`")]
    Name {
        /// The name.
        name: String,
    },
    /// The number is taken.
    #[error("the image already has an account with the number {uid}, which `{name}` asks for")]
    Number {
        /// The account.
        name: String,
        /// The number.
        uid: u32,
    },
    /// Its files cannot be made.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Makes the two files where they are missing, and adds the image file's accounts.
pub(crate) fn apply(
    maker: &mut Maker<'_>,
    users: &[UserSpecification],
    script: Option<&str>,
) -> Result<(), AccountError> {
    maker.copy("usr/share/base-passwd/passwd.master", "etc/passwd")?;
    maker.copy("usr/share/base-passwd/group.master", "etc/group")?;
    maker.file("etc/passwd", PASSWD, 0o644)?;
    maker.file("etc/group", GROUP, 0o644)?;
    for path in ["etc/subuid", "etc/subgid"] {
        if script.is_some_and(|script| script.contains(&format!("touch \"$DPKG_ROOT/{path}\""))) {
            maker.file(path, "", 0o644)?;
        }
    }
    for user in users {
        add(maker, user)?;
    }
    Ok(())
}

fn add(maker: &mut Maker<'_>, user: &UserSpecification) -> Result<(), AccountError> {
    let accounts = Accounts::of(maker.tree)?;
    if accounts.has_user_name(&user.name) {
        return Err(AccountError::Name { name: user.name.clone() });
    }
    if accounts.has_uid(user.uid) {
        return Err(AccountError::Number { name: user.name.clone(), uid: user.uid });
    }
    let gid = user.gid.unwrap_or(user.uid);
    let home = user.home.clone().unwrap_or_else(|| format!("/home/{}", user.name));
    let shell = user.shell.as_deref().unwrap_or("/usr/sbin/nologin");
    append(maker, "etc/passwd", &format!("{}:*:{}:{gid}::{home}:{shell}", user.name, user.uid))?;
    if !accounts.has_gid(gid) {
        if accounts.has_group_name(&user.name) {
            return Err(AccountError::Name { name: user.name.clone() });
        }
        append(maker, "etc/group", &format!("{}:*:{gid}:", user.name))?;
    }
    if home != "/" && home != "/nonexistent" {
        maker.owned(&home, Kind::Directory, 0o700, (user.uid, gid))?;
    }
    Ok(())
}

fn append(maker: &mut Maker<'_>, path: &str, line: &str) -> Result<(), TreeError> {
    let text = maker.tree.file(path)?.unwrap_or_default();
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
    let real = maker.tree.resolve(&path.parse()?)?;
    if let Some(node) = maker.tree.get_mut(&real) {
        node.entry = Entry { kind: Kind::File(text.into()), mtime: maker.mtime, ..node.entry.clone() };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Tree;

    fn user(name: &str, uid: u32) -> UserSpecification {
        UserSpecification { name: name.into(), uid, gid: None, home: None, shell: None }
    }

    #[test]
    fn adds_accounts() {
        let mut tree = Tree::default();
        apply(&mut Maker { tree: &mut tree, mtime: 1 }, &[user("app", 1000)], None).unwrap();
        assert!(
            tree.file("etc/passwd").unwrap().unwrap().ends_with(b"\napp:*:1000:1000::/home/app:/usr/sbin/nologin\n")
        );
        assert!(tree.file("etc/group").unwrap().unwrap().ends_with(b"\napp:*:1000:\n"));
        let home = &tree.get(&"home/app".parse().unwrap()).unwrap().entry;
        assert_eq!((home.mode, home.uid, home.gid), (0o700, 1000, 1000));
        assert!(!tree.contains("etc/subuid"));
    }

    #[test]
    fn refuses_what_is_taken() {
        for (users, message) in [
            (vec![user("root", 7)], "already has an account `root`"),
            (vec![user("a", 0)], "an account with the number 0"),
            (vec![user("a", 7), user("b", 7)], "an account with the number 7"),
        ] {
            let mut tree = Tree::default();
            let error = apply(&mut Maker { tree: &mut tree, mtime: 1 }, &users, None).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        }
    }
}
