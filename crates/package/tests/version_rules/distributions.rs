use crate::{ascends, refuses};
use consign_package::version::VersionOrder;

#[test]
fn dpkg() {
    ascends(VersionOrder::Dpkg, &[&["1.0~rc1-1"], &["1.0", "0:1.0-0", "1.00"], &["1.0-1"], &["1:0.1"]]);
}

#[test]
fn apk() {
    let rows: &[&[&str]] = &[
        &["1.0_alpha"],
        &["1.0_alpha1"],
        &["1.0_rc1-r3"],
        &["1.0+dfsg", "1.0_what", "1.0-1"],
        &["1.0", "01.0"],
        &["1.0-r0", "1.0-r"],
        &["1.0-r1", "1.0-r01"],
        &["1.0-r10"],
        &["1.0~0a"],
        &["1.0~0b-r1"],
        &["1.0_git1"],
        &["1.0_p1"],
        &["1.0a"],
        &["1.0a1"],
        &["1.0.0"],
        &["1.01"],
        &["1.1"],
    ];
    ascends(VersionOrder::Apk, rows);
    refuses(VersionOrder::Apk, &["v1.0", "-r1", "_alpha", "1 2", "unknown"]);
}

#[test]
fn rpm() {
    let rows: &[&[&str]] = &[
        &["1.0~rc1-1"],
        &["1.0", "0:1.0", ":1.0", "1.00", "1_0"],
        &["1.0-1.el9", "00:1.0-01.el9", "1.0-1..el9"],
        &["1.0^git1-1"],
        &["1.0a"],
        &["1.0.1"],
        &["1:0.1"],
        &["2:0.1"],
    ];
    ascends(VersionOrder::Rpm, rows);
    refuses(VersionOrder::Rpm, &["1:", "-1", "1 2"]);
}
