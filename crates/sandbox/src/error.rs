use crate::ids::is_owner;
use crate::order::{Failure, Report};
use crate::{LayerFault, Step};
use nix::errno::Errno;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// A command that could not be run.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The program that becomes init could not be started.
    #[error("could not start `{}` as the sandbox's init", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The command cannot be written down for init: its root folder is not UTF-8.
    #[error("could not tell the sandbox's init what to run")]
    Order {
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Reading from or writing to init failed.
    #[error("could not talk to the sandbox's init")]
    Channel {
        /// What the system says.
        source: io::Error,
    },
    /// Init ended without a word: it was killed from outside, or the program does not call [`crate::init::main_if_requested`].
    #[error("the sandbox's init ended without a report ({status})")]
    Silent {
        /// How it ended.
        status: ExitStatus,
    },
    /// The kernel refused a step on the way into the sandbox.
    #[error("could not make the sandbox: failed to {step}{}{}", place(path), hint(*step, source))]
    Setup {
        /// The step.
        step: Step,
        /// What the step was about.
        path: Option<String>,
        /// What the system says.
        source: io::Error,
    },
    /// The command's user, or the owner of a file for it, is not known in the sandbox, or is nobody.
    #[error("{uid}:{gid} {}", remedy(*uid, *gid))]
    Ids {
        /// User.
        uid: u32,
        /// Group.
        gid: u32,
    },
    /// The layer that was to be unpacked could not be read.
    #[error("could not read the layer that is to be unpacked")]
    Source {
        /// What the reader says.
        source: io::Error,
    },
    /// Work on an unpacked layer failed.
    #[error("failed to {step}{}", place(path))]
    Work {
        /// The work.
        step: Step,
        /// What it was about.
        path: Option<String>,
        /// What the system says.
        source: io::Error,
    },
    /// Something cannot be in a layer.
    #[error("{}{fault}", subject(path))]
    Layer {
        /// Path of the entry; empty for the layer as a whole.
        path: String,
        /// Why not.
        fault: LayerFault,
    },
    /// AppArmor lets programs without a profile make user namespaces, but refuses them their rights there (Ubuntu from 23.10 on).
    #[error(
        "could not make the sandbox: AppArmor keeps ordinary users' programs from user namespaces, so it failed to {step}; allow it by \
         `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or by a profile with the rule `userns,` for this program in /etc/apparmor.d, or run as root"
    )]
    AppArmor {
        /// The step.
        step: Step,
        /// What the system says.
        source: io::Error,
    },
    /// The program, or the interpreter that it names, is not in the root file system.
    #[error("`{program}` is not there, or the interpreter that it names is not")]
    NotFound {
        /// The program.
        program: String,
    },
    /// The program is for another machine, or is no program.
    #[error("`{program}` is not a program for this machine, and no emulator is registered for it")]
    WrongMachine {
        /// The program.
        program: String,
    },
    /// The program could not be executed.
    #[error("could not execute `{program}`")]
    Execute {
        /// The program.
        program: String,
        /// What the system says.
        source: io::Error,
    },
}

/// Where AppArmor says whether it does (Linux of Ubuntu, `kernel.apparmor_restrict_unprivileged_userns`).
const SETTING: &str = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";

/// Returns whether a permission that an ordinary user's process was refused is one of those that AppArmor refuses in user namespaces.
fn is_refused_by_apparmor(errno: i32, setting: &str) -> bool {
    matches!(Errno::from_raw(errno), Errno::EPERM | Errno::EACCES)
        && !rustix::process::geteuid().is_root()
        && fs::read_to_string(setting).is_ok_and(|value| value.trim() == "1")
}

/// Says what to do so that there is such an owner.
fn remedy(uid: u32, gid: u32) -> String {
    if !is_owner(uid, gid) {
        return "is nobody: ids are below 4294967295, so choose another".to_owned();
    }
    format!(
        "is not among the ids that a sandbox of this user knows; install the package `uidmap` and give the user a range in /etc/subuid and \
         /etc/subgid (such as `{}:100000:65536`), or run as root",
        rustix::process::geteuid().as_raw()
    )
}

fn subject(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("`{path}`: ") }
}

fn place(path: &Option<String>) -> String {
    path.as_ref().map(|path| format!(" (`{path}`)")).unwrap_or_default()
}

