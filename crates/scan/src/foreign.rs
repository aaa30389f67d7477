use crate::ScanError;
use crate::component::{BUILT_FROM, NO_SOURCE};
use consign_oci::Platform;
use consign_package::PackageUrl;
use consign_package::sbom::{self, Sbom};
use serde_json::{Value, json};

/// Largest list of packages that is read, in bytes.
pub const DOCUMENT_LIMIT: usize = sbom::SIZE_LIMIT;
/// Programs whose package URLs have the source package (`upstream`) wherever it has another name or version; BuildKit has syft list the packages.
const SOURCE_WRITERS: [&str; 3] = ["consign", "syft", "buildkit"];
/// The architecture of packages that do not say which.
const UNKNOWN: &str = "unknown";

/// Takes an SBOM of any format that is read for a list of packages, in the form in which they are compared: what stands in it is believed.
pub fn listed_packages(contents: &[u8]) -> Result<Value, ScanError> {
    let read = sbom::read(contents).map_err(|source| ScanError::Document { source: Box::new(source) })?;
    let Sbom { packages, owned, unlisted, tools, .. } = read;
    let names_sources = !tools.is_empty() && tools.iter().all(|tool| SOURCE_WRITERS.contains(&tool.as_str()));
    let id = |number: usize| format!("SPDXRef-Package-{number}");
    let listed = packages.iter().enumerate().filter(|(_, package)| is_package(package));
    let list = listed.map(|(number, package)| {
        let purls = package.purls.iter().map(|purl| json!({ "referenceType": "purl", "referenceLocator": purl }));
        json!({
            "SPDXID": id(number),
            "name": package.name,
            "versionInfo": package.version,
            "supplier": package.supplier.as_ref().map(|supplier| format!("Organization: {supplier}")),
            "sourceInfo": source_info(package, names_sources),
            "externalRefs": purls.collect::<Vec<_>>(),
            "primaryPackagePurpose": package.purpose.as_ref().map(|purpose| purpose.to_ascii_uppercase()),
        })
    });
    let list: Vec<Value> = list.collect();
    // Of an image that was listed here it is known that it has no packages; of what somebody wrote it is not.
    let nothing = list.is_empty().then(|| "the document lists no package".to_owned());
    let contains = |whole: String, part: String, comment: Option<&String>| json!({ "spdxElementId": whole, "relationshipType": "CONTAINS", "relatedSpdxElement": part, "comment": comment });
    let owned = owned.iter().map(|(whole, part)| contains(id(*whole), id(*part), None));
    let unknown = unlisted
        .iter()
        .chain(&nothing)
        .map(|words| contains("SPDXRef-DOCUMENT".into(), "NOASSERTION".into(), Some(words)));
    Ok(json!({ "packages": list, "relationships": owned.chain(unknown).collect::<Vec<_>>() }))
}

/// Says which source package a package is of: nothing, where its package URL does.
fn source_info(package: &sbom::Package, names_sources: bool) -> Option<String> {
    match &package.source {
        Some((name, version)) => Some(format!("{BUILT_FROM}{name} {}", version.as_deref().unwrap_or_default())),
        None => (!names_sources).then(|| NO_SOURCE.to_owned()),
    }
}

/// Returns whether something is a package. What the document is about may be one, or an image, or whatever somebody wrote there.
fn is_package(package: &sbom::Package) -> bool {
    let kinds = ["pkg:oci/", "pkg:docker/"];
    let is_other = |purl: &String| kinds.iter().any(|kind| purl.starts_with(kind));
    !package.is_described || package.purls.iter().any(|purl| !is_other(purl))
}

/// Returns what the packages of a list are built for, as far as their package URLs say so.
pub fn platform_of(list: &Value) -> Result<Platform, ScanError> {
    let packages = list.get("packages").and_then(Value::as_array).into_iter().flatten();
    let mut purls = packages.filter_map(|package| package["externalRefs"][0]["referenceLocator"].as_str());
    let architecture = purls.find_map(|purl| {
        let url: PackageUrl = purl.parse().ok()?;
        let known = match url.qualifier("arch")? {
            "amd64" | "x86_64" => "amd64",
            "arm64" | "aarch64" => "arm64",
            "i386" | "i586" | "i686" | "x86" => "386",
            "ppc64el" | "ppc64le" => "ppc64le",
            other @ ("s390x" | "riscv64") => other,
            _ => return None,
        };
        Some(known.to_owned())
    });
    let architecture = architecture.as_deref().unwrap_or(UNKNOWN);
    Platform::new("linux", architecture, None).map_err(|source| ScanError::Platform { source })
}
