use crate::world::{BLOB, LARGE, World, always, answer, push, read};
use consign_oci::{Algorithm, Descriptor, Digest, Hasher, Repository};
use consign_registry::{ErrorKind, Pushed, RegistryError};
use consign_testkit::registry::Fault;
use std::fs;

/// The largest blob that is sent with the request that asks to send it.
pub(crate) const SMALL: &[u8] = &[b's'; 64 << 10];

pub(crate) const HAS: &str = "HEAD blobs/DIGEST 200";
pub(crate) const HAS_NOT: &str = "HEAD blobs/DIGEST 404";
pub(crate) const WHOLE: &str = "POST blobs/uploads/?digest=DIGEST 201";
const WHOLE_BEGUN: &str = "POST blobs/uploads/?digest=DIGEST 202";
pub(crate) const MOUNTED: &str = "POST blobs/uploads/?mount=DIGEST&from=team%2Fapp 201";
pub(crate) const BEGUN: &str = "POST blobs/uploads/?mount=DIGEST&from=team%2Fapp 202";
pub(crate) const SENT: &str = "PUT blobs/uploads/UPLOAD?digest=DIGEST 201";

#[tokio::test]
async fn blobs_come_back() {
    let world = World::new().await;
    for bytes in [&b"hello"[..], b"", b"{}"] {
        let descriptor = world.push(bytes).await;
        assert!(world.client.blob_exists(&world.repository, &descriptor.digest).await.unwrap());
        assert_eq!(read(&world, &descriptor).await.unwrap(), bytes);
    }
    let absent = Descriptor::of("x/y", b"absent");
    assert!(!world.client.blob_exists(&world.repository, &absent.digest).await.unwrap());
    let error = world.client.blob(&world.repository, &absent).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn large_and_sha512_blobs() {
    let world = World::new().await;
    let bytes: Vec<u8> = (0..2_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let bytes: &'static [u8] = bytes.leak();
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(bytes);
    for digest in [Digest::of(bytes), hasher.finish()] {
        let descriptor = Descriptor::new("x/y", digest, bytes.len() as u64);
        let pushed = world.client.push_blob(&world.repository, &descriptor, async || Ok(bytes), None).await.unwrap();
        assert_eq!(pushed, Pushed::Uploaded);
        assert!(read(&world, &descriptor).await.unwrap() == bytes);
    }
}

#[tokio::test]
async fn altered_blobs_are_refused_while_they_are_read() {
    let world = World::new().await;
    let descriptor = world.push(b"hello").await;
    for altered in ["jello", "hell", "hello!", ""] {
        fs::write(world.folder(&descriptor.digest), altered).unwrap();
        let error = read(&world, &descriptor).await.unwrap_err();
        assert!(error.to_string().contains(&descriptor.digest.to_string()), "{altered}: {error}");
    }
    // The descriptor counts, whatever the registry has.
    fs::write(world.folder(&descriptor.digest), "hello").unwrap();
    for size in [0, 4, 6] {
        assert!(read(&world, &Descriptor { size, ..descriptor.clone() }).await.is_err(), "{size}");
    }
    assert_eq!(read(&world, &descriptor).await.unwrap(), b"hello");
}

/// Brings a blob to the repository, and returns how it came there and what was asked, without what differs from run to run.
pub(crate) async fn brought(world: &World, bytes: &'static [u8], from: Option<&Repository>) -> (Pushed, Vec<String>) {
    world.asked();
    let pushed = push(&world.client, &world.repository, bytes, from).await.unwrap();
    let descriptor = Descriptor::of("x/y", bytes);
    let digest = descriptor.digest.to_string();
    let short = |line: &String| {
        let line = line.replace(&digest, "DIGEST").replace(&digest.replace(':', "%3A"), "DIGEST");
        match line.strip_prefix("PUT blobs/uploads/").and_then(|rest| rest.split_once('?')) {
            Some((_, rest)) => format!("PUT blobs/uploads/UPLOAD?{rest}"),
            None => line,
        }
    };
    let asked = world.asked().iter().map(short).collect();
    assert!(read(world, &descriptor).await.unwrap() == bytes);
    (pushed, asked)
}

/// Returns what is expected of [`brought`].
pub(crate) fn by(pushed: Pushed, asked: &[&str]) -> (Pushed, Vec<String>) {
    (pushed, asked.iter().map(ToString::to_string).collect())
}

/// Whether a request sends a blob as it asks to send it.
fn sends_whole(method: &str, path: &str) -> bool {
    method == "POST" && path.contains("/blobs/uploads/?digest=")
}

#[tokio::test]
async fn a_blob_costs_as_few_requests_as_there_are() {
    for (bytes, absent, there, found) in [
        (&b""[..], &[WHOLE][..], WHOLE, Pushed::Uploaded),
        (SMALL, &[WHOLE], WHOLE, Pushed::Uploaded),
        (BLOB, &[BEGUN, SENT], MOUNTED, Pushed::Existed),
        (&LARGE[1..], &[BEGUN, SENT], MOUNTED, Pushed::Existed),
        (LARGE, &[HAS_NOT, BEGUN, SENT], HAS, Pushed::Existed),
    ] {
        let world = World::new().await;
        assert_eq!(brought(&world, bytes, None).await, by(Pushed::Uploaded, absent));
        assert_eq!(brought(&world, bytes, None).await, by(found, &[there]));
    }
}

/// Begins an upload that nobody ends, and returns where it is.
async fn begun(world: &World) -> String {
    world.registry.fail(1, |method, _| method == "PUT", || Fault::status(400));
    push(&world.client, &world.repository, BLOB, None).await.unwrap_err();
    let asked = world.registry.lines().pop().unwrap();
    asked.split([' ', '?']).nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn a_registry_that_begins_an_upload_instead_is_not_sent_whole_blobs_again() {
    let world = World::new().await;
    let upload = begun(&world).await;
    always(&world.registry, sends_whole, move || answer(202, &[("location", &upload)], ""));
    assert_eq!(brought(&world, b"hello", None).await, by(Pushed::Uploaded, &[WHOLE_BEGUN, SENT]));
    assert_eq!(brought(&world, b"again", None).await, by(Pushed::Uploaded, &[BEGUN, SENT]));
    assert_eq!(brought(&world, b"again", None).await, by(Pushed::Existed, &[MOUNTED]));
}

#[tokio::test]
async fn a_registry_that_refuses_a_whole_blob_is_not_sent_another() {
    for status in [400, 405, 415] {
        let world = World::new().await;
        always(&world.registry, sends_whole, move || answer(status, &[], ""));
        let refused = format!("POST blobs/uploads/?digest=DIGEST {status}");
        assert_eq!(brought(&world, b"hello", None).await, by(Pushed::Uploaded, &[&refused, BEGUN, SENT]));
        assert_eq!(brought(&world, b"again", None).await, by(Pushed::Uploaded, &[BEGUN, SENT]));
        // Another registry did not say so.
        let elsewhere = World { client: world.client.clone(), ..World::new().await };
        assert_eq!(brought(&elsewhere, b"hello", None).await, by(Pushed::Uploaded, &[WHOLE]));
    }
}

#[tokio::test]
async fn a_whole_blob_that_breaks_off_is_sent_again() {
    for (fault, first) in
        [((|| Fault::Drop) as fn() -> Fault, "POST blobs/uploads/?digest=DIGEST 0"), (|| Fault::DropAfter, WHOLE)]
    {
        let world = World::new().await;
        world.registry.fail(1, sends_whole, fault);
        assert_eq!(brought(&world, b"hello", None).await, by(Pushed::Uploaded, &[first, WHOLE]));
    }
}

#[tokio::test]
async fn odd_answers_about_blobs() {
    for (bytes, method, status) in [
        (LARGE, "HEAD", 403),
        (b"hello", "POST", 200),
        (b"hello", "POST", 400),
        (b"hello", "POST", 403),
        (BLOB, "POST", 200),
        (BLOB, "POST", 400),
        (BLOB, "PUT", 400),
        (BLOB, "PUT", 202),
    ] {
        let world = World::new().await;
        always(&world.registry, move |asked, _| asked == method, move || answer(status, &[], ""));
        let error = push(&world.client, &world.repository, bytes, None).await.unwrap_err();
        let same = matches!(&error, RegistryError::Answer { status: found, .. } if *found == status);
        assert!(same, "{method} {status}: {error:?}");
    }
    for bytes in [b"hello", BLOB] {
        let world = World::new().await;
        always(&world.registry, |method, _| method == "POST", || answer(202, &[], ""));
        let error = push(&world.client, &world.repository, bytes, None).await.unwrap_err();
        assert!(matches!(error, RegistryError::Protocol { .. }), "{error:?}");
    }
}
