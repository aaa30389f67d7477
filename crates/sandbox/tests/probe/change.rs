//! Changes to files, one a word: `ACTION PATH [WHAT]`, separated by spaces.

use rustix::fs::{CWD, FileType, Mode, XattrFlags, mknodat, setxattr};
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;

pub(super) fn carry_out(step: &str) {
    let words: Vec<&str> = step.split(' ').collect();
    let result = match words.as_slice() {
        ["write", path, text] => fs::write(path, text),
        ["append", path, text] => fs::read_to_string(path).and_then(|before| fs::write(path, before + text)),
        ["copy", path, from] => fs::copy(from, path).map(drop),
        ["folder", path] => fs::create_dir_all(path),
        ["remove", path] => fs::remove_file(path),
        ["remove-all", path] => fs::remove_dir_all(path),
        ["rename", path, to] => fs::rename(path, to),
        ["link", path, to] => fs::hard_link(to, path),
        ["symlink", path, to] => symlink(to, path),
        ["mode", path, mode] => {
            let mode = u32::from_str_radix(mode, 8).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode))
        }
        ["owner", path, uid, gid] => chown(path, uid.parse().ok(), gid.parse().ok()),
        ["attribute", path, name, value] => {
            let value = value.replace("NUL", "\0");
            setxattr(*path, *name, value.as_bytes(), XattrFlags::empty()).map_err(Into::into)
        }
        // `cap_net_raw=ep`, as setcap(8) writes it (linux/capability.h, version 2).
        ["capability", path] => {
            let value = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            setxattr(*path, "security.capability", &value, XattrFlags::empty()).map_err(Into::into)
        }
        ["time", path, seconds] => {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds.parse().unwrap());
            fs::File::open(path).and_then(|file| file.set_modified(time))
        }
        ["fifo", path] => mknodat(CWD, *path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).map_err(Into::into),
        ["device", path] => {
            let zero = rustix::fs::makedev(1, 5);
            mknodat(CWD, *path, FileType::CharacterDevice, Mode::from_raw_mode(0o666), zero).map_err(Into::into)
        }
        ["socket", path] => UnixListener::bind(path).map(drop),
        other => panic!("not a change: {other:?}"),
    };
    if let Err(error) = result {
        println!("{step}: {:?}", error.kind());
    }
}

/// Says what is at a path: kind, mode, owner, and what is in it.
pub(super) fn shown(path: &str) -> String {
    let Ok(metadata) = fs::symlink_metadata(path) else { return format!("{path} -") };
    let kind = metadata.file_type();
    let what = if kind.is_dir() {
        format!("folder {}", super::names(path).join(","))
    } else if kind.is_symlink() {
        format!("link {}", fs::read_link(path).unwrap().display())
    } else if kind.is_fifo() {
        "fifo".to_owned()
    } else if kind.is_char_device() {
        "device".to_owned()
    } else {
        format!("file {}", fs::read_to_string(path).unwrap_or_else(|error| format!("{:?}", error.kind())))
    };
    format!("{path} {:o} {}:{} {what}", metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
}

/// Says the mode of what is at a path, and when it was last changed: a fraction of a second would show.
pub(super) fn times(path: &str) -> String {
    let metadata = fs::symlink_metadata(path).unwrap();
    let fraction = if metadata.mtime_nsec() == 0 { String::new() } else { format!(".{}", metadata.mtime_nsec()) };
    format!("{path} {:o} {}{fraction}", metadata.mode() & 0o7777, metadata.mtime())
}
