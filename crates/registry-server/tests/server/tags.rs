//! Lists of tags.

use crate::world::World;
use serde_json::{Value, json};

async fn tags(world: &World, query: &str) -> (Value, String) {
    let answer = world.get(&format!("a/tags/list{query}")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{query}");
    assert_eq!(answer.json()["name"], "a");
    (answer.json()["tags"].clone(), answer.header("link").to_owned())
}

#[tokio::test]
async fn sorted_and_in_pages() {
    let world = World::new().await;
    world.get("a/tags/list").await.refused(404, "NAME_UNKNOWN");
    world.push_blob("a", b"x").await;
    assert_eq!(tags(&world, "").await, (json!([]), String::new()));
    for tag in ["c", "latest", "A", "b", "_", "1.10", "1.9"] {
        world.push_image("a", tag, "x").await;
    }
    let all = ["1.10", "1.9", "A", "_", "b", "c", "latest"];
    for (query, expected, link) in [
        ("", &all[..], ""),
        ("?n=100", &all, ""),
        ("?n=99999999999", &all, ""),
        ("?n=7", &all, ""),
        ("?n=2", &all[..2], "</v2/a/tags/list?n=2&last=1.9>; rel=\"next\""),
        ("?n=2&last=1.9", &all[2..4], "</v2/a/tags/list?n=2&last=_>; rel=\"next\""),
        ("?n=2&last=b", &all[5..], ""),
        ("?last=B", &all[3..], ""),
        ("?last=latest", &[], ""),
        ("?n=0", &[], ""),
    ] {
        assert_eq!(tags(&world, query).await, (json!(expected), link.to_owned()), "{query}");
    }
    world.get("a/tags/list?n=-1").await.refused(400, "UNSUPPORTED");
    world.get("a/tags/list?n=x").await.refused(400, "UNSUPPORTED");
    // A tag that is gone still says where to go on.
    assert_eq!(world.status("DELETE", "a/manifests/b").await, 202);
    assert_eq!(tags(&world, "?last=b").await.0, json!(["c", "latest"]));
}

#[tokio::test]
async fn repositories_within_others_are_their_own() {
    let world = World::new().await;
    for repository in ["a", "a/b", "a/tags/list", "a/manifests"] {
        world.push_image(repository, &repository.replace('/', "."), "x").await;
    }
    for repository in ["a", "a/b", "a/tags/list", "a/manifests"] {
        let answer = world.get(&format!("{repository}/tags/list")).await;
        assert_eq!(answer.json()["tags"], json!([repository.replace('/', ".")]));
    }
    assert_eq!(world.status("GET", "a/tags/tags/list").await, 404);
}

#[tokio::test]
async fn a_tag_moves() {
    let world = World::new().await;
    let (one, two) = (world.push_image("a", "1", "x").await, world.push_image("a", "1", "y").await);
    assert_eq!(world.get("a/manifests/1").await.body, two);
    let digest = consign_oci::Digest::of(&one);
    assert_eq!(world.get(&format!("a/manifests/{digest}")).await.body, one);
}
