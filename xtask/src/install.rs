use crate::run::{Failure, on_path, root, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

/// Where the kernel lists the emulators that it knows.
const BINFMT: &str = "/proc/sys/fs/binfmt_misc";

/// How long to wait before something is unpacked, each time: mirrors fail now and then.
const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(5), Duration::from_secs(20)];

/// A program and the Debian package that has it.
type Tool = (&'static str, &'static str);

/// Runs programs of other architectures.
const EMULATORS: [Tool; 1] = [("qemu-aarch64-static", "qemu-user-static")];
/// Makes the kernel run them for everybody, which container engines need. consign does without.
const HANDLERS: [Tool; 1] = [("update-binfmts", "binfmt-support")];

/// Outside judges of what consign makes, and what makes surroundings for it.
const JUDGES: [Tool; 16] = [
    ("skopeo", "skopeo"),
    ("podman", "podman"),
    ("buildah", "buildah"),
    ("runc", "runc"),
    ("docker-registry", "docker-registry"),
    ("openssl", "openssl"),
    ("git", "git"),
    ("bzip2", "bzip2"),
    ("xz", "xz-utils"),
    ("zstd", "zstd"),
    ("disorderfs", "disorderfs"),
    ("mmdebstrap", "mmdebstrap"),
    ("slirp4netns", "slirp4netns"),
    ("newuidmap", "uidmap"),
    ("rpm", "rpm"),
    ("sqlite3", "sqlite3"),
];

/// Installs everything that the tests use.
pub(crate) fn everything() -> Result<(), Failure> {
    install(&JUDGES)?;
    emulators()?;
    handlers()?;
    judges()
}

/// Installs what runs programs of other architectures.
pub(crate) fn emulators() -> Result<(), Failure> {
    install(&EMULATORS)
}

/// Returns the folders with programs that were unpacked for the tests alone.
pub(crate) fn private_programs() -> [PathBuf; 4] {
    ["judges", "successor", "docker", "dockerfiles"].map(|folder| root().join("target").join(folder).join("bin"))
}

/// Unpacks judges that this Debian release does not carry into `target/`. Without them the tests that need them say that they are not run.
fn judges() -> Result<(), Failure> {
    let [judges, successor, docker, _] = private_programs();
    let scripts = root().join("crates/testkit");
    if !["pyspdxtools", "syft", "dockerfile-to-json", "cyclonedx-validate", "trivy"]
        .iter()
        .all(|program| judges.join(program).is_file())
    {
        if !Path::new("/usr/share/doc/python3-venv").exists() {
            install(&[("no program of this name", "python3-venv")])?;
        }
        optional(
            "judges from PyPI",
            Command::new("sh").arg(scripts.join("judges.sh")).arg(root().join("target/judges")),
        );
    }
    if !["cosign", "dockerd-next", "skopeo-next"].iter().all(|program| successor.join(program).exists()) {
        optional(
            "programs of Debian's next release",
            Command::new("sh").arg(scripts.join("successor.sh")).arg(root().join("target/successor")),
        );
    }
    if !docker.join("containerd").exists() && !on_path("dockerd") {
        optional("docker", Command::new("sh").arg(scripts.join("docker.sh")).arg(root().join("target/docker")));
    }
    let dockerfiles = root().join("target/dockerfiles");
    if !dockerfiles.join("busybox/ppc64le").exists() {
        optional(
            "what builds of Dockerfiles are compared with",
            Command::new("sh").arg(scripts.join("dockerfiles.sh")).arg(dockerfiles),
        );
    }
    let machine = root().join("target/machine");
    if !machine.join("usr/bin/git").exists() {
        optional(
            "a root file system of Debian's next release",
            Command::new("sh").arg(scripts.join("machine.sh")).arg(machine),
        );
    }
    Ok(())
}

fn optional(what: &str, command: &mut Command) {
    println!("Unpacking {what}");
    for pause in PAUSES {
        thread::sleep(pause);
        match run(command) {
            Ok(()) => return,
            Err(Failure(message)) => println!("{what} cannot be had here: {message}"),
        }
    }
}

/// Makes the kernel run programs of other architectures for everybody.
fn handlers() -> Result<(), Failure> {
    if handlers_ready() {
        return Ok(());
    }
    install(&HANDLERS)?;
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
