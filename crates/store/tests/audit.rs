//! What an audit finds, what it leaves alone and what it removes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use consign_oci::{Descriptor, Digest, Exact, Index, Manifest, media_type};
use consign_store::{Audit, Problem, Remedy, Store};
use std::fs::{self, Permissions};
use std::num::NonZero;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

const THREADS: NonZero<usize> = NonZero::new(2).unwrap();

/// A store with an image that has a name, a receipt about it, a base image of which one of two platforms is there, and steps.
struct Filled {
    _folder: tempfile::TempDir,
    store: Store,
    layer: Digest,
    manifest: Descriptor,
    receipt: Descriptor,
}

impl Filled {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        let (layer, manifest, receipt) = Self::fill(&store);
        Self { _folder: folder, store, layer, manifest, receipt }
    }

    /// Makes everything, as whoever finds that something is missing makes it anew. Returns the layer, the image and the artifact about it.
    fn fill(store: &Store) -> (Digest, Descriptor, Descriptor) {
        let put =
            |media_type: &str, bytes: &[u8]| Descriptor::new(media_type, store.put(bytes).unwrap(), bytes.len() as u64);
        let keep = |manifest: Manifest| {
            let manifest = Exact::write(manifest).unwrap();
            put(media_type::MANIFEST, manifest.bytes())
        };
        let layer = put(media_type::LAYER, b"a layer");
        let manifest = keep(Manifest::new(put(media_type::CONFIG, b"{\"a\":1}"), vec![layer.clone()]));
        let absent = Descriptor::of(media_type::MANIFEST, b"for a platform that nobody builds");
        let index = Exact::write(Index::new(vec![manifest.clone(), absent])).unwrap();
        store.put_reference("localhost:5000/team/hello:1.0", &manifest).unwrap();
        store.put_reference("base/0123", &put(media_type::INDEX, index.bytes())).unwrap();
        let mut artifact = Manifest::new(put(media_type::EMPTY, b"{}"), vec![put(media_type::IN_TOTO, b"{\"b\":2}")]);
        artifact.subject = Some(manifest.clone());
        let receipt = keep(artifact);
        store.put_receipt(&manifest.digest, &receipt).unwrap();
        let blobs = [manifest.digest.clone(), layer.digest.clone()];
        store.put_step("build", &Digest::of(b"inputs"), &blobs, &"a result").unwrap();
        store.keep_derived("segment", &Digest::of(b"files"), b"compressed files");
        store.put_step("select", &Digest::of(b"others"), &[], &[1, 2]).unwrap();
        (layer.digest, manifest, receipt)
    }

    fn audit(&self, repair: bool) -> Audit {
        self.store.audit(repair, THREADS).unwrap()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.store.root().join(path)
    }

    /// Returns the findings as lines, with digests shortened: those about the named image begin with `name`.
    fn findings(&self, repair: bool) -> Vec<String> {
        let audit = self.audit(repair);
        assert_eq!(left(&audit), audit.findings.iter().filter(|finding| !finding.repaired).count() as u64);
        assert_eq!(left(&audit) + audit.repaired.values().sum::<u64>(), audit.findings.len() as u64);
        let lines = audit.findings.iter().map(|finding| {
            let path = finding.path.strip_prefix(self.store.root()).unwrap();
            let folder = match path.starts_with("references/localhost,5000") {
                true => "name",
                false => path.components().next().unwrap().as_os_str().to_str().unwrap(),
            };
            let shown = finding.problem.to_string().split(':').next().unwrap().to_owned();
            format!("{folder}: {shown}{}", if finding.repaired { ", repaired" } else { "" })
        });
        let mut lines: Vec<String> = lines.collect();
        lines.sort();
        lines
    }
}

/// Returns the number of things that are still wrong.
fn left(audit: &Audit) -> u64 {
    audit.left.values().sum()
}

#[test]
fn a_store_as_it_should_be() {
    let filled = Filled::new();
    let audit = filled.audit(false);
    assert!(audit.findings.is_empty(), "{audit:?}");
    assert_eq!((audit.blobs, audit.records, left(&audit), audit.unfinished), (7, 5, 0, 0));
    assert!(audit.bytes > 0);
}

#[test]
fn layers_that_only_their_own_source_hands_out_may_be_absent() {
    let filled = Filled::new();
    let foreign = Descriptor::of("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", b"elsewhere");
    let config = b"{\"a\":1}";
    let manifest = Manifest::new(Descriptor::of(media_type::CONFIG, config), vec![foreign]);
    let manifest = Exact::write(manifest).unwrap();
    filled.store.put(manifest.bytes()).unwrap();
    filled.store.put_reference("foreign", &Descriptor::of(media_type::MANIFEST, manifest.bytes())).unwrap();
    assert_eq!(filled.findings(false), Vec::<String>::new());
}

