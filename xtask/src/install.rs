use crate::run::{Failure, on_path, run};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Where the kernel lists the emulators that it knows.
const BINFMT: &str = "/proc/sys/fs/binfmt_misc";

/// A program and the Debian package that has it.
type Tool = (&'static str, &'static str);

/// What the demo needs for platforms that this machine is not.
const EMULATION: [Tool; 2] = [("qemu-aarch64-static", "qemu-user-static"), ("update-binfmts", "binfmt-support")];

/// Outside judges of what consign makes.
const JUDGES: [Tool; 7] = [
    ("skopeo", "skopeo"),
    ("podman", "podman"),
    ("buildah", "buildah"),
    ("runc", "runc"),
    ("docker-registry", "docker-registry"),
    ("openssl", "openssl"),
    ("git", "git"),
];

/// Installs everything that tests and demo use.
pub fn everything() -> Result<(), Failure> {
    install(&JUDGES)?;
    emulation()
}

/// Makes this machine run programs of other architectures: qemu, known to the kernel.
pub fn emulation() -> Result<(), Failure> {
    if handlers_ready() {
        return Ok(());
    }
    install(&EMULATION)?;
    if !Path::new(BINFMT).join("register").exists() {
        run(as_root("mount").args(["-t", "binfmt_misc", "binfmt_misc", BINFMT]))?;
    }
    // The packages' own scripts could not do this if the file system was not mounted then.
    run(as_root("update-binfmts").arg("--enable"))?;
    if handlers_ready() {
        return Ok(());
    }
    Err(Failure(format!(
        "the kernel lists no emulator for arm64 and ppc64le in {BINFMT}, although qemu-user-static is installed"
    )))
}

fn handlers_ready() -> bool {
    ["qemu-aarch64", "qemu-ppc64le"].iter().all(|handler| {
        fs::read_to_string(Path::new(BINFMT).join(handler)).is_ok_and(|text| text.starts_with("enabled"))
    })
}

fn install(tools: &[Tool]) -> Result<(), Failure> {
    let missing: Vec<&str> =
        tools.iter().filter(|(program, _)| !on_path(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("Installing from Debian's packages: {}", missing.join(" "));
    let apt = || {
        let mut command = as_root("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
        command
    };
    run(apt().arg("update"))?;
    // Services of these packages are not wanted: the tests start what they need themselves.
    run(apt()
        .args(["install", "--yes", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"])
        .env("RUNLEVEL", "1")
        .args(&missing))
}

fn as_root(program: &str) -> Command {
    let is_root = fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0);
    if is_root {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["--preserve-env=DEBIAN_FRONTEND", program]);
    command
}
