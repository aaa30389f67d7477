use consign_testkit::tools::not_run;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that is seen in another place, where the names in each folder come in another order. It goes when this is dropped.
pub(super) struct Disordered {
    pub(super) folder: PathBuf,
}

impl Disordered {
    /// Mounts it; `None` where there is no disorderfs, or the kernel lets it mount nothing.
    pub(super) fn mount(source: &Path, order: &str) -> Option<Self> {
        let program = consign_testkit::tools::peer("disorderfs")?;
        let folder = source.with_file_name("disordered");
        std::fs::create_dir_all(&folder).unwrap();
        if program.command().args(["--quiet", order]).arg(source).arg(&folder).status().is_ok_and(|s| s.success()) {
            return Some(Self { folder });
        }
        not_run("file systems of its own (disorderfs, FUSE)");
        None
    }
}

impl Drop for Disordered {
    fn drop(&mut self) {
        let unmounted = Command::new("fusermount").arg("-u").arg(&self.folder).status();
        assert!(unmounted.unwrap().success() || std::thread::panicking());
    }
}
