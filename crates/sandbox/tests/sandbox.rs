//! Runs commands in sandboxes. This program is test, sandbox's init and, copied into the root file system, command at once.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test, without libtest"
)]

mod layers;
mod probe;

use consign_sandbox::{
    Command, Emulation, EmulationError, Exit, Host, Mount, Outcome, Sandbox, SandboxError, Step, SystemCalls, User,
    emulator,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// A user who owns nothing.
const NOBODY: u32 = 65534;
/// Long enough for anything here; what is meant to take for ever is given less.
const LONG: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    consign_sandbox::init::main_if_requested();
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [program, rest @ ..] if program.ends_with("/probe") || ["probe", "/gain"].contains(program) => probe::run(rest),
        [_, "within-limits", root] => {
            let (_, most) = getrlimit(Resource::RLIMIT_NPROC).unwrap();
            setrlimit(Resource::RLIMIT_NPROC, most.min(3000), most.min(3000)).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let fixture = Fixture { root: root.into(), is_root: rustix::process::geteuid().is_root(), runtime };
            let mut command = fixture.probe(&["exit", "0"]);
            command.user.uid = 1000;
            assert_eq!(fixture.text(&command), "");
            ExitCode::SUCCESS
        }
        [_, "in-overlay", root, folder] => layers::run_in_overlay(Path::new(root), Path::new(folder)),
        [_, "with-more-ids", root] => layers::run_with_more_ids(Path::new(root)),
        [_, "layers", root] => layers::run_all(Path::new(root), "user with more ids"),
        [_, "as-nobody", root] => run_all(Path::new(root), true),
        // The test runner's own questions and filters are not for here.
        _ if words.contains(&"--list") => ExitCode::SUCCESS,
        _ => {
            let root = fixture();
            let result = run_all(root.path(), false);
            drop(root);
            result
        }
    }
}

