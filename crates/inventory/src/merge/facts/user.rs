use super::files::Named;
use consign_receipt::predicate::{ImageUser, UserProblem};

/// Largest number of a user or a group that engines take.
const NUMBER_LIMIT: u32 = i32::MAX as u32;

/// Says who runs in an image, as engines find out (image-spec, config.md, `User`; moby, `sys/user`): a number, or a name of `/etc/passwd`; of
/// an entry whose number is none, it is 0.
pub(super) fn user(stated: &str, passwd: &Named, group: &Named) -> ImageUser {
    let (name, group_name) = stated.split_once(':').unwrap_or((stated, ""));
    let found = if name.is_empty() { Ok(0) } else { number(name, passwd, UserProblem::NoUser) };
    let group = if group_name.is_empty() { Ok(0) } else { number(group_name, group, UserProblem::NoGroup) };
    let uid = found.ok();
    ImageUser { stated: stated.to_owned(), uid, root: uid == Some(0), problem: found.err().or(group.err()) }
}

/// Returns the number of a user or a group. Both files have it in the third place.
fn number(wanted: &str, file: &Named, absent: UserProblem) -> Result<u32, UserProblem> {
    // A number is one, whatever has it for a name. Beyond the largest, engines start nothing.
    if let Ok(number) = wanted.parse::<u32>() {
        return if number <= NUMBER_LIMIT { Ok(number) } else { Err(absent) };
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
            ("0:100", Some(0), None),
            ("root", Some(0), None),
            ("toor:users", Some(0), None),
            ("odd", Some(0), None),
            ("77", Some(77), None),
            ("2147483648", None, Some(UserProblem::NoUser)),
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
        assert_eq!(user("root", &Named::Absent, &Named::Absent).problem, Some(UserProblem::NoUser));
        assert_eq!(user("app", &Named::Unread, &Named::Absent).problem, Some(UserProblem::Unread));
        assert_eq!(user("7", &Named::Unread, &Named::Unread).uid, Some(7));
    }
}
