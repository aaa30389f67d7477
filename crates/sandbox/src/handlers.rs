use crate::Host;
use crate::machine::Machine;
use consign_oci::Platform;
use nix::mount::{MsFlags, mount, umount};
use rustix::process::geteuid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Where it is noted what was registered. It goes when the machine is started again, as handlers do.
const RECORD: &str = "/run/consign/handlers.json";
/// Largest record that is read, in bytes.
const RECORD_LIMIT: u64 = 1 << 20;
/// Where Debian names emulators so that they know that they get the name by which a program was called (`P`).
const PRESERVING: &str = "/usr/libexec/qemu-binfmt";
/// Files beside those of handlers (Linux, `admin-guide/binfmt-misc.rst`).
const CONTROLS: [&str; 2] = ["register", "status"];

/// The handlers for foreign programs that consign has registered on the whole machine.
#[derive(Clone, Debug)]
pub struct Handlers {
    folder: PathBuf,
    record: PathBuf,
}

/// A handler that was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Its name, such as `qemu-aarch64`.
    pub name: String,
    /// The emulator.
    pub interpreter: PathBuf,
    /// `F`, which opens the emulator at once; `P`, which hands on the name by which a program was called.
    pub flags: &'static str,
    /// Whether the kernel's list of handlers had to be mounted first.
    pub mounted: bool,
}

/// What became of something that consign had done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// The handler is registered no more.
    Unregistered(String),
    /// Somebody else has unregistered the handler.
    Gone(String),
    /// Somebody else has registered another handler of this name, or disabled it. It stays.
    Changed(String),
    /// The kernel's list is mounted no more.
    Unmounted,
    /// The kernel's list stays mounted, since there are handlers of others in it.
    StaysMounted,
}

/// What was done, as far as it is to be undone.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    mounted: bool,
    /// What the kernel says of each handler, by its name.
    handlers: BTreeMap<String, String>,
}

