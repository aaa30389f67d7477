use super::{NodeKind, Tree};

/// The accounts of an image: its `/etc/passwd` and `/etc/group`.
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
    pub(crate) fn of(tree: &Tree) -> Self {
        let text = |path: &str| {
            let path = tree.resolve(&path.parse().ok()?, true).ok()?;
            let NodeKind::File(file) = &tree.get(&path)?.kind else { return None };
            file.text.clone()
        };
        Self { passwd: text("etc/passwd").unwrap_or_default(), group: text("etc/group").unwrap_or_default() }
    }

    /// Finds `user` or `user:group`, each by name or by number. A user without a group has that of the account, or 0 where there is none; `None`
    /// where the image has no account of the name.
    pub(crate) fn find(&self, written: &str) -> Option<Owner> {
        let (user, group) = written.split_once(':').map_or((written, None), |(user, group)| (user, Some(group)));
        let number = |text: &str| text.parse::<u32>().ok();
        let account = self.account(user);
        let (uid, own, home) = match (account, number(user)) {
            (Some((uid, gid, home)), _) => (uid, Some(gid), Some(home)),
            (None, Some(uid)) => (uid, None, None),
            (None, None) if user.is_empty() => (0, Some(0), None),
            (None, None) => return None,
        };
        let group = group.filter(|group| !group.is_empty());
        let gid = match group {
            Some(group) => self.group(group).or_else(|| number(group))?,
            None => own.unwrap_or(0),
        };
        let mut groups = if group.is_some() { Vec::new() } else { self.groups_of(user, uid) };
        // As engines have it, the user's own is one of them.
        if group.is_none() && !groups.contains(&gid) {
            groups.push(gid);
        }
        Some(Owner { uid, gid, groups, home })
    }

    /// Returns the account of a name, or of a number: its number, its group and its home folder.
    fn account(&self, user: &str) -> Option<(u32, u32, String)> {
        let accounts = || {
            lines(&self.passwd).filter_map(|fields| match fields[..] {
                [name, _, uid, gid, _, home, ..] => Some((name, uid.parse().ok()?, gid.parse().ok()?, home.to_owned())),
                _ => None,
            })
        };
        let strip = |(_, uid, gid, home): (&str, u32, u32, String)| (uid, gid, home);
        let by_name = accounts().find(|(name, ..)| *name == user).map(strip);
        by_name.or_else(|| {
            let number: u32 = user.parse().ok()?;
            accounts().find(|(_, uid, ..)| *uid == number).map(strip)
        })
    }

    fn group(&self, group: &str) -> Option<u32> {
        let mut groups = lines(&self.group).filter(|fields| fields.first() == Some(&group));
        groups.find_map(|fields| fields.get(2)?.parse().ok())
    }

    fn groups_of(&self, user: &str, uid: u32) -> Vec<u32> {
        let mut names =
            lines(&self.passwd).filter(|fields| fields.get(2).and_then(|text| text.parse().ok()) == Some(uid));
        let name = if user.parse::<u32>().is_ok() { names.next().map(|fields| fields[0]) } else { Some(user) };
        let Some(name) = name else { return Vec::new() };
        let member =
            |fields: &Vec<&str>| fields.get(3).is_some_and(|members| members.split(',').any(|other| other == name));
        lines(&self.group).filter(member).filter_map(|fields| fields.get(2)?.parse().ok()).collect()
    }
}

fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.trim().split(':').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_users_and_groups() {
        let accounts = Accounts {
            passwd: "root:x:0:0:root:/root:/bin/sh\nweb:x:100:101:,,,:/srv:/bin/sh\nbroken\n".into(),
            group: "root:x:0:\nweb:x:101:\nlog:x:7:web,x\nten:x:10:\n".into(),
        };
        let found = |text: &str| accounts.find(text).map(|owner| (owner.uid, owner.gid, owner.groups));
        for (text, expected) in [
            ("root", Some((0, 0, vec![0]))),
            ("web", Some((100, 101, vec![7, 101]))),
            ("100", Some((100, 101, vec![7, 101]))),
            ("web:ten", Some((100, 10, vec![]))),
            ("web:7", Some((100, 7, vec![]))),
            ("5000", Some((5000, 0, vec![0]))),
            ("5000:6000", Some((5000, 6000, vec![]))),
            ("nobody", None),
            ("web:nogroup", None),
            ("4294967296", None),
            ("-1", None),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
