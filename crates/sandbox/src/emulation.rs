use crate::machine::Machine;
use consign_oci::{Platform, PlatformError};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The first kernel where a user namespace has handlers of its own.
const OWN_HANDLERS: (u32, u32) = (6, 7);

/// How programs of a platform run on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Emulation {
    /// The processor runs them.
    Native,
    /// A handler that is registered on the whole machine runs them.
    Handler {
        /// Name of the handler, such as `qemu-aarch64`.
        name: String,
    },
    /// An emulator that is registered in the sandbox alone runs them.
    Private {
        /// The emulator.
        interpreter: PathBuf,
        /// OCI's name of the architecture that it emulates.
        architecture: String,
    },
}

/// What this machine has to run programs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What the processor runs.
    pub platform: Platform,
    /// Kernel version, such as 6.7.
    pub kernel: (u32, u32),
    /// Where the kernel lists handlers for foreign programs.
    pub handlers: PathBuf,
    /// Folders that may hold emulators.
    pub interpreters: Vec<PathBuf>,
}

impl Host {
    /// Returns what the machine that this process runs on has.
    pub fn of_this_machine() -> Result<Self, PlatformError> {
        let architecture = match std::env::consts::ARCH {
            "powerpc64" => "ppc64le",
            "x86" => "386",
            "loongarch64" => "loong64",
            other => other,
        };
        Ok(Self {
            platform: Platform::new("linux", architecture, None)?,
            kernel: kernel_version(),
            handlers: "/proc/sys/fs/binfmt_misc".into(),
            interpreters: ["/usr/bin", "/usr/local/bin"].map(PathBuf::from).to_vec(),
        })
    }

    pub(crate) fn runs(&self, platform: &Platform) -> bool {
        let (own, other) = (self.platform.architecture(), platform.architecture());
        own == other || (own, other) == ("amd64", "386")
    }

    pub(crate) fn has_handler(&self, name: &str) -> bool {
        let read = |file: &str| fs::read_to_string(self.handlers.join(file));
        let works = |handler: String| {
            let mut lines = handler.lines();
            // Without `F`, the emulator would have to be in the root file system.
            lines.next() == Some("enabled")
                && lines.any(|line| line.strip_prefix("flags:").is_some_and(|flags| flags.contains('F')))
        };
        read("status").is_ok_and(|status| status.trim() == "enabled") && read(name).is_ok_and(works)
    }

    pub(crate) fn interpreter(&self, machine: Machine) -> Option<PathBuf> {
        let name = format!("qemu-{}-static", machine.qemu);
        self.interpreters.iter().map(|folder| folder.join(&name)).find(|path| path.is_file())
    }
}

/// Returns the version of the kernel that runs, such as 6.7.
pub(crate) fn kernel_version() -> (u32, u32) {
    kernel(&rustix::system::uname().release().to_string_lossy())
}

fn kernel(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// A platform whose programs do not run on this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmulationError {
    /// The platform's programs are not Linux programs.
    #[error("cannot run programs of {platform}: only Linux programs run here")]
    NotLinux {
        /// The platform.
        platform: Platform,
    },
    /// No emulator for the platform is known.
    #[error("cannot run programs of {platform}: no emulator for `{}` is known", platform.architecture())]
    Unknown {
        /// The platform.
        platform: Platform,
    },
    /// No emulator for the platform is installed.
    #[error(
        "cannot run programs of {platform}: no emulator is installed; `apt-get install qemu-user-static` brings one"
    )]
    Missing {
        /// The platform.
        platform: Platform,
    },
    /// The emulator is installed, but the kernel does not know of it, and is too old (before 6.7) for a sandbox to register its own.
    #[error(
        "cannot run programs of {platform}: `{}` is installed but not registered with the kernel; as root, `consign doctor --fix` sees to that; or mount binfmt_misc \
         on /proc/sys/fs/binfmt_misc, then run `update-binfmts --enable {handler}`", interpreter.display()
    )]
    NotRegistered {
        /// The platform.
        platform: Platform,
        /// The emulator.
        interpreter: PathBuf,
        /// Name that it would be registered under.
        handler: String,
    },
}

