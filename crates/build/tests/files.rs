//! Images of files, on nothing and on a base image.

mod support;

use consign_build::ErrorKind;
use consign_image::Place;
use consign_oci::{Exact, Index, StatedBase, media_type};
use support::{Workshop, chain};

/// The start of an ELF file for a machine: 64-bit, little-endian.
fn elf(machine: u16) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    bytes[18..20].copy_from_slice(&machine.to_le_bytes());
    bytes
}

const X86_64: u16 = 62;
const AARCH64: u16 = 183;
const IMAGE: &str = "files: [{source: \"bin/{arch}/server\", path: /usr/bin/server, mode: \"0755\", owner: \"65532:65532\"}]\n\
    entrypoint: [/usr/bin/server]\nuser: 65532\n";

fn workshop() -> Workshop {
    Workshop::new().file("bin/amd64/server", &elf(X86_64)).file("bin/arm64/server", &elf(AARCH64))
}

#[tokio::test]
async fn files_for_each_platform() {
    let workshop = workshop();
    for platform in ["linux/amd64", "linux/arm64"] {
        let image = workshop.build(IMAGE, platform).await.unwrap();
        let server = &image.entries["/usr/bin/server"];
        assert_eq!((server.mode, server.uid, server.gid, server.mtime), (0o755, 65532, 65532, 0));
        assert_eq!(image.built.config.platform.to_string(), platform);
        assert_eq!(image.built.config.created.as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(image.built.config.config.user, "65532");
    }
}

#[tokio::test]
async fn what_is_spoilt_in_the_store_is_built_again() {
    let mut workshop = workshop();
    workshop.reuse = true;
    let first = workshop.build(IMAGE, "linux/amd64").await.unwrap().built;
    let parts = [&first.layers[0].descriptor.digest, first.config.digest(), first.manifest.digest()];
    for (spoilt, altered) in parts.into_iter().flat_map(|part| [(part, false), (part, true)]) {
        let path = workshop.store.path(spoilt);
        let mut bytes = std::fs::read(&path).unwrap();
        if altered {
            bytes[9] ^= 1;
        } else {
            bytes.pop();
        }
        std::fs::write(&path, bytes).unwrap();
        if altered {
            // As whoever reads it finds out.
            assert!(workshop.store.check(spoilt).is_err());
        }
        let again = workshop.build(IMAGE, "linux/amd64").await.unwrap().built;
        assert!(!again.reused, "{spoilt}");
        assert_eq!(again.manifest.digest(), first.manifest.digest());
        parts.iter().for_each(|part| workshop.store.check(part).unwrap());
        assert!(workshop.build(IMAGE, "linux/amd64").await.unwrap().built.reused);
    }
}

#[tokio::test]
async fn a_program_for_another_machine_is_refused() {
    // One that is kept in memory, and one that is not.
    for size in [0, 100_000] {
        let workshop = workshop().file("bin/arm64/server", &[elf(X86_64), vec![0; size]].concat());
        let error = workshop.build(IMAGE, "linux/arm64").await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let expected = "image.yaml:1:18: this cannot go into the image: \
            `bin/arm64/server` is for x86-64, 64-bit, little-endian, but linux/arm64 needs AArch64, 64-bit, little-endian";
        assert_eq!(chain(&error), expected);
    }
}

#[tokio::test]
async fn what_cannot_go_into_the_image_is_named_with_its_line() {
    let workshop = workshop().file("f", b"f").file("removing/.wh.f", b"").file("removing/g/.wh..wh..opq", b"");
    let table = [
        ("source: nothing, path: /f", "cannot read "),
        ("source: \"{architecture}/f\", path: /f", "`{architecture}` stands for nothing: `{os}`, `{arch}`, "),
        ("source: f, path: /.wh.f", "`/.wh.f` would remove what it is named after"),
        ("source: removing, path: /", "`/.wh.f` would remove"),
        ("source: removing/g, path: /g", "`/g/.wh..wh..opq` would remove"),
        ("source: f, path: /f, owner: nobody", "`nobody` of `f` is not among the image's users"),
        ("source: f, path: /usr/bin/server/f", "cannot put f into the image: `/usr/bin/server` is not a folder"),
    ];
    for (file, expected) in table {
        let server = "{source: \"bin/{arch}/server\", path: /usr/bin/server}";
        let error = workshop.build(&format!("files:\n- {server}\n- {{{file}}}\n"), "linux/amd64").await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let message = chain(&error);
        assert!(message.starts_with("image.yaml:3:12: this cannot go into the image: "), "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn folders_are_walked_and_nothing_leaves_the_folder() {
    let workshop = workshop().file("site/b/c", b"c").file("site/a", b"a");
    std::os::unix::fs::symlink("../../etc/passwd", workshop.source().join("site/link")).unwrap();
    std::os::unix::fs::symlink("/etc", workshop.source().join("out")).unwrap();
    let image = workshop.build("files: [{source: site/, path: /srv, mode: \"0640\"}]\n", "linux/amd64").await.unwrap();
    let paths: Vec<&str> = image.entries.keys().map(String::as_str).collect();
    assert_eq!(paths, ["/srv", "/srv/a", "/srv/b", "/srv/b/c", "/srv/link"]);
    assert_eq!((image.entries["/srv/a"].mode, image.entries["/srv/b"].mode), (0o640, 0o750));
    assert_eq!(image.link("/srv/link"), "../../etc/passwd");
    for source in ["../store", "/etc/passwd", "out", "out/passwd", "a/../../x"] {
        let image = format!("files: [{{source: {source}, path: /x}}]\n");
        let error = workshop.build(&image, "linux/amd64").await.err().unwrap();
        assert!(chain(&error).contains("leads out of the folder"), "{}", chain(&error));
    }
}

#[tokio::test]
async fn files_go_where_a_container_of_the_base_image_has_them() {
    let workshop = workshop().file("root/usr/bin/x", b"x").file("tmp/x", b"x");
    std::os::unix::fs::symlink("usr/bin", workshop.source().join("root/bin")).unwrap();
    let image = "files: [{source: root/, path: /}, {source: tmp/, path: /tmp, mode: \"1777\", owner: \"7:8\"}]\n";
    let base = workshop.build(image, "linux/amd64").await.unwrap().built;
    let root = Some(base.manifest.descriptor(media_type::MANIFEST));
    let place = Place::Store { store: workshop.store.clone(), root, name: "base".into() };
    let put = |path: &str| format!("base: store:base\nfiles: [{{source: bin/amd64/server, path: {path}}}]\n");

    // A folder `bin` in the layer would hide the link, and with it all programs.
    let image = workshop.build_on(&put("/bin/server"), "linux/amd64", Some(&place)).await.unwrap();
    assert_eq!(image.entries.keys().collect::<Vec<_>>(), ["/usr", "/usr/bin", "/usr/bin/server"]);
    let image = workshop.build_on(&put("/tmp/server"), "linux/amd64", Some(&place)).await.unwrap();
    let folder = &image.entries["/tmp"];
    assert_eq!((folder.mode, folder.uid, folder.gid), (0o1777, 7, 8));
    assert_eq!(image.entries.len(), 2);
    let error = workshop.build_on(&put("/usr/bin"), "linux/amd64", Some(&place)).await.err().unwrap();
    assert!(chain(&error).ends_with("`/usr/bin` is a folder"), "{}", chain(&error));
}

#[tokio::test]
async fn a_base_image_is_kept_and_extended() {
    let workshop = workshop();
    let image = "files: [{source: bin/amd64/server, path: /base}]\nenvironment: {A: \"1\", B: \"2\"}\ncommand: [-v]\nentrypoint: [/old]\n";
    let base = workshop.build(image, "linux/amd64").await.unwrap().built;
    let mut descriptor = base.manifest.descriptor(media_type::MANIFEST);
    descriptor.platform = Some(base.platform.clone());
    let index = Exact::write(Index::new(vec![descriptor])).unwrap();
    workshop.store.put(index.bytes()).unwrap();
    let root = Some(index.descriptor(media_type::INDEX));
    let place = Place::Store { store: workshop.store.clone(), root, name: "base".into() };

    let image = format!("base: store:base\nenvironment: {{B: \"3\"}}\n{IMAGE}");
    let other = workshop.build_on(&image, "linux/amd64", Some(&place)).await.unwrap().built;
    assert_eq!(other.layers[0], base.layers[0]);
    assert_eq!(other.layers.len(), 2);
    assert_eq!(other.config.rootfs.diff_ids.len(), 2);
    assert_eq!(other.config.history.len(), 2);
    let config = &other.config.config;
    assert!(config.env.as_ref().unwrap().ends_with(&["A=1".into(), "B=3".into()]));
    assert_eq!((config.entrypoint.as_ref().unwrap()[0].as_str(), &config.cmd), ("/usr/bin/server", &None));
    let stated = StatedBase { name: None, digest: Some(base.manifest.digest().clone()), layers: Some(1) };
    assert_eq!(StatedBase::of(&other.manifest.annotations, &other.config.rootfs.diff_ids), Some(stated));
    let inputs: Vec<&str> = other.resolved_dependencies.iter().filter_map(|input| input.name.as_deref()).collect();
    assert_eq!(inputs, ["base image", "base image for the platform", "bin/amd64/server"]);

    let error = workshop.build_on(&image, "linux/arm64", Some(&place)).await.err().unwrap();
    assert!(chain(&error).contains("has no linux/arm64; it has linux/amd64"), "{}", chain(&error));
    let error = workshop.build_on(&image, "linux/amd64", None).await.err().unwrap();
    assert_eq!(chain(&error), "the base image `store:base` was not opened");
}

#[tokio::test]
async fn what_is_reused_has_the_inputs_of_this_time() {
    let mut workshop = workshop();
    workshop.reuse = true;
    let base = workshop.build("files: [{source: bin/amd64/server, path: /base}]\n", "linux/amd64").await.unwrap().built;
    let mut descriptor = base.manifest.descriptor(media_type::MANIFEST);
    descriptor.platform = Some(base.platform.clone());
    let mut inputs = Vec::new();
    for note in ["one", "other"] {
        let mut index = Index::new(vec![descriptor.clone()]);
        index.annotations.insert("note".into(), note.into());
        let index = Exact::write(index).unwrap();
        workshop.store.put(index.bytes()).unwrap();
        let root = Some(index.descriptor(media_type::INDEX));
        let place = Place::Store { store: workshop.store.clone(), root, name: "base".into() };
        let built =
            workshop.build_on(&format!("base: store:base\n{IMAGE}"), "linux/amd64", Some(&place)).await.unwrap().built;
        assert_eq!(built.reused, note == "other");
        assert_eq!(built.resolved_dependencies[0].digest["sha256"], index.digest().hex());
        inputs.push(built.resolved_dependencies);
    }
    assert_eq!(inputs[0][1..], inputs[1][1..]);
}
