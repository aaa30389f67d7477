//! What it takes to run tests and commands of Dockerfiles: a sandbox, and emulators for other platforms.

use super::Finding;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::workshop::{LintedFile, Planned};
use consign_oci::Platform;
use consign_sandbox::{
    Command, Emulation, EmulationError, Handlers, HandlersError, Host, Ids, Mechanism, Mechanisms, Registered, Sandbox,
    SandboxError, Undone, emulator,
};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A program that no empty folder has.
const NOTHING: &str = "/nothing";

pub(super) async fn sandboxed(planned: &Planned) -> Vec<Finding> {
    let host = match Host::of_this_machine() {
        Ok(host) => host,
        Err(error) => return vec![Finding::fail("sandbox", error.to_string())],
    };
    let platforms = platforms(planned, &host);
    if platforms.is_empty() {
        return vec![Finding::ok("sandbox", "no tests and no commands of Dockerfiles are planned, so none is needed")];
    }
    let mut findings = vec![sandbox(&host).await];
    findings.extend(ids(planned, &host));
    findings.extend(platforms.iter().map(|platform| emulation(platform, &host)));
    findings
}

/// Registers emulators for what is planned on the whole machine.
pub(super) fn fix(planned: &Planned) -> Result<Vec<Finding>, CommandError> {
    let area = "handlers";
    let host = Host::of_this_machine().map_err(|error| CommandError::of(ExitCode::Failed, &error))?;
    let handlers = Handlers::of(&host);
    let mut findings = Vec::new();
    for platform in platforms(planned, &host) {
        match handlers.register(&platform, &host) {
            Ok(None) => {}
            Ok(Some(Registered { name, interpreter, flags, mounted })) => {
                if mounted {
                    findings.push(Finding::ok(area, format!("mounted binfmt_misc on {}", host.handlers.display())));
                }
                let message = format!(
                    "registered {name} for {platform} on the whole machine, until it is started again: {}, flags {flags}",
                    interpreter.display()
                );
                findings.push(Finding::ok(area, message).next("`consign doctor --undo` takes it back"));
            }
            Err(HandlersError::NotRoot) => return Err(needs_root("--fix")),
            Err(error) => findings.push(Finding::error(area, &CommandError::of(ExitCode::Failed, &error))),
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(area, "nothing had to be registered"));
    }
    Ok(findings)
}

/// Takes back what [`fix`] has done.
pub(super) fn undo() -> Result<Vec<Finding>, CommandError> {
    let area = "handlers";
    let host = Host::of_this_machine().map_err(|error| CommandError::of(ExitCode::Failed, &error))?;
    let undone = Handlers::of(&host).undo().map_err(|error| match error {
        HandlersError::NotRoot => needs_root("--undo"),
        error => CommandError::of(ExitCode::Failed, &error),
    })?;
    let folder = host.handlers.display();
    let finding = |undone| match undone {
        Undone::Unregistered(name) => Finding::ok(area, format!("{name} is registered no more")),
        Undone::Gone(name) => Finding::ok(area, format!("{name} was gone already")),
        Undone::Changed(name) => Finding::warn(area, format!("{name} is not as consign registered it, so it stays")),
        Undone::Unmounted => Finding::ok(area, format!("binfmt_misc is mounted on {folder} no more")),
        Undone::StaysMounted => {
            Finding::warn(area, format!("binfmt_misc stays mounted on {folder}: others use it too"))
        }
    };
    let findings: Vec<Finding> = undone.into_iter().map(finding).collect();
    let nothing = || vec![Finding::ok(area, "consign has registered none since this machine was started")];
    Ok(if findings.is_empty() { nothing() } else { findings })
}

fn needs_root(option: &str) -> CommandError {
    CommandError::of(ExitCode::Failed, &HandlersError::NotRoot).hint(format!("`sudo consign doctor {option}`"))
}

/// Returns the platforms whose programs are run by tests or by commands of Dockerfiles. What is wrong with a Dockerfile is said elsewhere.
fn platforms(planned: &Planned, host: &Host) -> BTreeSet<Platform> {
    let images = &planned.plan.images;
    let tested = images
        .iter()
        .flat_map(|image| image.platforms.iter().filter(|platform| image.tests_on(platform).next().is_some()).cloned());
    tested.chain(commands(planned, host)).collect()
}

fn commands(planned: &Planned, host: &Host) -> BTreeSet<Platform> {
    let of_file = |file: LintedFile<'_>| file.recipe.commands(file.platforms, &host.platform).unwrap_or_default();
    planned.dockerfiles().flat_map(of_file).collect()
}

