//! Manifests about others, on registries that list them and on those that do not.

use crate::world::{World, always, answer, client, image, named};
use consign_oci::{Descriptor, Digest, Document, Exact, Index, Tag, Target, media_type};
use consign_registry::{ErrorKind, Options, RegistryError};
use consign_testkit::registry::Fault;
use futures::future::join_all;
use std::collections::BTreeMap;

fn subject() -> Descriptor {
    Descriptor::of(media_type::MANIFEST, b"the subject")
}

/// Makes a manifest about the subject.
fn about(number: usize) -> Document {
    image("x", |manifest| {
        manifest.subject = Some(subject());
        manifest.artifact_type = Some(format!("x/type{number}"));
        manifest.annotations = BTreeMap::from([("number".to_owned(), number.to_string())]);
    })
}

/// Describes such a manifest as lists of referrers do.
fn listed(number: usize) -> Descriptor {
    let mut descriptor = about(number).descriptor();
    descriptor.artifact_type = Some(format!("x/type{number}"));
    descriptor.annotations = BTreeMap::from([("number".to_owned(), number.to_string())]);
    descriptor
}

fn sorted(mut descriptors: Vec<Descriptor>) -> Vec<Descriptor> {
    descriptors.sort_by(|one, other| one.digest.cmp(&other.digest));
    descriptors
}

fn by_digest(document: &Document) -> Target {
    document.digest().clone().into()
}

/// Makes a registry that has, or lacks, the referrers API, with what the manifests need.
async fn world(referrers_api: bool) -> World {
    let world = World::with(|options| options.referrers_api = referrers_api).await;
    world.push_image(None, "x").await;
    world.asked();
    world
}

async fn put(world: &World, number: usize) -> Result<(), RegistryError> {
    let document = about(number);
    world.client.put_manifest(&world.repository, &by_digest(&document), &document).await
}

async fn list(world: &World) -> Vec<Descriptor> {
    sorted(world.client.referrers(&world.repository, &subject().digest).await.unwrap())
}

#[tokio::test]
async fn both_kinds_of_registry_list_the_same() {
    for referrers_api in [true, false] {
        let world = world(referrers_api).await;
        assert_eq!(list(&world).await, []);
        for number in 0..3 {
            put(&world, number).await.unwrap();
        }
        put(&world, 1).await.unwrap();
        let index = Index { subject: Some(subject()), artifact_type: Some("x/index".to_owned()), ..Index::new(vec![]) };
        let index = Document::Index(Exact::write(index).unwrap());
        world.client.put_manifest(&world.repository, &by_digest(&index), &index).await.unwrap();
        let untyped = image("x", |manifest| manifest.subject = Some(subject()));
        world.client.put_manifest(&world.repository, &by_digest(&untyped), &untyped).await.unwrap();
        let typed = |document: &Document, kind: &str| Descriptor {
            artifact_type: Some(kind.to_owned()),
            ..document.descriptor()
        };
        let mut expected: Vec<Descriptor> = (0..3).map(listed).collect();
        expected.extend([typed(&index, "x/index"), typed(&untyped, media_type::EMPTY)]);
        assert_eq!(list(&world).await, sorted(expected), "{referrers_api}");
        // Another client, which knows nothing of the registry yet.
        let fresh = client(Options::default());
        let found = fresh.referrers(&world.repository, &subject().digest).await.unwrap();
        assert_eq!(sorted(found), list(&world).await);
        let tag = Tag::of_referrers(&subject().digest);
        assert_eq!(world.client.tags(&world.repository).await.unwrap().contains(&tag), !referrers_api);
    }
}

#[tokio::test]
async fn few_requests() {
    let world = world(true).await;
    put(&world, 1).await.unwrap();
    assert_eq!(world.asked().len(), 1);
    list(&world).await;
    assert_eq!(world.asked().len(), 1);
    // Without the API: write, read the list, see that nobody changed it, write it, see that it is there.
    let world = self::world(false).await;
    put(&world, 1).await.unwrap();
    let methods: Vec<String> = world.asked().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(methods, ["PUT", "GET", "HEAD", "PUT", "GET"]);
    // That the API is not there is asked once.
    for requests in [2, 1] {
        list(&world).await;
        assert_eq!(world.asked().len(), requests);
    }
}

#[tokio::test]
async fn writers_of_one_process_do_not_undo_each_other() {
    let world = world(false).await;
    join_all((0..12).map(|number| put(&world, number))).await.into_iter().for_each(Result::unwrap);
    assert_eq!(list(&world).await, sorted((0..12).map(listed).collect()));
}

