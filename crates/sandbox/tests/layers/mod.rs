//! Layers: unpacked, stacked, changed by commands, and packed again.

mod places;
mod tar;

pub(crate) use places::{run_all, run_in_overlay, run_with_more_ids};

use super::{Fixture, LONG, Test};
use consign_sandbox::{
    Capabilities, Command, Exit, Ids, LayerFault, Layers, Mechanism, MemoryFile, Mount, MountKind, Network,
    PackOptions, Packed, SandboxError, Stacking, UnpackOptions, Unpacked, Upper, User,
};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use tar::{Entry, layer, listed};

/// `OVERLAYFS_SUPER_MAGIC` (statfs(2)).
const OVERLAY_MAGIC: i64 = 0x794c_7630;

pub(crate) const TESTS: &[Test] = &[
    ("packs what a command changed", packs_what_changed),
    ("leaves no trace of its own", leaves_no_trace),
    ("packs what it has unpacked", packs_what_was_unpacked),
    ("unpacks nothing outside", unpacks_nothing_outside),
    ("names what no layer may have", names_what_no_layer_may_have),
    ("gives folders without entries their look from below", takes_looks_from_below),
    ("keeps owners", keeps_owners),
    ("mounts what is asked for", mounts_what_is_asked_for),
    ("tells no secret to the disk", tells_no_secret),
    ("grants the usual capabilities", grants_usual_capabilities),
    ("contains what tries to escape", contains_escapes),
    ("keeps within its memory", keeps_within_memory),
    ("keeps within its disk", keeps_within_disk),
    ("says what holds its limits", says_what_holds_its_limits),
    ("hands output on while it runs", hands_output_on),
    ("reaches the network of the host only if asked", reaches_the_host),
];

/// Folders of layers, and what may run in them.
struct Stack<'a> {
    fixture: &'a Fixture,
    folder: tempfile::TempDir,
    lower: Vec<PathBuf>,
    runs: usize,
}

impl<'a> Stack<'a> {
    fn new(fixture: &'a Fixture) -> Self {
        Self { fixture, folder: tempfile::tempdir().unwrap(), lower: Vec::new(), runs: 0 }
    }

    fn of(fixture: &'a Fixture, layers: &[&[Entry<'_>]]) -> Self {
        let mut stack = Self::new(fixture);
        for entries in layers {
            stack.add(&layer(entries)).unwrap();
        }
        stack
    }

    fn make(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir(&path).unwrap();
        path
    }

    fn add(&mut self, layer: &[u8]) -> Result<Unpacked, SandboxError> {
        let folder = self.make(&format!("layer-{}", self.lower.len()));
        let options = UnpackOptions { lower: self.lower.clone(), ..UnpackOptions::default() };
        let unpacked = self.fixture.sandbox().unpack(layer, &folder, &options)?;
        self.lower.push(folder);
        Ok(unpacked)
    }

    /// Returns a command that runs a probe in the layers, and the folder of its changes.
    fn probe(&mut self, arguments: &[&str]) -> (Command, PathBuf) {
        self.runs += 1;
        let upper = self.make(&format!("upper-{}", self.runs));
        let work = self.make(&format!("work-{}", self.runs));
        let layers = Layers { lower: self.lower.clone(), upper: Some(Upper { folder: upper.clone(), work }) };
        let mut words = vec!["/probe".to_owned()];
        words.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        let mut command = Command::new(layers, words);
        command.limits.time = LONG;
        command.capabilities = Capabilities::Default;
        command.mounts = vec![bind(&self.fixture.root.join("probe"), "/probe")];
        (command, upper)
    }

    /// Runs a probe that has to succeed; returns its output and what it changed.
    fn run(&mut self, arguments: &[&str]) -> (String, Vec<String>) {
        let (command, upper) = self.probe(arguments);
        let text = self.fixture.text(&command);
        (text, listed(&self.pack(&upper).1))
    }

    fn pack(&self, upper: &Path) -> (Packed, Vec<u8>) {
        let options = PackOptions { lower: self.lower.clone(), latest: Some(5000) };
        let mut packing = self.fixture.sandbox().pack(upper, &options).unwrap();
        let mut bytes = Vec::new();
        packing.read_to_end(&mut bytes).unwrap();
        (packing.finish().unwrap(), bytes)
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            self.fixture.sandbox().remove(&entry.unwrap().path()).unwrap();
        }
    }
}

