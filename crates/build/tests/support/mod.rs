//! A workshop: a folder with a store, a cache, an archive of packages and an image file.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "shared by tests, which each use a part of it")]

use bytes::Bytes;
use consign_build::{
    BuildError, DebianSource, DebianSources, Request, Resolution, ResolveRequest, Runner, SourcesFrom, Specification,
    build, resolve,
};
use consign_fetch::{Fetcher, Options};
use consign_image::{Built, Place};
use consign_oci::Digest;
use consign_oci::layer::{Entry, EntryPath, Kind, Layer, LayerWatcher, MemberKind, Members, WatchedLayer};
use consign_package::deb::Keyring;
use consign_store::Store;
use consign_testkit::mirror::{Mirror, WrittenMirror};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub(crate) struct Workshop {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) epoch: Option<u64>,
    pub(crate) source_time: Option<u64>,
    pub(crate) reuse: bool,
    pub(crate) runner: Runner,
    pub(crate) listing: Option<Vec<String>>,
    /// All platforms of the image.
    pub(crate) platforms: Vec<&'static str>,
    /// Lines that commands wrote.
    pub(crate) output: Mutex<Vec<String>>,
    mirrors: Vec<(WrittenMirror, String)>,
    from: SourcesFrom,
    /// A file that is written over before the layer is written.
    pub(crate) spoilt: Option<&'static str>,
}

/// What came out of a build, with all entries of its own layer.
pub(crate) struct Outcome {
    pub(crate) built: Built,
    pub(crate) entries: BTreeMap<String, Entry>,
}

impl Workshop {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("source")).unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        let from = SourcesFrom::Configuration;
        Self {
            folder,
            store,
            epoch: None,
            source_time: None,
            reuse: false,
            runner: Runner::new([("PATH".to_owned(), "/usr/bin:/bin".to_owned())].into(), BTreeMap::new()),
            listing: None,
            platforms: vec!["linux/amd64", "linux/arm64"],
            output: Mutex::default(),
            mirrors: Vec::new(),
            from,
            spoilt: None,
        }
    }

    pub(crate) fn of_machine(mut self) -> Self {
        self.from = SourcesFrom::Machine;
        self
    }

    pub(crate) fn mirror(mut self, suite: &str, mirror: &Mirror) -> Self {
        let folder = self.folder.path().join(format!("mirror{}", self.mirrors.len()));
        self.mirrors.push((mirror.write(&folder).unwrap(), suite.to_owned()));
        self
    }

    pub(crate) fn file(self, path: &str, contents: &[u8]) -> Self {
        let path = self.folder.path().join("source").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
        self
    }

    pub(crate) fn source(&self) -> std::path::PathBuf {
        self.folder.path().join("source")
    }

    pub(crate) async fn build(&self, image: &str, platform: &str) -> Result<Outcome, BuildError> {
        self.build_on(image, platform, None).await
    }

    /// Writes another archive in place of one, at the same address.
    pub(crate) fn rewrite(&mut self, number: usize, mirror: &Mirror) {
        let folder = self.mirrors[number].0.folder.clone();
        std::fs::remove_dir_all(&folder).unwrap();
        self.mirrors[number].0 = mirror.write(&folder).unwrap();
    }

    fn sources(&self) -> DebianSources {
        let sources = self.mirrors.iter().map(|(mirror, suite)| DebianSource {
            uri: mirror.uri.clone(),
            suite: suite.clone(),
            components: vec!["main".into()],
            architectures: None,
            keyring: Keyring::read(Path::new("key.gpg"), &mirror.keyring).unwrap(),
            declared: "test".into(),
        });
        DebianSources::new(self.from, Some("test".into()), sources.collect())
    }

    fn fetcher(&self) -> Fetcher {
        let cache = self.folder.path().join("cache");
        Fetcher::new(Options { cache, offline: false, user_agent: "test".into() }).unwrap()
    }

    /// Decides what an image is made of.
    pub(crate) async fn resolve(
        &self,
        image: &str,
        platform: &str,
        base: Option<&Place>,
        keep: Option<&Resolution>,
    ) -> Result<Resolution, BuildError> {
        let asked = ResolveRequest {
            platforms: &[platform.parse().unwrap()],
            store: &self.store,
            fetcher: &self.fetcher(),
            sources: &self.sources(),
            base,
            keep,
            reuse: self.reuse,
            // The archive's key was made a moment ago.
            now: jiff::Timestamp::now(),
        };
        resolve(&Specification::parse("image.yaml", image)?, &asked).await
    }

    pub(crate) async fn build_on(
        &self,
        image: &str,
        platform: &str,
        base: Option<&Place>,
    ) -> Result<Outcome, BuildError> {
        let specification = Specification::parse("image.yaml", image)?;
        let resolution = self.resolve(image, platform, base, None).await?;
        let (sources, fetcher) = (self.sources(), self.fetcher());
        let platform = platform.parse().unwrap();
        let seen = Seen { spoilt: self.spoilt.map(|path| self.source().join(path)), ..Seen::default() };
        let request = Request {
            platform: &platform,
            platforms: &self.platforms.iter().map(|platform| platform.parse().unwrap()).collect::<Vec<_>>(),
            resolution: &resolution,
            store: &self.store,
            fetcher: &fetcher,
            sources: &sources,
            base,
            root_folder: &self.source(),
            runner: &self.runner,
            listing: self.listing.as_deref(),
            output: &|line| self.output.lock().unwrap().push(line.to_owned()),
            epoch: self.epoch,
            source_time: self.source_time,
            annotations: BTreeMap::new(),
            watcher: &seen,
            reuse: self.reuse,
        };
        let built = build(&specification, request).await?;
        Ok(Outcome { built, entries: seen.entries() })
    }

    /// Returns the number of blobs in the store.
    pub(crate) fn blobs(&self) -> usize {
        std::fs::read_dir(self.store.root().join("blobs/sha256")).unwrap().count()
    }
}