/// A handler that cannot be registered on the whole machine, or not be taken back.
#[derive(Debug, thiserror::Error)]
pub enum HandlersError {
    /// The caller is not root.
    #[error("only root registers handlers on the whole machine")]
    NotRoot,
    /// No emulator for the platform is known, or none is installed.
    #[error("no emulator for {platform} is installed; `apt-get install qemu-user-static` brings those that are known")]
    Missing {
        /// The platform.
        platform: Platform,
    },
    /// The kernel's list is not there, and cannot be mounted.
    #[error("cannot mount binfmt_misc on {}; `modprobe binfmt_misc` loads what the kernel needs for it", path.display())]
    Mount {
        /// Where it belongs.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is a handler that is disabled, or that needs its emulator in each root file system.
    #[error(
        "there is a handler {name}, which is disabled or lacks the flag `F`; `update-binfmts --enable {name}` may mend it"
    )]
    Useless {
        /// Its name.
        name: String,
    },
    /// The kernel refuses.
    #[error("the kernel does not take the handler {name}")]
    Refused {
        /// Its name.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// What was done cannot be noted, or read again.
    #[error("cannot {action} {}", path.display())]
    Record {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Handlers {
    /// Returns those of this machine.
    pub fn of(host: &Host) -> Self {
        Self { folder: host.handlers.clone(), record: RECORD.into() }
    }

    /// Registers an emulator for the programs of a platform, until the machine is started again. `None` where they run already without anything of
    /// the sandbox's own.
    pub fn register(&self, platform: &Platform, host: &Host) -> Result<Option<Registered>, HandlersError> {
        let missing = || HandlersError::Missing { platform: platform.clone() };
        if host.runs(platform) {
            return Ok(None);
        }
        let machine = Machine::of(platform.architecture()).ok_or_else(missing)?;
        let name = machine.handler();
        if host.has_handler(&name) {
            return Ok(None);
        }
        if !geteuid().is_root() {
            return Err(HandlersError::NotRoot);
        }
        let preserving = Path::new(PRESERVING).join(format!("{}-binfmt-P", machine.qemu));
        let (interpreter, flags) = match preserving.is_file() {
            true => (preserving, "PF"),
            false => (host.interpreter(machine).ok_or_else(missing)?, "F"),
        };
        let mut record = self.read()?;
        let mounted = self.mount(&mut record)?;
        // What was mounted only now may have brought it.
        if host.has_handler(&name) {
            return Ok(None);
        }
        let file = self.folder.join(&name);
        if file.exists() {
            return Err(HandlersError::Useless { name });
        }
        let refused = |source| HandlersError::Refused { name: name.clone(), source };
        let line = interpreter.to_str().map(|path| machine.registration(path, flags));
        let line = line.ok_or_else(|| refused(io::ErrorKind::InvalidFilename.into()))?;
        fs::write(self.folder.join(CONTROLS[0]), line).map_err(refused)?;
        record.handlers.insert(name.clone(), fs::read_to_string(&file).map_err(refused)?);
        self.write(&record)?;
        Ok(Some(Registered { name, interpreter, flags, mounted }))
    }

    /// Takes back what [`Handlers::register`] has done and nobody has changed since.
    pub fn undo(&self) -> Result<Vec<Undone>, HandlersError> {
        let record = self.read()?;
        if record.handlers.is_empty() && !record.mounted {
            return Ok(Vec::new());
        }
        if !geteuid().is_root() {
            return Err(HandlersError::NotRoot);
        }
        let mut undone = Vec::new();
        for (name, text) in record.handlers {
            let file = self.folder.join(&name);
            undone.push(match fs::read_to_string(&file) {
                Ok(now) if now == text => {
                    fs::write(&file, "-1").map_err(|source| HandlersError::Refused { name: name.clone(), source })?;
                    Undone::Unregistered(name)
                }
                Ok(_) => Undone::Changed(name),
                Err(_) => Undone::Gone(name),
            });
        }
        if record.mounted {
            undone.push(match self.is_empty() && umount(&self.folder).is_ok() {
                true => Undone::Unmounted,
                false => Undone::StaysMounted,
            });
        }
        fs::remove_file(&self.record).map_err(self.failed("remove"))?;
        Ok(undone)
    }

    /// Mounts the kernel's list where it is not. Returns whether it had to be.
    fn mount(&self, record: &mut Record) -> Result<bool, HandlersError> {
        if self.folder.join(CONTROLS[0]).exists() {
            return Ok(false);
        }
        let (name, flags) = (Some("binfmt_misc"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC);
        mount(name, &self.folder, name, flags, None::<&str>)
            .map_err(|source| HandlersError::Mount { path: self.folder.clone(), source: source.into() })?;
        record.mounted = true;
        self.write(record)?;
        Ok(true)
    }

    /// Returns whether there are no handlers.
    fn is_empty(&self) -> bool {
        let mut names = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.all(|name| CONTROLS.iter().any(|control| name == *control))
    }

    fn read(&self) -> Result<Record, HandlersError> {
        let file = match File::open(&self.record) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Record::default()),
            Err(source) => return Err(self.failed("read")(source)),
        };
        let mut text = Vec::new();
        file.take(RECORD_LIMIT).read_to_end(&mut text).map_err(self.failed("read"))?;
        let record: Record = serde_json::from_slice(&text).map_err(|error| self.failed("read")(error.into()))?;
        // A handler is a file in the kernel's list, and nothing else.
        match record.handlers.keys().all(|name| name.starts_with("qemu-") && !name.contains('/')) {
            true => Ok(record),
            false => Err(self.failed("read")(io::ErrorKind::InvalidData.into())),
        }
    }

    fn write(&self, record: &Record) -> Result<(), HandlersError> {
        let text = serde_json::to_vec(record).map_err(|error| self.failed("write")(error.into()))?;
        let folder = self.record.parent().unwrap_or(Path::new("/"));
        let written = fs::create_dir_all(folder).and_then(|()| {
            let new = self.record.with_extension("new");
            fs::write(&new, text)?;
            fs::rename(new, &self.record)
        });
        written.map_err(self.failed("write"))
    }

    fn failed(&self, action: &'static str) -> impl FnOnce(io::Error) -> HandlersError + use<> {
        let path = self.record.clone();
        move |source| HandlersError::Record { action, path, source }
    }
}
