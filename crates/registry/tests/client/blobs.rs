use crate::world::{World, always, answer, push, read};
use consign_oci::{Algorithm, Descriptor, Digest, Hasher};
use consign_registry::{ErrorKind, Pushed, RegistryError};
use std::fs;

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

#[tokio::test]
async fn a_blob_costs_as_few_requests_as_there_are() {
    let world = World::new().await;
    let other = world.registry.repository("other").unwrap();
    let digest = Digest::of(b"hello");
    world.asked();
    assert_eq!(push(&world.client, &world.repository, b"hello", None).await.unwrap(), Pushed::Uploaded);
    let asked = world.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert_eq!(asked[..2], [format!("HEAD blobs/{digest} 404"), "POST blobs/uploads/ 202".to_owned()]);
    assert!(asked[2].starts_with("PUT blobs/uploads/") && asked[2].ends_with(" 201"), "{asked:?}");
    for from in [None, Some(&other)] {
        assert_eq!(push(&world.client, &world.repository, b"hello", from).await.unwrap(), Pushed::Existed);
        assert_eq!(world.asked(), [format!("HEAD blobs/{digest} 200")]);
    }
    assert_eq!(push(&world.client, &other, b"hello", Some(&world.repository)).await.unwrap(), Pushed::Mounted);
    let encoded = digest.to_string().replace(':', "%3A");
    assert_eq!(
        world.asked(),
        [
            format!("HEAD /v2/other/blobs/{digest} 404"),
            format!("POST /v2/other/blobs/uploads/?mount={encoded}&from=team%2Fapp 201"),
        ]
    );
}

#[tokio::test]
async fn a_mount_that_is_refused_is_an_upload_that_began() {
    let world = World::new().await;
    let nowhere = world.registry.repository("nowhere").unwrap();
    assert_eq!(push(&world.client, &world.repository, b"hello", Some(&nowhere)).await.unwrap(), Pushed::Uploaded);
    let methods: Vec<String> = world.asked().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(methods, ["HEAD", "POST", "PUT"]);
    assert_eq!(read(&world, &Descriptor::of("x/y", b"hello")).await.unwrap(), b"hello");
}

#[tokio::test]
async fn odd_answers_about_blobs() {
    for (method, status, headers) in [
        ("HEAD", 403, vec![]),
        ("POST", 400, vec![]),
        ("POST", 201, vec![]),
        ("PUT", 400, vec![]),
        ("PUT", 202, vec![]),
    ] {
        let world = World::new().await;
        always(&world.registry, move |asked, _| asked == method, move || answer(status, &headers, ""));
        let error = push(&world.client, &world.repository, b"hello", None).await.unwrap_err();
        let same = matches!(&error, RegistryError::Answer { status: found, .. } if *found == status);
        assert!(same, "{method} {status}: {error:?}");
    }
    let world = World::new().await;
    always(&world.registry, |method, _| method == "POST", || answer(202, &[], ""));
    let error = push(&world.client, &world.repository, b"hello", None).await.unwrap_err();
    assert!(matches!(error, RegistryError::Protocol { .. }), "{error:?}");
}
