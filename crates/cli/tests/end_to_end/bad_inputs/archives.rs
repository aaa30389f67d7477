use super::tar_file::{END, ended, entry, files};
use super::{Case, Table};
use crate::common::TestEnvironment;
use consign_oci::Digest;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;

const FROM: &[&str] = &["release", "--quiet", "--jobs", "1", "--from", "oci-archive:bad.tar"];
const VERIFY: &[&str] = &["verify", "--key", "cosign.pub", "--content", "oci-archive:bad.tar"];

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

type Files = Vec<(String, Vec<u8>)>;

/// Writes an archive of other bytes.
fn bytes(change: impl Fn(Vec<u8>) -> Vec<u8> + 'static) -> impl Fn(&TestEnvironment) {
    move |environment| environment.write("bad.tar", change(fs::read(environment.path("good.tar")).unwrap()))
}

/// Adds an entry before the end.
fn with(kind: u8, name: &'static str, link: &'static str) -> impl Fn(&TestEnvironment) {
    bytes(move |good| [&good[..good.len() - END], &entry(kind, name, link, b""), &[0; END]].concat())
}

/// Changes the files.
fn changed(change: impl Fn(&mut Files) + 'static) -> impl Fn(&TestEnvironment) {
    bytes(move |good| {
        let mut files = files(&good);
        change(&mut files);
        ended(&files.iter().map(|(name, bytes)| entry(b'0', name, "", bytes)).collect::<Vec<_>>())
    })
}

fn file<'a>(files: &'a mut Files, name: &str) -> &'a mut Vec<u8> {
    &mut files.iter_mut().find(|(known, _)| known == name).unwrap().1
}

/// Changes the list of images.
fn listed(change: impl Fn(&mut Value) + 'static) -> impl Fn(&TestEnvironment) {
    changed(move |files| {
        let list = file(files, "index.json");
        let mut value = serde_json::from_slice(list).unwrap();
        change(&mut value);
        *list = serde_json::to_vec(&value).unwrap();
    })
}

/// Lists other images than the one that there is.
fn rooted(change: impl Fn(&mut Files, &Value) -> Value + 'static) -> impl Fn(&TestEnvironment) {
    changed(move |files| {
        let mut list: Value = serde_json::from_slice(file(files, "index.json")).unwrap();
        list["manifests"] = change(files, &list["manifests"][0]);
        *file(files, "index.json") = serde_json::to_vec(&list).unwrap();
    })
}

/// Changes the index of platforms, under its new digest.
fn indexed(change: impl Fn(&mut Value) + 'static) -> impl Fn(&TestEnvironment) {
    rooted(move |files, root| {
        let mut index: Value = serde_json::from_slice(file(files, &blob(root))).unwrap();
        change(&mut index);
        json!([add(files, &index, INDEX)])
    })
}

/// Adds a document and returns its descriptor.
fn add(files: &mut Files, document: &Value, media_type: &str) -> Value {
    let bytes = serde_json::to_vec(document).unwrap();
    let digest = Digest::of(&bytes);
    let descriptor = json!({ "mediaType": media_type, "digest": digest.to_string(), "size": bytes.len() });
    files.push((blob(&descriptor), bytes));
    descriptor
}

/// Returns the name of the file that a descriptor names.
fn blob(descriptor: &Value) -> String {
    format!("blobs/{}", descriptor["digest"].as_str().unwrap().replace(':', "/"))
}

/// Does something to the blob of a layer.
fn layer(change: impl Fn(&mut Files, &str) + 'static) -> impl Fn(&TestEnvironment) {
    changed(move |files| {
        let mut document = |name: &str| -> Value { serde_json::from_slice(file(files, name)).unwrap() };
        let index = blob(&document("index.json")["manifests"][0]);
        let manifest = blob(&document(&index)["manifests"][0]);
        let layer = blob(&document(&manifest)["layers"][0]);
        change(files, &layer);
    })
}

fn alter(files: &mut Files, name: &str) {
    *file(files, name).last_mut().unwrap() ^= 1;
}

fn drop_file(files: &mut Files, name: &str) {
    files.retain(|(known, _)| known != name);
}

