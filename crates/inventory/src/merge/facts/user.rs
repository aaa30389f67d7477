use super::files::Named;
use consign_receipt::predicate::{ImageUser, UserProblem};

/// Returns the number that a text is, as engines read it (Go, `strconv.Atoi`): with a sign, too, so that `-0` is root.
fn as_number(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Says who runs in an image, as engines find out (image-spec, config.md, `User`; moby, `sys/user`): a number, or a name of `/etc/passwd`; of
/// an entry whose number is none, it is 0.
pub(super) fn user(stated: &str, passwd: &Named, group: &Named) -> ImageUser {
    let (name, group_name) = stated.split_once(':').unwrap_or((stated, ""));
    let found = if name.is_empty() { Ok(0) } else { number(name, passwd, UserProblem::NoUser) };
    let group = if group_name.is_empty() { Ok(0) } else { number(group_name, group, UserProblem::NoGroup) };
    let uid = found.ok();
    ImageUser { stated: stated.to_owned(), uid, root: uid == Some(0), problem: found.err().or(group.err()) }
}

/// Who runs in an image: what the kernel goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Runner {
    pub(super) uid: u32,
    groups: Vec<u32>,
}

impl Runner {
    /// Returns whether it may execute a file with these permission bits, of this owner and this group (path_resolution(7), "Permissions").
    pub(super) fn may_execute(&self, mode: u32, (owner, group): (u64, u64)) -> bool {
        let bit = match () {
            () if self.uid == 0 => 0o111,
            () if u64::from(self.uid) == owner => 0o100,
            () if self.groups.iter().any(|own| u64::from(*own) == group) => 0o010,
            () => 0o001,
        };
        mode & bit != 0
    }
}

/// Says as whom an image runs, with all groups, as engines find out (moby, `sys/user`): a group that is stated is the only one. `None`: it is not known.
pub(super) fn runner(stated: &str, passwd: &Named, group: &Named) -> Option<Runner> {
    let (name, group_name) = stated.split_once(':').unwrap_or((stated, ""));
    let uid = user(stated, passwd, group).uid?;
    if !group_name.is_empty() {
        return Some(Runner { uid, groups: vec![number(group_name, group, UserProblem::NoGroup).ok()?] });
    }
    let lines = |file: &Named| -> Option<Vec<Vec<String>>> {
        let text = match file {
            Named::Text(text) => text.as_str(),
            Named::Absent => "",
            Named::Unread => return None,
        };
        Some(text.lines().map(|line| line.trim().split(':').map(str::to_owned).collect()).collect())
    };
    let number = |entry: &[String], at: usize| entry.get(at).and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
    let users = lines(passwd)?;
    let is_number = name.is_empty() || as_number(name).is_some();
    let entry = users.iter().find(|entry| {
        let is_named = entry.first().is_some_and(|first| first == name);
        entry.len() > 1 && if is_number { number(entry, 2) == uid } else { is_named }
    });
    let mut groups = vec![entry.map_or(0, |entry| number(entry, 3))];
    let user_name = entry.and_then(|entry| entry.first());
    let is_member = |entry: &&Vec<String>| {
        entry
            .get(3)
            .is_some_and(|members| members.split(',').any(|member| Some(member) == user_name.map(String::as_str)))
    };
    groups.extend(lines(group)?.iter().filter(is_member).map(|entry| number(entry, 2)));
    Some(Runner { uid, groups })
}

