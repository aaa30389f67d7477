use consign_sandbox::User;
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Longest list of users or groups, in bytes.
const LIST_LIMIT: u64 = 4 << 20;
const USERS: &str = "etc/passwd";
const GROUPS: &str = "etc/group";

/// A user of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// User and groups.
    pub user: User,
    /// Home folder; `/` where none is stated.
    pub home: String,
}

/// A user that the image does not know.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is no such user.
    #[error("the image's /etc/passwd has no user `{name}`")]
    NoUser {
        /// The name.
        name: String,
    },
    /// There is no such group.
    #[error("the image's /etc/group has no group `{name}`")]
    NoGroup {
        /// The name.
        name: String,
    },
    /// The list of users or groups cannot be read.
    #[error("cannot read the image's /{path}")]
    List {
        /// Path of the list, without a leading slash.
        path: &'static str,
        /// Why not.
        source: io::Error,
    },
}

/// Returns the account that `user[:group]`, by name or number, means in the image at `root` (image-spec, config.md, "User"). Numbers need not be listed;
/// without a group, it is the user's own, else 0, and there are the supplementary groups that the image lists; nothing means user 0.
pub fn account(root: &Path, user: &str) -> Result<Account, AccountError> {
    let (user, group) = match user.split_once(':') {
        Some((user, group)) => (user, Some(group).filter(|group| !group.is_empty())),
        None => (user, None),
    };
    let user = if user.is_empty() { "0" } else { user };
    let users = list(root, USERS)?;
    let number = user.parse::<u32>().ok();
    let listed = users
        .lines()
        .filter_map(ListedUser::parse)
        .find(|listed| number.map_or(listed.name == user, |number| listed.uid == number));
    let uid = listed
        .as_ref()
        .map(|listed| listed.uid)
        .or(number)
        .ok_or_else(|| AccountError::NoUser { name: user.to_owned() })?;
    let home = listed.as_ref().map(|listed| listed.home).filter(|home| !home.is_empty()).unwrap_or("/").to_owned();

    let groups = list(root, GROUPS)?;
    let mut groups = groups.lines().filter_map(ListedGroup::parse);
    let (gid, groups) = match group {
        Some(group) => {
            let listed = groups.find(|listed| listed.name == group).map(|listed| listed.gid);
            let gid = group.parse().ok().or(listed).ok_or_else(|| AccountError::NoGroup { name: group.to_owned() })?;
            (gid, Vec::new())
        }
        None => {
            let gid = listed.as_ref().map_or(0, |listed| listed.gid);
            let is_member = |group: &ListedGroup<'_>| {
                group.gid != gid
                    && listed.as_ref().is_some_and(|user| group.members.split(',').any(|member| member == user.name))
            };
            (gid, groups.filter(is_member).map(|group| group.gid).collect())
        }
    };
    Ok(Account { user: User { uid, gid, groups }, home })
}

/// A line of /etc/passwd: `name:password:uid:gid:comment:home:shell` (passwd(5)).
struct ListedUser<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

impl<'a> ListedUser<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split(':');
        let (name, _, uid, gid) =
            (fields.next()?, fields.next()?, fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Self { name, uid, gid, home: fields.nth(1).unwrap_or_default() })
    }
}

/// A line of /etc/group: `name:password:gid:members` (group(5)).
struct ListedGroup<'a> {
    name: &'a str,
    gid: u32,
    members: &'a str,
}

impl<'a> ListedGroup<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split(':');
        let (name, _, gid) = (fields.next()?, fields.next()?, fields.next()?.parse().ok()?);
        Some(Self { name, gid, members: fields.next().unwrap_or_default() })
    }
}

/// Reads a list inside the image: a link in its path cannot lead out of it. A list that is missing is empty.
fn list(root: &Path, path: &'static str) -> Result<String, AccountError> {
    let read = || -> io::Result<String> {
        let root = File::open(root)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat2(&root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS)
        {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(String::new()),
            other => File::from(other?),
        };
        let mut bytes = Vec::new();
        if file.take(LIST_LIMIT + 1).read_to_end(&mut bytes)? as u64 > LIST_LIMIT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().map_err(|source| AccountError::List { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    fn image() -> TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("etc")).unwrap();
        let users = "root:x:0:0:root:/root:/bin/sh\nbroken\n# x\nwww:x:33:34:web:/var/www:/bin/false\n77:x:78:79::/:\n";
        fs::write(root.path().join(USERS), users).unwrap();
        fs::write(root.path().join(GROUPS), "root:x:0:\nwww:x:34:www\ntls:x:50:root,www\nbad:x:y:www\nlog:x:51:www\n")
            .unwrap();
        root
    }

    #[test]
    fn resolves_as_engines_do() {
        let root = image();
        for (text, uid, gid, groups, home) in [
            ("", 0, 0, vec![50], "/root"),
            ("www", 33, 34, vec![50, 51], "/var/www"),
            ("33", 33, 34, vec![50, 51], "/var/www"),
            ("www:tls", 33, 50, vec![], "/var/www"),
            ("www:", 33, 34, vec![50, 51], "/var/www"),
            ("33:7", 33, 7, vec![], "/var/www"),
            ("1234", 1234, 0, vec![], "/"),
            ("1234:tls", 1234, 50, vec![], "/"),
            (":51", 0, 51, vec![], "/root"),
            ("77", 77, 0, vec![], "/"),
        ] {
            let expected = Account { user: User { uid, gid, groups }, home: home.to_owned() };
            assert_eq!(account(root.path(), text).unwrap(), expected, "{text}");
        }
        assert!(matches!(account(root.path(), "nobody"), Err(AccountError::NoUser { name }) if name == "nobody"));
        assert!(matches!(account(root.path(), "www:nobody"), Err(AccountError::NoGroup { name }) if name == "nobody"));
        assert!(matches!(account(root.path(), "-1"), Err(AccountError::NoUser { .. })));
    }

    #[test]
    fn needs_no_lists_for_numbers() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(account(root.path(), "5:6").unwrap().user, User { uid: 5, gid: 6, groups: Vec::new() });
        assert!(account(root.path(), "root").is_err());
    }

    #[test]
    fn reads_nothing_outside_and_not_too_much() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("users"), "spy:x:1:1::/:\n").unwrap();
        let root = image();
        fs::remove_file(root.path().join(USERS)).unwrap();
        symlink(outside.path().join("users"), root.path().join(USERS)).unwrap();
        assert!(matches!(account(root.path(), "spy"), Err(AccountError::NoUser { .. })));

        let root = image();
        let file = fs::OpenOptions::new().write(true).open(root.path().join(GROUPS)).unwrap();
        file.set_len(LIST_LIMIT + 1).unwrap();
        assert!(matches!(account(root.path(), "0"), Err(AccountError::List { path: GROUPS, .. })));
    }
}