pub(super) fn cases() -> Vec<Case> {
    let zeros = "blobs/sha256/0000000000000000000000000000000000000000000000000000000000000000";
    let cases = vec![
        Case::new("image archive: not there", |environment| {
            fs::remove_file(environment.path("bad.tar")).unwrap_or_default();
        }),
        Case::new("image archive: nothing", bytes(|_| Vec::new())),
        Case::new("image archive: a text", bytes(|_| b"hello".to_vec())),
        Case::new("image archive: compressed", bytes(|_| b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec())),
        Case::new("image archive: cut off in its first file", bytes(|good| good[..520].to_vec())),
        Case::new("image archive: no end", bytes(|good| good[..good.len() - END].to_vec())),
        Case::new("image archive: a link out", with(b'2', zeros, "/etc/passwd")),
        Case::new("image archive: a hard link", with(b'1', zeros, "index.json")),
        Case::new("image archive: a device", with(b'3', "null", "")),
        Case::new("image archive: a way out", with(b'0', "blobs/sha256/../../../x", "")),
        Case::new("image archive: an absolute path", with(b'0', "/etc/cron.d/x", "")),
        Case::new("image archive: a second list", with(b'0', "index.json", "")),
        Case::new("image archive: without its mark", changed(|files| drop_file(files, "oci-layout"))),
        Case::new("image archive: a list that is none", changed(|files| *file(files, "index.json") = b"{".to_vec())),
        Case::new(
            "image archive: a list of 8 MiB",
            changed(|files| *file(files, "index.json") = vec![b' '; (8 << 20) + 1]),
        ),
        Case::new("image archive: an empty list", listed(|list| list["manifests"] = json!([]))),
        Case::new(
            "image archive: two images, and none is asked for",
            rooted(|files, root| {
                let other = add(files, &json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }), INDEX);
                json!([root, other])
            }),
        ),
        Case::new(
            "image archive: something that is no image",
            listed(|list| list["manifests"][0]["mediaType"] = json!("text/html")),
        ),
        Case::new("image archive: an index without platforms", indexed(|index| index["manifests"] = json!([]))),
        Case::new(
            "image archive: an index in an index",
            rooted(|files, root| {
                let mut inner = root.clone();
                inner["platform"] = json!({ "os": "linux", "architecture": "amd64" });
                json!([add(files, &json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [inner] }), INDEX)])
            }),
        )
        .found_late(),
        Case::new(
            "image archive: a platform under another's name",
            indexed(|index| index["manifests"][1]["platform"]["architecture"] = json!("s390x")),
        )
        .found_late(),
        Case::new(
            "image archive: a platform too few",
            indexed(|index| {
                index["manifests"].as_array_mut().unwrap().pop();
            }),
        )
        .found_late(),
        Case::new("image archive: an altered layer", layer(alter)),
        Case::new("image archive: a layer that is not there", layer(drop_file)),
    ];
    let to_verify = vec![
        Case::new("archive to verify: cut off in its first file", bytes(|good| good[..520].to_vec())),
        Case::new(
            "archive to verify: a list that is none",
            changed(|files| *file(files, "index.json") = b"{".to_vec()),
        ),
        Case::new(
            "archive to verify: an altered index",
            rooted(|files, root| {
                alter(files, &blob(root));
                json!([root])
            }),
        ),
        Case::new(
            "archive to verify: an index that is not there",
            rooted(|files, root| {
                drop_file(files, &blob(root));
                json!([root])
            }),
        ),
        Case::new("archive to verify: not signed", bytes(|good| good)),
    ];
    let from = cases.into_iter().map(|case| case.command(FROM));
    from.chain(to_verify.into_iter().map(|case| case.command(VERIFY))).collect()
}

