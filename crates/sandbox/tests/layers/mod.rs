//! Layers: unpacked, stacked, changed by commands, and packed again.

mod tar;

use super::{Fixture, LONG};
use consign_sandbox::{
    Capabilities, Command, Exit, Layers, Mount, MountKind, Outcome, PackOptions, Packed, SandboxError, UnpackOptions,
    Unpacked, Upper,
};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use tar::{Entry, layer, listed};

pub(crate) const TESTS: &[(&str, fn(&Fixture))] =
    &[("packs what a command changed", packs_what_changed), ("leaves no trace of its own", leaves_no_trace)];

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
        layers.iter().for_each(|entries| drop(stack.add(&layer(entries)).unwrap()));
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
        let file = consign_sandbox::MemoryFile { contents: text.into(), uid: 0, gid: 0, mode: 0o440 };
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
