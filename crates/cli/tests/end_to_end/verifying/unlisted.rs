//! What a registry does not tell says nothing about the image: neither that it is signed nor that it is not.

use super::World;
use consign_testkit::registry::Fault;
use insta::assert_snapshot;
use std::sync::{Arc, Mutex};

/// What goes wrong now: with paths that hold a text, by a method, and the status that is answered.
type Trouble = Arc<Mutex<Option<(&'static str, String, u16)>>>;

fn troubled(world: &World) -> Trouble {
    let trouble = Trouble::default();
    let now = Arc::clone(&trouble);
    world.registry.hook(move |head| {
        let now = now.lock().unwrap();
        let (method, part, status) = now.as_ref()?;
        (head.method == *method && head.uri.path().contains(part)).then(|| Fault::busy(*status))
    });
    trouble
}

/// Returns where the manifest and the bundle lie that the registry lists about an image.
fn attached(world: &World) -> [String; 2] {
    let tree = world.on(&["tree", "--output", "json"]).expect(0).json();
    let children = tree["children"].as_array().unwrap();
    let signature = children.iter().find(|child| child["label"] == "signature").unwrap();
    let digest = signature["digest"].as_str().unwrap().to_owned();
    let name = world.image().replace(":1", &format!("@{digest}"));
    let manifest: serde_json::Value =
        serde_json::from_str(&world.run(&["inspect", "--raw", &name]).expect(0).stdout).unwrap();
    let bundle = manifest["layers"][0]["digest"].as_str().unwrap();
    [format!("/manifests/{digest}"), format!("/blobs/{bundle}")]
}

#[test]
fn whatever_cannot_be_listed_or_fetched_ends_with_a_status_of_its_own() {
    for referrers_api in [true, false] {
        let world = World::new(referrers_api);
        world.sign("both");
        world.verify(&[]).expect(0);
        let trouble = troubled(&world);
        let digests = world.digests();
        let [manifest, bundle] = attached(&world);
        let tag = |position: usize| digests[position].to_string().replace(':', "-");
        let list = |position: usize| match referrers_api {
            true => format!("/referrers/{}", digests[position]),
            false => format!("/manifests/{}", tag(position)),
        };
        let legacy = format!("/manifests/{}.sig", tag(0));
        let root = "/manifests/1".to_owned();
        for part in [root, list(0), list(2), legacy, manifest, bundle, "/tags/list".to_owned()] {
            for status in [429, 500, 403] {
                *trouble.lock().unwrap() = Some(("GET", part.clone(), status));
                let run = world.verify(&[]).expect(14);
                assert_eq!(run.stdout, "", "{part} {status}");
                assert!(!run.stderr.contains("signed by"), "{part} {status}: {run}");
                let said = run.error();
                assert!(said.starts_with("error: cannot "), "{part} {status}: {said}");
                let lists = ["/referrers/", "/manifests/sha256-"].iter().any(|list| part.contains(list));
                assert_eq!(said.contains("whether it is signed is not known"), lists, "{part} {status}: {said}");
                assert!(said.contains(&format!("GET http://{}/v2/team/plain", world.registry.host())), "{said}");
            }
        }
        *trouble.lock().unwrap() = None;
        world.verify(&[]).expect(0);
    }
}

#[test]
fn it_is_said_what_could_not_be_listed_and_why() {
    let world = World::new(true);
    world.sign("bundle");
    let trouble = troubled(&world);
    let index = world.digests()[0].to_string();
    let mut said = String::new();
    for status in [429, 500, 403] {
        *trouble.lock().unwrap() = Some(("GET", format!("/referrers/{index}"), status));
        let error = world.verify(&[]).expect(14).error().replace(world.registry.host().as_str(), "HOST");
        said.push_str(&format!("{error}\n"));
    }
    assert_snapshot!(said, @"
    error: cannot list what is about the index sha256:000000000001…: whether it is signed is not known
      caused by: GET http://HOST/v2/team/plain/referrers/sha256:000000000001…: 429
    hint: the registry asks for fewer requests; try again later

    error: cannot list what is about the index sha256:000000000001…: whether it is signed is not known
      caused by: GET http://HOST/v2/team/plain/referrers/sha256:000000000001…: 500

    error: cannot list what is about the index sha256:000000000001…: whether it is signed is not known
      caused by: GET http://HOST/v2/team/plain/referrers/sha256:000000000001…: 403
    hint: the credentials are known, but they do not allow this
    ");
    let json = world.verify(&["--output", "json"]).expect(14).json();
    assert_eq!(json["error"]["kind"], "unavailable", "{json}");
}

#[test]
fn none_there_and_none_listed_are_told_apart() {
    for referrers_api in [true, false] {
        let world = World::new(referrers_api);
        // Nobody signed it, and the registry says so.
        let run = world.verify(&[]).expect(13);
        assert!(run.stderr.contains("not signed by key "), "{run}");
        let trouble = troubled(&world);
        let part = if referrers_api { "/referrers/" } else { "/manifests/sha256-" };
        *trouble.lock().unwrap() = Some(("GET", part.to_owned(), 429));
        let run = world.verify(&[]).expect(14);
        assert!(!run.stderr.contains("not signed"), "{run}");
    }
}

#[test]
fn a_request_that_is_turned_away_at_first_is_made_again() {
    let world = World::new(true);
    world.sign("bundle");
    for nth in 1..=3 {
        world.registry.fail(nth, |_, path| path.contains("/referrers/"), || Fault::busy(429));
    }
    world.verify(&[]).expect(0);
}
