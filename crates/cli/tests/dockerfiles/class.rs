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
    /// overlayfs copies a file of a lower layer before it changes it: its other names stay what they were. buildah's own copies keep them together.
    HardLinksOfBase,
}

impl Class {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self::MountPoints,
        Self::SetuidOfContext,
        Self::EnvOrder,
        Self::ArgAfterEnv,
        Self::VolumeFolders,
        Self::HardLinksOfBase,
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
            Self::HardLinksOfBase => judge.strip_prefix(ours).is_some_and(|rest| rest.starts_with(" = /")),
            Self::VolumeFolders => ours.is_empty() && judge == "folder 0755 0:0",
            Self::SetuidOfContext => {
                let words: Vec<&str> = ours.split(' ').collect();
                let stripped = |mode: u32| format!("{:04o}", mode & !0o6000);
                match &words[..] {
                    [kind, mode, rest @ ..] => {
                        let mode = u32::from_str_radix(mode, 8).unwrap_or_default();
                        mode & 0o6000 != 0 && judge == [&[*kind, &stripped(mode)], rest].concat().join(" ")
                    }
                    _ => false,
                }
            }
        }
    }
}
