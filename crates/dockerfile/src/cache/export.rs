//! Steps and folders into caches elsewhere.

use super::entry::{ARTIFACT, Entry, is_entry, is_same, title};
use super::source::{Open, in_registry};
use super::{CacheError, Direction, Step};
use crate::Kitchen;
use crate::buildkit::Cache;
use consign_image::{ArchiveImage, ImageReference, Layout, Place, write_archive};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Document, Index, Platform, media_type};
use consign_store::Store;
use std::collections::BTreeMap;

/// How often a list is written that others write at the same time.
const TRIES: usize = 5;

/// What a build leaves for others.
pub struct Export<'a> {
    /// What the image is called.
    pub image: &'a str,
    /// The steps of each platform that was built.
    pub platforms: &'a [(Platform, Vec<Step>)],
    /// Where their layers are.
    pub store: &'a Store,
    /// Where their folders are.
    pub kitchen: &'a Kitchen,
    /// Opens a place.
    pub open: Open<'a>,
    /// Whether registries are left alone.
    pub offline: bool,
}

impl Export<'_> {
    /// Writes the steps of this build to a cache, in place of those of the last one for the same image and platforms. Others' stay. Returns what
    /// could not be written: folders that are kept between builds are left out where they cannot be packed.
    pub async fn write(&self, cache: &Cache) -> Result<Vec<String>, CacheError> {
        let place = cache.place(Direction::To)?;
        if self.offline && matches!(place, ImageReference::Registry(_)) {
            return Err(CacheError::Offline { cache: place.to_string() });
        }
        let there = self.listed(&place).await?;
        let (mut own, mut warnings) = (Vec::new(), Vec::new());
        for (platform, steps) in self.platforms {
            let mut entry = Entry::new(self.image, platform, steps, cache)?;
            let before = self.before(&there, platform, &place).await;
            entry.mounts = self.mounts(steps, cache.is_max()?, before, &mut warnings).await;
            own.push(entry.write(self.store)?);
        }
        match &place {
            ImageReference::Layout { folder, .. } => {
                for entry in own.into_iter().filter(|entry| !there.contains(entry)) {
                    let tag = Digest::of(format!("{:?} {:?}", title(&entry), entry.platform).as_bytes());
                    let tag = format!("cache-{}", tag.short()).parse().ok();
                    let image = ArchiveImage { root: entry, name: None, referrers: Vec::new() };
                    write_archive(self.store, &image, &ImageReference::Layout { folder: folder.clone(), tag })?;
                }
            }
            _ => self.send(&(self.open)(&place)?, &place, &own).await?,
        }
        Ok(warnings)
    }

    /// Returns what the cache lists now.
    async fn listed(&self, place: &ImageReference) -> Result<Vec<Descriptor>, CacheError> {
        match place {
            ImageReference::Layout { folder, .. } if !folder.join("index.json").exists() => Ok(Vec::new()),
            ImageReference::Layout { folder, .. } => {
                let layout = Layout::folder(folder)?;
                let roots = layout.tags().into_iter().map(|tag| layout.root(Some(&tag)));
                let roots: Vec<Option<Descriptor>> = roots.collect::<Result<_, _>>()?;
                // As they were given, without the tag that they got there.
                let plain = |mut root: Descriptor| {
                    root.annotations.remove(consign_oci::annotation::REF_NAME);
                    root
                };
                Ok(roots.into_iter().flatten().filter(is_entry).map(plain).collect())
            }
            _ => Ok(in_registry(&(self.open)(place)?, place).await?.unwrap_or_default()),
        }
    }

    /// Returns the folders that the last export for a platform had.
    async fn before(
        &self,
        there: &[Descriptor],
        platform: &Platform,
        place: &ImageReference,
    ) -> BTreeMap<String, Descriptor> {
        let own = |listed: &&Descriptor| {
            is_entry(listed) && listed.platform.as_ref() == Some(platform) && title(listed) == Some(self.image)
        };
        let Some(listed) = there.iter().find(own) else { return BTreeMap::new() };
        let uses_some = self.platforms.iter().any(|(_, steps)| steps.iter().any(|step| !step.mounts.is_empty()));
        let Some(place) = (self.open)(place).ok().filter(|_| uses_some) else { return BTreeMap::new() };
        let Ok(Document::Manifest(manifest)) = place.document(listed).await else { return BTreeMap::new() };
        let config = place.bytes(&manifest.config, DOCUMENT_LIMIT).await;
        config.ok().and_then(|bytes| Entry::read(&bytes)).map(|entry| entry.mounts).unwrap_or_default()
    }

    /// Packs the folders that commands had. Where none of them was run, the folder is as it was.
    async fn mounts(
        &self,
        steps: &[Step],
        is_max: bool,
        mut before: BTreeMap<String, Descriptor>,
        warnings: &mut Vec<String>,
    ) -> BTreeMap<String, Descriptor> {
        let mut used: BTreeMap<&String, bool> = BTreeMap::new();
        for step in steps.iter().filter(|step| is_max || step.is_in_image) {
            step.mounts.iter().for_each(|name| *used.entry(name).or_default() |= !step.why.is_cached());
        }
        let mut mounts = BTreeMap::new();
        for (name, was_run) in used {
            let packed = match before.remove(name).filter(|_| !was_run) {
                Some(same) => Ok(Some(same)),
                None => self.kitchen.pack_cache(name, self.store).await,
            };
            match packed {
                Ok(packed) => mounts.extend(packed.map(|layer| (name.clone(), layer))),
                Err(error) => {
                    let shown = name.split('\0').next().unwrap_or_default();
                    warnings.push(format!("the folder `{shown}`, kept between builds, is not in the cache: {error}"));
                }
            }
        }
        mounts
    }

    /// Sends artifacts to a registry and lists them, with those of others.
    async fn send(&self, place: &Place, reference: &ImageReference, own: &[Descriptor]) -> Result<(), CacheError> {
        let mut is_sent = false;
        for _ in 0..TRIES {
            // Read again each time: another runner may have written meanwhile.
            let there = in_registry(place, reference).await?.unwrap_or_default();
            if own.iter().all(|entry| there.contains(entry)) {
                return Ok(());
            }
            if !is_sent {
                for entry in own.iter().filter(|entry| !there.contains(entry)) {
                    place.send_artifact(entry, self.store).await?;
                }
                is_sent = true;
                // That took a while, so the list is read once more.
                continue;
            }
            let others = there.into_iter().filter(|listed| !own.iter().any(|entry| is_same(listed, entry)));
            let mut manifests: Vec<Descriptor> = others.chain(own.iter().cloned()).collect();
            manifests.sort_by_cached_key(|listed| format!("{:?} {:?}", title(listed), listed.platform));
            let mut index = Index::new(manifests);
            index.artifact_type = Some(ARTIFACT.to_owned());
            let bytes = serde_json::to_vec(&index)?;
            let document = Document::read(media_type::INDEX, bytes);
            let document = document.map_err(|_| CacheError::Other { cache: reference.to_string() })?;
            place.put_list(&document).await?;
        }
        Err(CacheError::Contended { cache: reference.to_string() })
    }
}
