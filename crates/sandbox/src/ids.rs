use consign_oci::layer::NO_ID;
use rustix::process::geteuid;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that may hold the programs that map subordinate ids.
const PROGRAMS: [&str; 4] = ["/usr/bin", "/bin", "/usr/local/bin", "/run/wrappers/bin"];

/// Which user and group ids a sandbox of stacked layers knows (user_namespaces(7)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ids {
    /// All that the caller knows, since it is root.
    All,
    /// The caller's own as 0, and from 1 on others that were set aside for the caller (subuid(5)).
    Subordinate {
        /// Users.
        users: IdRange,
        /// Groups.
        groups: IdRange,
    },
    /// The caller's own alone, as 0. Other owners are noted in attributes of files and folders.
    Single,
}

/// Consecutive ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdRange {
    /// The first.
    pub first: u32,
    /// How many there are.
    pub count: u32,
}

impl Ids {
    /// Returns the ids that this process's sandboxes know.
    pub fn of_this_process() -> Self {
        if geteuid().is_root() {
            return Self::All;
        }
        let uid = geteuid().as_raw();
        let name = fs::read_to_string("/etc/passwd").ok().and_then(|accounts| name_of(uid, &accounts));
        let ranges = |path: &str| {
            let text = fs::read_to_string(path).ok()?;
            range_of(uid, name.as_deref(), &text)
        };
        match (ranges("/etc/subuid"), ranges("/etc/subgid"), program("newuidmap"), program("newgidmap")) {
            (Some(users), Some(groups), Some(_), Some(_)) => Self::Subordinate { users, groups },
            _ => Self::Single,
        }
    }

    /// Returns whether a file can have this owner.
    pub(crate) fn knows(&self, uid: u32, gid: u32) -> bool {
        match self {
            _ if !is_owner(uid, gid) => false,
            Self::All => true,
            Self::Subordinate { users, groups } => uid <= users.count && gid <= groups.count,
            Self::Single => uid == 0 && gid == 0,
        }
    }

    /// Returns whether it can be said of a file that it has this owner: with one id, other owners are noted.
    pub(crate) fn keeps(&self, uid: u32, gid: u32) -> bool {
        self.knows(uid, gid) || (*self == Self::Single && is_owner(uid, gid))
    }
}

/// Returns whether these are a user and a group at all.
pub(crate) fn is_owner(uid: u32, gid: u32) -> bool {
    uid != NO_ID && gid != NO_ID
}

/// Returns the path of a program of the machine.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    PROGRAMS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

fn name_of(uid: u32, accounts: &str) -> Option<String> {
    let account = accounts.lines().find(|line| line.split(':').nth(2).and_then(|id| id.parse().ok()) == Some(uid))?;
    account.split(':').next().map(str::to_owned)
}

/// Returns the largest range of a user, who is named by name or number (subuid(5)).
fn range_of(uid: u32, name: Option<&str>, text: &str) -> Option<IdRange> {
    let range = |line: &str| {
        let mut fields = line.split(':');
        let owner = fields.next()?;
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.trim().parse().ok()?);
        let is_ours = name == Some(owner) || owner.parse() == Ok(uid);
        (is_ours && count > 0).then_some(IdRange { first, count })
    };
    text.lines().filter_map(range).max_by_key(|range| range.count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_range() {
        let range = |first, count| Some(IdRange { first, count });
        for (text, expected) in [
            ("dev:100000:65536\n", range(100_000, 65536)),
            ("1000:200000:10\ndev:100000:65536\n", range(100_000, 65536)),
            ("other:100000:65536\n", None),
            ("dev:x:65536\ndev:1\n\ndev:1:0\n", None),
        ] {
            assert_eq!(range_of(1000, Some("dev"), text), expected, "{text}");
        }
        assert_eq!(name_of(1000, "root:x:0:0::/root:/bin/sh\ndev:x:1000:1000:::\n"), Some("dev".to_owned()));
    }

    #[test]
    fn knows_owners() {
        let range = IdRange { first: 100_000, count: 65536 };
        let some = Ids::Subordinate { users: range, groups: range };
        let wide = IdRange { first: 0, count: u32::MAX };
        let wide = Ids::Subordinate { users: wide, groups: wide };
        for (ids, uid, expected) in [
            (Ids::All, 70_000, (true, true)),
            (Ids::All, NO_ID - 1, (true, true)),
            (Ids::All, NO_ID, (false, false)),
            (some.clone(), 65536, (true, true)),
            (some, 65537, (false, false)),
            (wide, NO_ID, (false, false)),
            (Ids::Single, 1, (false, true)),
            (Ids::Single, NO_ID, (false, false)),
        ] {
            assert_eq!((ids.knows(uid, 0), ids.keeps(uid, 0)), expected, "{ids:?} {uid}");
            assert_eq!(ids.knows(0, uid), expected.0, "{ids:?} {uid}");
        }
    }
}
