//! Where blobs are sent, and what of them.

use crate::world::{BLOB, LARGE, World, always, answer, push, read};
use consign_oci::{Descriptor, Digest};
use consign_registry::{ErrorKind, Pushed, RegistryError};
use consign_testkit::registry::Fault;
use futures::{StreamExt, stream};
use std::io::{self, Cursor};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::io::StreamReader;

#[tokio::test]
async fn every_form_of_location_is_followed() {
    let digest = Digest::of(BLOB).to_string().replace(':', "%3A");
    for (location, expected) in [
        ("/v2/team/app/blobs/uploads/1", "/v2/team/app/blobs/uploads/1?digest="),
        ("/elsewhere?_state=a%2Fb%3D&x=+", "/elsewhere?_state=a%2Fb%3D&x=+&digest="),
        ("http://HOST/absolute?a=1", "/absolute?a=1&digest="),
        ("relative", "/v2/team/app/blobs/uploads/relative?digest="),
        ("?only=query", "/v2/team/app/blobs/uploads/?only=query&digest="),
    ] {
        let world = World::new().await;
        let sent_to = location.replace("HOST", &world.registry.host());
        always(&world.registry, |method, _| method == "POST", move || answer(202, &[("location", &sent_to)], ""));
        always(&world.registry, |method, _| method == "PUT", || answer(201, &[], ""));
        assert_eq!(push(&world.client, &world.repository, BLOB, None).await.unwrap(), Pushed::Uploaded);
        assert_eq!(world.asked().pop().unwrap(), format!("PUT {expected}{digest} 201").replace("/v2/team/app/", ""));
    }
}

#[tokio::test]
async fn locations_that_lead_nowhere_good_are_refused() {
    for location in ["ftp://x/y", "file:///etc/passwd", "http://[", "http://", "javascript:x"] {
        let world = World::new().await;
        always(&world.registry, |method, _| method == "POST", move || answer(202, &[("location", location)], ""));
        let error = push(&world.client, &world.repository, BLOB, None).await.unwrap_err();
        assert!(matches!(error, RegistryError::Protocol { .. }), "{location}: {error:?}");
        assert_eq!(world.registry.writes(), 1, "{location}");
    }
}

#[tokio::test]
async fn a_blob_that_changed_is_not_sent() {
    for bytes in [b"hello", BLOB] {
        let descriptor = Descriptor::of("text/plain", bytes);
        let (rest, longer) = (&bytes[1..], [bytes, b"!"].concat());
        for altered in [[b"j", rest].concat(), rest.to_vec(), longer, Vec::new()] {
            let (world, length) = (World::new().await, altered.len());
            let open = async || Ok(Cursor::new(altered.clone()));
            let error = world.client.push_blob(&world.repository, &descriptor, open, None).await.unwrap_err();
            assert!(
                matches!(&error, RegistryError::Source { digest, source } if *digest == descriptor.digest
                    && source.kind() == io::ErrorKind::InvalidData),
                "{length}: {error:?}"
            );
            assert!(!world.client.blob_exists(&world.repository, &descriptor.digest).await.unwrap());
        }
    }
}

#[tokio::test]
async fn a_large_blob_that_changed_at_its_end_is_not_sent() {
    let world = World::new().await;
    let mut bytes = vec![7; 3 << 20];
    let descriptor = Descriptor::of("x/y", &bytes);
    *bytes.last_mut().unwrap() = 8;
    let bytes: &'static [u8] = bytes.leak();
    let error = world.client.push_blob(&world.repository, &descriptor, async || Ok(bytes), None).await.unwrap_err();
    assert!(matches!(error, RegistryError::Source { .. }), "{error:?}");
    assert!(!world.client.blob_exists(&world.repository, &descriptor.digest).await.unwrap());
}

#[tokio::test]
async fn a_blob_that_cannot_be_opened_is_said() {
    for (bytes, requests) in [(&b"hello"[..], 0), (BLOB, 1)] {
        let world = World::new().await;
        let open = async || Err::<&[u8], _>(io::Error::from(io::ErrorKind::PermissionDenied));
        let pushed = world.client.push_blob(&world.repository, &Descriptor::of("x/y", bytes), open, None).await;
        let error = pushed.unwrap_err();
        let denied = io::ErrorKind::PermissionDenied;
        assert!(matches!(&error, RegistryError::Source { source, .. } if source.kind() == denied), "{error:?}");
        assert_eq!(world.asked().len(), requests);
    }
}