pub(crate) type Test = (&'static str, fn(&Fixture));

const TESTS: &[Test] = &[
    ("says how a command ended", says_how_a_command_ended),
    ("gives the environment as stated and nothing else", gives_the_environment),
    ("looks programs up in the command's path", looks_programs_up),
    ("becomes the user", becomes_the_user),
    ("has no rights", has_no_rights),
    ("sees no process, file or network of the host", sees_nothing_of_the_host),
    ("cannot steer the kernel", cannot_steer_the_kernel),
    ("does not get hold of init's program", does_not_get_hold_of_inits_program),
    ("may not start processes without end", may_not_start_processes_without_end),
    ("keeps within the limits of the caller", keeps_within_the_limits_of_the_caller),
    ("has a keyring of its own", has_a_keyring_of_its_own),
    ("is the first to go when memory runs out", is_the_first_to_go),
    ("has devices", has_devices),
    ("can open its output again", can_open_its_output_again),
    ("protects a read-only root", protects_a_read_only_root),
    ("bounds output", bounds_output),
    ("kills the whole tree when time is up", kills_the_whole_tree),
    ("ends what the command leaves behind", ends_what_is_left_behind),
    ("names what cannot be executed", names_what_cannot_be_executed),
    ("names what cannot be set up", names_what_cannot_be_set_up),
    ("notices an init that is none", notices_an_init_that_is_none),
    ("runs foreign programs", runs_foreign_programs),
    ("does not follow links out of the root", does_not_follow_links),
];

struct Fixture {
    root: PathBuf,
    is_root: bool,
    runtime: tokio::runtime::Runtime,
}

fn run_all(root: &Path, as_nobody: bool) -> ExitCode {
    let is_root = rustix::process::geteuid().is_root();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let fixture = Fixture { root: root.to_owned(), is_root, runtime };
    let who = if is_root { "root" } else { "user" };
    for (name, test) in TESTS {
        println!("test {name} (as {who})");
        test(&fixture);
    }
    for (name, test) in layers::TESTS {
        println!("test {name} (as {who})");
        test(&fixture);
    }
    println!("{} tests passed as {who}", TESTS.len() + layers::TESTS.len());
    if is_root && !as_nobody {
        let folder = tempfile::tempdir().unwrap();
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .arg0("test")
            .args(["in-overlay".as_ref(), root.as_os_str(), folder.path().as_os_str()])
            .env("TMPDIR", folder.path().join("merged"))
            .status()
            .unwrap();
        assert!(status.success());
        let status = std::process::Command::new(root.join("probe"))
            .arg0("test")
            .args(["with-more-ids".as_ref(), root.as_os_str()])
            .status()
            .unwrap();
        assert!(status.success());
        // Once more as an ordinary user, from a copy that this user can reach.
        let status = std::process::Command::new(root.join("probe"))
            .arg0("test")
            .args(["as-nobody".as_ref(), root.as_os_str()])
            .uid(NOBODY)
            .gid(NOBODY)
            .status()
            .unwrap();
        assert!(status.success());
    }
    ExitCode::SUCCESS
}

/// Makes a root file system of this very program, which is static.
fn fixture() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::copy(std::env::current_exe().unwrap(), root.path().join("probe")).unwrap();
    fs::create_dir_all(root.path().join("usr/bin")).unwrap();
    fs::create_dir_all(root.path().join("writable")).unwrap();
    fs::hard_link(root.path().join("probe"), root.path().join("usr/bin/probe")).unwrap();
    fs::write(root.path().join("foreign"), arm64_program(183)).unwrap();
    fs::write(root.path().join("unheard-of"), arm64_program(0x7777)).unwrap();
    fs::write(root.path().join("script"), "#!/no/such/shell\n").unwrap();
    fs::write(root.path().join("plain"), "").unwrap();
    for name in ["probe", "foreign", "unheard-of", "script", "."] {
        fs::set_permissions(root.path().join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(root.path().join("writable"), fs::Permissions::from_mode(0o777)).unwrap();
    // As when an ordinary user has unpacked it, so that mount points can be made in it.
    let _ = chown(root.path(), Some(NOBODY), Some(NOBODY));
    root
}

/// Returns a Linux program that exits with code 42: an ELF header, one segment, and three instructions for arm64.
fn arm64_program(machine: u16) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    bytes.extend([2, 0]);
    bytes.extend(machine.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    // Entry point, segment table, section table, flags.
    bytes.extend(0x40_0078u64.to_le_bytes());
    bytes.extend(64u64.to_le_bytes());
    bytes.extend([0; 12]);
    for value in [64u16, 56, 1, 64, 0, 0] {
        bytes.extend(value.to_le_bytes());
    }
    // One segment to load, to read and to execute.
    bytes.extend([1, 0, 0, 0, 5, 0, 0, 0]);
    for value in [0u64, 0x40_0000, 0x40_0000, 0x84, 0x84, 0x1_0000] {
        bytes.extend(value.to_le_bytes());
    }
    // mov x0, 42; mov x8, 93 (exit); svc 0
    for instruction in [0xd280_0540u32, 0xd280_0ba8, 0xd400_0001] {
        bytes.extend(instruction.to_le_bytes());
    }
    bytes
}

impl Fixture {
    fn probe(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&["/probe"]);
        command.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        command
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.root, arguments.iter().map(|argument| (*argument).to_owned()).collect());
        command.limits.time = LONG;
        command
    }

    fn sandbox(&self) -> Sandbox {
        Sandbox { init: std::env::current_exe().unwrap() }
    }

    fn try_run(&self, command: &Command) -> Result<Outcome, SandboxError> {
        self.runtime.block_on(self.sandbox().run(command))
    }

    fn run(&self, command: &Command) -> Outcome {
        self.try_run(command).unwrap_or_else(|error| panic!("{error}: {error:?}"))
    }

    /// Runs a probe that has to succeed, and returns its output.
    fn output(&self, arguments: &[&str]) -> String {
        self.text(&self.probe(arguments))
    }

    fn text(&self, command: &Command) -> String {
        let outcome = self.run(command);
        assert_eq!(outcome.exit, Exit::Code(0), "{}", outcome.text());
        outcome.text().into_owned()
    }
}

fn says_how_a_command_ended(fixture: &Fixture) {
    for (arguments, exit) in [
        (vec!["exit", "0"], Exit::Code(0)),
        (vec!["exit", "7"], Exit::Code(7)),
        (vec!["exit", "127"], Exit::Code(127)),
        (vec!["kill", "15"], Exit::Signal(15)),
        (vec!["kill", "9"], Exit::Signal(9)),
    ] {
        assert_eq!(fixture.run(&fixture.probe(&arguments)).exit, exit, "{arguments:?}");
    }
    assert_eq!(fixture.output(&["say", "out", "err"]), "out\nerr\n");
}