/// Says what a user with one id cannot do in Dockerfiles.
fn ids(planned: &Planned, host: &Host) -> Option<Finding> {
    if commands(planned, host).is_empty() {
        return None;
    }
    let finding = match Ids::of_this_process() {
        Ids::All => return None,
        Ids::Subordinate { users, groups } => {
            let message = format!("commands of Dockerfiles know {} users and {} groups", users.count, groups.count);
            Finding::ok("sandbox", message)
        }
        Ids::Single => {
            let message = "commands of Dockerfiles know one user: they cannot give files to others, nor run as others";
            let next = "install the package `uidmap`, and give the user a range in /etc/subuid and /etc/subgid";
            Finding::warn("sandbox", message).next(next)
        }
    };
    Some(finding)
}

/// Makes a sandbox of an empty folder. That its program is not there is found out last of all.
async fn sandbox(host: &Host) -> Finding {
    let area = "sandbox";
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => return Finding::fail(area, format!("cannot make a temporary folder: {error}")),
    };
    let sandbox = Sandbox { init: PathBuf::from("/proc/self/exe") };
    match sandbox.run(&Command::new(folder.path(), vec![NOTHING.to_owned()])).await {
        Err(SandboxError::NotFound { .. }) => {}
        Err(error) => {
            return Finding::error(area, &crate::error::CommandError::of(crate::exit_code::ExitCode::Failed, &error));
        }
        Ok(_) => return Finding::fail(area, "an empty folder has a program in it"),
    }
    let Mechanisms { processes, memory, disk } = sandbox.mechanisms();
    if processes == Mechanism::Nothing {
        let (major, minor) = host.kernel;
        let message =
            format!("commands can be run; Linux {major}.{minor} does not bound how many processes they start");
        let next = "run it as an ordinary user (Linux 5.14 or later), or as root on Linux 6.14 or later";
        return Finding::warn(area, message).next(next);
    }
    let message = format!("commands can be run; what bounds processes is {processes}; memory, {memory}; disk, {disk}");
    Finding::ok(area, message)
}

fn emulation(platform: &Platform, host: &Host) -> Finding {
    let area = "emulation";
    match emulator(platform, host) {
        Ok(Emulation::Native) => Finding::ok(area, format!("{platform} runs on this machine")),
        Ok(Emulation::Handler { name }) => {
            Finding::ok(area, format!("{platform} runs by the machine's handler {name}"))
        }
        Ok(Emulation::Private { interpreter, .. }) => {
            let message = format!("{platform} runs by {}, registered in the sandbox alone", interpreter.display());
            Finding::ok(area, message)
        }
        Err(EmulationError::Missing { .. }) => Finding::fail(area, format!("{platform}: no emulator is installed"))
            .next("`apt-get install qemu-user-static`"),
        Err(EmulationError::NotRegistered { interpreter, handler, .. }) => {
            let message = format!("{platform}: the kernel does not know of {}", interpreter.display());
            let next = format!(
                "`sudo consign doctor --fix`; or mount binfmt_misc on /proc/sys/fs/binfmt_misc, then `update-binfmts --enable {handler}`; from Linux 6.7 on it needs neither"
            );
            Finding::fail(area, message).next(next)
        }
        Err(error) => {
            Finding::fail(area, error.to_string()).next("name the platforms that the test is for: `platforms:`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn says_what_an_emulator_takes() {
        let folder = tempfile::tempdir().unwrap();
        let mut host = Host {
            platform: "linux/amd64".parse().unwrap(),
            kernel: (6, 1),
            handlers: folder.path().join("binfmt"),
            interpreters: vec![folder.path().to_owned()],
        };
        let look = |platform: &str, host: &Host| emulation(&platform.parse().unwrap(), host);
        assert_eq!(look("linux/386", &host).level, Level::Ok);
        let missing = look("linux/arm64", &host);
        assert_eq!((missing.level, missing.next.as_deref()), (Level::Fail, Some("`apt-get install qemu-user-static`")));
        std::fs::write(folder.path().join("qemu-aarch64-static"), "").unwrap();
        let unknown = look("linux/arm64", &host);
        assert_eq!(unknown.level, Level::Fail);
        assert!(unknown.next.is_some_and(|next| next.contains("`update-binfmts --enable qemu-aarch64`")));
        host.kernel = (6, 7);
        assert_eq!(look("linux/arm64", &host).level, Level::Ok);
    }
}