fn bind(source: &Path, target: &str) -> Mount {
    Mount { target: target.to_owned(), kind: MountKind::Bind(source.to_owned()), read_only: true }
}

fn base<'a>() -> Vec<Entry<'a>> {
    vec![
        Entry::folder("./"),
        Entry::folder("etc/"),
        Entry::file("etc/motd", "hello"),
        Entry::file("etc/gone", "x"),
        Entry::folder("data/").mode(0o700),
        Entry::file("data/a", "a"),
        Entry::folder("data/sub/"),
        Entry::file("data/sub/b", "b"),
        Entry::folder("old/"),
        Entry::file("old/c", "c"),
        Entry::file("plain", "p"),
        Entry::symlink("link", "etc/motd"),
        Entry::folder("tmp/").mode(0o1777),
    ]
}

fn packs_what_changed(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base(), &[Entry::file("etc/more", "m"), Entry::file(".wh.plain", "")]]);
    let (text, changed) = stack.run(&[
        "change",
        "remove /etc/gone",
        "append /etc/motd !",
        "remove-all /data/sub",
        "folder /data/sub",
        "write /data/sub/new n",
        "remove-all /old",
        "write /old o",
        "write /plain again",
        "folder /fresh/deep",
        "mode /fresh 2750",
        "write /fresh/one 1",
        "link /fresh/two /fresh/one",
        "symlink /fresh/to a//b",
        "attribute /fresh/one user.note xNULy",
        "capability /fresh/one",
        "fifo /fresh/pipe",
        "socket /fresh/socket",
        "time /fresh/deep 9999",
        "mode /fresh/one 4711",
        "write /tmp/x x",
        "device /tmp/zero",
    ]);
    assert_eq!(text, "device /tmp/zero: PermissionDenied\n");
    let capability =
        r"security.capability=\x01\x00\x00\x02\x00 \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    assert_eq!(
        changed,
        [
            "data/ 700 0:0 folder",
            "data/sub/ 755 0:0 folder",
            "data/sub/.wh..wh..opq 600 0:0 file",
            "data/sub/new 644 0:0 file n",
            "etc/ 755 0:0 folder",
            "etc/.wh.gone 600 0:0 file",
            "etc/motd 644 0:0 file hello!",
            "fresh/ 2750 0:0 folder",
            "fresh/deep/ 755 0:0 folder",
            &format!("fresh/one 4711 0:0 file 1 {capability} user.note=x\\x00y"),
            "fresh/pipe 644 0:0 fifo",
            "fresh/to 777 0:0 symlink a//b",
            "fresh/two 4711 0:0 link fresh/one",
            "old 644 0:0 file o",
            "plain 644 0:0 file again",
            "tmp/ 1777 0:0 folder",
            "tmp/x 644 0:0 file x",
        ]
    );
}

