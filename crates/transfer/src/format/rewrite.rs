use super::Format;
use super::text::{Member, Span, Text};
use super::types::{in_format, reason};
use crate::platforms::subject_of;
use consign_oci::{Descriptor, Digest, Document, Index, Manifest, media_type};
use std::collections::{BTreeMap, BTreeSet};

/// What docker's formats know (distribution, "Image Manifest V 2, Schema 2"): of a manifest, a list, and what either lists.
const OF_MANIFEST: [&str; 4] = ["schemaVersion", "mediaType", "config", "layers"];
const OF_LIST: [&str; 3] = ["schemaVersion", "mediaType", "manifests"];
const OF_DESCRIPTOR: [&str; 5] = ["mediaType", "digest", "size", "urls", "platform"];

/// A document in another format.
pub(super) struct Rewritten {
    /// Its text; `None` where it has the format already.
    pub(super) text: Option<String>,
    /// Keys that the format has no place for.
    pub(super) lost: BTreeSet<String>,
    /// How many entries of the list are about others that are not what they were.
    pub(super) left: usize,
}

/// Writes a document in another format. `listed` are the descriptors of what a list lists, by the digests that it was listed by.
pub(super) fn rewrite(
    document: &Document,
    format: Format,
    listed: &BTreeMap<Digest, Descriptor>,
) -> Result<Rewritten, String> {
    let text = std::str::from_utf8(document.bytes()).map_err(|error| error.to_string())?;
    let mut rewrite = Rewrite { text: Text::new(text), format, lost: BTreeSet::new(), left: 0 };
    match document {
        Document::Manifest(manifest) => rewrite.manifest(manifest)?,
        Document::Index(index) => rewrite.index(index, listed)?,
    }
    let Rewrite { text, lost, left, .. } = rewrite;
    Ok(Rewritten { text: text.changed(), lost, left })
}

struct Rewrite<'a> {
    text: Text<'a>,
    format: Format,
    lost: BTreeSet<String>,
    left: usize,
}

impl Rewrite<'_> {
    fn manifest(&mut self, manifest: &Manifest) -> Result<(), String> {
        if self.format == Format::Docker
            && ![media_type::CONFIG, media_type::DOCKER_CONFIG].contains(&manifest.config.media_type.as_str())
        {
            return Err(format!("it is no image, but `{:.200}`", manifest.effective_artifact_type()));
        }
        let parts = manifest.layers.iter().chain([&manifest.config]);
        let types = parts.map(|part| part.media_type.as_str()).chain([manifest.media_type.as_str()]);
        if !self.changes(types)? {
            return Ok(());
        }
        let root = self.text.root();
        let members = self.text.members(&root);
        let value = |key: &str| members.iter().find(|member| member.key == key).map(|member| member.value.clone());
        self.own_type(&root, value("mediaType"), &manifest.media_type)?;
        if let Some(config) = value("config") {
            self.descriptor(&config, None)?;
        }
        for layer in value("layers").map(|layers| self.text.items(&layers)).unwrap_or_default() {
            self.descriptor(&layer, None)?;
        }
        self.only(&root, &OF_MANIFEST);
        Ok(())
    }

    fn index(&mut self, index: &Index, listed: &BTreeMap<Digest, Descriptor>) -> Result<(), String> {
        let other = |digest: &Digest| listed.get(digest).is_some_and(|new| new.digest != *digest);
        // What is about others is no part of the image, and of docker's lists none can say that an entry is.
        let is_about = |entry: &Descriptor| subject_of(entry).is_some_and(|subject| other(&subject));
        let format = self.format;
        let is_gone = |entry: &Descriptor| match format {
            Format::Oci => is_about(entry),
            Format::Docker => subject_of(entry).is_some(),
        };
        let types = index.manifests.iter().filter(|entry| subject_of(entry).is_none());
        let types = types.map(|entry| entry.media_type.as_str()).chain([index.media_type.as_str()]);
        let changes =
            self.changes(types)? || index.manifests.iter().any(|entry| other(&entry.digest) || is_about(entry));
        if !changes {
            return Ok(());
        }
        let root = self.text.root();
        let members = self.text.members(&root);
        let value = |key: &str| members.iter().find(|member| member.key == key).map(|member| member.value.clone());
        self.own_type(&root, value("mediaType"), &index.media_type)?;
        let items = value("manifests").map(|list| self.text.items(&list)).unwrap_or_default();
        let entries: Vec<(Span, bool, &Descriptor)> =
            items.into_iter().zip(&index.manifests).map(|(item, entry)| (item, is_gone(entry), entry)).collect();
        for (item, _, entry) in entries.iter().filter(|(_, goes, _)| !goes) {
            self.descriptor(item, listed.get(&entry.digest))?;
        }
        let parts: Vec<(Span, bool)> = entries.into_iter().map(|(item, goes, _)| (item, goes)).collect();
        self.left = parts.iter().filter(|(_, goes)| *goes).count();
        self.text.remove(&parts);
        self.only(&root, &OF_LIST);
        Ok(())
    }

    /// Returns whether any type has another name in the format.
    fn changes<'b>(&self, types: impl Iterator<Item = &'b str>) -> Result<bool, String> {
        let mut changes = false;
        for known in types {
            changes |= in_format(self.format, known).ok_or_else(|| reason(known))? != known;
        }
        Ok(changes)
    }

    fn own_type(&mut self, root: &Span, written: Option<Span>, known: &str) -> Result<(), String> {
        let new = in_format(self.format, known).ok_or_else(|| reason(known))?;
        match written {
            Some(value) => self.text.replace(&value, new),
            // OCI's need not say what they are, and docker's must.
            None => self.text.add_first(root, "mediaType", new),
        }
        Ok(())
    }

    /// Rewrites what names something: by another type, and where that is another text now, by its digest and size.
    fn descriptor(&mut self, span: &Span, new: Option<&Descriptor>) -> Result<(), String> {
        for Member { key, value, .. } in self.text.members(span) {
            match (key.as_str(), new) {
                ("mediaType", Some(new)) => self.text.replace(&value, new.media_type.as_str()),
                ("mediaType", None) => self.type_of(&value)?,
                ("digest", Some(new)) => self.text.replace(&value, new.digest.to_string()),
                ("size", Some(new)) => self.text.replace(&value, new.size),
                _ => {}
            }
        }
        if new.is_some() {
            // It holds the text as it was (image-spec, descriptor.md, "Embedded Content").
            self.text.remove_members(span, |member| member.key == "data");
        }
        self.only(span, &OF_DESCRIPTOR);
        Ok(())
    }

    fn type_of(&mut self, value: &Span) -> Result<(), String> {
        let known: String = serde_json::from_str(self.text.part(value)).map_err(|error| error.to_string())?;
        let new = in_format(self.format, &known).ok_or_else(|| reason(&known))?;
        self.text.replace(value, new);
        Ok(())
    }

    /// Takes out what docker's format does not know.
    fn only(&mut self, object: &Span, known: &[&str]) {
        if self.format == Format::Docker {
            let lost = self.text.remove_members(object, |member| !known.contains(&member.key.as_str()));
            self.lost.extend(lost);
        }
    }
}
