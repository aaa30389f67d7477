//! Why nothing can be chosen.

use super::world::{Ask, index};
use consign_package::deb::{Obstacle, ResolveError};

#[test]
fn tells_who_needed_what() {
    for (packages, wanted, expected) in [
        ("", "a", "a is wanted, and there is no a for amd64"),
        ("a 1", "a=2", "a (= 2) is wanted, and a 1 is the newest"),
        ("a 1 Depends: b", "a", "a needs b, and there is no b for amd64"),
        (
            "hello 1 Depends: nginx\nnginx 1 Depends: libfoo (>= 2)\nlibfoo 1",
            "hello",
            "hello needs nginx, which needs libfoo (>= 2), and libfoo 1 is the newest",
        ),
        (
            "a 1 Depends: m | n\nb 1 Provides: m; Depends: c:arm64\nc 1",
            "a",
            "a needs m | n, for which b needs c:arm64, and c of arm64 cannot be had for amd64",
        ),
        ("a 1 Depends: m (>= 2)\nb 1 Provides: m", "a", "a needs m (>= 2), and m is provided in no such version"),
        ("a 1 Depends: b\nb 1\nc 1 Conflicts: b", "a,c", "a needs b, and c conflicts with b"),
        ("a 1 Conflicts: m\nb 1 Provides: m", "a,b", "a is wanted, and a conflicts with m, which b provides"),
        (
            "a 1 Depends: c (= 1)\nb 1 Depends: c (= 2)\nc 1\nc 2",
            "a,b",
            "a needs c (= 1), and c 2 is needed too: b needs c (= 2)",
        ),
        ("a 1 Depends: c (= 1)\nc 1\nc 2", "a,c (= 2)", "a needs c (= 1), and c 2 is needed too: c (= 2) is wanted"),
        (
            "a 1 Depends: b\nb 1\nc 1 Depends: d\nd 1 Depends: e\ne 1 Breaks: b (<< 2)",
            "a,c",
            "a needs b, and e conflicts with b (<< 2): c needs d, which needs e",
        ),
        (
            "a 1 Depends: b | c\nb 1 Conflicts: d\nc 1 Depends: absent\nd 1",
            "d,a",
            "d is wanted, and b conflicts with d: a needs b | c",
        ),
        ("a 2 Depends: absent\na 1 Conflicts: b\nb 1", "b,a", "a needs absent, and there is no absent for amd64"),
        (
            "nginx 1\nnginx-core 1\nnine 1",
            "ngin",
            "ngin is wanted, and there is no ngin for amd64 (did you mean nginx?)",
        ),
        ("curl 1\nwget 1", "qwertz", "qwertz is wanted, and there is no qwertz for amd64"),
    ] {
        let index = index("test", packages);
        let error = Ask::of(wanted).of_one(&index).unwrap_err();
        assert!(matches!(error, ResolveError::Unsatisfiable { .. }));
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn names_what_may_have_been_meant() {
    let packages = index("test", "python3 1\npython3-pip 1 Depends: pythn3\nlibpython3 1");
    for (wanted, expected) in
        [("pyton3", Some("python3")), ("python3-pop", Some("python3-pip")), ("x", None), ("python3-pip", None)]
    {
        let error = Ask::of(wanted).of_one(&packages).unwrap_err();
        let ResolveError::Unsatisfiable { obstacle, .. } = error else { panic!("{error}") };
        let Obstacle::Unknown { similar, architectures, .. } = *obstacle else { panic!("{obstacle}") };
        assert_eq!((similar.as_deref(), architectures), (expected, vec!["amd64".to_owned()]), "{wanted}");
    }
}