fn leaves_no_trace(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&[Entry::folder("./"), Entry::folder("etc/").mode(0o711)]]);
    let (mut command, upper) = stack.probe(&["show", "/etc", "/", "/deep/er", "/etc/resolv.conf"]);
    let memory = |target: &str, text: &str| {
        let file = MemoryFile { contents: text.into(), uid: 0, gid: 0, mode: 0o440 };
        Mount { target: target.to_owned(), kind: MountKind::File(file), read_only: true }
    };
    command.mounts.push(memory("/etc/resolv.conf", "nameserver"));
    command.mounts.push(Mount::temporary("/deep/er"));
    command.mounts.push(memory("/deep/er/file", "inside"));
    command.mounts.push(Mount { target: "/sys".to_owned(), kind: MountKind::System, read_only: true });
    let expected = "/etc 711 0:0 folder resolv.conf\n/ 755 0:0 folder deep,dev,etc,probe,proc,sys\n\
                    /deep/er 1777 0:0 folder file\n/etc/resolv.conf 440 0:0 file nameserver\n";
    assert_eq!(fixture.text(&command), expected);
    assert_eq!(listed(&stack.pack(&upper).1), Vec::<String>::new());

    let points = fixture.output(&["mount-points"]);
    let twice = points.lines().filter(|point| *point == "/").count();
    assert_eq!(twice, 1, "{points}");
}

fn packs_what_was_unpacked(fixture: &Fixture) {
    let lower = [Entry::folder("kept/"), Entry::folder("gone/"), Entry::file("gone/x", "x")];
    let upper = [
        Entry::file("kept/one", "1").mode(0o4755).attribute("user.note", b"\0=z").attribute("trusted.no", b"1"),
        Entry::hard_link("kept/two", "kept/one"),
        Entry::file("gone/.wh..wh..opq", ""),
        Entry::file(".wh.file", ""),
        Entry::folder("twice/"),
        Entry::file("twice/lost", ""),
        Entry::file("twice", "as a file"),
        Entry::file("again", "1"),
        Entry::file("again", "2"),
        Entry::file("turned", "1"),
        Entry::folder("turned/").mode(0o1700),
        Entry::new(::tar::EntryType::Char, "device", ""),
        Entry::new(::tar::EntryType::Fifo, "pipe", ""),
        Entry::file(".wh.back", ""),
        Entry::folder("back/"),
        Entry::symlink("to", "../../etc/passwd"),
        Entry::file("to-kept/../x", "").mode(0),
    ];
    let mut stack = Stack::of(fixture, &[&lower]);
    let unpacked = stack.add(&layer(&upper[..16])).unwrap();
    assert_eq!((unpacked.entries, unpacked.devices, unpacked.attributes), (16, 1, 1));
    let (packed, bytes) = {
        let folder = stack.lower.pop().unwrap();
        stack.pack(&folder)
    };
    assert_eq!(
        listed(&bytes),
        [
            ".wh.file 600 0:0 file",
            "again 644 0:0 file 2",
            "back/ 755 0:0 folder",
            "gone/ 755 0:0 folder",
            "gone/.wh..wh..opq 600 0:0 file",
            "kept/ 755 0:0 folder",
            r"kept/one 4755 0:0 file 1 user.note=\x00=z",
            "kept/two 4755 0:0 link kept/one",
            "pipe 644 0:0 fifo",
            "to 777 0:0 symlink ../../etc/passwd",
            "turned/ 1700 0:0 folder",
            "twice 644 0:0 file as a file",
        ]
    );
    assert_eq!(packed.entries, 12);
}

fn unpacks_nothing_outside(fixture: &Fixture) {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("file");
    fs::write(&target, "untouched").unwrap();
    let (folder, file) = (outside.path().to_str().unwrap(), target.to_str().unwrap());
    for entries in [
        // A link that leads out, and something behind it.
        vec![Entry::symlink("out", folder), Entry::file("out/new", "x")],
        vec![Entry::symlink("out", "../../../../../../../../tmp"), Entry::file("out/new", "x")],
        vec![Entry::symlink("out", file), Entry::file("out", "x")],
        vec![Entry::symlink("out", folder), Entry::file("out/.wh.file", "")],
        vec![Entry::symlink("out", folder), Entry::file("out/.wh..wh..opq", "")],
        vec![Entry::symlink("out", folder), Entry::folder("out/")],
        vec![Entry::symlink("out", file), Entry::hard_link("in", "out")],
        vec![Entry::symlink("out", folder), Entry::hard_link("in", "out/file")],
        vec![Entry::file("x", ""), Entry::symlink("out", folder), Entry::hard_link("out/file", "x")],
    ] {
        let mut stack = Stack::new(fixture);
        // Whether it is refused or put elsewhere does not matter here.
        let _ = stack.add(&layer(&entries));
        assert_eq!(fs::read_to_string(&target).unwrap(), "untouched");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
        assert!(!Path::new("/tmp/new").exists());
    }
}

