//! Standard input, which can be read once: it is what a command works on, or a password.

use std::fs;
use std::io::{self, Stdin};
use std::os::unix::fs::FileTypeExt;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Takes it, whoever had it before.
pub(crate) fn take() -> Stdin {
    IS_TAKEN.store(true, Ordering::Relaxed);
    io::stdin()
}

/// Returns whether nobody has taken it, and somebody wrote to it: it is a pipe, a socket or a file, and no terminal or other device.
pub(crate) fn is_free() -> bool {
    let kind = fs::metadata("/dev/stdin").map(|found| found.file_type());
    !IS_TAKEN.load(Ordering::Relaxed) && kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket() || kind.is_file())
}
