//! What keeps commands inside, and within their limits.

use super::tar::listed;
use super::{Stack, base, bind};
use crate::Fixture;
use consign_sandbox::{
    Capabilities, Exit, Host, Ids, Mechanism, Mount, MountKind, Network, SandboxError, Stacking, SystemCalls,
    has_private_network,
};
use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;

pub(super) fn grants_usual_capabilities(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base()]);
    let keys = ["status", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"];
    let (mut command, _) = stack.probe(&keys);
    let (none, usual) = ("0000000000000000", "00000000a80425fb");
    let status = |held: &str| {
        format!(
            "CapInh: {none}\nCapPrm: {held}\nCapEff: {held}\nCapBnd: {usual}\nCapAmb: {none}\nNoNewPrivs: 1\nSeccomp: 2\n"
        )
    };
    assert_eq!(fixture.text(&command), status(usual));
    if fixture.sandbox().ids() != Ids::Single {
        command.user.uid = 1000;
        command.root = stack.probe(&[]).0.root;
        assert_eq!(fixture.text(&command), status(none));
    }
}

pub(super) fn contains_escapes(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base()]);
    let (mut command, upper) = stack.probe(&["escape"]);
    command.limits.processes = 400;
    let protected = if fixture.is_root { "ReadOnlyFilesystem" } else { "PermissionDenied" };
    let expected = "mount: EPERM\nremount: EPERM\nunmount: EPERM\ndevice: EPERM\ntrace init: EPERM\nread init: PermissionDenied\n\
                    pivot: EPERM\nnamespaces: EPERM\nclone: EPERM\nclone3: ENOSYS\nkeys: EPERM\nprograms in the kernel: EPERM\n\
                    performance: EPERM\nfaults: EPERM\nring: EPERM\nmodule: EPERM\nhost name: EPERM\nclock: EPERM\nreboot: EPERM\n\
                    virtual sockets: EPERM\nhandles: EPERM\ntrace own: done\n\
                    write /proc/sys/kernel/core_pattern: PROTECTED\nwrite /proc/sys/vm/overcommit_memory: PROTECTED\n";
    assert_eq!(fixture.text(&command), expected.replace("PROTECTED", protected));
    assert_eq!(listed(&stack.pack(&upper).1), Vec::<String>::new());
    // Nor without the filter, except that the kernel has other words for it.
    let (mut command, _) = stack.probe(&["escape"]);
    command.system_calls = SystemCalls::All;
    let text = fixture.text(&command);
    let done: Vec<&str> = text.lines().filter(|line| line.ends_with(": done")).collect();
    let harmless =
        ["keys: done", "performance: done", "faults: done", "ring: done", "trace own: done", "virtual sockets: done"];
    assert!(done.iter().all(|line| harmless.contains(line)), "{text}");
}

pub(super) fn keeps_within_memory(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base()]);
    let (mut command, _) = stack.probe(&["use-memory", "400"]);
    command.limits.memory = Some(100 << 20);
    let outcome = fixture.run(&command);
    assert_eq!(outcome.exit, Exit::OutOfMemory, "{}", outcome.text());
    let (mut command, _) = stack.probe(&["use-memory", "20"]);
    command.limits.memory = Some(100 << 20);
    assert_eq!(fixture.text(&command), "");
}

pub(super) fn keeps_within_disk(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base()]);
    for (action, expected) in [("fill", Exit::OutOfDisk), ("fill-a-little", Exit::Code(0))] {
        let (mut command, _) = stack.probe(&[action, "/tmp/data"]);
        command.limits.disk = Some(8 << 20);
        let outcome = fixture.run(&command);
        assert_eq!(outcome.exit, expected, "{}", outcome.text());
    }
}

pub(super) fn says_what_holds_its_limits(fixture: &Fixture) {
    let mechanisms = fixture.sandbox().mechanisms();
    // Those that the tests above have just shown.
    assert!(mechanisms.memory != Mechanism::Nothing && mechanisms.disk == Mechanism::Watcher, "{mechanisms:?}");
    let folder = tempfile::tempdir().unwrap();
    let stacking = fixture.runtime.block_on(fixture.sandbox().stacking(folder.path())).unwrap();
    let stack = Stack::of(fixture, &[&base()]);
    assert_eq!(stacking, if super::is_on_overlay(&stack) { Stacking::Copy } else { Stacking::Overlay });
    fixture.sandbox().remove(&folder.path().join("work")).unwrap();
}

pub(super) fn hands_output_on(fixture: &Fixture) {
    let mut lines = Vec::new();
    let mut taker = |line: &[u8]| lines.push(String::from_utf8_lossy(line).into_owned());
    let command = fixture.probe(&["say", "out", "err"]);
    let outcome = fixture.runtime.block_on(fixture.sandbox().stream(&command, &mut taker)).unwrap();
    assert_eq!(outcome.exit, Exit::Code(0));
    assert_eq!(lines, ["out\n", "err\n"]);
    // While it runs: what was handed on is what ends it.
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let mut sender = Some(sender);
    let mut taker = |_: &[u8]| sender.take().map_or((), |sender| sender.send(()).unwrap_or_default());
    let mut command = fixture.probe(&["sleep-with-child", "streaming"]);
    command.limits.output = 5;
    let sandbox = fixture.sandbox();
    fixture.runtime.block_on(async {
        tokio::select! {
            _ = sandbox.stream(&command, &mut taker) => panic!("it sleeps for ever"),
            received = receiver => received.unwrap(),
        }
    });
}

