//! Files that run as their owner, and secrets.

use super::{Owners, owner};
use crate::InventoryError;
use crate::layer::{FileFacts, Item};
use crate::merge::{Image, NoteKey};
use crate::secret;
use consign_oci::ImageConfig;
use consign_receipt::predicate::{FoundSecret, SecretPlace, SetuidFile};
use std::collections::BTreeSet;

/// Most files, and most secrets, that are named.
const LIMIT: usize = 1000;

/// A file that holds secrets.
pub(super) struct Holder {
    pub(super) place: String,
    pub(super) key: NoteKey,
    pub(super) hidden: bool,
}

pub(super) fn places(image: &Image) -> Vec<String> {
    let setuid = with_facts(image).filter(|(_, _, facts)| facts.setuid.is_some()).map(|(path, ..)| path.to_owned());
    let holders = holders(image).into_iter().filter(|holder| !holder.hidden);
    setuid.chain(holders.map(|holder| holder.place)).collect()
}

fn with_facts(image: &Image) -> impl Iterator<Item = (&str, NoteKey, &FileFacts)> {
    let facts = |(path, key): (_, NoteKey)| Some((path, key, image.file_facts(key)?));
    image.tree.files().filter_map(|(path, mark)| Some((path, mark.facts?))).filter_map(facts)
}

pub(super) fn setuid_files(image: &Image, owners: &Owners) -> (Vec<SetuidFile>, usize) {
    let file = |(path, mark): (&str, crate::merge::Mark)| {
        let (uid, gid) = image.file_facts(mark.facts?)?.setuid?;
        let (mode, package) = (format!("{:04o}", mark.mode & 0o7777), owner(owners, path));
        Some(SetuidFile { path: format!("/{path}"), mode, uid, gid, package })
    };
    bounded(image.tree.files().filter_map(file).collect())
}

/// Returns the files with secrets: those of the image as it is, and those that its layers have and it hides.
pub(super) fn holders(image: &Image) -> Vec<Holder> {
    let mut holders: Vec<Holder> = with_facts(image)
        .filter(|(_, _, facts)| !facts.secrets.is_empty())
        .map(|(path, key, _)| Holder { place: path.to_owned(), key, hidden: false })
        .collect();
    let seen: BTreeSet<NoteKey> = holders.iter().map(|holder| holder.key).collect();
    for (number, layer) in (0..).zip(image.layers()) {
        let has_more = (0..)
            .zip(&layer.files)
            .any(|(note, facts)| !facts.secrets.is_empty() && !seen.contains(&NoteKey { layer: number, note }));
        for (path, item) in layer.entries.iter().filter(|_| has_more) {
            let Item::File { facts: Some(note), .. } = item else { continue };
            let key = NoteKey { layer: number, note };
            let has_secrets = image.file_facts(key).is_some_and(|facts| !facts.secrets.is_empty());
            if has_secrets && !seen.contains(&key) && !path.name().starts_with(".wh.") {
                holders.push(Holder { place: path.as_str().to_owned(), key, hidden: true });
            }
        }
    }
    holders
}

pub(super) fn secrets(
    image: &mut Image,
    config: &ImageConfig,
    owners: &Owners,
) -> Result<(Vec<FoundSecret>, usize), InventoryError> {
    let mut found = Vec::new();
    let holders = holders(image);
    let shipped = image.shipped(&holders)?;
    // What a distribution ships is known to everybody.
    let is_known = |holder: &Holder| match holder.hidden {
        true => shipped.contains(&holder.key),
        false => owner(owners, &holder.place).is_some(),
    };
    for Holder { place, key, hidden } in holders.into_iter().filter(|holder| !is_known(holder)) {
        for mark in image.file_facts(key).iter().flat_map(|facts| &facts.secrets) {
            let (path, line, layer) = (format!("/{place}"), mark.line, key.layer);
            found.push(FoundSecret { place: SecretPlace::File { path, line, layer, hidden }, kind: mark.rule.clone() });
        }
    }
    for variable in config.config.env.iter().flatten() {
        if let Some(kind) = secret::in_variable(variable) {
            let name = variable.split_once('=').map_or("", |(name, _)| name);
            let name = if secret::in_variable(name).is_some() { String::new() } else { name.to_owned() };
            found.push(FoundSecret { place: SecretPlace::Environment { name }, kind: kind.to_owned() });
        }
    }
    for (entry, history) in (1..).zip(&config.history) {
        let texts = [&history.created_by, &history.comment];
        if let Some(kind) = texts.into_iter().flatten().find_map(|text| secret::in_history(text)) {
            found.push(FoundSecret { place: SecretPlace::History { entry }, kind: kind.to_owned() });
        }
    }
    Ok(bounded(found))
}

/// Returns what is named, sorted, each once, and how many more there are.
fn bounded<T: Ord>(mut all: Vec<T>) -> (Vec<T>, usize) {
    all.sort();
    all.dedup();
    let more = all.len().saturating_sub(LIMIT);
    all.truncate(LIMIT);
    (all, more)
}
