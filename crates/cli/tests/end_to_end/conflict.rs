//! Tags that somebody else moves, or keeps from moving.

use crate::common::TestEnvironment;
use crate::world::World;
use consign_testkit::registry::Fault;
use insta::assert_snapshot;

#[test]
fn a_tag_that_another_moved_meanwhile() {
    let world = World::new();
    let environment = &world.environment;
    environment.consign(&["release"]).expect(0);
    environment.write("hello.txt", "Hello again.\n");
    environment.commit("Second.");
    environment.git(&["tag", "v1.2.4"]);
    // Somebody else releases the same version while this run sends its image.
    let tags = world.registry.folder().join("repositories/team/hello/_tags");
    world.registry.hook(move |head| {
        let sends = head.method == "PUT" && head.uri.path().contains("/team/hello/manifests/sha256:");
        if sends && !tags.join("1.2.4").exists() {
            std::fs::copy(tags.join("1.2.3"), tags.join("1.2.4")).unwrap();
        }
        None
    });
    let error = environment.consign(&["release", "--quiet"]).expect(4).error();
    assert_snapshot!(error.replace(&world.registry.host(), "HOST"), @"
    error: HOST/team/hello:1.2.4 was moved by somebody else meanwhile: it names sha256:000000000004… now
    hint: look at what the tag names now, then run the release again
    ");
}

#[test]
fn a_tag_that_the_registry_keeps_where_it_is() {
    let world = World::new();
    world.registry.hook(|head| {
        let moves = head.method == "PUT" && head.uri.path().ends_with("/team/hello/manifests/1.2.3");
        moves.then(|| Fault::status(409))
    });
    let run = world.environment.consign(&["release", "--output", "json", "--quiet"]).expect(4);
    assert_snapshot!(run.error().replace(&world.registry.host(), "HOST"), @"
    error: HOST/team/hello: not published
      caused by: PUT http://HOST/v2/team/hello/manifests/1.2.3: 409
    hint: the registry keeps this tag from being moved
    ");
    let report = run.json();
    assert_eq!(report["error"]["kind"], "conflict");
    assert_eq!(report["images"][0]["signed"], false, "{report}");
    assert_eq!(report["images"][0]["destinations"][0]["tags"][0]["state"], "notMoved");
}

#[test]
fn a_branch_that_goes_back() {
    let environment = TestEnvironment::with_image();
    let release = |text: &str| {
        environment.write("hello.txt", text);
        environment.commit(text);
        environment.consign(&["release", "--quiet"]).expect(0);
        environment.read("registry/repositories/team/hello/_tags/main")
    };
    let older = release("Second.");
    let newer = release("Third.");
    assert_ne!(older, newer);
    let commit = environment.git(&["rev-parse", "--short=7", "HEAD"]);
    environment.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let error = environment.consign(&["release", "--quiet"]).expect(4).error();
    assert_snapshot!(error.replace(&commit, "COMMIT"), @"
    error: localhost:PORT1/mirror/hello:main names COMMIT, which was released later than this: a tag is not moved back
    hint: to take a change back, release a newer commit: `git revert` makes one
    ");
    assert_eq!(environment.read("registry/repositories/team/hello/_tags/main"), newer);
    // A commit that takes the change back is newer.
    release("Second again.");
}