pub(super) fn reaches_the_host(fixture: &Fixture) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut stack = Stack::of(fixture, &[&base()]);
    for (network, expected) in [(Network::None, "ConnectionRefused\n"), (Network::Host, "connected\n")] {
        let (mut command, _) = stack.probe(&["connect", &address]);
        command.network = network;
        command.mounts.push(Mount { target: "/sys".to_owned(), kind: MountKind::System, read_only: true });
        assert_eq!(fixture.text(&command), expected, "{network:?}");
    }
}

pub(super) fn has_a_network_of_its_own(fixture: &Fixture) {
    if !has_private_network() {
        return println!("not run: a private network (slirp4netns and /dev/net/tun)");
    }
    let local = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = local.local_addr().unwrap().port();
    let everywhere = TcpListener::bind("0.0.0.0:0").unwrap();
    let mut stack = Stack::of(fixture, &[&base()]);
    let mut connect = |address: &str| {
        let (mut command, _) = stack.probe(&["connect", address]);
        command.network = Network::Private;
        command.capabilities = Capabilities::Default;
        fixture.text(&command)
    };
    // The namespace's own loopback, and what stands for the machine's in such networks.
    assert_eq!(connect(&format!("127.0.0.1:{port}")), "ConnectionRefused\n");
    assert_ne!(connect(&format!("10.0.2.2:{port}")), "connected\n");
    assert_eq!(connect("169.254.169.254:80"), "HostUnreachable\n");
    // Somewhere outside: an address of the machine's that is not its loopback's, if it has one.
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    match socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()) {
        Ok(outer) => {
            let address = SocketAddr::new(outer.ip(), everywhere.local_addr().unwrap().port());
            assert_eq!(connect(&address.to_string()), "connected\n");
        }
        Err(_) => println!("not run: what lies outside of a private network (this machine has no network)"),
    }
    for (network, expected) in [(Network::None, "made\n"), (Network::Private, "PermissionDenied\n")] {
        let (mut command, _) = stack.probe(&["raw-socket"]);
        command.capabilities = Capabilities::Default;
        command.network = network;
        assert_eq!(fixture.text(&command), expected, "{network:?}");
    }
}

pub(super) fn keeps_within_processes(fixture: &Fixture) {
    let host = Host::of_this_machine().unwrap();
    if host.kernel < (6, 14) {
        return println!("not run: process limit (kernel before 6.14)");
    }
    let mut stack = Stack::of(fixture, &[&base()]);
    let (mut command, _) = stack.probe(&["threads"]);
    command.limits.processes = 400;
    let started: usize = fixture.text(&command).trim().parse().unwrap();
    assert!((50..=400).contains(&started), "{started}");
}

/// Returns a program for i386 that asks for its session keyring, and exits with the error number.
fn older_program() -> Vec<u8> {
    let code = [
        0xb8, 0x20, 0x01, 0, 0, // keyctl
        0xbb, 0, 0, 0, 0, // `KEYCTL_GET_KEYRING_ID`
        0xb9, 0xfd, 0xff, 0xff, 0xff, // `KEY_SPEC_SESSION_KEYRING`
        0xba, 1, 0, 0, 0, 0xcd, 0x80, // called
        0xf7, 0xd8, 0x89, 0xc3, // negated
        0xb8, 1, 0, 0, 0, 0xcd, 0x80, // exit
    ];
    let mut bytes = b"\x7fELF\x01\x01\x01".to_vec();
    bytes.resize(16, 0);
    bytes.extend([2, 0, 3, 0, 1, 0, 0, 0]);
    // Entry point; segment table; no section table, no flags; sizes and counts.
    for value in [0x40_0054u32, 52, 0, 0] {
        bytes.extend(value.to_le_bytes());
    }
    for value in [52u16, 32, 1, 40, 0, 0] {
        bytes.extend(value.to_le_bytes());
    }
    for value in [1u32, 0, 0x40_0000, 0x40_0000, 0x80, 0x80, 5, 0x1000] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(code);
    bytes.resize(0x80, 0);
    bytes
}

pub(super) fn filters_older_programs(fixture: &Fixture) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("older");
    fs::write(&program, older_program()).unwrap();
    for path in [folder.path(), &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut stack = Stack::of(fixture, &[&base()]);
    let (mut command, _) = stack.probe(&[]);
    command.arguments = vec!["/older".to_owned()];
    command.mounts = vec![bind(&program, "/older")];
    match fixture.try_run(&command) {
        Ok(outcome) => assert_eq!(outcome.exit, Exit::Code(1)),
        Err(SandboxError::WrongMachine { .. }) => println!("not run: i386 programs (this machine runs none)"),
        Err(error) => panic!("{error}"),
    }
}

pub(super) fn gains_nothing_by_set_user_id(fixture: &Fixture) {
    if fixture.sandbox().ids() == Ids::Single {
        return println!("not run: other users (there is a single id)");
    }
    let mut stack = Stack::of(fixture, &[&base()]);
    let (command, upper) = stack.probe(&["change", "copy /gain /probe", "mode /gain 4755"]);
    assert_eq!(fixture.text(&command), "");
    // What was changed serves as a layer.
    stack.lower.push(upper);
    let (mut command, _) = stack.probe(&[]);
    command.arguments = ["/gain", "status", "Uid"].map(str::to_owned).into();
    command.user.uid = 1000;
    assert_eq!(fixture.text(&command), "Uid: 1000 1000 1000 1000\n");
    stack.lower.pop();
}
