use consign_package::Kind;
use consign_package::version::VersionOrder;

#[test]
fn names_of_ecosystems() {
    let known = [
        ("Debian", VersionOrder::Dpkg),
        ("Ubuntu", VersionOrder::Dpkg),
        ("Alpine", VersionOrder::Apk),
        ("Wolfi", VersionOrder::Apk),
        ("Red Hat", VersionOrder::Rpm),
        ("openSUSE", VersionOrder::Rpm),
        ("crates.io", VersionOrder::Semantic),
        ("GitHub Actions", VersionOrder::Semantic),
        ("Packagist", VersionOrder::Composer),
        ("Pub", VersionOrder::Pub),
    ];
    for (name, order) in known {
        assert_eq!(VersionOrder::of_ecosystem(name), Some(order), "{name}");
    }
    for name in ["", "debian", "Debian:12", "Android", "OSS-Fuzz", "GIT", "Root"] {
        assert_eq!(VersionOrder::of_ecosystem(name), None, "{name}");
    }
    // Each kind has the order of the ecosystem of that kind.
    let ecosystems = [
        "Debian",
        "Alpine",
        "Rocky Linux",
        "PyPI",
        "npm",
        "Go",
        "crates.io",
        "Maven",
        "RubyGems",
        "Packagist",
        "NuGet",
    ];
    for (kind, name) in Kind::ALL.into_iter().zip(ecosystems) {
        assert_eq!(Some(VersionOrder::of(kind)), VersionOrder::of_ecosystem(name), "{name}");
    }
}