/// Keeps the stream of the layer that is made.
#[derive(Clone, Default)]
struct Seen {
    stream: Arc<Mutex<Vec<u8>>>,
    spoilt: Option<PathBuf>,
}

impl LayerWatcher for Seen {
    fn begin(&self) -> Box<dyn WatchedLayer> {
        self.spoilt.iter().for_each(|path| std::fs::write(path, "spoilt").unwrap());
        Box::new(self.clone())
    }
}

impl WatchedLayer for Seen {
    fn bytes(&mut self, bytes: &Bytes) {
        self.stream.lock().unwrap().extend_from_slice(bytes);
    }

    fn end(self: Box<Self>, layer: &Layer) {
        assert_eq!(layer.diff_id, Digest::of(&self.stream.lock().unwrap()));
    }
}

impl Seen {
    fn entries(&self) -> BTreeMap<String, Entry> {
        let stream = self.stream.lock().unwrap();
        let (mut members, mut entries) = (Members::new(&stream[..]), BTreeMap::new());
        while let Some(member) = members.next_member().unwrap() {
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            let path: EntryPath = text(member.path).parse().unwrap();
            let kind = match member.kind {
                MemberKind::File => {
                    let mut contents = Vec::new();
                    members.read_to_end(&mut contents).unwrap();
                    Kind::File(contents.into())
                }
                MemberKind::Directory => Kind::Directory,
                MemberKind::Symlink(target) => Kind::Symlink(text(target)),
                MemberKind::HardLink(target) => Kind::HardLink(text(target).parse().unwrap()),
                other => panic!("{path}: {other:?}"),
            };
            let [uid, gid] = [member.uid, member.gid].map(|id| u32::try_from(id).unwrap());
            let entry = Entry { mode: member.mode, mtime: member.mtime, uid, gid, ..Entry::new(path.clone(), kind) };
            entries.insert(path.to_string(), entry);
        }
        entries
    }
}

impl Outcome {
    pub(crate) fn text(&self, path: &str) -> String {
        match &self.entries[path].kind {
            Kind::File(contents) => String::from_utf8_lossy(&contents.read(u64::MAX).unwrap()).into_owned(),
            other => panic!("{path}: {other:?}"),
        }
    }

    pub(crate) fn link(&self, path: &str) -> &str {
        match &self.entries[path].kind {
            Kind::Symlink(target) => target,
            other => panic!("{path}: {other:?}"),
        }
    }
}

/// Returns an error with everything that caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}