#[test]
fn archives_of_images() {
    let table = Table::new();
    let environment = table.image();
    let machine = environment.invocation().store("machine");
    machine.run(&["build", "--quiet", "--to", "oci-archive:good.tar"]).expect(0);
    let (said, wrong) = table.run(|| &environment, cases());
    assert_snapshot!(said, @r"
    # image archive: not there
    1 error: cannot open bad.tar
      caused by: No such file or directory (os error 2)

    # image archive: nothing
    1 error: bad.tar is not an OCI layout: it has no file `oci-layout`

    # image archive: a text
    5 error: bad.tar: it is not a tar stream: at byte 0, it ends within a header
    hint: copy the archive again, or make it again where it came from

    # image archive: compressed
    1 error: bad.tar is not an OCI layout: it is compressed; decompress it first (`gunzip`)

    # image archive: cut off in its first file
    5 error: bad.tar: it ends within `oci-layout`
    hint: copy the archive again, or make it again where it came from

    # image archive: no end
    5 error: bad.tar: it ends without a mark of its end, as if the rest of it were missing; the last file in it is `blobs/sha256/000000000001…`
    hint: copy the archive again, or make it again where it came from

    # image archive: a link out
    5 error: bad.tar: `blobs/sha256/000000000001…` is a symbolic link; only files and folders may be in it
    hint: copy the archive again, or make it again where it came from

    # image archive: a hard link
    5 error: bad.tar: `blobs/sha256/000000000001…` is a hard link; only files and folders may be in it
    hint: copy the archive again, or make it again where it came from

    # image archive: a device
    5 error: bad.tar: `null` is a device, a pipe or a socket; only files and folders may be in it
    hint: copy the archive again, or make it again where it came from

    # image archive: a way out
    5 error: bad.tar: `blobs/sha256/../../../x` is not the name of a file inside it: leads out of its folder (`..`)
    hint: copy the archive again, or make it again where it came from

    # image archive: an absolute path
    5 error: bad.tar: `/etc/cron.d/x` is not the name of a file inside it: it is an absolute path
    hint: copy the archive again, or make it again where it came from

    # image archive: a second list
    5 error: bad.tar: `index.json` is in it twice
    hint: copy the archive again, or make it again where it came from

    # image archive: without its mark
    1 error: bad.tar is not an OCI layout: it has no file `oci-layout`

    # image archive: a list that is none
    5 error: bad.tar is not an OCI layout: `index.json`: EOF while parsing an object at line 1 column 1

    # image archive: a list of 8 MiB
    5 error: bad.tar is not an OCI layout: `index.json` has 8388609 bytes, more than the 8388608 allowed here

    # image archive: an empty list
    1 error: bad.tar holds no image of that name

    # image archive: two images, and none is asked for
    1 error: bad.tar holds 2 images; name one: 1.2.3

    # image archive: something that is no image
    1 error: bad.tar holds no image of that name

    # image archive: an index without platforms
    5 error: bad.tar is an index without platforms

    # image archive: an index in an index (something good was stored before)
    5 error: bad.tar has an index where an image for linux/amd64 should be

    # image archive: a platform under another's name (something good was stored before)
    5 error: bad.tar says linux/s390x, but the image's config says linux/arm64

    # image archive: a platform too few (something good was stored before)
    11 error: hello: the gate closed; nothing was written to a registry
      caused by: linux/arm64: planned, but not built

    # image archive: an altered layer
    5 error: bad.tar: the bytes of sha256:000000000001… do not match their digest

    # image archive: a layer that is not there
    1 error: bad.tar has no sha256:000000000001…

    # archive to verify: cut off in its first file
    12 error: bad.tar: it ends within `oci-layout`
    hint: copy the archive again, or make it again where it came from

    # archive to verify: a list that is none
    12 error: bad.tar is not an OCI layout: `index.json`: EOF while parsing an object at line 1 column 1

    # archive to verify: an altered index
    12 error: bad.tar: the bytes of sha256:000000000001… do not match their digest

    # archive to verify: an index that is not there
    12 error: bad.tar has no sha256:000000000001…

    # archive to verify: not signed
    13 error: not signed by key sha256:000000000001…: manifest of the index sha256:000000000002…; manifest of linux/amd64 sha256:000000000003…; manifest of linux/arm64 sha256:000000000004…
    hint: was it signed with another key? `consign tree REF` shows what is attached
    ");
    assert_eq!(wrong, [""; 0]);
}