fn hint(step: Step, error: &io::Error) -> &'static str {
    match (step, error.raw_os_error().map(Errno::from_raw)) {
        (Step::Namespaces | Step::Ids, Some(Errno::EPERM | Errno::ENOSPC)) => {
            "; user namespaces seem to be forbidden here (see the settings user.max_user_namespaces, \
             kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns; for a container, run it with \
             `--security-opt seccomp=unconfined`)"
        }
        // Whoever could make the namespace has the right to it there, but for a filter.
        (Step::HostName | Step::Propagation, Some(Errno::EPERM)) => {
            "; a filter of system calls seems to forbid it (for a container, run it with `--security-opt seccomp=unconfined`)"
        }
        (Step::FileSystem, Some(Errno::EPERM)) => {
            "; inside a container, it needs a /proc that hides nothing (podman's `--security-opt unmask=ALL`, \
             docker's `--security-opt systempaths=unconfined`)"
        }
        (Step::Propagation | Step::FileSystem | Step::Namespaces, Some(Errno::EACCES)) => {
            "; a profile of AppArmor seems to forbid it (for a container, run it with `--security-opt apparmor=unconfined`)"
        }
        (Step::Connection, _) => {
            "; a command that needs none says `--network=none`, and one with the machine's `--network=host`"
        }
        (Step::Ids, Some(Errno::ENOENT)) => "; the package `uidmap` brings what maps subordinate ids",
        _ => "",
    }
}

impl SandboxError {
    /// Makes the error of a report other than that the command ended.
    pub(crate) fn of_report(report: Report, program: &str) -> Result<crate::Exit, Self> {
        let program = program.to_owned();
        match report {
            Report::Ended(exit) => Ok(exit),
            Report::NotExecuted { errno } => Err(match Errno::from_raw(errno) {
                Errno::ENOENT | Errno::ENOTDIR => Self::NotFound { program },
                Errno::ENOEXEC => Self::WrongMachine { program },
                _ => Self::Execute { program, source: io::Error::from_raw_os_error(errno) },
            }),
            other => Err(Self::of_work(other)),
        }
    }

    /// Makes the error of a report that is not the one hoped for.
    pub(crate) fn of_work(report: Report) -> Self {
        match report {
            Report::Failed(Failure {
                step: step @ (Step::Namespaces | Step::Ids | Step::HostName | Step::Propagation),
                errno,
                ..
            }) if is_refused_by_apparmor(errno, SETTING) => {
                Self::AppArmor { step, source: io::Error::from_raw_os_error(errno) }
            }
            Report::Failed(Failure { step: step @ (Step::Unpack | Step::Pack | Step::Remove), path, errno }) => {
                Self::Work { step, path, source: io::Error::from_raw_os_error(errno) }
            }
            Report::Failed(Failure { step, path, errno }) => {
                Self::Setup { step, path, source: io::Error::from_raw_os_error(errno) }
            }
            Report::Refused { path, fault } => Self::Layer { path, fault },
            _ => Self::Channel { source: io::ErrorKind::InvalidData.into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_apparmor() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let is_user = !rustix::process::geteuid().is_root();
        for (setting, errno, expected) in
            [("1\n", Errno::EPERM, is_user), ("1\n", Errno::EINVAL, false), ("0\n", Errno::EACCES, false)]
        {
            fs::write(path, setting).unwrap();
            assert_eq!(is_refused_by_apparmor(errno as i32, path), expected, "{setting}");
        }
        assert!(!is_refused_by_apparmor(Errno::EPERM as i32, "/no/such/setting"));
    }

    #[test]
    fn says_what_to_do_about_owners() {
        for ((uid, gid), expected) in
            [((1000, 0), "install the package `uidmap`"), ((u32::MAX, 0), "is nobody"), ((0, u32::MAX), "is nobody")]
        {
            let error = SandboxError::Ids { uid, gid }.to_string();
            assert!(error.contains(expected) && error.starts_with(&format!("{uid}:{gid} ")), "{error}");
            let fault = LayerFault::Owner { uid, gid }.to_string();
            assert_eq!(fault.contains("is nobody"), expected == "is nobody", "{fault}");
        }
    }

    #[test]
    fn says_what_to_do_in_a_container() {
        for (step, errno, expected) in [
            (Step::Namespaces, Errno::EPERM, "seccomp=unconfined"),
            (Step::HostName, Errno::EPERM, "seccomp=unconfined"),
            (Step::FileSystem, Errno::EPERM, "unmask=ALL"),
            (Step::Propagation, Errno::EACCES, "apparmor=unconfined"),
            (Step::Ids, Errno::ENOENT, "uidmap"),
            (Step::Namespaces, Errno::ENOSPC, "user.max_user_namespaces"),
        ] {
            let report = Report::Failed(Failure { step, path: None, errno: errno as i32 });
            let message = SandboxError::of_report(report, "/x").unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        let report = Report::Failed(Failure { step: Step::HostName, path: None, errno: Errno::EINVAL as i32 });
        let message = SandboxError::of_report(report, "/x").unwrap_err().to_string();
        assert_eq!(message, "could not make the sandbox: failed to set the host name");
    }
}
