//! Modules of distributions made of rpm packages: several streams of the same packages beside each other, each with advisories of its own.

use crate::entry::Entry;
use std::collections::BTreeSet;

/// Returns what is about the stream of modules that a package is part of, or about none if it is part of none.
pub(crate) fn of_stream(entries: Vec<Entry>, version: &str, module: Option<&str>) -> Vec<Entry> {
    let is_modular = module.is_some() || is_of_module(version);
    // One record names the builds of all architectures and contexts that are free of it, as if each were its own advisory.
    let free: BTreeSet<u64> = entries
        .iter()
        .filter(|entry| is_modular && entry.versions.fixed().any(|fixed| fixed == version))
        .map(|entry| entry.number)
        .collect();
    let applies = |entry: &Entry| {
        let mut fixed = entry.versions.fixed().peekable();
        let is_same = fixed.peek().is_none() || fixed.any(is_of_module) == is_modular;
        is_same && !free.contains(&entry.number) && is_about(&entry.record.streams, module)
    };
    entries.into_iter().filter(applies).collect()
}

/// Builds for modules are named so (Fedora Modularity, "Policies").
fn is_of_module(version: &str) -> bool {
    version.contains(".module")
}

/// Returns whether a record about these streams may be about a module, `name:stream:version:context`.
fn is_about(streams: &[String], module: Option<&str>) -> bool {
    let Some(module) = module else { return true };
    let mut parts = module.split(':');
    let (name, stream) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let mut same =
        streams.iter().filter_map(|known| known.split_once(':')).filter(|(known, _)| *known == name).peekable();
    same.peek().is_none() || same.any(|(_, known)| known == stream)
}