fn gives_the_environment(fixture: &Fixture) {
    assert_eq!(fixture.output(&["environment"]), "");
    let mut command = fixture.probe(&["environment"]);
    command.environment = [("A", "1"), ("B", "x=y z")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    command.working_directory = "/writable".to_owned();
    command.hostname = "somewhere".to_owned();
    assert_eq!(fixture.text(&command), "A=1\nB=x=y z\n");
    command.arguments = vec!["/probe".to_owned(), "place".to_owned()];
    assert_eq!(fixture.text(&command), "/writable somewhere\n");
}

fn looks_programs_up(fixture: &Fixture) {
    assert_eq!(fixture.run(&fixture.command(&["probe", "exit", "3"])).exit, Exit::Code(3));
    let mut command = fixture.command(&["probe", "exit", "3"]);
    command.environment.insert("PATH".to_owned(), "/writable".to_owned());
    assert!(matches!(fixture.try_run(&command), Err(SandboxError::NotFound { program }) if program == "probe"));
}

fn becomes_the_user(fixture: &Fixture) {
    let mut command = fixture.probe(&["status", "Uid", "Gid", "Groups"]);
    assert_eq!(
        fixture.text(&command),
        "Uid: 0 0 0 0\nGid: 0 0 0 0\nGroups:\n".replace("Groups:", &format!("Groups:{}", group_rest(fixture, 0)))
    );
    command.user = User { uid: 1000, gid: 1001, groups: vec![5, 6] };
    let groups = if fixture.is_root { " 5 6".to_owned() } else { group_rest(fixture, 1001) };
    assert_eq!(
        fixture.text(&command),
        format!("Uid: 1000 1000 1000 1000\nGid: 1001 1001 1001 1001\nGroups:{groups}\n")
    );
}

/// An ordinary user keeps the groups of the caller: the namespace knows the caller's own, as the command's, and shows the overflow group for others.
fn group_rest(fixture: &Fixture, gid: u32) -> String {
    if fixture.is_root {
        return String::new();
    }
    let own = rustix::process::getegid();
    let shown = |group| if group == own { gid } else { 65534 };
    rustix::process::getgroups().unwrap().into_iter().map(|group| format!(" {}", shown(group))).collect()
}

fn has_no_rights(fixture: &Fixture) {
    for uid in [0, 1000] {
        let mut command = fixture.probe(&["status", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs"]);
        command.user.uid = uid;
        let none = "0000000000000000";
        let expected =
            format!("CapInh: {none}\nCapPrm: {none}\nCapEff: {none}\nCapBnd: {none}\nCapAmb: {none}\nNoNewPrivs: 1\n");
        assert_eq!(fixture.text(&command), expected);
    }
}

fn sees_nothing_of_the_host(fixture: &Fixture) {
    assert_eq!(fixture.output(&["list", "/"]), "dev foreign plain probe proc run script tmp unheard-of usr writable\n");
    assert_eq!(fixture.output(&["list", "/tmp"]), "\n");
    assert_eq!(fixture.output(&["processes"]), "1 2\n");
    assert_eq!(fixture.output(&["descriptors"]), "0 /dev/null\n1 pipe\n2 pipe\n");
    // The first process is the test program too; nothing may be learnt of it.
    assert_eq!(fixture.output(&["read-link", "/proc/1/exe"]), "PermissionDenied\n");
    assert_eq!(fixture.output(&["interfaces"]), "lo\n");

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    assert_eq!(fixture.output(&["connect", &address]), "ConnectionRefused\n");
    assert_eq!(fixture.output(&["serve-itself"]), "served\n");
}

fn cannot_steer_the_kernel(fixture: &Fixture) {
    for uid in [0, 1000] {
        let mut command = fixture.probe(&["kernel-files-to-write"]);
        command.user.uid = uid;
        assert_eq!(fixture.text(&command), "", "as {uid}");
        command.arguments = ["/probe", "make-user-namespace"].map(str::to_owned).into();
        assert_eq!(fixture.text(&command), "PermissionDenied\n", "as {uid}");
        // Not for the filter alone.
        command.system_calls = SystemCalls::All;
        assert_eq!(fixture.text(&command), "StorageFull\n", "as {uid}");
    }
    let mut command = fixture.probe(&["kernel-files-with-contents"]);
    let secrets = ["kcore", "keys", "kmsg", "kpagecount", "slabinfo", "timer_list", "vmallocinfo"];
    command.arguments.extend(secrets.iter().map(|name| format!("/proc/{name}")));
    assert_eq!(fixture.text(&command), "");
    assert_eq!(fixture.output(&["kernel-files-with-contents", "/proc/meminfo"]), "/proc/meminfo\n");
}

fn does_not_get_hold_of_inits_program(fixture: &Fixture) {
    let root = tempfile::tempdir().unwrap();
    symlink("/proc/self/exe", root.path().join("probe")).unwrap();
    let mut command = fixture.probe(&["seals-of-the-program"]);
    command.root = root.path().into();
    // What it gets is a copy that nobody can write to.
    let seals = fixture.text(&command);
    assert!(["SEAL", "SHRINK", "GROW", "WRITE"].iter().all(|seal| seals.contains(seal)), "{seals}");
}

fn may_not_start_processes_without_end(fixture: &Fixture) {
    let host = Host::of_this_machine().unwrap();
    for (uid, since) in [(0, (6, 14)), (1000, (5, 14))] {
        if host.kernel < since {
            println!("not run: process limit of user {uid} (kernel before {since:?})");
            continue;
        }
        let mut command = fixture.probe(&["threads"]);
        command.user.uid = uid;
        let started: usize = fixture.text(&command).trim().parse().unwrap();
        assert!((100..=4096).contains(&started), "{started}");
    }
}

fn keeps_within_the_limits_of_the_caller(fixture: &Fixture) {
    let program = std::env::current_exe().unwrap();
    // In a process of its own, since a limit that is lowered cannot be raised again.
    let status = std::process::Command::new(&program)
        .arg0("test")
        .args(["within-limits".as_ref(), fixture.root.as_os_str()])
        .status()
        .unwrap();
    assert!(status.success());
}

fn has_a_keyring_of_its_own(fixture: &Fixture) {
    let Some(outside) = probe::session_keyring() else { return println!("not run: keyrings (there are none here)") };
    assert_eq!(fixture.output(&["session-keyring"]), "None\n");
    let mut command = fixture.probe(&["session-keyring"]);
    command.system_calls = SystemCalls::All;
    let inside = fixture.text(&command);
    assert!(inside.starts_with("Some(") && inside != format!("{:?}\n", Some(outside)), "{inside}");
}

fn is_the_first_to_go(fixture: &Fixture) {
    assert_eq!(fixture.output(&["read", "/proc/self/oom_score_adj"]), "1000\n");
}

fn has_devices(fixture: &Fixture) {
    let expected =
        ["fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"];
    let listed = fixture.output(&["list", "/dev"]);
    let listed: Vec<&str> = listed.split_whitespace().filter(|name| *name != "tty").collect();
    assert_eq!(listed, expected);
    assert_eq!(fixture.output(&["devices"]), "devices work\n");
}

fn can_open_its_output_again(fixture: &Fixture) {
    let mut command = fixture.probe(&["write", "/dev/stdout", "again"]);
    command.user = User { uid: 1000, gid: 1000, groups: Vec::new() };
    assert_eq!(fixture.text(&command), "again");
}

fn protects_a_read_only_root(fixture: &Fixture) {
    let mut command = fixture.probe(&["write", "/writable/new", "x"]);
    command.read_only_root = true;
    assert_eq!(fixture.text(&command), "ReadOnlyFilesystem\n");
    assert!(!fixture.root.join("writable/new").exists());
    command.arguments[2] = "/tmp/new".to_owned();
    assert_eq!(fixture.text(&command), "");
    command.arguments[2] = "/writable/new".to_owned();
    command.read_only_root = false;
    assert_eq!(fixture.text(&command), "");
    fs::remove_file(fixture.root.join("writable/new")).unwrap();
}

fn bounds_output(fixture: &Fixture) {
    let mut command = fixture.probe(&["flood", "3000000"]);
    command.limits.kept_output = 1000;
    let outcome = fixture.run(&command);
    assert_eq!((outcome.exit, outcome.truncated, outcome.output.len()), (Exit::Code(0), true, 1000));
    assert!(outcome.output.ends_with(b"the end\n"));
    assert!(!fixture.run(&fixture.probe(&["say", "a", "b"])).truncated);
}

fn kills_the_whole_tree(fixture: &Fixture) {
    let token = format!("token-of-{}", std::process::id());
    let mut command = fixture.probe(&["sleep-with-child", &token]);
    command.limits.time = Duration::from_secs(2);
    let outcome = fixture.run(&command);
    assert_eq!(outcome.exit, Exit::TimedOut);
    assert_eq!(outcome.text(), "child started\n");
    assert_eq!(processes_with(&token), 0);
}

fn ends_what_is_left_behind(fixture: &Fixture) {
    let token = format!("left-by-{}", std::process::id());
    assert_eq!(fixture.output(&["leave-child", &token]), "child started\n");
    assert_eq!(processes_with(&token), 0);
}

fn processes_with(token: &str) -> usize {
    let lines =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.windows(token.len()).any(|window| window == token.as_bytes())).count()
}

fn names_what_cannot_be_executed(fixture: &Fixture) {
    let error = |arguments: &[&str]| fixture.try_run(&fixture.command(arguments)).unwrap_err();
    assert!(matches!(error(&["/nowhere"]), SandboxError::NotFound { program } if program == "/nowhere"));
    assert!(matches!(error(&["/script"]), SandboxError::NotFound { program } if program == "/script"));
    assert!(matches!(error(&["/unheard-of"]), SandboxError::WrongMachine { program } if program == "/unheard-of"));
    assert!(matches!(error(&["/plain"]), SandboxError::Execute { program, .. } if program == "/plain"));
    assert!(matches!(error(&["/probe", "a\0b"]), SandboxError::Execute { .. }));
    assert!(matches!(error(&[]), SandboxError::NotFound { .. }));
}

fn names_what_cannot_be_set_up(fixture: &Fixture) {
    let mut command = fixture.probe(&["exit", "0"]);
    command.working_directory = "/nowhere".to_owned();
    let error = fixture.try_run(&command).unwrap_err();
    assert!(
        matches!(&error, SandboxError::Setup { step: Step::WorkingDirectory, path: Some(path), .. } if path == "/nowhere"),
        "{error:?}"
    );
    command.root = Path::new("/no/such/folder").into();
    assert!(matches!(fixture.try_run(&command), Err(SandboxError::Setup { step: Step::Root, .. })));
    command.hostname = "x".repeat(65);
    assert!(matches!(fixture.try_run(&command), Err(SandboxError::Setup { step: Step::HostName, .. })));
}

fn notices_an_init_that_is_none(fixture: &Fixture) {
    let run = |init: &str| fixture.runtime.block_on(Sandbox { init: init.into() }.run(&fixture.probe(&["exit", "0"])));
    assert!(matches!(run("/no/such/program"), Err(SandboxError::Start { .. })));
    let error = run("/bin/true").unwrap_err();
    assert!(matches!(error, SandboxError::Silent { .. } | SandboxError::Channel { .. }), "{error:?}");
}

fn runs_foreign_programs(fixture: &Fixture) {
    let host = Host::of_this_machine().unwrap();
    let emulation = match emulator(&"linux/arm64".parse().unwrap(), &host) {
        Ok(Emulation::Native) => return println!("not run: emulation (this machine is arm64)"),
        Err(error @ (EmulationError::Missing { .. } | EmulationError::NotRegistered { .. })) => {
            return println!("not run: emulation ({error})");
        }
        found => found.unwrap(),
    };
    let mut command = fixture.command(&["/foreign"]);
    command.user.uid = 1000;
    command.emulation = emulation;
    assert_eq!(fixture.run(&command).exit, Exit::Code(42));
    if let Emulation::Private { .. } = command.emulation {
        command.emulation = Emulation::Native;
        assert!(
            matches!(fixture.try_run(&command), Err(SandboxError::WrongMachine { program }) if program == "/foreign")
        );
    }
}

fn does_not_follow_links(fixture: &Fixture) {
    let outside = tempfile::tempdir().unwrap();
    let root = tempfile::tempdir().unwrap();
    fs::copy(fixture.root.join("probe"), root.path().join("probe")).unwrap();
    // Mount points that are links: what they name inside the root is what counts.
    symlink(outside.path(), root.path().join("tmp")).unwrap();
    symlink("/var/run", root.path().join("run")).unwrap();
    fs::create_dir_all(root.path().join("var/run")).unwrap();
    let mut command = fixture.probe(&["write", "/run/new", "x"]);
    command.root = root.path().into();
    command.mounts = vec![Mount::temporary("/run")];
    assert_eq!(fixture.text(&command), "");
    assert_eq!(fs::read_dir(root.path().join("var/run")).unwrap().count(), 0);
    command.mounts = vec![Mount::temporary("/tmp")];
    assert!(
        matches!(fixture.try_run(&command), Err(SandboxError::Setup { step: Step::Mount, path: Some(path), .. }) if path == "/tmp")
    );
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}