/// Returns how programs of `platform` run on `host`: natively, by a handler of the whole machine, else by an emulator for the sandbox alone.
pub fn emulator(platform: &Platform, host: &Host) -> Result<Emulation, EmulationError> {
    if platform.os() != "linux" {
        return Err(EmulationError::NotLinux { platform: platform.clone() });
    }
    if host.runs(platform) {
        return Ok(Emulation::Native);
    }
    let machine =
        Machine::of(platform.architecture()).ok_or_else(|| EmulationError::Unknown { platform: platform.clone() })?;
    let handler = machine.handler();
    if host.has_handler(&handler) {
        return Ok(Emulation::Handler { name: handler });
    }
    let interpreter =
        host.interpreter(machine).ok_or_else(|| EmulationError::Missing { platform: platform.clone() })?;
    if host.kernel < OWN_HANDLERS {
        return Err(EmulationError::NotRegistered { platform: platform.clone(), interpreter, handler });
    }
    Ok(Emulation::Private { interpreter, architecture: machine.architecture.to_owned() })
}

/// Returns the line that registers a private emulator.
pub(crate) fn registration(interpreter: &Path, architecture: &str) -> io::Result<String> {
    let invalid = || io::Error::from(rustix::io::Errno::INVAL);
    // The kernel separates fields by colons.
    let path = interpreter.to_str().filter(|path| !path.contains([':', '\n', '\\'])).ok_or_else(invalid)?;
    Ok(Machine::of(architecture).ok_or_else(invalid)?.registration(path, "F"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDLER: &str = "enabled\ninterpreter /usr/bin/q\nflags: PF\noffset 0\n";

    fn host(folder: &Path, kernel: (u32, u32)) -> Host {
        let interpreters = vec![folder.join("bin")];
        Host { platform: "linux/amd64".parse().unwrap(), kernel, handlers: folder.join("binfmt"), interpreters }
    }

    fn find(platform: &str, host: &Host) -> Result<Emulation, EmulationError> {
        emulator(&platform.parse().unwrap(), host)
    }

    #[test]
    fn runs_natively_what_the_processor_runs() {
        let folder = tempfile::tempdir().unwrap();
        for platform in ["linux/amd64", "linux/amd64/v2", "linux/386"] {
            assert_eq!(find(platform, &host(folder.path(), (6, 1))), Ok(Emulation::Native), "{platform}");
        }
        assert!(matches!(find("windows/amd64", &host(folder.path(), (6, 1))), Err(EmulationError::NotLinux { .. })));
        assert!(matches!(find("linux/vax", &host(folder.path(), (6, 1))), Err(EmulationError::Unknown { .. })));
    }

    #[test]
    fn prefers_a_handler_that_works_in_other_roots() {
        let folder = tempfile::tempdir().unwrap();
        let handlers = folder.path().join("binfmt");
        fs::create_dir(&handlers).unwrap();
        for (status, handler, works) in [
            ("enabled\n", HANDLER, true),
            ("disabled\n", HANDLER, false),
            ("enabled\n", &HANDLER.replace("enabled", "disabled"), false),
            ("enabled\n", &HANDLER.replace("PF", "P"), false),
        ] {
            fs::write(handlers.join("status"), status).unwrap();
            fs::write(handlers.join("qemu-aarch64"), handler).unwrap();
            let expected = if works {
                Ok(Emulation::Handler { name: "qemu-aarch64".to_owned() })
            } else {
                Err(EmulationError::Missing { platform: "linux/arm64".parse().unwrap() })
            };
            assert_eq!(find("linux/arm64", &host(folder.path(), (6, 1))), expected, "{status} {handler}");
        }
    }

    #[test]
    fn registers_its_own_where_the_kernel_can() {
        let folder = tempfile::tempdir().unwrap();
        let interpreter = folder.path().join("bin/qemu-ppc64le-static");
        fs::create_dir(folder.path().join("bin")).unwrap();
        fs::write(&interpreter, "").unwrap();
        assert!(matches!(
            find("linux/ppc64le", &host(folder.path(), (6, 6))),
            Err(EmulationError::NotRegistered { .. })
        ));
        let expected = Emulation::Private { interpreter, architecture: "ppc64le".to_owned() };
        assert_eq!(find("linux/ppc64le", &host(folder.path(), (6, 7))), Ok(expected));
    }

    #[test]
    fn reads_kernel_versions() {
        for (release, expected) in
            [("6.18.44-fc-v470", (6, 18)), ("5.10.0-30-amd64", (5, 10)), ("7", (7, 0)), ("", (0, 0))]
        {
            assert_eq!(kernel(release), expected, "{release}");
        }
        assert!((6, 18) > OWN_HANDLERS && (5, 10) < OWN_HANDLERS && (7, 0) > OWN_HANDLERS);
    }
}
