use crate::common::TestEnvironment;
use insta::assert_snapshot;

#[test]
fn shows_what_would_happen_and_writes_nothing() {
    let environment = TestEnvironment::with_image();
    assert_snapshot!(environment.consign(&["plan"]), @"
    status 0
    --- stdout
    hello 1.2.3, from image.yaml (files)
      steps      build → inventory → gate → sign → publish → verify
      platform   linux/amd64  no tests
      platform   linux/arm64  no tests
      to         localhost:PORT1/team/hello
        tag      1.2.3  git tag `v1.2.3` is at HEAD
        tag      1.2  highest stable version of 1.2
        tag      1  highest stable version of 1
        tag      latest  highest stable version of all
      to         localhost:PORT1/mirror/hello
        tag      1.2.3  git tag `v1.2.3` is at HEAD
        tag      1.2  highest stable version of 1.2
        tag      1  highest stable version of 1
        tag      latest  highest stable version of all

    policy    completeness, provenance, sbom
    signing   with cosign.key
    registry  localhost:PORT1 is served from registry while `release` runs
    ");
    assert!(!environment.path("registry").exists() && !environment.beside("store").exists());
    let plan = environment.consign(&["plan", "--output", "json"]).expect(0).json();
    assert_eq!(plan["images"][0]["platforms"], serde_json::json!(["linux/amd64", "linux/arm64"]));
    let one = environment.consign(&["plan", "--output", "json", "--platform", "linux/arm64"]).expect(0).json();
    assert_eq!(one["images"][0]["platforms"], serde_json::json!(["linux/arm64"]));
}

#[test]
fn says_what_will_be_missing() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "signing:", "policy: {require: [trials]}\nsigning:");
    environment.git(&["tag", "--delete", "v1.2.3"]);
    environment.git(&["checkout", "--quiet", "--detach"]);
    let plan = environment.consign(&["plan"]).expect(0).stdout;
    for line in [
        "  platform   linux/amd64  no tests, and the policy requires trials: only one that was signed elsewhere would do\n",
        "  not        a branch's tag  no branch is checked out\n",
    ] {
        assert!(plan.contains(line), "{plan}");
    }
}
