//! One architecture.

use super::world::{Ask, index, names};
use consign_package::deb::{PackagesIndex, ResolveError, Searched, Target};
use std::sync::atomic::AtomicBool;

#[test]
fn takes_backports_only_where_nothing_else_will_do() {
    let stable = index("stable", "a 1 Depends: b\nb 1\nc 1 Provides: m");
    let backports =
        index("backports", "a 2 Depends: b\nb 2\nd 1\ne 1 Provides: m; Priority: required\nf 1 Depends: b (>= 2)");
    let searched = [Searched { index: &backports, last_resort: true }, Searched { index: &stable, last_resort: false }];
    for (wanted, expected) in [("a", "a=1 b=1"), ("a=2", "a=2 b=1"), ("d", "d=1"), ("m", "c=1"), ("f", "b=2 f=1")] {
        let target = Target { architecture: "amd64", indexes: &searched };
        assert_eq!(names(&Ask::of(wanted).among(&[target]).unwrap()[0]), expected, "{wanted}");
    }
}

#[test]
fn chooses() {
    for (what, packages, wanted, expected) in [
        (
            "what is needed, by way of others",
            "a 1 Depends: b, c\nb 1 Pre-Depends: d\nc 1\nd 1\nz 1",
            "a",
            "a=1 b=1 c=1 d=1",
        ),
        ("circles", "a 1 Depends: b\nb 1 Depends: a", "a", "a=1 b=1"),
        ("the newest", "a 1\na 1.10\na 1.9", "a", "a=1.10"),
        ("what is allowed", "a 1\na 2\na 3", "a (<< 3)", "a=2"),
        ("exactly", "a 1\na 2", "a=1", "a=1"),
        ("the first alternative", "a 1 Depends: b | c\nb 1\nc 1", "a", "a=1 b=1"),
        ("an alternative that is there", "a 1 Depends: b | c\nc 1", "a", "a=1 c=1"),
        ("an alternative that was chosen", "a 1 Depends: b | c\nb 1\nc 1", "a,c", "a=1 c=1"),
        ("an alternative that works", "a 1 Depends: b | c\nb 1 Depends: absent\nc 1", "a", "a=1 c=1"),
        ("an older one that works", "a 1\na 2 Depends: absent", "a", "a=1"),
        (
            "the bearer of the name before providers",
            "a 1 Depends: m\nb 1 Provides: m; Priority: required\nm 1",
            "a",
            "a=1 m=1",
        ),
        ("a provider that was chosen", "a 1 Depends: m\nb 1 Provides: m\nc 1 Provides: m", "a,c", "a=1 c=1"),
        (
            "an important provider",
            "a 1 Depends: m\nb 1 Provides: m\nc 1 Provides: m; Priority: important\nd 1 Provides: m; Priority: required",
            "a",
            "a=1 d=1",
        ),
        ("the first provider by name", "a 1 Depends: m\nc 1 Provides: m\nb 1 Provides: m", "a", "a=1 b=1"),
        (
            "a provider of the version",
            "a 1 Depends: m (>= 2)\nb 1 Provides: m\nc 1 Provides: m (= 1)\nd 1 Provides: m (= 2)",
            "a",
            "a=1 d=1",
        ),
        ("a virtual name", "b 1 Provides: m", "m", "b=1"),
        ("around a conflict", "a 1 Depends: b | c, d\nb 1\nc 1\nd 1 Conflicts: b", "a", "a=1 c=1 d=1"),
        ("around a break", "a 1 Depends: b | c\nb 1\nc 1\nd 1 Breaks: b (<< 2)", "a,d", "a=1 c=1 d=1"),
        ("beside a break of other versions", "a 1 Depends: b\nb 2\nd 1 Breaks: b (<< 2)", "a,d", "a=1 b=2 d=1"),
        ("beside a break on another architecture", "a 1 Depends: b\nb 1\nd 1 Breaks: b:i386", "a,d", "a=1 b=1 d=1"),
        ("around a break on this one", "a 1 Depends: b | c\nb 1\nc 1\nd 1 Breaks: b:amd64", "a,d", "a=1 c=1 d=1"),
        ("around a break on any", "a 1 Depends: b | c\nb 1/all\nc 1\nd 1 Breaks: b:any", "a,d", "a=1 c=1 d=1"),
        (
            "one of those that exclude each other",
            "b 1 Provides: m; Conflicts: m\nc 1 Provides: m; Conflicts: m",
            "m",
            "b=1",
        ),
        ("older to please another", "a 1 Depends: c (<< 2)\nb 1 Depends: c\nc 1\nc 2", "b,a", "a=1 b=1 c=1"),
        (
            "for any architecture",
            "a 1 Depends: b:any, c:native, d:amd64\nb 1 Multi-Arch: allowed\nc 1\nd 1",
            "a",
            "a=1 b=1 c=1 d=1",
        ),
        ("for this architecture", "a 1/arm64\na 2/all\nb 1/amd64 Depends: a\nb 2/arm64", "b", "a=2 b=1"),
        ("what counts here", "a 1 Depends: b [arm64], c [amd64]\nc 1", "a", "a=1 c=1"),
        ("no recommendations", "a 1 Recommends: b\nb 1", "a", "a=1"),
        (
            "what is needed by its own name, to provide another",
            "a 1 Depends: m, b\nb 1 Depends: d\nc 1 Provides: m\nd 1 Provides: m",
            "a",
            "a=1 b=1 d=1",
        ),
        (
            "by standard priority",
            "a 1 Depends: m\nb 1 Provides: m; Priority: extra\nc 1 Provides: m\nd 1 Provides: m; Priority: standard",
            "a",
            "a=1 d=1",
        ),
        ("what provides itself in another version", "a 1 Depends: a (= 5); Provides: a (= 5)", "a", "a=1"),
        (
            "the one that conflicts with what it provides",
            "a 1 Provides: m; Conflicts: m; Breaks: m\nb 1 Depends: m",
            "b",
            "a=1 b=1",
        ),
        (
            "beside a conflict with what others provide in another version",
            "a 1 Conflicts: m (<< 2)\nb 1 Provides: m (= 2)\nc 1 Provides: m",
            "a,b,c",
            "a=1 b=1 c=1",
        ),
        (
            "around a conflict with a version that is provided",
            "a 1 Conflicts: m (<< 2)\nb 1 Provides: m (= 1)\nc 1 Provides: n\nd 1 Depends: b | c",
            "a,d",
            "a=1 c=1 d=1",
        ),
        (
            "around a conflict that lies deep",
            "a 1 Depends: b | c\nb 1 Depends: d\nd 1 Depends: e\ne 1 Conflicts: f\nc 1\nf 1",
            "a,f",
            "a=1 c=1 f=1",
        ),
        ("nothing", "a 1", "", ""),
    ] {
        let index = index("test", packages);
        match Ask::of(wanted).of_one(&index) {
            Ok(selections) => assert_eq!(names(&selections), expected, "{what}"),
            Err(error) => panic!("{what}: {error}"),
        }
    }
}

