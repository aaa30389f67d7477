use crate::{ascends, refuses};
use consign_package::version::VersionOrder;

#[test]
fn python() {
    let rows: &[&[&str]] = &[
        &["1.0-rock", "1.0.0-Rock"],
        &["2004d-x"],
        &["1.0.dev0", "1.dev", "v1.0.0-DEV"],
        &["1.0a1.dev1"],
        &["1.0a1", "1.0-alpha.1", "1.0_ALPHA1"],
        &["1.0b0", "1.0beta"],
        &["1.0rc1", "1.0c1", "1.0.pre1", "1.0-preview-1"],
        &["1.0", "1", "1.00", "0!1.0"],
        &["1.0+a"],
        &["1.0+a.1", "1.0+A-1", "1.0+a_01"],
        &["1.0+1"],
        &["1.0.post1.dev2"],
        &["1.0.post1", "1.0-1", "1.0.rev1", "1.0r1"],
        &["1.0.post2+x"],
        &["1!0.1"],
    ];
    ascends(VersionOrder::Python, rows);
    refuses(VersionOrder::Python, &["unknown", "1 0", "--", "1.0;2.0", "1>=2"]);
}

#[test]
fn semantic() {
    let rows: &[&[&str]] = &[
        &["1.0.0-1", "v1-01"],
        &["1.0.0-99999999999999999999999"],
        &["1.0.0--"],
        &["1.0.0-alpha", "1.0-alpha+1", "V1.0.0alpha"],
        &["1.0.0-alpha.1"],
        &["1.0.0-alpha.beta"],
        &["1.0.0", "1", "v1.0", "1.0.0+build.5", "1.00.0"],
        &["1.0.0.1"],
        &["1.0.1-rc"],
    ];
    ascends(VersionOrder::Semantic, rows);
    for order in [VersionOrder::Semantic, VersionOrder::Npm, VersionOrder::Pub, VersionOrder::NuGet, VersionOrder::Go] {
        refuses(order, &["1.", "1..2", "1.x", "1-", "1.0.0-a..b", "1.0.0+", "1 2", "vv1", "1,5", "1|2", "unknown"]);
    }
}

#[test]
fn npm() {
    let rows: &[&[&str]] =
        &[&["1.2.3-beta.2", "=v1.2.3-beta.02"], &["1.2.3-beta.10"], &["1.2.3", "v1.2.3+sha", "= 1.2.3"], &["1.10.0"]];
    ascends(VersionOrder::Npm, rows);
    refuses(VersionOrder::Npm, &["1.2.3.4", "*", "^1.2.3", "file:../a"]);
}

#[test]
fn go() {
    let rows: &[&[&str]] = &[
        &["v0.0.0-20200101000000-ffffffffffff"],
        &["v0.0.0-20210101000000-abcdef123456", "0.0.0-20210101000000-abcdef123456"],
        &["v0.0.0"],
        &["1.22.0-0"],
        &["go1.22beta1", "v1.22.0-beta.1"],
        &["go1.22rc1", "1.22.0-rc.1", "1.22rc1"],
        &["go1.22rc10"],
        &["go1.22", "go1.22.0", "v1.22.0", "1.22", "go1.22.0 X:boringcrypto"],
        &["go1.22.1", "go1.22.1-acme"],
        &["v1.22.2-0.20240101000000-abcdef123456"],
        &["v2.0.0+incompatible", "2.0.0"],
    ];
    ascends(VersionOrder::Go, rows);
    refuses(
        VersionOrder::Go,
        &["devel go1.23-abcdef Mon", "go", "go1.x", "v1.2.3.4", "go1.22rc", "v1.2.3foo", "gopher"],
    );
}

#[test]
fn maven() {
    let rows: &[&[&str]] = &[
        &["1.0-alpha-1-SNAPSHOT"],
        &["1.0-alpha-1", "1a1", "1.0-ALPHA-1"],
        &["1-beta-2", "1b2"],
        &["1-m3"],
        &["1.0-rc", "1cr"],
        &["1.0-SNAPSHOT"],
        &["1.0", "1", "1.0.0", "1-ga", "1.final", "1.RELEASE", "01"],
        &["1-sp"],
        &["1-jre"],
        &["1-1"],
        &["1.1"],
        &["1.10"],
    ];
    ascends(VersionOrder::Maven, rows);
    refuses(VersionOrder::Maven, &["${project.version}", "[1.0,2.0)", "a/b", "1 2", "-"]);
}

#[test]
fn ruby_gems() {
    let rows: &[&[&str]] = &[
        &["1.0.a9", "1.a.9"],
        &["1.0.a10"],
        &["1.0.b1", "1.0b1"],
        &["1.0.pre.1", "1.0-1"],
        &["1", "1.0", "1.0.0", "1.00"],
        &["1.0.0.1"],
        &["1.10"],
    ];
    ascends(VersionOrder::RubyGems, rows);
    refuses(VersionOrder::RubyGems, &["1.", "1..2", "1_2", "v1", "1 2", "1-", "unknown"]);
}

#[test]
fn composer() {
    let rows: &[&[&str]] = &[
        &["1.0-what", "1.0.BETA"],
        &["1.0-dev"],
        &["1.0-alpha1", "v1.0a1", "1.0_a.1"],
        &["1.0b2", "1.0-beta2"],
        &["1.0RC1", "1.0-rc.1"],
        &["1.0", "v1.0", "V1.0", "1.00"],
        &["1.0.0"],
        &["1.0pl1", "1.0-patch1"],
        &["1.10"],
    ];
    ascends(VersionOrder::Composer, rows);
    ascends(VersionOrder::Composer, &[&["dev-main", "dev-other"], &["0.1"]]);
    refuses(VersionOrder::Composer, &["main", "v", "1.0 as 2.0", "1.0|2.0", "unknown"]);
}

#[test]
fn nuget() {
    let rows: &[&[&str]] = &[
        &["1.0.0-1"],
        &["1.0.0-alpha", "1.0-ALPHA", "1.0.0-Alpha+x"],
        &["1.0.0-alpha.2"],
        &["1.0.0-alpha.10"],
        &["1", "1.0", "1.0.0.0", "1.0.0+x", "01.0"],
        &["1.0.0.1"],
    ];
    ascends(VersionOrder::NuGet, rows);
    refuses(VersionOrder::NuGet, &["1.2.3.4.5", "v1.0", "1.0beta"]);
}

#[test]
fn cran_hackage_and_dart() {
    ascends(VersionOrder::Cran, &[&["1.0-1", "1.00.1"], &["1.0-1-0"], &["1.0-2"], &["1.10"]]);
    ascends(VersionOrder::Hackage, &[&["1.0", "01.00"], &["1.0.0"], &["1.10"]]);
    refuses(VersionOrder::Cran, &["1.a", "1.", "-1"]);
    refuses(VersionOrder::Hackage, &["1-1", "1.a", "1."]);
    let rows: &[&[&str]] =
        &[&["1.0.0-a", "v1.0-a"], &["1.0.0-a+1"], &["1.0.0", "1"], &["1.0.0+1", "1+01"], &["1.0.0+a"]];
    ascends(VersionOrder::Pub, rows);
}