#[test]
fn every_damage_is_found_and_repaired() {
    let write = |path: &Path, bytes: &[u8]| fs::write(path, bytes).unwrap();
    let blob = |filled: &Filled, digest: &Digest| filled.store.path(digest);
    let reference = |filled: &Filled| filled.path("references/localhost,5000/team/hello,1.0.json");
    let step = |filled: &Filled| filled.path(&format!("steps/{}.json", Digest::of(b"inputs").hex()));
    let receipt = |filled: &Filled| {
        let (subject, receipt) = (filled.manifest.digest.hex(), filled.receipt.digest.hex());
        filled.path(&format!("receipts/sha256/{subject}/{receipt}.json"))
    };
    type Spoil<'a> = &'a dyn Fn(&Filled);
    let content = "the bytes are not those that the name promises";
    let missing = "a blob that it needs is not there";
    let size = "a blob that it needs, sha256";
    type Case<'a> = (&'a str, Spoil<'a>, &'a [(&'a str, &'a str)]);
    let table: [Case<'_>; 15] = [
        ("a bit of a layer", &|filled| write(&blob(filled, &filled.layer), b"b layer"), &[("blobs", content)]),
        (
            "half a layer",
            &|filled| write(&blob(filled, &filled.layer), b"a l"),
            &[("blobs", content), ("name", size), ("references", size)],
        ),
        (
            "no layer",
            &|filled| fs::remove_file(blob(filled, &filled.layer)).unwrap(),
            &[("name", missing), ("references", missing), ("steps", missing)],
        ),
        (
            "an altered manifest of the same size",
            &|filled| {
                let path = blob(filled, &filled.manifest.digest);
                let text = fs::read_to_string(&path).unwrap().replace("config", "konfig");
                write(&path, text.as_bytes());
            },
            &[
                ("blobs", content),
                ("name", "a manifest that it needs, sha256"),
                ("references", "a manifest that it needs, sha256"),
            ],
        ),
        ("a record that is no JSON", &|filled| write(&reference(filled), b"{"), &[("name", "it is not a record")]),
        ("an empty record", &|filled| write(&step(filled), b""), &[("steps", "it is not a record")]),
        ("a step of another kind", &|filled| write(&step(filled), b"7"), &[("steps", "it is not a record")]),
        (
            "a record without end",
            &|filled| fs::File::options().write(true).open(step(filled)).unwrap().set_len(1 << 40).unwrap(),
            &[("steps", "it is larger than any record")],
        ),
        (
            "a receipt under another name",
            &|filled| {
                fs::rename(receipt(filled), receipt(filled).with_file_name(format!("{}.json", "0".repeat(64)))).unwrap()
            },
            &[("receipts", "it names another artifact than its own name does")],
        ),
        (
            "a receipt without its artifact",
            &|filled| fs::remove_file(blob(filled, &filled.receipt.digest)).unwrap(),
            &[("receipts", missing)],
        ),
        (
            "a blob that others may write",
            &|filled| fs::set_permissions(blob(filled, &filled.layer), Permissions::from_mode(0o664)).unwrap(),
            &[("blobs", "others than its owner may write to it")],
        ),
        (
            "a record that others may write",
            &|filled| fs::set_permissions(step(filled), Permissions::from_mode(0o606)).unwrap(),
            &[("steps", "others than its owner may write to it")],
        ),
        (
            "a manifest of a type that it is not",
            &|filled| {
                let descriptor = Descriptor { media_type: media_type::INDEX.to_owned(), ..filled.manifest.clone() };
                write(&reference(filled), &serde_json::to_vec(&descriptor).unwrap());
            },
            &[("name", "a manifest that it needs, sha256")],
        ),
        (
            "a name that others may write",
            &|filled| fs::set_permissions(reference(filled), Permissions::from_mode(0o660)).unwrap(),
            &[("name", "others than its owner may write to it")],
        ),
        (
            "a reference with a wrong size",
            &|filled| {
                let descriptor = Descriptor { size: 1, ..filled.manifest.clone() };
                write(&reference(filled), &serde_json::to_vec(&descriptor).unwrap());
            },
            &[("name", size)],
        ),
    ];
    let derived = |filled: &Filled| filled.path(&format!("derived/segment-{}", Digest::of(b"files").hex()));
    let sum = "the bytes are not those that the sum at the end is of";
    let damaged = [("derived", sum)];
    let cut: Spoil<'_> = &|filled| write(&derived(filled), b"compr");
    let altered: Spoil<'_> = &|filled| {
        let mut bytes = fs::read(derived(filled)).unwrap();
        bytes[0] ^= 1;
        write(&derived(filled), &bytes);
    };
    let table = table.into_iter().chain([
        ("something derived, cut off", cut, &damaged[..]),
        ("something derived, altered", altered, &damaged[..]),
    ]);
    for (name, spoil, expected) in table {
        let filled = Filled::new();
        spoil(&filled);
        let mut expected: Vec<String> =
            expected.iter().map(|(folder, problem)| format!("{folder}: {problem}")).collect();
        let found = filled.findings(false);
        expected.sort();
        assert_eq!(found, expected, "{name}");
        // Looking changes nothing.
        assert_eq!(filled.findings(false).len(), found.len(), "{name}");
        let repaired = filled.findings(true);
        // A name is never removed: what it stood for would go unnoticed.
        let (names, others): (Vec<_>, Vec<_>) = repaired.into_iter().partition(|line| line.starts_with("name: "));
        assert!(others.iter().all(|line| line.ends_with(", repaired")), "{name}: {others:?}");
        assert_eq!(filled.findings(false), names, "{name}");
        assert_eq!(
            filled.audit(true).left.get(&Remedy::Name).copied().unwrap_or_default(),
            names.len() as u64,
            "{name}"
        );
        assert!(reference(&filled).exists(), "{name}");
        // Whoever makes the image again under its name makes all of it right.
        Filled::fill(&filled.store);
        assert_eq!(filled.findings(false), [""; 0], "{name}");
    }
}

