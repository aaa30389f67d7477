use super::VersionOrder;

/// Returns the order of an ecosystem of the OSV schema ("Defined Ecosystems").
///
/// Missing are those whose versions no rule orders (Android, OSS-Fuzz), whose rule is not here (ConanCenter, opam, Julia), and those that
/// republish several others under one name (Root, TuxCare, Docker Hardened Images).
pub(super) fn order(name: &str) -> Option<VersionOrder> {
    Some(match name {
        "Debian" | "Echo" | "Ubuntu" => VersionOrder::Dpkg,
        "Alpaquita" | "Alpine" | "BellSoft" | "BellSoft Hardened Containers" | "Chainguard" | "MinimOS" | "Wolfi" => {
            VersionOrder::Apk
        }
        "AlmaLinux" | "Azure Linux" | "Mageia" | "Photon OS" | "Red Hat" | "Rocky Linux" | "SUSE" | "openEuler"
        | "openSUSE" => VersionOrder::Rpm,
        "PyPI" => VersionOrder::Python,
        "Bitnami" | "GitHub Actions" | "Hex" | "Kubernetes" | "SwiftURL" | "VSCode" | "crates.io" => {
            VersionOrder::Semantic
        }
        "npm" => VersionOrder::Npm,
        "Go" => VersionOrder::Go,
        "Maven" => VersionOrder::Maven,
        "RubyGems" => VersionOrder::RubyGems,
        "Packagist" => VersionOrder::Composer,
        "NuGet" => VersionOrder::NuGet,
        "Bioconductor" | "CRAN" => VersionOrder::Cran,
        "GHC" | "Hackage" => VersionOrder::Hackage,
        "Pub" => VersionOrder::Pub,
        _ => return None,
    })
}