/// Returns the number of a user or a group. Both files have it in the third place.
fn number(wanted: &str, file: &Named, absent: UserProblem) -> Result<u32, UserProblem> {
    // A number is one, whatever has it for a name. Beyond the largest, engines start nothing.
    if let Some(number) = as_number(wanted) {
        let is_taken = (0..=i64::from(i32::MAX)).contains(&number);
        return u32::try_from(number).ok().filter(|_| is_taken).ok_or(absent);
    }
    let text = match file {
        Named::Text(text) => text.as_str(),
        Named::Absent => "",
        Named::Unread => return Err(UserProblem::Unread),
    };
    let mut entries = text.lines().map(|line| {
        let mut fields = line.trim().split(':');
        let name = fields.next().unwrap_or_default();
        (name, fields.nth(1).and_then(|number| number.parse::<u32>().ok()).unwrap_or(0))
    });
    let found = entries.find(|(name, _)| !name.is_empty() && *name == wanted);
    found.map(|(_, number)| number).ok_or(absent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_to_who_runs() {
        let passwd = Named::Text(
            "root:x:0:0:root:/root:/bin/sh\n\napp:x:1000:1000::/:\ntoor:x:0:0::/:\nodd:x::0::/:\n77:x:0:0::/:\n"
                .to_owned(),
        );
        let group = Named::Text("root:x:0:\nusers:x:100:app\n".to_owned());
        let table = [
            ("", Some(0), None),
            ("0", Some(0), None),
            ("00", Some(0), None),
            ("-0", Some(0), None),
            ("+0", Some(0), None),
            ("0:100", Some(0), None),
            ("0:0", Some(0), None),
            ("00:users", Some(0), None),
            ("0:nobody", Some(0), Some(UserProblem::NoGroup)),
            ("root:users", Some(0), None),
            ("root:00", Some(0), None),
            ("root", Some(0), None),
            ("toor:users", Some(0), None),
            ("odd", Some(0), None),
            ("77", Some(77), None),
            ("2147483647", Some(2_147_483_647), None),
            ("2147483648", None, Some(UserProblem::NoUser)),
            ("4294967296", None, Some(UserProblem::NoUser)),
            ("99999999999999999999", None, Some(UserProblem::NoUser)),
            ("app:2147483648", Some(1000), Some(UserProblem::NoGroup)),
            ("app:-1", Some(1000), Some(UserProblem::NoGroup)),
            // No name of an account: engines do not trim.
            (" 0", None, Some(UserProblem::NoUser)),
            ("Root", None, Some(UserProblem::NoUser)),
            ("app", Some(1000), None),
            ("app:users", Some(1000), None),
            ("65532:65532", Some(65532), None),
            ("app:nobody", Some(1000), Some(UserProblem::NoGroup)),
            ("nobody", None, Some(UserProblem::NoUser)),
            (":users", Some(0), None),
            ("-1", None, Some(UserProblem::NoUser)),
        ];
        for (stated, uid, problem) in table {
            let expected = ImageUser { stated: stated.to_owned(), uid, root: uid == Some(0), problem };
            assert_eq!(user(stated, &passwd, &group), expected);
        }
        for (stated, groups) in [
            ("app", Some(vec![1000, 100])),
            ("1000", Some(vec![1000, 100])),
            ("+1000", Some(vec![1000, 100])),
            // The account that is called so is another.
            ("77", Some(vec![0])),
            ("app:users", Some(vec![100])),
            ("65532", Some(vec![0])),
            ("", Some(vec![0])),
            ("nobody", None),
            ("app:nobody", None),
        ] {
            assert_eq!(runner(stated, &passwd, &group).map(|runner| runner.groups), groups, "{stated}");
        }
        assert_eq!(runner("7", &Named::Unread, &group), None);
        let runner = Runner { uid: 7, groups: vec![5] };
        for (mode, owner, expected) in [
            (0o700, (7, 7), true),
            (0o700, (8, 5), false),
            (0o750, (8, 5), true),
            (0o077, (7, 5), false),
            (0o701, (8, 8), true),
        ] {
            assert_eq!(runner.may_execute(mode, owner), expected, "{mode:o}");
        }
        assert!(Runner { uid: 0, ..runner }.may_execute(0o700, (8, 8)));
        assert_eq!(user("root", &Named::Absent, &Named::Absent).problem, Some(UserProblem::NoUser));
        assert_eq!(user("app", &Named::Unread, &Named::Absent).problem, Some(UserProblem::Unread));
        assert_eq!(user("7", &Named::Unread, &Named::Unread).uid, Some(7));
    }
}