fn names_what_no_layer_may_have(fixture: &Fixture) {
    let link = |target: &str| LayerFault::LinkTarget { target: target.to_owned() };
    for (entry, expected) in [
        (Entry::file("/etc/passwd", "x"), LayerFault::Path),
        (Entry::file("a/../../x", "x"), LayerFault::Path),
        (Entry::file("..", "x"), LayerFault::Path),
        (Entry::file(".wh...", ""), LayerFault::Path),
        (Entry::file(".wh.", ""), LayerFault::Path),
        (Entry::hard_link("x", "/etc/passwd"), link("/etc/passwd")),
        (Entry::hard_link("x", "../x"), link("../x")),
        (Entry::hard_link("x", ""), link("")),
        (Entry::file(".wh..wh..opq", ""), LayerFault::HidesAll),
        (Entry::new(::tar::EntryType::GNUSparse, "x", ""), LayerFault::Kind),
    ] {
        let error = Stack::new(fixture).add(&layer(std::slice::from_ref(&entry))).unwrap_err();
        assert!(matches!(&error, SandboxError::Layer { fault, .. } if *fault == expected), "{}: {error:?}", entry.path);
    }
    let files = [Entry::file("a", "aaaa"), Entry::file("b", "b")];
    let folder = tempfile::tempdir().unwrap();
    let whole = layer(&files);
    let options = |bytes, entries| UnpackOptions { bytes, entries, ..UnpackOptions::default() };
    let oversize = {
        let mut bytes = layer(&files[..1]);
        let mut header = ::tar::Header::from_byte_slice(&bytes[..512]).clone();
        header.set_size(1 << 50);
        header.set_cksum();
        bytes[..512].copy_from_slice(header.as_bytes());
        bytes
    };
    for (bytes, options, expected) in [
        (&whole[..], options(u64::MAX, 1), "more than 1 entries"),
        (&whole[..], options(600, 10), "more than 600 bytes"),
        (&whole[..1000], options(u64::MAX, 10), "it ends within a file"),
        (&whole[..300], options(u64::MAX, 10), "it ends within a header"),
        (&oversize[..], options(u64::MAX, 10), "`a`: the layer is no tar archive"),
        (&[b'x'; 1024][..], options(u64::MAX, 10), "checksum"),
    ] {
        let error = fixture.sandbox().unpack(bytes, folder.path(), &options).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        fs::remove_file(folder.path().join("a")).ok();
    }
    // What is named like a mark would mean something else in a layer.
    let mut stack = Stack::of(fixture, &[&base()]);
    let (command, upper) = stack.probe(&["change", "write /tmp/.wh.x x"]);
    assert_eq!(fixture.text(&command), "");
    let mut packing = fixture.sandbox().pack(&upper, &PackOptions::default()).unwrap();
    packing.read_to_end(&mut Vec::new()).unwrap();
    let error = packing.finish().unwrap_err();
    assert!(
        matches!(&error, SandboxError::Layer { path, fault: LayerFault::Mark } if path == "tmp/.wh.x"),
        "{error:?}"
    );
}

