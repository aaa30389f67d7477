use crate::services;
use consign_testkit::tools::{no_data, not_run, peer};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Stdio;

/// Where Debian and what comes from it keep the certificates that are trusted.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Something of a context that cannot stand in git.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Fixture {
    /// Where it stands, below the context.
    path: String,
    /// What stands there; without it, the file or folder is there already.
    #[serde(default)]
    kind: Option<Kind>,
    /// Contents of a file.
    #[serde(default)]
    text: String,
    /// Target of a link, as written.
    #[serde(default)]
    to: String,
    /// Permission bits, octal.
    #[serde(default)]
    mode: Option<String>,
    /// `user:group`, by number. Only root can make it so.
    #[serde(default)]
    owner: Option<String>,
    /// Extended attributes.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    /// What an archive holds. Its compression goes by the end of its name.
    #[serde(default)]
    members: Vec<Member>,
    /// Whether an archive is of the oldest form, that of Unix version 7: nothing in it says that it is one.
    #[serde(default)]
    old: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    File,
    Folder,
    Symlink,
    HardLink,
    Fifo,
    Archive,
    /// A file of the test data, at `to`.
    Data,
    /// The certificates that this machine trusts.
    Certificates,
}

/// Something in an archive.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Member {
    path: String,
    kind: Kind,
    #[serde(default)]
    text: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    mode: Option<String>,
    #[serde(default)]
    owner: Option<String>,
}

impl Fixture {
    /// Makes it in a context. Returns whether that can be here; if not, says so.
    pub(crate) fn make(&self, context: &Path) -> bool {
        let path = context.join(&self.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match self.kind {
            None => {}
            Some(Kind::File) => fs::write(&path, &self.text).unwrap(),
            Some(Kind::Folder) => fs::create_dir_all(&path).unwrap(),
            Some(Kind::Symlink) => symlink(&self.to, &path).unwrap(),
            Some(Kind::HardLink) => fs::hard_link(context.join(&self.to), &path).unwrap(),
            Some(Kind::Fifo) => {
                let mode = rustix::fs::Mode::from_raw_mode(0o644);
                rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
            }
            Some(Kind::Data) => {
                return copied(&services::data().join(&self.to), &path, || no_data("a case with files"));
            }
            Some(Kind::Certificates) => {
                let missing = || not_run("a machine that trusts certificates");
                return copied(Path::new(CERTIFICATES), &path, missing);
            }
            Some(Kind::Archive) => {
                let Some(bytes) = compressed(&self.path, archive(&self.members, self.old)) else { return false };
                fs::write(&path, bytes).unwrap();
            }
        }
        if let Some(owner) = &self.owner {
            if !rustix::process::geteuid().is_root() {
                not_run("root, who gives files away");
                return false;
            }
            let (user, group) = pair(owner);
            chown(&path, Some(user), Some(group)).unwrap();
        }
        let mode = self.mode.as_deref().or((self.kind == Some(Kind::File)).then_some("644"));
        let mode = mode.or((self.kind == Some(Kind::Folder)).then_some("755"));
        if let Some(mode) = mode {
            fs::set_permissions(&path, fs::Permissions::from_mode(octal(mode))).unwrap();
        }
        for (name, value) in &self.attributes {
            let path = CString::new(path.as_os_str().as_bytes()).unwrap();
            let set = rustix::fs::setxattr(&path, name.as_str(), value.as_bytes(), rustix::fs::XattrFlags::empty());
            if set.is_err() {
                not_run("a file system with extended attributes");
                return false;
            }
        }
        true
    }
}

/// Copies what only some machines have. If this one has not, says so.
fn copied(from: &Path, to: &Path, missing: impl FnOnce()) -> bool {
    let copied = fs::copy(from, to).is_ok();
    if !copied {
        missing();
    }
    copied
}

fn octal(text: &str) -> u32 {
    u32::from_str_radix(text, 8).unwrap()
}

fn pair(owner: &str) -> (u32, u32) {
    let (user, group) = owner.split_once(':').unwrap();
    (user.parse().unwrap(), group.parse().unwrap())
}

fn archive(members: &[Member], old: bool) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for member in members {
        let mut header = if old { tar::Header::new_old() } else { tar::Header::new_ustar() };
        let (kind, mode) = match member.kind {
            Kind::Folder => (tar::EntryType::Directory, "755"),
            Kind::Symlink => (tar::EntryType::Symlink, "777"),
            Kind::HardLink => (tar::EntryType::Link, "644"),
            Kind::Fifo => (tar::EntryType::Fifo, "644"),
            Kind::File | Kind::Archive | Kind::Data | Kind::Certificates => (tar::EntryType::Regular, "644"),
        };
        header.set_entry_type(kind);
        header.set_mode(octal(member.mode.as_deref().unwrap_or(mode)));
        let (user, group) = pair(member.owner.as_deref().unwrap_or("0:0"));
        header.set_uid(user.into());
        header.set_gid(group.into());
        header.set_mtime(1_600_000_000);
        header.set_size(member.text.len() as u64);
        // As written, also where it leads out: `tar` would not write that.
        for (field, text) in [(0..100, &member.path), (157..257, &member.to)] {
            header.as_mut_bytes()[field][..text.len()].copy_from_slice(text.as_bytes());
        }
        if old && matches!(member.kind, Kind::File | Kind::Folder) {
            // A folder is told by the slash at the end of its name.
            header.as_old_mut().linkflag = [0];
        }
        header.set_cksum();
        builder.append(&header, member.text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// Compresses by the program that the end of the name stands for.
fn compressed(name: &str, bytes: Vec<u8>) -> Option<Vec<u8>> {
    let program = match name.rsplit('.').next().unwrap_or_default() {
        "gz" | "tgz" => "gzip",
        "bz2" => "bzip2",
        "xz" => "xz",
        "zst" => "zstd",
        _ => return Some(bytes),
    };
    let mut child = peer(program)?.command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&bytes).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{program}");
    Some(output.stdout)
}
