//! Several architectures, versions that are preferred, and recommendations.

use super::world::{Ask, index, index_for, names};
use consign_package::deb::{Obstacle, ResolveError, Searched, Target};

#[test]
fn chooses_one_version_for_all() {
    for (what, packages, wanted, expected) in [
        ("the newest that both have", vec![("amd64", "a 1\na 2\na 3"), ("arm64", "a 1\na 2")], "a", "a=2 / a=2"),
        (
            "the newest that all three have",
            vec![("amd64", "a 1\na 2\na 3"), ("arm64", "a 2\na 3\na 1"), ("ppc64el", "a 1\na 2\na 4")],
            "a",
            "a=2 / a=2 / a=2",
        ),
        (
            "the newest where only one needs it",
            vec![("amd64", "w 1 Depends: x\nx 1\nx 2"), ("arm64", "w 1\nx 1")],
            "w",
            "w=1 x=2 / w=1",
        ),
        (
            "the newest that the two have that need it",
            vec![
                ("amd64", "w 1 Depends: x\nx 1\nx 2\nx 3"),
                ("arm64", "w 1 Depends: x\nx 1\nx 2"),
                ("armhf", "w 1\nx 1"),
            ],
            "w",
            "w=1 x=2 / w=1 x=2 / w=1",
        ),
        (
            "what is built again for one of them",
            vec![("amd64", "a 1.2-1+b1 Source: a (1.2-1)"), ("arm64", "a 1.2-1\na 1.1-1")],
            "a",
            "a=1.2-1+b1 / a=1.2-1",
        ),
        (
            "what is built again more often for one of them",
            vec![("amd64", "a 2+b1 Source: s (2)\na 1"), ("arm64", "a 2+b3 Source: s (2)\na 3"), ("s390x", "a 2\na 1")],
            "a",
            "a=2+b1 / a=2+b3 / a=2",
        ),
        (
            "the first alternative, though older",
            vec![("amd64", "a 1 Depends: b | c\nb 1\nb 2\nc 1"), ("arm64", "a 1 Depends: b | c\nb 1\nc 1")],
            "a",
            "a=1 b=1 / a=1 b=1",
        ),
        (
            "what one of them must have",
            vec![("amd64", "a 1 Depends: b\nb 1\nb 2"), ("arm64", "a 1 Depends: b (<< 2)\nb 1\nb 2")],
            "a",
            "a=1 b=1 / a=1 b=1",
        ),
        (
            "an older one, for the sake of what it needs",
            vec![
                ("amd64", "a 1 Depends: b (= 1)\na 2 Depends: b (= 2)\nb 1\nb 2"),
                ("arm64", "a 1 Depends: b (= 1)\na 2 Depends: b (= 2)\nb 1"),
            ],
            "a",
            "a=1 b=1 / a=1 b=1",
        ),
        (
            "other packages for each",
            vec![("amd64", "a 1 Depends: m\nb 1 Provides: m"), ("arm64", "a 1 Depends: m\nc 7 Provides: m")],
            "a",
            "a=1 b=1 / a=1 c=7",
        ),
        ("what counts for each", vec![("amd64", "a 1\nb 1"), ("arm64", "a 1")], "a,b [amd64]", "a=1 b=1 / a=1"),
        ("packages for all architectures", vec![("amd64", "a 1/all"), ("arm64", "a 1/all\na 2")], "a", "a=1 / a=1"),
    ] {
        let chosen = Ask::of(wanted).of_several(&packages).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(chosen.iter().map(|one| names(one)).collect::<Vec<_>>().join(" / "), expected, "{what}");
    }
}

