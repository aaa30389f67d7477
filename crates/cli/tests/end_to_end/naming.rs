//! `digest`, `tags`, `tag` and `delete`.

use crate::common::{Destination, TestEnvironment};
use insta::assert_snapshot;

#[test]
fn names_are_read_given_and_taken() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["build", "hello", "--to", "oci:layout:1"]).expect(0);
    let registry = Destination::start();
    let name = |rest: &str| format!("{}/team/app{rest}", registry.host());
    environment.consign(&["copy", "oci:layout:1", &name(":1")]).expect(0);
    let digest = environment.consign(&["digest", &name(":1")]).expect(0).stdout.trim().to_owned();
    assert_eq!(environment.consign(&["digest", "oci:layout"]).expect(0).stdout.trim(), digest);

    registry.forget();
    assert_eq!(environment.consign(&["tag", &name(":1"), "stable"]).expect(0).stdout.trim(), digest);
    assert_eq!((registry.requests(), registry.writes()), (3, 1));
    environment.consign(&["tag", &name(":1"), "stable"]).expect(0);
    assert_eq!(registry.writes(), 1);
    environment.consign(&["tag", "oci:layout:1", "other"]).expect(0);
    assert_eq!(environment.consign(&["tags", &name("")]).expect(0).stdout, "1\nstable\n");
    assert_eq!(environment.consign(&["tags", "oci:layout"]).expect(0).stdout, "1\nother\n");

    environment.consign(&["delete", &name(":stable")]).expect(0);
    assert_eq!(environment.consign(&["tags", &name("")]).expect(0).stdout, "1\n");
    assert_eq!(environment.consign(&["digest", &name(":1")]).expect(0).stdout.trim(), digest);
    environment.consign(&["delete", &name(&format!("@{digest}"))]).expect(0);
    assert_eq!(environment.consign(&["tags", &name("")]).expect(0).stdout, "\n");
    environment.consign(&["delete", &name(":1")]).expect(1);
    environment.consign(&["digest", &name(":1")]).expect(1);
}

#[test]
fn a_blob_is_deleted_and_sent_again() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["build", "hello", "--to", "oci:layout:1"]).expect(0);
    let registry = Destination::start();
    let name = |rest: &str| format!("{}/team/app{rest}", registry.host());
    let copy = ["copy", "oci:layout:1", &name(":1")];
    environment.consign(&copy).expect(0);
    let raw = environment.consign(&["inspect", "--raw", "--platform", "linux/amd64", &name(":1")]).expect(0).json();
    let blob = name(&format!("@{}", raw["layers"][0]["digest"].as_str().unwrap()));
    let tagged = format!("{}:1@{}", name(""), blob.split_once('@').unwrap().1);
    for wrong in [&name(":1"), &tagged] {
        let refused = environment.consign(&["delete", "--blob", wrong]).expect(2).error();
        assert!(refused.contains("names no blob") && refused.contains("hint: write `REPOSITORY@DIGEST`"), "{refused}");
    }
    environment.consign(&["delete", "--blob", &blob]).expect(0);
    environment.consign(&["download", "blob", &blob]).expect(1);
    let absent = environment.consign(&["delete", "--blob", &blob]).expect(1).error();
    assert!(absent.contains("there is no blob"), "{absent}");
    // What is known of the repository from earlier runs does not stand in the way of who sends it again.
    environment.consign(&["delete", &name(":1")]).expect(0);
    environment.consign(&copy).expect(0);
    environment.consign(&["download", "blob", &blob, "-o", "blob"]).expect(0);
}

#[test]
fn what_names_nothing_is_said() {
    let environment = TestEnvironment::new();
    assert_snapshot!(environment.consign(&["delete", "localhost:1/team/app"]), @"
    status 2
    --- stderr
    error: `localhost:1/team/app` names a repository, not an image
    hint: add a tag, or a digest
    ");
    assert_snapshot!(environment.consign(&["delete", "oci:layout:1"]), @"
    status 2
    --- stderr
    error: `oci:layout:1` is on no registry
    hint: what lies in files is deleted as files are
    ");
    assert_snapshot!(environment.consign(&["tags", "localhost:1/team/app:1"]), @"
    status 2
    --- stderr
    error: `localhost:1/team/app:1` names one image, not a place of several
    hint: leave the tag or digest out
    ");
    assert_snapshot!(environment.consign(&["tags", "store:app"]), @"
    status 2
    --- stderr
    error: `store:app` names one image, not a place of several
    hint: an image in the store has its name, and no tags
    ");
    assert_snapshot!(environment.consign(&["tag", "store:app", "1"]), @"
    status 2
    --- stderr
    error: what `store:app` names has no tags that could be written
    hint: registries have some, and layouts: `oci:DIR`
    ");
}
