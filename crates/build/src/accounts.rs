use crate::tree::{Tree, TreeError};
use std::collections::BTreeMap;

/// The names of the image's users and groups (passwd(5), group(5)).
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts {
    users: BTreeMap<String, (u32, u32)>,
    groups: BTreeMap<String, u32>,
}

impl Accounts {
    /// Reads `/etc/passwd` and `/etc/group` of the image. Root is always known.
    pub(crate) fn of(tree: &Tree) -> Result<Self, TreeError> {
        let mut accounts = Self::default();
        accounts.users.insert("root".into(), (0, 0));
        accounts.groups.insert("root".into(), 0);
        for fields in lines(tree, "etc/passwd")? {
            if let [name, _, uid, gid, ..] = &fields[..]
                && let (Ok(uid), Ok(gid)) = (uid.parse(), gid.parse())
            {
                accounts.users.insert(name.clone(), (uid, gid));
            }
        }
        for fields in lines(tree, "etc/group")? {
            if let [name, _, gid, ..] = &fields[..]
                && let Ok(gid) = gid.parse()
            {
                accounts.groups.insert(name.clone(), gid);
            }
        }
        Ok(accounts)
    }

    /// Returns the number of a user and of its group, by name or number. A number that is no account is its own group.
    pub(crate) fn user(&self, name: &str) -> Option<(u32, u32)> {
        match name.parse() {
            Ok(uid) => Some(self.users.values().find(|(known, _)| *known == uid).copied().unwrap_or((uid, uid))),
            Err(_) => self.users.get(name).copied(),
        }
    }

    /// Returns the number of a group, by name or number.
    pub(crate) fn group(&self, name: &str) -> Option<u32> {
        name.parse().ok().or_else(|| self.groups.get(name).copied())
    }

    pub(crate) fn has_uid(&self, uid: u32) -> bool {
        self.users.values().any(|(known, _)| *known == uid)
    }

    pub(crate) fn has_gid(&self, gid: u32) -> bool {
        self.groups.values().any(|known| *known == gid)
    }

    pub(crate) fn has_user_name(&self, name: &str) -> bool {
        self.users.contains_key(name)
    }

    pub(crate) fn has_group_name(&self, name: &str) -> bool {
        self.groups.contains_key(name)
    }
}

fn lines(tree: &Tree, path: &str) -> Result<Vec<Vec<String>>, TreeError> {
    let text = tree.file(path)?.unwrap_or_default();
    let lines = String::from_utf8_lossy(&text);
    Ok(lines.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Segment;
    use consign_oci::layer::{Entry, Kind};

    #[test]
    fn reads_names_and_numbers() {
        let mut tree = Tree::default();
        for (path, text) in [
            ("etc/passwd", "root:x:0:0::/root:/bin/sh\nwww-data:*:33:34::/var/www:/x\nbroken\n"),
            ("etc/group", "www-data:*:33:\nadm:*:4:\n"),
        ] {
            let path = path.parse().unwrap();
            let kind = Kind::File(text.as_bytes().into());
            tree.put(Entry { mode: 0o644, ..Entry::new(path, kind) }, Segment::Generated).unwrap();
        }
        let accounts = Accounts::of(&tree).unwrap();
        assert_eq!(accounts.user("www-data"), Some((33, 34)));
        assert_eq!(accounts.user("33"), Some((33, 34)));
        assert_eq!(accounts.user("65532"), Some((65532, 65532)));
        assert_eq!((accounts.user("nobody"), accounts.group("adm"), accounts.group("x")), (None, Some(4), None));
        assert_eq!(Accounts::of(&Tree::default()).unwrap().user("root"), Some((0, 0)));
    }
}