fn takes_looks_from_below(fixture: &Fixture) {
    let lower = [Entry::folder("./").mode(0o711), Entry::folder("a/").mode(0o1750), Entry::folder("a/b/").mode(0o500)];
    let mut stack = Stack::of(fixture, &[&lower, &[Entry::file("a/b/c", "x"), Entry::file("new/d", "y")]]);
    let (text, _) = stack.run(&["show", "/a", "/a/b", "/new"]);
    assert_eq!(text, "/a 1750 0:0 folder b\n/a/b 500 0:0 folder c\n/new 755 0:0 folder d\n");
    let unpacked = fs::metadata(&stack.lower[1]).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&unpacked.permissions()) & 0o7777, 0o711);
}

fn keeps_owners(fixture: &Fixture) {
    let entries = [
        Entry::folder("./"),
        Entry::folder("home/").owner(1000, 1001),
        Entry::file("home/mine", "m").owner(1000, 1001).mode(0o640),
        Entry::file("home/other", "o"),
    ];
    let mut stack = Stack::of(fixture, &[&entries]);
    let (text, changed) = stack.run(&["change", "append /home/mine !", "owner /home/other 7 8"]);
    if fixture.sandbox().ids() == Ids::Single {
        // Noted, and kept for what is copied up; but nothing can be given away.
        assert_eq!(text, "owner /home/other 7 8: InvalidInput\n");
        assert_eq!(changed, ["home/ 755 1000:1001 folder", "home/mine 640 1000:1001 file m!"]);
        let (mut command, _) = stack.probe(&["exit", "0"]);
        command.user = User { uid: 1000, gid: 1001, groups: Vec::new() };
        let error = fixture.try_run(&command).unwrap_err();
        assert!(error.to_string().contains("install the package `uidmap`"), "{error}");
        return;
    }
    assert_eq!(text, "");
    assert_eq!(changed, ["home/ 755 1000:1001 folder", "home/mine 640 1000:1001 file m!", "home/other 644 7:8 file o"]);
    let (mut command, upper) = stack.probe(&["change", "write /home/new n", "append /home/other !"]);
    command.user = User { uid: 1000, gid: 1001, groups: vec![5] };
    assert_eq!(fixture.text(&command), "append /home/other !: PermissionDenied\n");
    assert_eq!(listed(&stack.pack(&upper).1), ["home/ 755 1000:1001 folder", "home/new 644 1000:1001 file n"]);
}

fn mounts_what_is_asked_for(fixture: &Fixture) {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("file"), "out").unwrap();
    let mut other = Stack::of(
        fixture,
        &[
            &[Entry::folder("out/"), Entry::file("out/bin", "1")],
            &[Entry::file("out/lib", "2"), Entry::symlink("way", "/out")],
        ],
    );
    let (_, scratch) = other.probe(&[]);
    let upper = Upper { folder: scratch, work: other.make("work") };
    let mut stack = Stack::of(fixture, &[&base()]);
    let layers = |upper, path: &str| MountKind::Layers {
        layers: Layers { lower: other.lower.clone(), upper },
        path: path.to_owned(),
    };
    let (mut command, changed) = stack.probe(&[
        "change",
        "write /bind/new x",
        "write /fixed/new x",
        "write /one x",
        "write /stage/new x",
        "write /scratch/new x",
        "write /memory/x x",
    ]);
    command.mounts.extend([
        Mount { target: "/bind".to_owned(), kind: MountKind::Bind(outside.path().to_owned()), read_only: false },
        bind(outside.path(), "/fixed"),
        bind(&outside.path().join("file"), "/one"),
        Mount { target: "/stage".to_owned(), kind: layers(None, "/way"), read_only: true },
        Mount { target: "/scratch".to_owned(), kind: layers(Some(upper), "out"), read_only: false },
        Mount { target: "/memory".to_owned(), kind: MountKind::Temporary { size: 4096 }, read_only: false },
    ]);
    let read_only = |path: &str| format!("write {path} x: ReadOnlyFilesystem\n");
    assert_eq!(fixture.text(&command), [read_only("/fixed/new"), read_only("/one"), read_only("/stage/new")].concat());
    assert_eq!(fs::read_to_string(outside.path().join("new")).unwrap(), "x");
    assert_eq!(listed(&stack.pack(&changed).1), Vec::<String>::new());
    let mounts = command.mounts.clone();
    let (mut command, _) = stack.probe(&["show", "/stage", "/stage/lib", "/one", "/scratch"]);
    command.mounts = mounts[..5].to_vec();
    let expected = "/stage 755 0:0 folder bin,lib\n/stage/lib 644 0:0 file 2\n";
    assert!(fixture.text(&command).starts_with(expected));
    command.mounts = vec![Mount { target: "/x".to_owned(), kind: layers(None, "/nowhere"), read_only: true }];
    let error = fixture.try_run(&command).unwrap_err();
    assert!(error.to_string().contains("`/nowhere`"), "{error}");
}