#[tokio::test]
async fn an_entry_that_another_process_undid_is_written_again() {
    let world = world(false).await;
    put(&world, 0).await.unwrap();
    // The second writer's list lands just before ours, and ours is lost: as if another had replaced it.
    let tag = format!("manifests/{}", Tag::of_referrers(&subject().digest));
    let path = format!("/v2/team/app/{tag}");
    for _ in 0..2 {
        let path = path.clone();
        world.registry.fail(1, move |method, asked| method == "PUT" && asked == path, || Fault::status(201));
    }
    put(&world, 1).await.unwrap();
    assert_eq!(list(&world).await, sorted(vec![listed(0), listed(1)]));
    // Where it is lost each time, that is said.
    always(&world.registry, move |method, asked| method == "PUT" && asked == path, || answer(201, &[], ""));
    world.asked();
    let error = put(&world, 2).await.unwrap_err();
    assert!(
        matches!(&error, RegistryError::Protocol { url, .. } if url.ends_with(&tag["manifests/".len()..])),
        "{error:?}"
    );
    assert_eq!(world.asked().iter().filter(|line| line.starts_with(&format!("PUT {tag}"))).count(), 40);
}

#[tokio::test]
async fn long_lists_are_read_to_the_end() {
    let world = world(true).await;
    let mut expected = Vec::new();
    for number in 0..4 {
        let long = BTreeMap::from([("long".to_owned(), "v".repeat(600_000 + number))]);
        let document = image("x", |manifest| {
            manifest.subject = Some(subject());
            manifest.annotations.clone_from(&long);
        });
        world.client.put_manifest(&world.repository, &by_digest(&document), &document).await.unwrap();
        expected.push(document.digest().clone());
    }
    world.asked();
    let found: Vec<Digest> = list(&world).await.into_iter().map(|descriptor| descriptor.digest).collect();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(world.asked().len(), 2);
}

#[tokio::test]
async fn a_failure_is_no_empty_list() {
    for (status, kind) in [(401, ErrorKind::Unauthorized), (403, ErrorKind::Denied), (418, ErrorKind::Other)] {
        let world = world(true).await;
        put(&world, 1).await.unwrap();
        always(&world.registry, |_, path| path.contains("/referrers/"), move || answer(status, &[], ""));
        let error = world.client.referrers(&world.repository, &subject().digest).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
    }
    // Nor is a failure of the tag that stands in for the list.
    let world = world(false).await;
    put(&world, 1).await.unwrap();
    always(
        &world.registry,
        |method, path| method == "GET" && path.contains("/manifests/sha256-"),
        || answer(403, &[], ""),
    );
    let error = world.client.referrers(&world.repository, &subject().digest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(put(&world, 2).await.is_err());
}

#[tokio::test]
async fn what_answers_for_a_missing_api() {
    let elsewhere = World::new().await;
    let page = format!("http://{}/-/v2/packages", elsewhere.registry.host());
    for (status, headers, body) in [
        (404, vec![("content-type", "text/plain")], "404 page not found"),
        (303, vec![("location", page.as_str())], ""),
        (200, vec![("content-type", "text/html")], "<html>"),
        (405, vec![], ""),
        (400, vec![], ""),
        (501, vec![], ""),
    ] {
        let world = world(false).await;
        put(&world, 1).await.unwrap();
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        always(
            &world.registry,
            |_, path| path.contains("/referrers/"),
            move || {
                let headers: Vec<(&str, &str)> =
                    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                answer(status, &headers, body)
            },
        );
        assert_eq!(list(&world).await, [listed(1)], "{status}");
    }
    assert_eq!(elsewhere.registry.requests(), 0);
}

#[tokio::test]
async fn an_unknown_repository_says_nothing_about_the_api() {
    let world = world(true).await;
    put(&world, 1).await.unwrap();
    let body = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}"#;
    always(&world.registry, |_, path| path.starts_with("/v2/empty/referrers/"), move || answer(404, &[], body));
    let empty = world.registry.repository("empty").unwrap();
    assert_eq!(world.client.referrers(&empty, &subject().digest).await.unwrap(), []);
    assert_eq!(list(&world).await, [listed(1)]);
}

