//! What it takes to run tests: a sandbox, and emulators for other platforms.

use super::Finding;
use crate::workshop::Planned;
use consign_oci::Platform;
use consign_sandbox::{
    Command, Emulation, EmulationError, Host, Mechanism, Mechanisms, Sandbox, SandboxError, emulator,
};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A program that no empty folder has.
const NOTHING: &str = "/nothing";

pub(super) async fn trials(planned: &Planned) -> Vec<Finding> {
    let images = &planned.plan.images;
    let on = |platform: &&Platform| images.iter().any(|image| image.tests_on(platform).next().is_some());
    let platforms: BTreeSet<&Platform> = images.iter().flat_map(|image| &image.platforms).filter(on).collect();
    if platforms.is_empty() {
        return vec![Finding::ok("sandbox", "no tests are planned, so none is needed")];
    }
    let host = match Host::of_this_machine() {
        Ok(host) => host,
        Err(error) => return vec![Finding::fail("sandbox", error.to_string())],
    };
    let mut findings = vec![sandbox(&host).await];
    findings.extend(platforms.into_iter().map(|platform| emulation(platform, &host)));
    findings
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
        let message = format!("tests can be run; Linux {major}.{minor} does not bound how many processes they start");
        let next = "run it as an ordinary user (Linux 5.14 or later), or as root on Linux 6.14 or later";
        return Finding::warn(area, message).next(next);
    }
    let message = format!("tests can be run; what bounds processes is {processes}; memory, {memory}; disk, {disk}");
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
                "mount binfmt_misc on /proc/sys/fs/binfmt_misc, then `update-binfmts --enable {handler}`; from Linux 6.7 on it needs neither"
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
