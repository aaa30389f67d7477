use super::Listed;
use consign_package::rpm::RpmSource;
use consign_package::{Kind, PackageUrl, sbom};
use std::collections::BTreeMap;

impl Listed {
    /// Takes the packages of an SBOM. Also returns, in words, where it says that there are others.
    pub(crate) fn all_of_sbom(sbom: sbom::Sbom) -> (Vec<Self>, Vec<String>) {
        let sbom::Sbom { packages, own_licences, unlisted, .. } = sbom;
        let listed = packages.into_iter().filter(is_package).map(|package| Self::of_sbom(package, &own_licences));
        let unlisted = unlisted.iter().map(|words| format!("the document says that it does not list all: {words}"));
        (listed.collect(), unlisted.collect())
    }

    fn of_sbom(package: sbom::Package, own_licences: &BTreeMap<String, String>) -> Self {
        let mut urls: Vec<PackageUrl> = package.purls.iter().filter_map(|purl| purl.parse().ok()).collect();
        let known = |url: &PackageUrl| Kind::ALL.into_iter().find(|kind| kind.purl_type() == url.kind());
        // A name at a registry that is known is worth more than one elsewhere.
        urls.sort_by_key(|url| known(url).is_none());
        let own = |written: String| own_licences.get(&written).cloned().unwrap_or(written);
        let other = Self {
            name: package.name,
            version: package.version,
            licences: package.licences.into_iter().map(own).collect(),
            supplier: package.supplier,
            homepage: package.homepage,
            checksums: package.checksums,
            is_stated: true,
            ..Self::default()
        };
        let Some(url) = urls.into_iter().next() else { return other };
        let kind = known(&url).unwrap_or(Kind::Other);
        let url = url.of_version(other.version.as_deref().filter(|_| kind != Kind::Rpm).unwrap_or_default());
        let version = url.version().map(str::to_owned).or(other.version);
        let epoch = url.qualifier("epoch").filter(|epoch| kind == Kind::Rpm && *epoch != "0");
        let full_version = version.map(|version| epoch.map_or(version.clone(), |epoch| format!("{epoch}:{version}")));
        Self {
            kind,
            name: name_of(kind, &url),
            source: source_of(kind, &url),
            version: full_version,
            architecture: url.qualifier("arch").map(str::to_owned),
            purl: url.to_string(),
            ..other
        }
    }
}

/// Returns whether it is something that lies in the image: not the image, nor what the document is about without a name that anybody else knows.
fn is_package(package: &sbom::Package) -> bool {
    let is_image = |purl: &String| purl.starts_with("pkg:oci/") || purl.starts_with("pkg:docker/");
    let is_other = matches!(package.purpose.as_deref(), Some("container" | "operating-system" | "file"));
    let is_nameless = package.is_described && package.purls.iter().all(is_image);
    !is_other && !is_nameless
}

/// Returns the name of a package as its ecosystem writes it in advisories.
fn name_of(kind: Kind, url: &PackageUrl) -> String {
    match (kind, url.namespace()) {
        (Kind::Maven, Some(group)) => format!("{group}:{}", url.name()),
        (Kind::Npm | Kind::Go | Kind::Composer, Some(namespace)) => format!("{namespace}/{}", url.name()),
        _ => url.name().to_owned(),
    }
}

/// Returns name and version of the source package that a distribution's package URL names.
fn source_of(kind: Kind, url: &PackageUrl) -> Option<(String, String)> {
    let (upstream, own) = (url.qualifier("upstream"), url.version().unwrap_or_default());
    match kind {
        Kind::Rpm => RpmSource::of_file(upstream?.to_owned()).map(|source| (source.name, source.version)),
        Kind::Debian | Kind::Alpine => match upstream.unwrap_or(url.name()).rsplit_once('@') {
            Some((name, version)) => Some((name.to_owned(), version.to_owned())),
            None => Some((upstream.unwrap_or(url.name()).to_owned(), own.to_owned())),
        },
        _ => None,
    }
}