#[tokio::test]
async fn hostile_lists_are_refused() {
    let index = [("content-type", media_type::INDEX)];
    for body in ["", "[]", r#"{"schemaVersion":2}"#, r#"{"schemaVersion":2,"manifests":[{"digest":"x"}]}"#] {
        let world = world(true).await;
        always(&world.registry, |_, path| path.contains("/referrers/"), move || answer(200, &index, body));
        let error = world.client.referrers(&world.repository, &subject().digest).await.unwrap_err();
        assert!(matches!(error, RegistryError::Protocol { .. }), "{body}: {error:?}");
    }
    let circle = [index[0], ("link", "<?>; rel=\"next\"")];
    let world = world(true).await;
    let body = r#"{"schemaVersion":2,"manifests":[]}"#;
    always(&world.registry, |_, path| path.contains("/referrers/"), move || answer(200, &circle, body));
    let error = world.client.referrers(&world.repository, &subject().digest).await.unwrap_err();
    assert!(matches!(error, RegistryError::Protocol { .. }), "{error:?}");
    assert_eq!(world.registry.requests(), 2);
}

/// Whoever asks is told that it is not known what is about the subject, and never that it is nothing.
#[tokio::test]
async fn half_a_list_is_none() {
    let (index, list) = (("content-type", media_type::INDEX), r#"{"schemaVersion":2,"manifests":[]}"#);
    for (status, headers, body) in [
        (404, vec![], ""),
        (400, vec![], ""),
        (501, vec![], ""),
        (302, vec![("location", "http://127.0.0.1:1/elsewhere")], ""),
        (200, vec![("content-type", "text/html")], "<html>"),
    ] {
        let world = world(true).await;
        put(&world, 1).await.unwrap();
        let next = [index, ("link", "<?page=2>; rel=\"next\"")];
        world.registry.fail(1, |_, path| path.contains("/referrers/"), move || Fault::Answer(answer(200, &next, list)));
        always(&world.registry, |_, path| path.contains("/referrers/"), move || answer(status, &headers, body));
        let listed = world.client.referrers(&world.repository, &subject().digest).await;
        assert!(listed.is_err(), "{status}: {listed:?}");
    }
}

#[tokio::test]
async fn a_list_may_be_elsewhere_on_the_registry_and_under_another_name() {
    for (location, expected) in [("/v2/moved", 1), ("/circle", 0)] {
        let world = world(true).await;
        let bytes = serde_json::to_vec(&Index::new(vec![listed(1)])).unwrap();
        always(
            &world.registry,
            |_, path| path.contains("/referrers/") || path == "/circle",
            move || answer(302, &[("location", location)], ""),
        );
        let json = [("content-type", "application/json; charset=utf-8")];
        always(&world.registry, |_, path| path == "/v2/moved", move || answer(200, &json, bytes.clone()));
        let found = world.client.referrers(&world.repository, &subject().digest).await;
        assert_eq!(found.as_ref().map_or(0, Vec::len), expected, "{found:?}");
        assert_eq!(found.is_ok(), expected > 0);
    }
    for body in ["{}", r#"{"a":1}"#, r#"{"errors":[]}"#] {
        let world = world(true).await;
        let json = [("content-type", "application/json")];
        always(&world.registry, |_, path| path.contains("/referrers/"), move || answer(200, &json, body));
        let error = world.client.referrers(&world.repository, &subject().digest).await.unwrap_err();
        assert!(matches!(error, RegistryError::Protocol { .. }), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn a_list_that_is_itself_about_something_leads_no_further() {
    let world = world(false).await;
    let list_tag = named(Tag::of_referrers(&subject().digest).as_str());
    let hostile = Index { subject: Some(subject()), ..Index::new(vec![]) };
    let hostile = Document::Index(Exact::write(hostile).unwrap());
    always(
        &world.registry,
        |method, path| method == "GET" && path.contains("/manifests/sha256-"),
        move || answer(200, &[("content-type", media_type::INDEX)], hostile.bytes().to_vec()),
    );
    world.asked();
    assert!(put(&world, 1).await.is_err());
    assert_eq!(world.asked().len(), 1 + 2 * 200 + 1, "{list_tag}");
}

#[tokio::test]
async fn an_image_under_the_tag_of_a_list_stays() {
    let world = world(false).await;
    let tag = Tag::of_referrers(&subject().digest);
    let image = world.push_image(Some(tag.as_str()), "x").await;
    for error in [
        world.client.referrers(&world.repository, &subject().digest).await.unwrap_err(),
        put(&world, 1).await.unwrap_err(),
    ] {
        assert!(matches!(error, RegistryError::Protocol { .. }), "{error:?}");
    }
    assert_eq!(world.client.manifest(&world.repository, &tag.into()).await.unwrap(), Some(image));
}
