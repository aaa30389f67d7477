use crate::difference::Difference;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A way in which consign differs from a judge on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Class {
    /// buildah leaves what it mounts over for RUN: empty files and folders. BuildKit takes them away again.
    MountPoints,
    /// buildah takes the bits for set-user-id and set-group-id from what it copies out of the context. BuildKit leaves modes as they are.
    SetuidOfContext,
    /// buildah puts a variable of the base that is changed at the end. BuildKit leaves it where it is.
    EnvOrder,
    /// In BuildKit an ARG counts from where it stands, also after an ENV of its name. In buildah ENV always counts.
    ArgAfterEnv,
    /// buildah makes the folders of some volumes. BuildKit leaves that to whoever runs the image.
    VolumeFolders,
    /// overlayfs copies a file of a lower layer before it changes it: its other names stay what they were, and buildah's own copies keep them
    /// together. A new name of such a file is a copy in buildah's layer, and another name of it in consign's.
    HardLinksOfBase,
    /// In a user namespace the kernel takes the bit for set-user-id from a file that is written to.
    SetuidOfWritten,
}

impl Class {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::MountPoints,
        Self::SetuidOfContext,
        Self::EnvOrder,
        Self::ArgAfterEnv,
        Self::VolumeFolders,
        Self::HardLinksOfBase,
        Self::SetuidOfWritten,
    ];

    /// Returns whether this is the reason of a difference.
    pub(crate) fn covers(self, difference: &Difference) -> bool {
        let Difference { key, judge, ours } = difference;
        let (judge, ours) = (judge.as_deref().unwrap_or_default(), ours.as_deref().unwrap_or_default());
        match self {
            Self::MountPoints => {
                let mounted =
                    ["/dev", "/etc", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/proc", "/run", "/sys"];
                ours.is_empty()
                    && mounted.contains(&key.as_str())
                    && (judge.starts_with("folder") || judge.ends_with("\"\""))
            }
            Self::EnvOrder => {
                let variables = |line| {
                    let mut variables: Vec<String> = serde_json::from_str(line).unwrap_or_default();
                    variables.sort();
                    variables
                };
                key == "Env" && variables(judge) == variables(ours)
            }
            Self::ArgAfterEnv => {
                let names = |line| {
                    let labels: BTreeMap<String, String> = serde_json::from_str(line).unwrap_or_default();
                    labels.into_keys().collect::<Vec<_>>()
                };
                key == "Labels" && names(judge) == names(ours)
            }
            Self::HardLinksOfBase => is_other_name(judge, ours) || is_other_name(ours, judge),
            Self::SetuidOfWritten => is_without_setuid(ours, judge),
            Self::VolumeFolders => ours.is_empty() && judge == "folder 0755 0:0",
            Self::SetuidOfContext => is_without_setuid(judge, ours),
        }
    }
}

/// Returns whether a line is another but for naming a path that is the same file.
fn is_other_name(line: &str, other: &str) -> bool {
    line.strip_prefix(other).is_some_and(|rest| rest.starts_with(" = /"))
}

/// Returns whether a line is another without the bits for set-user-id and set-group-id.
fn is_without_setuid(line: &str, other: &str) -> bool {
    let words: Vec<&str> = other.split(' ').collect();
    let [kind, mode, rest @ ..] = &words[..] else { return false };
    let mode = u32::from_str_radix(mode, 8).unwrap_or_default();
    let stripped = format!("{:04o}", mode & !0o6000);
    mode & 0o6000 != 0 && line == [&[*kind, &stripped], rest].concat().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(class: Class, key: &str, judge: Option<&str>, ours: Option<&str>) -> bool {
        let text = |line: Option<&str>| line.map(str::to_owned);
        class.covers(&Difference { key: key.to_owned(), judge: text(judge), ours: text(ours) })
    }

    #[test]
    fn classes_cover_what_they_say_and_no_more() {
        let folder = Some("folder 0755 0:0");
        assert!(covers(Class::MountPoints, "/proc", folder, None));
        assert!(covers(Class::MountPoints, "/etc/hosts", Some("file 0755 0:0 \"\""), None));
        assert!(!covers(Class::MountPoints, "/etc/hosts", Some("file 0755 0:0 \"x\""), None));
        assert!(!covers(Class::MountPoints, "/srv", folder, None));
        assert!(!covers(Class::MountPoints, "/proc", None, folder));
        let (plain, setuid) = (Some("file 0755 0:0 \"s\""), Some("file 4755 0:0 \"s\""));
        assert!(covers(Class::SetuidOfContext, "/a", plain, setuid));
        assert!(!covers(Class::SetuidOfContext, "/a", setuid, plain));
        assert!(covers(Class::SetuidOfWritten, "/a", setuid, plain));
        assert!(!covers(Class::SetuidOfWritten, "/a", Some("file 4755 0:0 \"t\""), plain));
        assert!(!covers(Class::SetuidOfWritten, "/a", plain, plain));
        assert!(covers(Class::EnvOrder, "Env", Some(r#"["A=1","B=2"]"#), Some(r#"["B=2","A=1"]"#)));
        assert!(!covers(Class::EnvOrder, "Env", Some(r#"["A=1","B=2"]"#), Some(r#"["B=1","A=2"]"#)));
        assert!(!covers(Class::EnvOrder, "Cmd", Some(r#"["A","B"]"#), Some(r#"["B","A"]"#)));
        assert!(covers(Class::ArgAfterEnv, "Labels", Some(r#"{"a":"1"}"#), Some(r#"{"a":"2"}"#)));
        assert!(!covers(Class::ArgAfterEnv, "Labels", Some(r#"{"a":"1"}"#), Some(r#"{"b":"1"}"#)));
        assert!(covers(Class::VolumeFolders, "/data", folder, None));
        assert!(!covers(Class::VolumeFolders, "/data", Some("folder 0700 0:0"), None));
        let linked = Some("file 0755 0:0 \"s\" = /a");
        assert!(
            covers(Class::HardLinksOfBase, "/b", plain, linked) && covers(Class::HardLinksOfBase, "/b", linked, plain)
        );
        assert!(!covers(Class::HardLinksOfBase, "/b", setuid, linked));
    }
}
