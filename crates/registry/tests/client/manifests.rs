use crate::world::{World, always, answer, image, manifest_type, named};
use consign_oci::{Digest, Document, Exact, Index, Target, media_type};
use consign_registry::{ErrorKind, RegistryError};
use std::fs;

#[tokio::test]
async fn manifests_come_back() {
    let world = World::new().await;
    let (client, repository) = (&world.client, &world.repository);
    let document = world.push_image(Some("1.0"), "x").await;
    let index = Document::Index(Exact::write(Index::new(vec![document.descriptor()])).unwrap());
    client.put_manifest(repository, &named("index"), &index).await.unwrap();
    for (target, expected) in [
        (named("1.0"), &document),
        (document.digest().clone().into(), &document),
        (named("index"), &index),
        (index.digest().clone().into(), &index),
    ] {
        world.asked();
        let descriptor = client.manifest_descriptor(repository, &target).await.unwrap();
        assert_eq!(descriptor, Some(expected.descriptor()));
        assert_eq!(world.asked(), [format!("HEAD manifests/{target} 200")]);
        assert_eq!(client.manifest(repository, &target).await.unwrap().as_ref(), Some(expected));
        assert_eq!(world.asked(), [format!("GET manifests/{target} 200")]);
    }
    for target in [named("absent"), Digest::of(b"absent").into()] {
        assert_eq!(client.manifest_descriptor(repository, &target).await.unwrap(), None);
        assert_eq!(client.manifest(repository, &target).await.unwrap(), None);
    }
}

#[tokio::test]
async fn every_type_is_asked_for() {
    let world = World::new().await;
    let document = world.push_image(Some("1"), "x").await;
    // As distribution 2 does: there is nothing where the type is not asked for.
    world.registry.hook(|head| {
        let accept = head.headers.get("accept").map_or("", |value| value.to_str().unwrap());
        let reading = matches!(head.method.as_str(), "GET" | "HEAD");
        let all = media_type::MANIFESTS.iter().all(|kind| accept.contains(kind));
        (reading && !all).then(|| consign_testkit::registry::Fault::status(404))
    });
    assert!(world.client.manifest_descriptor(&world.repository, &named("1")).await.unwrap().is_some());
    assert_eq!(world.client.manifest(&world.repository, &named("1")).await.unwrap(), Some(document));
}

#[tokio::test]
async fn a_head_that_tells_too_little_is_followed_by_a_get() {
    let digest = Digest::of(b"other").to_string();
    for headers in [
        vec![manifest_type(), ("content-length", "5")],
        vec![manifest_type(), ("content-length", "5"), ("docker-content-digest", "md5:abc")],
        vec![("content-length", "5"), ("docker-content-digest", digest.as_str())],
        vec![("content-type", "text/html"), ("content-length", "5"), ("docker-content-digest", digest.as_str())],
    ] {
        let world = World::new().await;
        let document = world.push_image(Some("1"), "x").await;
        let owned: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        always(
            &world.registry,
            |method, _| method == "HEAD",
            move || {
                let headers: Vec<(&str, &str)> =
                    owned.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                answer(200, &headers, "")
            },
        );
        world.asked();
        let descriptor = world.client.manifest_descriptor(&world.repository, &named("1")).await.unwrap();
        assert_eq!(descriptor, Some(document.descriptor()), "{headers:?}");
        assert_eq!(world.asked(), ["HEAD manifests/1 200", "GET manifests/1 200"]);
    }
}

