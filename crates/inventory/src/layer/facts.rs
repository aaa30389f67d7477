use super::FileDigests;
use crate::secret::{self, Mark};
use consign_package::elf::{Linked, Script};
use serde::{Deserialize, Serialize};

/// Most memory that is kept of what one program is linked to, in bytes. Real ones take a hundredth of it.
const LINKED_LIMIT: usize = 64 << 10;
/// Permission bits by which a program runs as its owner or its group, whoever starts it (inode(7)).
const SETUID: u32 = 0o6000;
/// Permission bits by which anybody may execute a file.
pub(crate) const EXECUTABLE: u32 = 0o111;

/// What is to be known of a file beside its packages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FileFacts {
    /// Numbers of its owner and group, if it runs as one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) setuid: Option<(u64, u64)>,
    /// The secrets that are in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) secrets: Vec<Mark>,
    /// What it is, as far as that matters for running programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contents: Option<Contents>,
    /// Digests of all of it, where it matters whether it is the same in a later layer, and whether a package brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digests: Option<FileDigests>,
    /// Numbers of its owner and group, if some may execute it and others may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) restricted: Option<(u64, u64)>,
}

/// What a file is that matters for running programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Contents {
    /// A program or a library for Linux.
    Elf(Box<Linked>),
    /// A script.
    Script(Script),
    /// Names of users or groups, or where a loader looks for libraries.
    Text(String),
    /// Nobody looked.
    Unread,
}

/// Who a file belongs to, and what may be done with it.
#[derive(Clone, Copy)]
pub(super) struct Permissions {
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
}

/// What is to be found out about a file, which depends on how it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing that its first bytes do not say.
    Start,
    /// What it needs to run, or offers others to run.
    Linked,
    /// All that is in it.
    Text,
    /// Secrets.
    Secrets,
}

impl Look {
    /// Tells it by the file's path, permissions, size and first bytes.
    pub(super) fn of(path: &str, mode: u32, size: u64, start: &[u8]) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        match start {
            [0x7f, b'E', b'L', b'F', ..] if mode & EXECUTABLE != 0 || name.contains(".so") => Self::Linked,
            [0x7f, b'E', b'L', b'F', ..] => Self::Start,
            _ if is_configuration(path, name) => Self::Text,
            _ if secret::is_searched(path, size, start) => Self::Secrets,
            _ => Self::Start,
        }
    }

    /// Returns whether the whole file has to be read.
    pub(super) fn needs_all(self) -> bool {
        self != Self::Start
    }
}

/// Returns whether a file says who users are, or where loaders look. Links may lead to it from anywhere, so its folder hardly matters.
fn is_configuration(path: &str, name: &str) -> bool {
    let is_in = |folder: &str| path.strip_suffix(name).is_some_and(|before| before.ends_with(folder));
    match name {
        "ld.so.conf" => true,
        "passwd" | "group" => is_in("etc/"),
        _ if name.ends_with(".conf") => is_in("ld.so.conf.d/"),
        _ => name.starts_with("ld-musl-") && name.ends_with(".path"),
    }
}

impl FileFacts {
    /// Finds out about a file: `contents` are all of it, or, if nobody read that, its start.
    pub(super) fn of(path: &str, permissions: Permissions, look: Look, contents: &[u8], is_read: bool) -> Option<Self> {
        let Permissions { mode, uid, gid } = permissions;
        let is_executable = mode & EXECUTABLE != 0;
        let mut facts = Self { setuid: (mode & SETUID != 0).then_some((uid, gid)), ..Self::default() };
        facts.contents = match look {
            Look::Linked | Look::Text if !is_read => Some(Contents::Unread),
            Look::Linked => linked(contents),
            Look::Text => Some(Contents::Text(String::from_utf8_lossy(contents).into_owned())),
            Look::Secrets | Look::Start => Script::read(contents).filter(|_| is_executable).map(Contents::Script),
        };
        if look == Look::Secrets && is_read {
            facts.secrets = secret::in_file(path, contents);
        }
        let matters = is_read && (facts.setuid.is_some() || !facts.secrets.is_empty());
        facts.digests = matters.then(|| FileDigests::of(contents));
        facts.restricted = (is_executable && mode & EXECUTABLE != EXECUTABLE).then_some((uid, gid));
        (facts != Self::default()).then_some(facts)
    }

    /// Says of a file that nobody looked into it.
    pub(super) fn unread(path: &str, permissions: Permissions) -> Option<Self> {
        let Permissions { mode, uid, gid } = permissions;
        let setuid = (mode & SETUID != 0).then_some((uid, gid));
        let is_library = path.rsplit('/').next().is_some_and(|name| name.contains(".so"));
        let contents = (is_library || mode & EXECUTABLE != 0).then_some(Contents::Unread);
        (setuid.is_some() || contents.is_some()).then_some(Self { setuid, contents, ..Self::default() })
    }

    /// Returns the memory that it takes, roughly, in bytes.
    pub(crate) fn size(&self) -> usize {
        let contents = match &self.contents {
            Some(Contents::Elf(linked)) => linked.size(),
            Some(Contents::Script(script)) => script.interpreter.len() + script.wanted.as_ref().map_or(0, String::len),
            Some(Contents::Text(text)) => text.len(),
            Some(Contents::Unread) | None => 0,
        };
        size_of::<Self>()
            + contents
            + self.digests.as_ref().map_or(0, |_| FileDigests::SIZE)
            + self.secrets.iter().map(|mark| size_of::<Mark>() + mark.rule.len()).sum::<usize>()
    }
}

/// `None`: it makes no sense. Versions of symbols are not looked at, and are most of what libraries say.
fn linked(contents: &[u8]) -> Option<Contents> {
    let mut linked = Linked::read(contents)?;
    linked.wanted_versions.clear();
    linked.defined_versions.clear();
    linked.wanted_versions.shrink_to_fit();
    Some(if linked.size() > LINKED_LIMIT { Contents::Unread } else { Contents::Elf(Box::new(linked)) })
}
