//! Layers: unpacked, stacked, changed by commands, and packed again.

mod changes;
mod contained;
mod hostile;
mod mounted;
mod places;
mod tar;

pub(crate) use places::{run_all, run_in_overlay, run_with_more_ids};

use super::{Fixture, LONG, Test};
use consign_sandbox::{
    Capabilities, Command, Layers, MemoryFile, Mount, MountKind, PackOptions, Packed, SandboxError, UnpackOptions,
    Unpacked, Upper,
};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use tar::{Entry, layer, listed};

/// `OVERLAYFS_SUPER_MAGIC` (statfs(2)).
const OVERLAY_MAGIC: i64 = 0x794c_7630;

pub(crate) const TESTS: &[Test] = &[
    ("packs what a command changed", changes::packs_what_changed),
    ("leaves no trace of its own", changes::leaves_no_trace),
    ("packs what it has unpacked", changes::packs_what_was_unpacked),
    ("unpacks nothing outside", hostile::unpacks_nothing_outside),
    ("names what no layer may have", hostile::names_what_no_layer_may_have),
    ("gives folders without entries their look from below", changes::takes_looks_from_below),
    ("follows links inside a layer", changes::follows_links_inside),
    ("takes absolute names as those of the layer", changes::takes_absolute_names),
    ("keeps owners", changes::keeps_owners),
    ("leaves what unpacking would make", changes::settles),
    ("stacks many layers", changes::stacks_many_layers),
    ("reads layers without an upper one", changes::reads_without_upper),
    ("mounts what is asked for", mounted::mounts_what_is_asked_for),
    ("tells no secret to the disk", mounted::tells_no_secret),
    ("grants the usual capabilities", contained::grants_usual_capabilities),
    ("gains nothing by set-user-id programs", contained::gains_nothing_by_set_user_id),
    ("contains what tries to escape", contained::contains_escapes),
    ("filters the calls of older programs", contained::filters_older_programs),
    ("keeps within its processes", contained::keeps_within_processes),
    ("keeps within its memory", contained::keeps_within_memory),
    ("keeps within its disk", contained::keeps_within_disk),
    ("says what holds its limits", contained::says_what_holds_its_limits),
    ("hands output on while it runs", contained::hands_output_on),
    ("reaches the network of the host only if asked", contained::reaches_the_host),
    ("has a network of its own", contained::has_a_network_of_its_own),
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
        let packed = self.pack(&upper).1;
        assert_eq!(packed, self.pack(&upper).1);
        (text, listed(&packed))
    }

    fn pack(&self, upper: &Path) -> (Packed, Vec<u8>) {
        let options = PackOptions { lower: self.lower.clone(), latest: Some(5000), settle: false };
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

fn file(target: &str, text: &str, mode: u32) -> Mount {
    let file = MemoryFile { contents: text.into(), uid: 0, gid: 0, mode };
    Mount { target: target.to_owned(), kind: MountKind::File(file), read_only: true }
}

fn is_on_overlay(stack: &Stack<'_>) -> bool {
    rustix::fs::statfs(stack.folder.path()).unwrap().f_type == OVERLAY_MAGIC
}
