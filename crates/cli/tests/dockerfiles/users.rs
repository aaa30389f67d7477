//! The same builds as an ordinary user, who is to get the digests that root gets.

use crate::base::Bases;
use crate::case::{Case, Lack};
use crate::common::{Run, TestEnvironment, program_path};
use crate::context;
use crate::difference::between;
use crate::image::Image;
use crate::ours::{self, Refusal};
use consign_oci::Platform;
use consign_testkit::tools::{find, not_run};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The user and the group that own nothing, by custom.
const NOBODY: u32 = 65534;
/// Which ids are set aside for the user, in form of subuid(5).
const RANGES: &str = "ranges";
/// Exit status of a step that fails.
const FAILED: i32 = 1;
/// Exit status of what cannot be asked for here.
const REFUSED: i32 = 3;
/// What is said of rights.
const RIGHTS: &str = "needs rights that only root has";
/// What is said of what cannot be read.
const DENIED: &str = "Permission denied";
/// What is said where one id does not do.
const REMEDY: &str = "install the package `uidmap`";
/// Sees these ranges instead of the machine's, and becomes the program as the user.
const BECOME: &str = r#"
    for file in /etc/subuid /etc/subgid; do
        test ! -e "$file" || mount --bind "$0" "$file"
    done
    exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
"#;

/// Which ids an ordinary user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ids {
    /// One.
    Single,
    /// Others too, that are set aside for the user.
    Subordinate,
}

/// The ordinary users that can build here.
pub(crate) struct Users {
    all: Vec<Ids>,
    /// Holds the program where everybody can reach it.
    folder: TempDir,
}

impl Users {
    /// Finds those who can. Says which cannot. Where the tests run as an ordinary user, all builds are such already.
    pub(crate) fn find() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let mut users = Self { all: Vec::new(), folder };
        if !rustix::process::geteuid().is_root() {
            return users;
        }
        fs::copy(program_path(), users.program()).unwrap();
        let place = Place::new(Ids::Single, users.program());
        if place.become_user("unshare", &["--user", "true"]).status != 0 {
            not_run("user namespaces of ordinary users");
            return users;
        }
        users.all.push(Ids::Single);
        if find("newuidmap").is_some() && Path::new("/etc/subuid").exists() {
            users.all.push(Ids::Subordinate);
        } else {
            not_run("newuidmap (the package uidmap brings it)");
        }
        users
    }

    /// Makes a place for each.
    pub(crate) fn places(&self) -> Vec<Place> {
        self.all.iter().map(|ids| Place::new(*ids, self.program())).collect()
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("consign")
    }
}

/// Where an ordinary user builds: with a folder and a store of its own.
pub(crate) struct Place {
    ids: Ids,
    environment: TestEnvironment,
    program: PathBuf,
}

impl Place {
    /// Makes one.
    fn new(ids: Ids, program: PathBuf) -> Self {
        let environment = TestEnvironment::new();
        let ranges = match ids {
            Ids::Single => String::new(),
            Ids::Subordinate => format!("{NOBODY}:200000:65536\n"),
        };
        fs::write(environment.beside(RANGES), ranges).unwrap();
        give_away(&environment.beside(""));
        Self { ids, environment, program }
    }

    /// Returns what is wrong with what the user makes of a case that root made this of.
    pub(crate) fn problems(
        &self,
        case: &Case,
        platform: &Platform,
        bases: &Bases,
        roots: &Result<Image, Refusal>,
    ) -> Vec<String> {
        let folder = self.environment.path(ours::CONTEXT);
        _ = fs::remove_dir_all(&folder);
        if !context::make(case, &folder) {
            return Vec::new();
        }
        give_away(&folder);
        let consign = |arguments: &[&str]| self.become_user(self.program.to_str().unwrap(), arguments);
        let ours = ours::build(case, platform, bases, &self.environment, consign);
        let with_all_ids = [Lack::Reading, Lack::Rights];
        let lack = case.settings.user.filter(|lack| self.ids == Ids::Single || with_all_ids.contains(lack));
        let (status, remedy) = match lack {
            Some(Lack::Reading) => (FAILED, DENIED),
            Some(Lack::Rights) => (REFUSED, RIGHTS),
            _ => (FAILED, REMEDY),
        };
        let is_lacking = matches!(lack, Some(Lack::Ids | Lack::Reading | Lack::Rights));
        let problems = match (roots, ours) {
            (_, Err(run)) if is_lacking => {
                let says = run.status == status && run.text.contains(remedy);
                if says { Vec::new() } else { vec![format!("it does not say `{remedy}`: {}", run.text.trim())] }
            }
            (_, Ok(_)) if is_lacking => {
                vec![format!("it is built, although the user lacks {lack:?}")]
            }
            (Ok(roots), Ok(ours)) => compared(roots, &ours, lack == Some(Lack::Owners)),
            (Err(roots), Err(run)) if run.status == roots.status => {
                let refusal = case.settings.fails.as_deref().unwrap_or_default();
                let says = run.text.contains(refusal);
                if says { Vec::new() } else { vec![format!("it does not say `{refusal}`: {}", run.text.trim())] }
            }
            (_, Err(run)) => vec![format!("it fails ({}): {}", run.status, run.text.trim())],
            (Err(_), Ok(_)) => vec!["it is built, although it should not be".to_owned()],
        };
        problems.into_iter().map(|problem| format!("as an ordinary user ({:?}): {problem}", self.ids)).collect()
    }

    fn become_user(&self, program: &str, arguments: &[&str]) -> Run {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-ec", BECOME]).arg(self.environment.beside(RANGES));
        command.arg(program).args(arguments);
        self.environment.run_other(command)
    }
}

/// Returns what is wrong with an image that should be root's, or with one that should be another.
fn compared(roots: &Image, ours: &Image, differs: bool) -> Vec<String> {
    match (roots.lines(), ours.lines()) {
        _ if !differs && roots.digest == ours.digest => Vec::new(),
        (Ok(roots), Ok(ours)) if differs => {
            let differences = between(&roots, &ours);
            if differences.is_empty() { vec!["it does not differ by what it sees".to_owned()] } else { Vec::new() }
        }
        (Ok(roots), Ok(ours)) => {
            let differences = between(&roots, &ours).into_iter().map(|difference| difference.to_string());
            ["the digest is not root's".to_owned()].into_iter().chain(differences).collect()
        }
        (_, Err(error)) | (Err(error), _) => vec![error],
    }
}

/// Gives a folder and all that is in it to the user, with the modes that it has.
fn give_away(path: &Path) {
    let metadata = path.symlink_metadata().unwrap();
    lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if metadata.is_symlink() {
        return;
    }
    // The bits for set-user-id and set-group-id go with the owner.
    fs::set_permissions(path, Permissions::from_mode(metadata.permissions().mode())).unwrap();
    if metadata.is_dir() {
        let entries: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.iter().for_each(|entry| give_away(entry));
    }
}
