use super::{FileNode, NodeKind, TEXT_LIMIT, Tree};
use bytes::Bytes;
use consign_oci::layer::parse_id;

/// The accounts of an image: its `/etc/passwd` and `/etc/group`.
#[derive(Default)]
pub(crate) struct Accounts {
    passwd: String,
    group: String,
}

/// A user with groups, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Further groups.
    pub(crate) groups: Vec<u32>,
    /// The home folder, where the image knows one.
    pub(crate) home: Option<String>,
}

impl Accounts {
    /// Reads who has an account, as far as it was not read before. Where such a file is missing, or larger than any honest one, nobody has.
    pub(crate) fn of<E>(tree: &Tree, read: impl Fn(&FileNode) -> Result<Bytes, E>) -> Result<Self, E> {
        let text = |path: &str| {
            let path = path.parse().ok().and_then(|path| tree.resolve(&path, true).ok());
            let file = match path.and_then(|path| tree.get(&path)).map(|node| &node.kind) {
                Some(NodeKind::File(file)) if file.size <= TEXT_LIMIT => file,
                _ => return Ok(String::new()),
            };
            if let Some(known) = file.text.get() {
                return Ok(known.clone());
            }
            let text = String::from_utf8_lossy(&read(file)?).into_owned();
            Ok(file.text.get_or_init(|| text).clone())
        };
        Ok(Self { passwd: text("etc/passwd")?, group: text("etc/group")? })
    }

    /// Finds `user` or `user:group`, each by name or by number; what is a number is never a name. A user without a group has that of the account,
    /// or 0 where there is none; `None` where the image has no account of the name.
    pub(crate) fn find(&self, written: &str) -> Option<Owner> {
        let (user, group) = written.split_once(':').map_or((written, None), |(user, group)| (user, Some(group)));
        let user = if user.is_empty() { "0" } else { user };
        let account = self.account(user);
        let uid = account.as_ref().map(|account| account.uid).or_else(|| known(user))?;
        let group = group.filter(|group| !group.is_empty());
        let gid = match group {
            Some(group) => parse_id(group).or_else(|| self.group(group)).or_else(|| known(group))?,
            None => account.as_ref().map_or(0, |account| account.gid),
        };
        // As engines have it, the user's own is one of them, and the first.
        let mut groups = vec![gid];
        if let (None, Some(account)) = (group, &account) {
            groups.extend(self.groups_of(account.name).filter(|other| *other != gid));
        }
        Some(Owner { uid, gid, groups, home: account.map(|account| account.home.to_owned()) })
    }

    /// Finds whose files are, as Docker has it: a number alone is user and group.
    pub(crate) fn find_for_files(&self, written: &str) -> Option<(u32, u32)> {
        let found = self.find(written)?;
        let alone = written.strip_suffix(':').unwrap_or(written);
        Some((found.uid, if parse_id(alone).is_some() { found.uid } else { found.gid }))
    }

    /// Returns the account of a name, or of a number.
    fn account(&self, user: &str) -> Option<Account<'_>> {
        let mut accounts = lines(&self.passwd).filter_map(|fields| match fields[..] {
            [name, _, uid, gid, _, home, ..] => Some(Account { name, uid: parse_id(uid)?, gid: parse_id(gid)?, home }),
            _ => None,
        });
        match parse_id(user) {
            Some(uid) => accounts.find(|account| account.uid == uid),
            None => accounts.find(|account| account.name == user),
        }
    }

    fn group(&self, group: &str) -> Option<u32> {
        let mut groups = lines(&self.group).filter(|fields| fields.first() == Some(&group));
        groups.find_map(|fields| parse_id(fields.get(2)?))
    }

    /// Returns the groups that have a user as a member.
    fn groups_of(&self, name: &str) -> impl Iterator<Item = u32> {
        let is_member = move |fields: &Vec<&str>| {
            fields.get(3).is_some_and(|members| members.split(',').any(|other| other == name))
        };
        lines(&self.group).filter(is_member).filter_map(|fields| parse_id(fields.get(2)?))
    }
}

/// A line of `/etc/passwd`.
struct Account<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

/// Returns the number that something stands for in any image.
fn known(written: &str) -> Option<u32> {
    if written == "root" { Some(0) } else { parse_id(written) }
}

fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.trim().split(':').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_and_numbers_need_no_accounts() {
        let accounts = Accounts::default();
        for (written, expected) in [
            ("root", Some((0, 0))),
            ("root:root", Some((0, 0))),
            ("7:root", Some((7, 0))),
            ("7", Some((7, 7))),
            ("7:", Some((7, 7))),
            ("7:8", Some((7, 8))),
            ("web", None),
            ("7:web", None),
        ] {
            assert_eq!(accounts.find_for_files(written), expected, "{written}");
        }
    }

    #[test]
    fn finds_users_and_groups() {
        let accounts = Accounts {
            passwd: "root:x:0:0:root:/root:/bin/sh\nweb:x:100:101:,,,:/srv:/bin/sh\n500:x:7:7::/:\nnil:x:4294967295:0::/:\nbroken\n"
                .into(),
            group: "root:x:0:\nweb:x:101:\nlog:x:7:web,x\nten:x:10:\nnil:x:4294967295:web\n".into(),
        };
        let found = |text: &str| accounts.find(text).map(|owner| (owner.uid, owner.gid, owner.groups));
        for (text, expected) in [
            ("root", Some((0, 0, vec![0]))),
            ("web", Some((100, 101, vec![101, 7]))),
            ("100", Some((100, 101, vec![101, 7]))),
            ("web:ten", Some((100, 10, vec![10]))),
            ("web:7", Some((100, 7, vec![7]))),
            ("500", Some((500, 0, vec![0]))),
            (":ten", Some((0, 10, vec![10]))),
            ("5000", Some((5000, 0, vec![0]))),
            ("5000:6000", Some((5000, 6000, vec![6000]))),
            ("nobody", None),
            ("web:nogroup", None),
            ("4294967295", None),
            ("web:4294967295", None),
            ("0:4294967295", None),
            ("nil", None),
            ("web:nil", None),
            ("4294967296", None),
            ("-1", None),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