#[test]
fn a_blob_that_is_what_its_name_says_is_kept() {
    let filled = Filled::new();
    let path = filled.store.path(&filled.layer);
    let expected = |problem: &str| [format!("blobs: {problem}, repaired")];
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    assert_eq!(filled.findings(true), expected("others than its owner may write to it"));
    assert_eq!((fs::metadata(&path).unwrap().mode() & 0o777, fs::read(&path).unwrap()), (0o644, b"a layer".to_vec()));
    assert_eq!(filled.findings(false), [""; 0]);
    let user = fs::metadata(&path).unwrap().uid();
    match chown(&path, Some(user + 1), None) {
        Ok(()) => assert_eq!(filled.findings(true), expected("it belongs to another user")),
        Err(_) => println!("not run: a file of another user"),
    }
    assert_eq!((fs::metadata(&path).unwrap().uid(), filled.findings(false)), (user, Vec::new()));
}

#[test]
fn what_consign_did_not_write_is_told_and_left() {
    let filled = Filled::new();
    let subject = filled.manifest.digest.hex();
    let hex = "0".repeat(64);
    let strays = [
        "notes.txt".to_owned(),
        "blobs/sha256/x".to_owned(),
        "blobs/md5".to_owned(),
        "steps/x.json".to_owned(),
        format!("steps/{hex}"),
        "derived/x".to_owned(),
        format!("derived/{hex}"),
        "references/a b.json".to_owned(),
        "references/x".to_owned(),
        "receipts/x".to_owned(),
        "receipts/sha256/x".to_owned(),
        format!("receipts/sha256/{hex}"),
        format!("receipts/sha256/{subject}/x.json"),
        "partial/x".to_owned(),
    ];
    for path in &strays {
        fs::write(filled.path(path), "dear to somebody").unwrap();
    }
    fs::create_dir(filled.store.path(&Digest::of(b"a folder"))).unwrap();
    symlink(filled.store.path(&filled.layer), filled.store.path(&Digest::of(b"a link"))).unwrap();
    fs::write(filled.path("partial/.tmp012345"), "").unwrap();
    for repair in [false, true] {
        let audit = filled.audit(repair);
        let count = |of: fn(&Problem) -> bool| audit.findings.iter().filter(|finding| of(&finding.problem)).count();
        let found =
            (count(|problem| matches!(problem, Problem::Stray)), count(|problem| matches!(problem, Problem::Kind)));
        assert_eq!(
            (found, left(&audit), audit.unfinished),
            ((strays.len(), 2), strays.len() as u64 + 2, 1),
            "{audit:?}"
        );
        assert!(audit.repaired.is_empty(), "{audit:?}");
    }
    assert!(strays.iter().all(|path| filled.path(path).exists()));
    assert_eq!(filled.store.receipts(&filled.manifest.digest).unwrap(), std::slice::from_ref(&filled.receipt));
    // The folder of blobs, too, may have become something else.
    fs::remove_dir_all(filled.path("blobs/sha256")).unwrap();
    fs::write(filled.path("blobs/sha256"), "dear to somebody").unwrap();
    assert!(filled.audit(false).findings.iter().any(|finding| finding.path.ends_with("blobs/sha256")));
}
