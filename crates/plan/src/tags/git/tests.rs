use super::*;

/// Returns the tags, in order, for tags at HEAD and all tags, both separated by spaces.
fn decided(here: &str, all: &str) -> String {
    shown(&decide(&facts(here, all)))
}

fn shown(decision: &TagDecision) -> String {
    decision.tags.iter().map(|planned| planned.tag.as_str()).collect::<Vec<_>>().join(" ")
}

fn facts(here: &str, all: &str) -> GitFacts {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    GitFacts {
        head: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        branch: Some("main".to_owned()),
        tags_at_head: words(here),
        all_tags: words(all),
        dirty: false,
        shallow: false,
    }
}

fn reason(decision: &TagDecision, tag: &str) -> String {
    let skipped = decision.skipped.iter().find(|skipped| skipped.tag == tag);
    skipped.unwrap_or_else(|| panic!("`{tag}` is not skipped: {decision:?}")).reason.clone()
}

#[test]
fn releases() {
    for (here, all, expected) in [
        // The first release ever, and the usual next one.
        ("1.0.0", "1.0.0", "1.0.0 1.0 1 latest"),
        ("v1.2.3", "v1.2.2 v1.2.3", "1.2.3 1.2 1 latest"),
        ("1.2.10", "1.2.9 1.2.10", "1.2.10 1.2 1 latest"),
        // Prefixes may be mixed, and the tags at HEAD need not be among all tags.
        ("v2.0.0", "1.9.9 v2.0.0 2.0.0-rc.1", "2.0.0 2.0 2 latest"),
        ("1.0.0", "", "1.0.0 1.0 1 latest"),
        // Backports.
        ("1.2.10", "1.2.10 2.0.0", "1.2.10 1.2 1"),
        ("1.2.10", "1.2.10 1.3.0", "1.2.10 1.2"),
        ("1.2.3", "1.2.3 1.2.9", "1.2.3"),
        ("1.2.3", "1.2.3 v1.2.9 1.3.0 2.0.0", "1.2.3"),
        ("2.0.1", "1.9.0 2.0.1", "2.0.1 2.0 2 latest"),
        // A prerelease moves nothing, and holds nothing back.
        ("1.3.0-rc.1", "1.2.0 1.3.0-rc.1", "1.3.0-rc.1"),
        ("1.2.3", "1.2.3 1.3.0-rc.1 2.0.0-alpha", "1.2.3 1.2 1 latest"),
        ("2.0.0-alpha.1", "2.0.0-alpha.1", "2.0.0-alpha.1"),
        // Below 1 there is no bare major.
        ("0.2.0", "0.1.0 0.2.0", "0.2.0 0.2 latest"),
        ("0.1.9", "0.1.9 0.2.0", "0.1.9 0.1"),
        ("0.2.1", "0.2.1 1.0.0", "0.2.1 0.2"),
        // Several at one commit: the highest stable one.
        ("1.2.3 1.2.4", "1.2.3 1.2.4", "1.2.4 1.2 1 latest"),
        ("1.2.3 1.3.0-rc.1", "1.2.3 1.3.0-rc.1", "1.2.3 1.2 1 latest"),
        ("1.3.0-rc.1 1.3.0-rc.2", "", "1.3.0-rc.2"),
        ("v1.2.3 1.2.3", "v1.2.3 1.2.3", "1.2.3 1.2 1 latest"),
        ("nightly 1.2.3", "nightly 1.2.3", "1.2.3 1.2 1 latest"),
        // Build metadata.
        ("1.2.3+5", "1.2.3+5", "1.2.3-5 1.2 1 latest"),
        ("1.2.3", "1.2.3 1.2.3+5", "1.2.3"),
    ] {
        assert_eq!(decided(here, all), expected, "at HEAD: {here}; all: {all}");
    }
}

#[test]
fn snapshots() {
    for (here, all) in
        [("", ""), ("", "1.2.3"), ("nightly", "nightly 1.0.0"), ("1.2", "1.2"), ("01.2.3", ""), ("v1.2.3.4", "")]
    {
        assert_eq!(decided(here, all), "0123456 main", "at HEAD: {here}; all: {all}");
    }
    let long = format!("1.0.0-{}", "a".repeat(200));
    assert_eq!(decided(&long, &long), "0123456 main");
}

#[test]
fn branches() {
    let long = "b".repeat(200);
    for (branch, expected) in [
        (Some("feature/new thing!"), "0123456 feature-new-thing-"),
        (Some("--.x"), "0123456 x"),
        (Some("äöü"), "0123456"),
        (Some("user/äöü/x"), "0123456 user-x"),
        (Some(long.as_str()), &format!("0123456 {}", &long[..128])),
        // Names that would take a release's tag.
        (Some("latest"), "0123456"),
        (Some("1.2"), "0123456"),
        (Some("v1"), "0123456"),
        (Some("1.2.3-rc.1"), "0123456"),
        (Some("1.2-maintenance"), "0123456"),
        (Some("release-1.2"), "0123456 release-1.2"),
        (Some("1.x"), "0123456 1.x"),
        (Some("sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.sig"), "0123456"),
        (None, "0123456"),
    ] {
        let facts = GitFacts { branch: branch.map(str::to_owned), ..facts("", "") };
        assert_eq!(shown(&decide(&facts)), expected, "{branch:?}");
    }
}

#[test]
fn changed_files_are_not_the_release() {
    let decision = decide(&GitFacts { dirty: true, ..facts("1.2.3", "1.2.3") });
    assert_eq!(shown(&decision), "0123456-dirty");
    assert_eq!(decision.version, "0123456-dirty");
    assert!(reason(&decision, "main").contains("nobody could build again"));
    assert_eq!(reason(&decision, "1.2.3"), "files differ from the commit that carries it");
}

#[test]
fn a_shallow_clone_moves_only_the_full_version() {
    let decision = decide(&GitFacts { shallow: true, ..facts("1.2.3", "1.2.3") });
    assert_eq!(shown(&decision), "1.2.3");
    for tag in ["1.2", "1", "latest"] {
        assert!(reason(&decision, tag).contains("--unshallow"));
    }
}

#[test]
fn every_tag_has_a_reason() {
    let decision = decide(&facts("v1.2.3", "v1.2.3 v1.2.9 v2.0.0"));
    assert_eq!(decision.version, "1.2.3");
    assert_eq!(decision.tags[0].reason, "git tag `v1.2.3` is at HEAD");
    assert_eq!(reason(&decision, "1.2"), "1.2.9 is higher");
    assert_eq!(reason(&decision, "1"), "1.2.9 is higher");
    assert_eq!(reason(&decision, "latest"), "2.0.0 is higher");

    let decision = decide(&facts("0.2.0", "0.2.0"));
    assert_eq!(decision.tags[1].reason, "highest stable version of 0.2");
    assert_eq!(decision.tags[2].reason, "highest stable version of all");
    assert_eq!(reason(&decision, "0"), "versions below 1 promise no compatibility");

    let decision = decide(&facts("1.3.0-rc.1 1.2.3 1.2.2", ""));
    assert_eq!(reason(&decision, "1.3.0-rc.1"), "1.2.3 is at the same commit, and stable");
    assert_eq!(reason(&decision, "1.2.2"), "1.2.3 is at the same commit, and higher");

    let decision = decide(&facts("1.3.0-rc.1", ""));
    assert_eq!(reason(&decision, "latest"), "1.3.0-rc.1 is a prerelease");
}