#[test]
fn names_the_architecture_that_lacks_it() {
    for (packages, wanted, expected) in [
        (
            vec![("amd64", "a 2"), ("ppc64el", "a 1")],
            "a",
            "a is wanted, and a 2 is lacking for ppc64el, and there is no other that all have: \
             amd64 has 2, ppc64el has 1",
        ),
        (
            vec![
                ("amd64", "a 1 Depends: b\nb 2+b1 Source: b (2)\nb 3"),
                ("arm64", "a 1 Depends: b\nb 1"),
                ("armhf", "a 1 Depends: b\nb 3"),
            ],
            "a",
            "a needs b, and b 3 is lacking for arm64, and there is no other that all have: \
             amd64 has 3 and 2, arm64 has 1, armhf has 3",
        ),
        (
            vec![("amd64", "a 1 Depends: b\nb 1"), ("arm64", "a 1 Depends: b"), ("ppc64el", "a 1 Depends: b")],
            "a",
            "a needs b, and there is no b for arm64 and ppc64el",
        ),
        (
            vec![("amd64", "a 1\nb 2"), ("arm64", "a 1\nb 1")],
            "a,b (>= 2)",
            "b (>= 2) is wanted, and b 1 is the newest for arm64 (amd64 has 2)",
        ),
        (
            vec![
                ("amd64", "a 1 Depends: b (= 2)\nb 1\nb 2"),
                ("arm64", "a 1 Depends: c\nb 1\nb 2\nc 1 Depends: b (= 1)"),
            ],
            "a",
            "a needs b (= 2), and b 1 is needed too for arm64: a needs c, which needs b (= 1)",
        ),
        (
            vec![("amd64", "a 1"), ("arm64", "a 1 Depends: b\nb 1 Conflicts: a")],
            "a",
            "a is wanted, and b conflicts with a for arm64: a needs b",
        ),
        (
            vec![
                ("amd64", "a 1 Depends: m (>= 2)\nb 1 Provides: m (= 2)"),
                ("arm64", "a 1 Depends: m (>= 2)\nb 1 Provides: m"),
            ],
            "a",
            "a needs m (>= 2), and m is provided in no such version for arm64",
        ),
    ] {
        let error = Ask::of(wanted).of_several(&packages).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn tells_the_versions_that_each_has() {
    let error = Ask::of("a").of_several(&[("amd64", "a 2\na 3"), ("ppc64el", "a 1")]).unwrap_err();
    let ResolveError::Unsatisfiable { obstacle, .. } = error else { panic!("{error}") };
    let Obstacle::NothingInCommon { name, newest, lacking, versions } = *obstacle else { panic!("{obstacle}") };
    assert_eq!((name.as_str(), newest.as_str(), lacking), ("a", "3", vec!["ppc64el".to_owned()]));
    let versions: Vec<String> = versions.iter().map(|(name, versions)| format!("{name} {versions:?}")).collect();
    assert_eq!(versions, ["amd64 [3, 2]", "ppc64el [1]"]);
}

#[test]
fn takes_backports_for_all_only_where_nothing_else_will_do() {
    let (stable, other) = (index("stable", "a 1\nb 1"), index_for("stable", "arm64", "a 1"));
    let backports = [index("backports", "a 2\nb 2"), index_for("backports", "arm64", "a 2\nb 2")];
    let here = [Searched { index: &stable, last_resort: false }, Searched { index: &backports[0], last_resort: true }];
    let there = [Searched { index: &other, last_resort: false }, Searched { index: &backports[1], last_resort: true }];
    let targets = [Target { architecture: "amd64", indexes: &here }, Target { architecture: "arm64", indexes: &there }];
    for (wanted, expected) in [("a", "a=1"), ("a=2", "a=2"), ("b", "b=2")] {
        for chosen in Ask::of(wanted).among(&targets).unwrap() {
            assert_eq!(names(&chosen), expected, "{wanted}");
        }
    }
}

#[test]
fn tries_first_what_is_preferred() {
    for (what, packages, wanted, preferred, expected) in [
        ("an older version", "a 1\na 2", "a", "amd64 a 1", "a=1"),
        ("only where it is meant", "a 1\na 2", "a", "arm64 a 1", "a=2"),
        ("not what is no longer there", "a 2\na 3", "a", "amd64 a 1", "a=3"),
        ("not what does not fit", "a 1\na 2\nb 1 Depends: a (>= 2)", "a,b", "amd64 a 1", "a=2 b=1"),
        ("not what is not needed", "a 1\nb 1", "a", "amd64 b 1", "a=1"),
        ("a later alternative", "a 1 Depends: b | c\nb 1\nc 1", "a", "amd64 c 1", "a=1 c=1"),
        (
            "the provider that was taken before another came",
            "a 1 Depends: m\nb 1 Provides: m\nc 1 Provides: m",
            "a",
            "amd64 c 1",
            "a=1 c=1",
        ),
        ("a provider in its version", "a 1 Depends: m\nb 1 Provides: m\nc 1 Provides: m", "a", "amd64 c 2", "a=1 b=1"),
    ] {
        let chosen = Ask::of(wanted).preferring(preferred).of_one(&index("test", packages)).unwrap();
        assert_eq!(names(&chosen), expected, "{what}");
    }
    let packages = [("amd64", "a 1\na 2"), ("arm64", "a 1\na 2")];
    for preferred in ["amd64 a 1,arm64 a 1", "amd64 a 1"] {
        for chosen in Ask::of("a").preferring(preferred).of_several(&packages).unwrap() {
            assert_eq!(names(&chosen), "a=1", "{preferred}");
        }
    }
}

#[test]
fn follows_recommendations_where_it_can() {
    for (what, packages, wanted, expected) in [
        ("followed", "a 1 Recommends: b\nb 1", "a", "a=1 b=1"),
        ("and theirs", "a 1 Recommends: b\nb 1 Recommends: c; Depends: d\nc 1\nd 1", "a", "a=1 b=1 c=1 d=1"),
        ("not there", "a 1 Recommends: b, c\nc 1", "a", "a=1 c=1"),
        ("not readable", "a 1 Recommends: (", "a", "a=1"),
        ("of which something is lacking", "a 1 Recommends: b, c\nb 1 Depends: absent\nc 1", "a", "a=1 c=1"),
        ("that conflicts", "a 1 Recommends: b, c\nb 1 Conflicts: a\nc 1", "a", "a=1 c=1"),
        ("the second of two", "a 1 Recommends: b | c\nb 1 Conflicts: a\nc 1", "a", "a=1 c=1"),
        (
            "not at the cost of an alternative",
            "a 1 Recommends: x; Depends: b\nb 1 Depends: c | d\nc 1 Conflicts: x\nd 1\nx 1",
            "a",
            "a=1 b=1 c=1",
        ),
        ("not at the cost of a version", "a 1 Recommends: x\nb 1\nb 2 Conflicts: x\nx 1", "a,b", "a=1 b=2"),
        ("by what was chosen", "a 1 Recommends: b | c\nb 1\nc 1", "a,c", "a=1 c=1"),
    ] {
        let index = index("test", packages);
        let asked = Ask { recommends: true, ..Ask::of(wanted) };
        let chosen = asked.of_one(&index).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(names(&chosen), expected, "{what}");
    }
    let packages = [("amd64", "a 1 Recommends: b\nb 2"), ("arm64", "a 1 Recommends: b\nb 1")];
    let chosen = Ask { recommends: true, ..Ask::of("a") }.of_several(&packages).unwrap();
    // Only one of them can have it.
    let chosen = (names(&chosen[0]), names(&chosen[1]));
    assert!([("a=1 b=2", "a=1"), ("a=1", "a=1 b=1")].contains(&(chosen.0.as_str(), chosen.1.as_str())), "{chosen:?}");
}
