//! Lists of the manifests that are about another.

use crate::world::{World, image};
use consign_oci::{Descriptor, Digest, media_type};
use serde_json::{Value, json};

/// Pushes a manifest about `subject` and returns its digest.
async fn about(world: &World, subject: &Descriptor, change: impl FnOnce(&mut Value)) -> Digest {
    world.push_blob("a", b"{}").await;
    world.push_blob("a", b"x").await;
    let mut manifest = image("x");
    manifest["subject"] = serde_json::to_value(subject.plain()).unwrap();
    change(&mut manifest);
    let (text, kind) = (manifest.to_string(), manifest["mediaType"].as_str().unwrap());
    let digest = Digest::of(text.as_bytes());
    let answer = world.put_manifest(&format!("a/manifests/{digest}"), kind, text).await;
    assert_eq!((answer.status, answer.header("oci-subject")), (201, subject.digest.to_string().as_str()), "{answer:?}");
    digest
}

async fn list(world: &World, path: &str) -> Vec<Value> {
    let answer = world.get(path).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, media_type::INDEX));
    let index = answer.json();
    assert_eq!((&index["schemaVersion"], &index["mediaType"]), (&json!(2), &json!(media_type::INDEX)));
    index["manifests"].as_array().unwrap().clone()
}

async fn digests(world: &World, path: &str) -> Vec<Digest> {
    let found = list(world, path).await;
    found.iter().map(|entry| entry["digest"].as_str().unwrap().parse().unwrap()).collect()
}

fn sorted<const N: usize>(mut digests: [Digest; N]) -> Vec<Digest> {
    digests.sort();
    digests.to_vec()
}

#[tokio::test]
async fn the_list_of_the_unknown_is_empty() {
    let world = World::new().await;
    let path = format!("nothing/here/referrers/{}", Digest::of(b"x"));
    assert_eq!(list(&world, &path).await, Vec::<Value>::new());
    world.get("a/referrers/sha256:abc").await.refused(400, "DIGEST_INVALID");
}

#[tokio::test]
async fn entries_say_what_they_are() {
    let world = World::new().await;
    let subject = Descriptor::of(media_type::MANIFEST, b"may come later");
    let path = format!("a/referrers/{}", subject.digest);
    let typed = about(&world, &subject, |manifest| {
        manifest["artifactType"] = json!("application/vnd.example.sbom+json");
        manifest["annotations"] = json!({"key": "value"});
    })
    .await;
    let config = about(&world, &subject, |_| {}).await;
    let index = about(&world, &subject, |manifest| {
        *manifest = json!({
            "schemaVersion": 2, "mediaType": media_type::INDEX, "artifactType": "x/index",
            "manifests": [], "subject": manifest["subject"],
        });
    })
    .await;
    assert_eq!(digests(&world, &path).await, sorted([typed.clone(), config.clone(), index.clone()]));
    for (digest, kind, artifact_type, annotations) in [
        (&typed, media_type::MANIFEST, "application/vnd.example.sbom+json", json!({"key": "value"})),
        (&config, media_type::MANIFEST, media_type::EMPTY, Value::Null),
        (&index, media_type::INDEX, "x/index", Value::Null),
    ] {
        let entries = list(&world, &path).await;
        let entry = entries.iter().find(|entry| entry["digest"] == digest.to_string()).unwrap();
        let length = world.get(&format!("a/manifests/{digest}")).await.body.len();
        assert_eq!((&entry["mediaType"], &entry["artifactType"]), (&json!(kind), &json!(artifact_type)));
        assert_eq!((&entry["size"], &entry["annotations"]), (&json!(length), &annotations));
        for query in [artifact_type.to_owned(), artifact_type.replace('+', "%2B").replace('/', "%2F")] {
            let filtered = world.get(&format!("{path}?artifactType={query}")).await;
            assert_eq!(filtered.header("oci-filters-applied"), "artifactType");
            assert_eq!(filtered.json()["manifests"], json!([entry]), "{query}");
        }
    }
    assert_eq!(list(&world, &format!("{path}?artifactType=x/none")).await, Vec::<Value>::new());
    // Another repository knows nothing of it.
    assert_eq!(list(&world, &path.replacen('a', "b", 1)).await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_list_follows_pushes_and_deletes() {
    let world = World::new().await;
    let subject = Descriptor::of(media_type::MANIFEST, b"x");
    let path = format!("a/referrers/{}", subject.digest);
    let one = about(&world, &subject, |manifest| manifest["artifactType"] = json!("x/one")).await;
    let two = about(&world, &subject, |manifest| manifest["artifactType"] = json!("x/two")).await;
    about(&world, &subject, |manifest| manifest["artifactType"] = json!("x/two")).await;
    about(&world, &Descriptor::of(media_type::MANIFEST, b"y"), |_| {}).await;
    assert_eq!(digests(&world, &path).await, sorted([one.clone(), two.clone()]));
    assert_eq!(world.status("DELETE", &format!("a/manifests/{one}")).await, 202);
    assert_eq!(digests(&world, &path).await, sorted([two.clone()]));
    let again = about(&world, &subject, |manifest| manifest["artifactType"] = json!("x/one")).await;
    assert_eq!(again, one);
    assert_eq!(digests(&world, &path).await, sorted([one, two]));
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let world = World::new().await;
    let subject = Descriptor::of(media_type::MANIFEST, b"x");
    let mut expected = Vec::new();
    for number in 0..5 {
        let change = |manifest: &mut Value| {
            manifest["artifactType"] = json!("x/long +&?");
            manifest["annotations"] = json!({"number": number.to_string(), "long": "v".repeat(600_000)});
        };
        expected.push(about(&world, &subject, change).await);
    }
    about(&world, &subject, |_| {}).await;
    expected.sort();
    let mut next = Some(format!("a/referrers/{}?artifactType=x/long%20%2B%26%3F", subject.digest));
    let (mut found, mut pages) = (Vec::new(), 0);
    while let Some(path) = next {
        let answer = world.get(&path).await;
        assert_eq!(answer.status, 200);
        let page = answer.json()["manifests"].as_array().unwrap().clone();
        found.extend(page.iter().map(|entry| entry["digest"].as_str().unwrap().parse::<Digest>().unwrap()));
        let link = answer.header("link").strip_prefix("</v2/");
        next = link.map(|link| link.strip_suffix(">; rel=\"next\"").unwrap().to_owned());
        pages += 1;
        assert!(pages < 10);
    }
    assert_eq!((found, pages), (expected, 3));
}

#[tokio::test]
async fn the_api_can_be_absent() {
    let world = World::with(|options| options.referrers_api = false).await;
    world.push_blob("a", b"{}").await;
    world.push_blob("a", b"x").await;
    let mut manifest = image("x");
    manifest["subject"] = serde_json::to_value(Descriptor::empty()).unwrap();
    let answer = world.put_manifest("a/manifests/1", media_type::MANIFEST, manifest.to_string()).await;
    assert_eq!((answer.status, answer.header("oci-subject")), (201, ""));
    assert_eq!(world.status("GET", &format!("a/referrers/{}", Digest::of(b"{}"))).await, 404);
}