#[test]
fn prefers_newer_versions_then_earlier_indexes() {
    let (main, security) = (index("main", "a 1\nb 1\nc 2"), index("security", "a 1.1\nb 1\nc 1"));
    let searched = [&main, &security].map(|index| Searched { index, last_resort: false });
    let target = Target { architecture: "amd64", indexes: &searched };
    let selections = Ask::of("a,b,c").among(&[target]).unwrap().remove(0);
    let found: Vec<(String, usize)> =
        selections.iter().map(|chosen| (chosen.record.version.to_string(), chosen.index)).collect();
    assert_eq!(found, [("1.1".into(), 1), ("1".into(), 0), ("2".into(), 0)]);
}

#[test]
fn goes_back_to_the_choice_that_matters() {
    // Between the choice that is to blame and the failure lie 2^40 combinations that have no part in it.
    let mut packages = String::from("a 1 Depends: b | c, end\nb 1\nc 1\nend 1 Conflicts: b\n");
    let free: Vec<String> = (0..40).map(|number| format!("f{number}")).collect();
    for name in &free {
        packages += &format!("{name} 1\n{name} 2\n");
    }
    packages = packages.replace("b | c, end", &format!("b | c, {}, end", free.join(", ")));
    let index = index("test", &packages);
    let selections = Ask::of("a").of_one(&index).unwrap();
    assert_eq!(selections.len(), 43);
    assert!(names(&selections).starts_with("a=1 c=1 end=1 f0=2"));
}

#[test]
fn gives_up_in_the_end() {
    // Pigeons and holes: every pigeon excludes the others from its hole, and there is one hole too few.
    let mut packages = String::new();
    for pigeon in 0..16 {
        let holes: Vec<String> = (0..15).map(|hole| format!("p{pigeon}h{hole}")).collect();
        packages += &format!("p{pigeon} 1 Depends: {}\n", holes.join(" | "));
        for (hole, name) in holes.iter().enumerate() {
            packages += &format!("{name} 1 Provides: h{hole}; Conflicts: h{hole}\n");
        }
    }
    let wanted: Vec<String> = (0..16).map(|pigeon| format!("p{pigeon}")).collect();
    let index = index("test", &packages);
    let error = Ask::of(&wanted.join(",")).of_one(&index).unwrap_err();
    match &error {
        ResolveError::GaveUp { steps } => assert!(*steps > 1000, "{error}"),
        other => panic!("{other}"),
    }
}

#[test]
fn gives_up_where_comparing_takes_too_long() {
    let names =
        |constraint: &str| (0..4000).map(|number| format!("n{number}{constraint}")).collect::<Vec<_>>().join(", ");
    let all: Vec<String> = (0..40).map(|number| format!("p{number}")).collect();
    let packages = |fields: &str| all.iter().map(|name| format!("{name} 1 {fields}\n")).collect::<String>();
    let (provides, conflicts) = (format!("Provides: {}", names("")), format!("Conflicts: {}", names(" (<< 1)")));
    for (what, packages, wanted) in [
        ("each pair of few packages", packages(&format!("{provides}; {conflicts}")), all.join(",")),
        (
            "each of many names with each package",
            format!("{}a 1 Depends: {}", packages(&provides), names("")),
            "a".to_owned(),
        ),
    ] {
        let result = Ask::of(&wanted).of_one(&index("test", &packages));
        assert!(matches!(result, Err(ResolveError::GaveUp { .. })), "{what}");
    }
}

#[test]
fn stops_where_nobody_waits() {
    let index = index("test", "a 1");
    let searched = [Searched { index: &index, last_resort: false }];
    let target = Target { architecture: "amd64", indexes: &searched };
    for (stop, expected) in [(false, true), (true, false)] {
        match Ask::of("a").until(&AtomicBool::new(stop), &[target]) {
            Ok(_) => assert!(expected),
            Err(error) => assert!(!expected && matches!(error, ResolveError::Stopped), "{error}"),
        }
    }
}

#[test]
fn reports_a_damaged_index() {
    let text = "Package: a\nVersion: 1\n".as_bytes().to_vec();
    let index = PackagesIndex::parse("main", text).unwrap();
    assert!(matches!(Ask::of("a").of_one(&index), Err(ResolveError::Index(_))));
}
