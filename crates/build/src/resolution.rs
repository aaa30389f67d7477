//! What was left open by the image file, decided: for all platforms together, and before any is built.

use crate::deb::{self, ChosenPackage, DebianSources};
use crate::error::BuildError;
use crate::specification::{Contents, Specification};
use consign_fetch::Fetcher;
use consign_image::{Base, ImageReference, Place};
use consign_oci::{Descriptor, Digest, Platform};
use consign_receipt::predicate::ResourceDescriptor;
use consign_store::Store;
use serde_json::json;
use std::collections::BTreeMap;

/// What an image is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolution {
    /// Whether a lock chose it, at a time when all of it was there.
    pub locked: bool,
    /// The suite that packages are of, if there are packages.
    pub suite: Option<String>,
    /// What the reference to the base image names: an index, or a manifest.
    pub base: Option<Descriptor>,
    /// The packages, by platform, sorted by name.
    pub packages: BTreeMap<Platform, Vec<ChosenPackage>>,
    /// What the packages were chosen from, by platform: release files and indexes. Nothing, where a lock chose.
    pub consulted: BTreeMap<Platform, Vec<ResourceDescriptor>>,
    /// What the user should know, by platform.
    pub warnings: BTreeMap<Platform, Vec<String>>,
}

/// What a choice is made from.
pub struct ResolveRequest<'a> {
    /// All platforms of the image, also those that are not built here: each package has one version on all of them.
    pub platforms: &'a [Platform],
    /// Where earlier choices are kept.
    pub store: &'a Store,
    /// What fetches release files and indexes.
    pub fetcher: &'a Fetcher,
    /// Where packages come from.
    pub sources: &'a DebianSources,
    /// The base image that the image file names, opened.
    pub base: Option<&'a Place>,
    /// What is to stay as it is, as far as that is to be had: an earlier choice.
    pub keep: Option<&'a Resolution>,
    /// Whether an earlier choice from the same indexes will do.
    pub reuse: bool,
    /// The time by which signatures and releases are judged.
    pub now: jiff::Timestamp,
}

/// Decides what the image file leaves open: which packages, and which base image.
pub async fn resolve(specification: &Specification, request: &ResolveRequest<'_>) -> Result<Resolution, BuildError> {
    match &specification.contents {
        Contents::Packages(packages) => Ok(deb::select(packages, request).await?),
        Contents::Files { base: None } => Ok(Resolution::default()),
        Contents::Files { base: Some(base) } => {
            let place = request.base.ok_or_else(|| BuildError::BaseNotOpened { base: base.clone() })?;
            let offline = request.fetcher.is_offline();
            let kept = request.keep.and_then(|kept| kept.base.clone());
            let still = match kept {
                Some(kept) if offline => Some(kept),
                Some(kept) => Base::find(place, &kept).await?,
                None => None,
            };
            let root = match still {
                Some(root) => root,
                None => Base::root(place, request.store, offline).await?,
            };
            // What else a layout says of it, such as the name that it was pushed under, is no part of the choice.
            Ok(Resolution { base: Some(root.plain()), ..Resolution::default() })
        }
    }
}

impl Specification {
    /// Returns whether the file leaves open what the image is made of, so that there is something to choose, and to lock.
    pub fn leaves_open(&self) -> bool {
        match &self.contents {
            Contents::Packages(_) => true,
            Contents::Files { base: None } => false,
            Contents::Files { base: Some(base) } => match base.parse() {
                Ok(ImageReference::Registry(reference)) => reference.digest.is_none(),
                _ => true,
            },
        }
    }

    /// Returns the digest of what is to be chosen for these platforms. A choice that was made for another digest is of no use.
    pub fn question(&self, platforms: &[Platform]) -> Digest {
        let mut platforms: Vec<String> = platforms.iter().map(Platform::to_string).collect();
        platforms.sort();
        let question = match &self.contents {
            Contents::Packages(packages) => {
                let mut names = packages.packages.clone();
                names.sort();
                let recommends = packages.recommends;
                json!({ "packages": names, "recommends": recommends, "suite": packages.suite, "platforms": platforms })
            }
            Contents::Files { base } => json!({ "base": base, "platforms": platforms }),
        };
        Digest::of(question.to_string().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_digest_leaves_nothing_open() {
        let digest = Digest::of(b"x");
        let table = [
            ("packages: [a]".to_owned(), true),
            ("files: [{source: a, path: /a}]".to_owned(), false),
            ("base: example.org/base:1".to_owned(), true),
            (format!("base: example.org/base@{digest}"), false),
            (format!("base: docker://example.org/base:1@{digest}"), false),
            ("base: oci-archive:base@1.tar".to_owned(), true),
            (format!("base: oci:base@{digest}"), true),
        ];
        for (text, expected) in table {
            let specification = Specification::parse("image.yaml", &format!("{text}\n")).unwrap();
            assert_eq!(specification.leaves_open(), expected, "{text}");
        }
    }
}
