//! Programs of this machine.

use crate::environment::Environment;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Returns the program that is run by this name.
pub(crate) fn on_path(name: &str, environment: &Environment) -> Option<PathBuf> {
    std::env::split_paths(environment.get("PATH")?).map(|folder| folder.join(name)).find(|path| is_program(path))
}

/// Returns whether there is a program at a path.
pub(crate) fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
