//! What `verify` tells: for programs in one document, for people each thing once.

use super::World;
use insta::assert_snapshot;
use serde_json::json;

#[test]
fn what_others_would_refuse_is_one_document() {
    let world = World::new(true);
    world.sign("bundle");
    let run = world.verify(&["--output", "json", "--as", "podman"]).expect(12);
    let document = run.json();
    assert_eq!((&document["verified"], &document["error"]["code"]), (&json!(true), &json!(12)), "{document}");
    assert!(document["error"]["message"].as_str().unwrap().starts_with("podman would not accept "), "{document}");
    world.verify(&["--output", "json", "--as", "podman", "--type", "custom"]).expect(13).json();
    let run = world.verify(&["--output", "json", "--as", "cosign"]).expect(0);
    assert!(run.json().get("error").is_none());
}

#[test]
fn the_same_of_several_releases_is_told_once() {
    let world = World::new(true);
    world.sign("bundle");
    for (commit, builder) in [("1", "https://a"), ("2", "https://a"), ("3", "https://b")] {
        let definition = json!({ "externalParameters": { "commit": commit } });
        let predicate = json!({ "buildDefinition": definition, "runDetails": { "builder": { "id": builder } } });
        world.attest("slsaprovenance1", Some("linux/amd64"), &predicate);
    }
    let told = world.verify(&[]).expect(0).stdout;
    for line in ["built by https://a", "built by https://b"] {
        assert_eq!(told.matches(line).count(), 1, "{told}");
    }
}

#[test]
fn what_is_not_there_is_no_image() {
    let world = World::new(true);
    assert_snapshot!(world.run(&["verify", "--key", "cosign.pub", "oci:nowhere:1"]), @"
    status 14
    --- stderr
    error: there is no image in nowhere
    ");
    assert_snapshot!(world.run(&["verify", "--key", "cosign.pub", "oci-archive:nothing.tar"]), @"
    status 14
    --- stderr
    error: there is no image in nothing.tar
    ");
    // Something is there, and no image.
    std::fs::create_dir(world.environment.path("empty")).unwrap();
    let run = world.run(&["verify", "--key", "cosign.pub", "oci:empty"]);
    assert!(run.status != 14 && run.error().contains("is not an OCI layout"), "{run}");
}