fn tells_no_secret(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base()]);
    let (mut command, upper) = stack.probe(&["show", "/run/secrets/key", "/run/secrets"]);
    let secret = MemoryFile { contents: b"hunter2".to_vec(), uid: 0, gid: 0, mode: 0o400 };
    command.mounts.push(Mount {
        target: "/run/secrets/key".to_owned(),
        kind: MountKind::File(secret),
        read_only: true,
    });
    assert_eq!(fixture.text(&command), "/run/secrets/key 400 0:0 file hunter2\n/run/secrets 755 0:0 folder key\n");
    let (packed, bytes) = stack.pack(&upper);
    assert!(packed.entries == 0 && !bytes.windows(7).any(|window| window == b"hunter2"));
}

fn grants_usual_capabilities(fixture: &Fixture) {
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

fn contains_escapes(fixture: &Fixture) {
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
    command.system_calls = consign_sandbox::SystemCalls::All;
    let text = fixture.text(&command);
    let done: Vec<&str> = text.lines().filter(|line| line.ends_with(": done")).collect();
    let harmless =
        ["keys: done", "performance: done", "faults: done", "ring: done", "trace own: done", "virtual sockets: done"];
    assert!(done.iter().all(|line| harmless.contains(line)), "{text}");
}

fn keeps_within_memory(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base()]);
    let (mut command, _) = stack.probe(&["use-memory", "400"]);
    command.limits.memory = Some(100 << 20);
    let outcome = fixture.run(&command);
    assert_eq!(outcome.exit, Exit::OutOfMemory, "{}", outcome.text());
    let (mut command, _) = stack.probe(&["use-memory", "20"]);
    command.limits.memory = Some(100 << 20);
    assert_eq!(fixture.text(&command), "");
}

fn keeps_within_disk(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base()]);
    for (action, expected) in [("fill", Exit::OutOfDisk), ("fill-a-little", Exit::Code(0))] {
        let (mut command, _) = stack.probe(&[action, "/tmp/data"]);
        command.limits.disk = Some(8 << 20);
        let outcome = fixture.run(&command);
        assert_eq!(outcome.exit, expected, "{}", outcome.text());
    }
}

fn says_what_holds_its_limits(fixture: &Fixture) {
    let mechanisms = fixture.sandbox().mechanisms();
    // Those that the tests above have just shown.
    assert!(mechanisms.memory != Mechanism::Nothing && mechanisms.disk == Mechanism::Watcher, "{mechanisms:?}");
    let folder = tempfile::tempdir().unwrap();
    let stacking = fixture.runtime.block_on(fixture.sandbox().stacking(folder.path())).unwrap();
    let stack = Stack::of(fixture, &[&base()]);
    let is_overlay = rustix::fs::statfs(stack.folder.path()).unwrap().f_type == OVERLAY_MAGIC;
    assert_eq!(stacking, if is_overlay { Stacking::Copy } else { Stacking::Overlay });
    fixture.sandbox().remove(&folder.path().join("work")).unwrap();
}

fn hands_output_on(fixture: &Fixture) {
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

fn reaches_the_host(fixture: &Fixture) {
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
