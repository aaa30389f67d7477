use crate::ScanError;
use crate::component::NO_SOURCE;
use consign_oci::{Digest, Platform};
use consign_package::PackageUrl;
use consign_package::sbom::{self, BUILT_FROM, Sbom};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Largest list of packages that is read, in bytes.
pub const DOCUMENT_LIMIT: usize = sbom::SIZE_LIMIT;
/// Programs whose package URLs have the source package (`upstream`) wherever it has another name or version; BuildKit has syft list the packages.
const SOURCE_WRITERS: [&str; 3] = ["consign", "syft", "buildkit"];
/// Most images of an index that are told apart.
const IMAGE_LIMIT: usize = 1000;
/// The architecture of packages that do not say which.
const UNKNOWN: &str = "unknown";

/// What a document lists of one image, or of whatever it is about.
#[derive(Clone, Debug)]
pub struct ListedContents {
    /// Digest of the image, where an index says of what it is made.
    pub digest: Option<Digest>,
    /// What it runs on, as far as the document says so.
    pub platform: Platform,
    /// The packages, in the form in which they are compared.
    pub sbom: Value,
}

/// Takes an SBOM of any format that is read for lists of packages, in the form in which they are compared: what stands in it is believed. A document that
/// consign wrote of an index gives a list for each image, any other gives one.
pub fn listed_contents(contents: &[u8]) -> Result<Vec<ListedContents>, ScanError> {
    let read = sbom::read(contents).map_err(|source| ScanError::Document { source: Box::new(source) })?;
    let Some(image_of) = images(&read) else {
        let sbom = list(&read, &|_| true);
        return Ok(vec![ListedContents { digest: None, platform: platform_of(&sbom)?, sbom }]);
    };
    let listed = read.images.iter().map(|(image, label)| {
        let sbom = list(&read, &|number| number != *image && image_of.get(&number) == Some(image));
        let digest = read.packages.get(*image).and_then(|package| package.version.as_ref()?.parse().ok());
        let stated = stated_platform(label, digest.as_ref());
        let platform = stated.map_or_else(|| platform_of(&sbom), Ok)?;
        Ok(ListedContents { digest, platform, sbom })
    });
    listed.collect()
}

/// Returns in which image of an index each package is. `None`: it is not a document of consign's about an index, or does not say of all of them.
fn images(read: &Sbom) -> Option<HashMap<usize, usize>> {
    if read.images.is_empty() || read.images.len() > IMAGE_LIMIT || read.tools != ["consign"] {
        return None;
    }
    let mut parts: HashMap<usize, Vec<usize>> = HashMap::new();
    read.owned.iter().for_each(|(whole, part)| parts.entry(*whole).or_default().push(*part));
    let mut image_of: HashMap<usize, usize> = HashMap::new();
    for (image, _) in &read.images {
        let mut pending = vec![*image];
        while let Some(number) = pending.pop() {
            if let Entry::Vacant(place) = image_of.entry(number) {
                place.insert(*image);
                pending.extend(parts.get(&number).into_iter().flatten());
            }
        }
    }
    let is_image = |package: &sbom::Package| package.purpose.as_deref() == Some("container");
    let mut packages = read.packages.iter().enumerate();
    packages.all(|(number, package)| is_image(package) || image_of.contains_key(&number)).then_some(image_of)
}

/// Returns the platform that consign names an image of an index by: `Image-linux-arm-v7`, with a part of the digest where there are several for one.
fn stated_platform(label: &str, digest: Option<&Digest>) -> Option<Platform> {
    let hex = digest.map(Digest::hex).unwrap_or_default();
    let is_digest = |part: &&str| part.len() == 12 && hex.starts_with(part);
    let parts: Vec<&str> = label.strip_prefix("Image-")?.split('-').take_while(|part| !is_digest(part)).collect();
    parts.join("/").parse().ok()
}

/// Returns the packages that are wanted. Where a document of an index says that there are others, it is said of each of its images.
fn list(read: &Sbom, is_wanted: &dyn Fn(usize) -> bool) -> Value {
    let Sbom { packages, owned, unlisted, tools, .. } = read;
    let names_sources = !tools.is_empty() && tools.iter().all(|tool| SOURCE_WRITERS.contains(&tool.as_str()));
    let id = |number: usize| format!("SPDXRef-Package-{number}");
    let listed = packages.iter().enumerate().filter(|(number, package)| is_wanted(*number) && is_package(package));
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
    let owned = owned.iter().filter(|(whole, part)| is_wanted(*whole) && is_wanted(*part));
    let owned = owned.map(|(whole, part)| contains(id(*whole), id(*part), None));
    let unknown = unlisted
        .iter()
        .chain(&nothing)
        .map(|words| contains("SPDXRef-DOCUMENT".into(), "NOASSERTION".into(), Some(words)));
    json!({ "packages": list, "relationships": owned.chain(unknown).collect::<Vec<_>>() })
}

/// Says which source package a package is of: nothing, where its package URL does.
fn source_info(package: &sbom::Package, names_sources: bool) -> Option<String> {
    match &package.source {
        Some((name, version)) => Some(format!("{BUILT_FROM} {name} {}", version.as_deref().unwrap_or_default())),
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
fn platform_of(list: &Value) -> Result<Platform, ScanError> {
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