#[tokio::test]
async fn other_bytes_than_asked_for_are_refused() {
    let world = World::new().await;
    let (client, repository) = (&world.client, &world.repository);
    let document = world.push_image(Some("1"), "x").await;
    let by_digest: Target = document.digest().clone().into();
    let other = image("y", |_| {});
    fs::write(world.folder(document.digest()), other.bytes()).unwrap();
    for target in [&by_digest, &named("1")] {
        let error = client.manifest(repository, target).await.unwrap_err();
        assert!(matches!(&error, RegistryError::Mismatch { digest, .. } if digest == document.digest()), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Mismatch);
    }
    let (other_digest, length) = (other.digest().to_string(), other.bytes().len().to_string());
    always(
        &world.registry,
        |method, _| method == "HEAD",
        move || {
            answer(200, &[manifest_type(), ("content-length", &length), ("docker-content-digest", &other_digest)], "")
        },
    );
    let error = client.manifest_descriptor(repository, &by_digest).await.unwrap_err();
    assert!(matches!(error, RegistryError::Mismatch { .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_no_manifest_is_refused() {
    let image = image("x", |_| {});
    let text = String::from_utf8(image.bytes().to_vec()).unwrap();
    for (kind, body) in [
        (media_type::MANIFEST, String::new()),
        (media_type::MANIFEST, "<html>".to_owned()),
        (media_type::MANIFEST, "[".repeat(100_000)),
        (media_type::MANIFEST, text.replace("sha256:", "sha256:../")),
        (media_type::INDEX, text.clone()),
        ("text/plain", "<html>".to_owned()),
        ("text/plain", r#"{"mediaType":"text/plain"}"#.to_owned()),
    ] {
        let world = World::new().await;
        let body_text = body.clone();
        always(&world.registry, |_, _| true, move || answer(200, &[("content-type", kind)], body_text.clone()));
        let error = world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
        assert!(matches!(error, RegistryError::Document { .. }), "{kind} {body}: {error:?}");
    }
    // What states its own type need not be served as it.
    let world = World::new().await;
    always(&world.registry, |_, _| true, move || answer(200, &[("content-type", "text/plain")], text.clone()));
    assert_eq!(world.client.manifest(&world.repository, &named("1")).await.unwrap(), Some(image));
}

#[tokio::test]
async fn an_endless_manifest_is_not_read_to_its_end() {
    let world = World::new().await;
    always(&world.registry, |_, _| true, || answer(200, &[manifest_type()], vec![b' '; (8 << 20) + 1]));
    let error = world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
    assert!(matches!(error, RegistryError::TooLarge { limit, .. } if limit == 8 << 20), "{error:?}");
}

#[tokio::test]
async fn a_refusal_keeps_the_registrys_words() {
    let world = World::new().await;
    let error = world.client.put_manifest(&world.repository, &named("1"), &image("x", |_| {})).await.unwrap_err();
    let RegistryError::Answer { method, url, status, code, message, .. } = &error else { panic!("{error:?}") };
    assert_eq!((method.as_str(), *status, code.as_deref()), ("PUT", 400, Some("MANIFEST_BLOB_UNKNOWN")));
    assert_eq!(url, &format!("http://{}/v2/team/app/manifests/1", world.registry.host()));
    assert_eq!(message.as_deref(), Some("the repository does not have what the manifest names"));
    assert_eq!(error.to_string(), format!("PUT {url}: 400 MANIFEST_BLOB_UNKNOWN: {}", message.as_deref().unwrap()));
}

#[tokio::test]
async fn refusals_have_a_kind() {
    for (status, body, kind, text) in [
        (401, "", ErrorKind::Unauthorized, ": 401"),
        (
            403,
            r#"{"errors":[{"code":"DENIED","message":"no \u001b[31m"}]}"#,
            ErrorKind::Denied,
            ": 403 DENIED: no  [31m",
        ),
        (404, r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#, ErrorKind::NotFound, ": 404 NAME_UNKNOWN"),
        (409, "{}", ErrorKind::Immutable, ": 409"),
        (400, r#"{"errors":[{"code":"TAG_IMMUTABLE","message":""}]}"#, ErrorKind::Immutable, ": 400 TAG_IMMUTABLE"),
        (418, r#"{"errors":[]}"#, ErrorKind::Other, ": 418"),
        (400, "<html>", ErrorKind::Other, ": 400"),
        (400, r#"{"errors":[{"message":"words"}]}"#, ErrorKind::Other, ": 400: words"),
    ] {
        let world = World::new().await;
        always(&world.registry, |_, _| true, move || answer(status, &[], body));
        let error = world.client.put_manifest(&world.repository, &named("1"), &image("x", |_| {})).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}");
        assert!(error.to_string().ends_with(text), "{error}");
        assert_eq!(world.registry.requests(), 1);
    }
    // Nobody reads an error without end.
    let world = World::new().await;
    always(&world.registry, |_, _| true, || answer(403, &[], vec![b' '; 1 << 20]));
    let error = world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn localhost_needs_no_resolver() {
    let world = World::new().await;
    let document = world.push_image(Some("1"), "x").await;
    let port = world.registry.host().split_once(':').unwrap().1.to_owned();
    let repository = format!("localhost:{port}/team/app").parse().unwrap();
    assert_eq!(world.client.manifest(&repository, &named("1")).await.unwrap(), Some(document));
}