/// Makes the first PUT of an upload go wrong and returns how the blob came to be there, and how often it was opened.
async fn interrupted(bytes: &'static [u8], fault: fn() -> Fault) -> (Pushed, usize, Vec<String>) {
    let world = World::new().await;
    world.registry.fail(1, |method, _| method == "PUT", fault);
    let opened = AtomicUsize::new(0);
    let open = async || {
        opened.fetch_add(1, Ordering::Relaxed);
        Ok(bytes)
    };
    let descriptor = Descriptor::of("x/y", bytes);
    let pushed = world.client.push_blob(&world.repository, &descriptor, open, None).await.unwrap();
    let methods = world.asked().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert!(read(&world, &descriptor).await.unwrap() == bytes);
    (pushed, opened.load(Ordering::Relaxed), methods)
}

#[tokio::test]
async fn an_upload_that_breaks_off_begins_anew() {
    let again = ["POST", "PUT", "POST", "PUT"].map(str::to_owned).to_vec();
    assert_eq!(interrupted(BLOB, || Fault::Drop).await, (Pushed::Uploaded, 2, again.clone()));
    assert_eq!(interrupted(BLOB, || Fault::status(503)).await, (Pushed::Uploaded, 2, again.clone()));
    let forgotten = || Fault::Answer(answer(404, &[], r#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#));
    assert_eq!(interrupted(BLOB, forgotten).await, (Pushed::Uploaded, 2, again));
    // It arrived, but nobody said so.
    for (bytes, asked) in [(BLOB, &["POST", "PUT", "POST"][..]), (LARGE, &["HEAD", "POST", "PUT", "HEAD"])] {
        let asked = asked.iter().map(ToString::to_string).collect();
        assert_eq!(interrupted(bytes, || Fault::DropAfter).await, (Pushed::Uploaded, 1, asked));
    }
}

#[tokio::test]
async fn an_upload_that_always_breaks_off_is_given_up() {
    let world = World::new().await;
    always(&world.registry, |method, _| method == "PUT", || answer(502, &[], ""));
    let error = push(&world.client, &world.repository, BLOB, None).await.unwrap_err();
    assert!(matches!(error, RegistryError::Answer { status: 502, .. }), "{error:?}");
    assert_eq!(world.asked().iter().filter(|line| line.starts_with("PUT")).count(), 4);
}

// The clock of these tests is not the machine's: it moves on to the next deadline as soon as nothing else happens.

#[tokio::test(start_paused = true)]
async fn a_slow_upload_may_take_its_time() {
    let world = World::new().await;
    let descriptor = Descriptor::of("x/y", BLOB);
    let open = async || {
        let slow = async |part: &'static [u8]| {
            tokio::time::sleep(Duration::from_secs(40)).await;
            Ok::<_, io::Error>(part)
        };
        Ok(StreamReader::new(stream::iter(BLOB.chunks(BLOB.len().div_ceil(4))).then(slow)))
    };
    let pushed = world.client.push_blob(&world.repository, &descriptor, open, None).await.unwrap();
    assert_eq!(pushed, Pushed::Uploaded);
    assert_eq!(world.registry.writes(), 2);
    assert!(read(&world, &descriptor).await.unwrap() == BLOB);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_waits_for_its_source_does_not_stand_still() {
    let (world, descriptor) = (World::new().await, Descriptor::of("x/y", BLOB));
    let open = async || {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Ok(BLOB)
    };
    let pushed = world.client.push_blob(&world.repository, &descriptor, open, None).await.unwrap();
    assert_eq!(pushed, Pushed::Uploaded);
    assert_eq!(world.registry.writes(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_stands_still_is_given_up() {
    // It takes the beginning of a blob and never says anything.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = listener.local_addr().unwrap();
    let connections = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            open.push(connection);
        }
    });
    let world = World::new().await;
    let location = format!("http://{silent}/upload");
    always(&world.registry, |method, _| method == "POST", move || answer(202, &[("location", &location)], ""));
    let error = push(&world.client, &world.repository, BLOB, None).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Stalled { url, .. } if url.contains("/upload")), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(world.registry.writes(), 4);
    connections.abort();
}
