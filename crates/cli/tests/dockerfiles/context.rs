use crate::case::Case;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// What stands in a case's folder and is not its context.
const OWN: [&str; 3] = ["case.yaml", "expected.txt", "expected.json"];

/// Makes the context of a case in a folder that is not there yet, with the modes that git means. Returns whether that can be here.
pub(crate) fn make(case: &Case, folder: &Path) -> bool {
    copy(&case.folder, folder);
    for own in OWN {
        // Few cases have all of them.
        _ = fs::remove_file(folder.join(own));
    }
    case.settings.fixtures.iter().all(|fixture| fixture.make(folder))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, to) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &to);
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path()).unwrap(), to).unwrap();
        } else {
            let runs = entry.metadata().unwrap().permissions().mode() & 0o100 != 0;
            fs::write(&to, fs::read(entry.path()).unwrap()).unwrap();
            fs::set_permissions(to, fs::Permissions::from_mode(if runs { 0o755 } else { 0o644 })).unwrap();
        }
    }
}
