use super::file_name::FileName;
use super::manifest::{Manifest, is_word};
use super::properties::Coordinates;
use crate::{Found, Kind};

/// Attributes that name an artifact, and its version: of plugins of Jenkins, then as build tools write them.
const NAMES: [&str; 2] = ["short-name", "implementation-title"];
const VERSIONS: [&str; 4] = ["plugin-version", "implementation-version", "bundle-version", "specification-version"];

/// Returns which of the coordinates in an archive are its own. The others are of what was copied into it.
pub(super) fn own(all: &[Coordinates], file: &FileName, manifest: &Manifest) -> Option<usize> {
    let is_of_version = |one: &Coordinates| match (&file.version, &one.version) {
        (Some(file), Some(version)) => {
            file == version || file.strip_prefix(version).is_some_and(|rest| rest.starts_with('-'))
        }
        _ => file.version.is_none(),
    };
    let is_named = |one: &Coordinates| one.artifact == file.artifact;
    let title = manifest.word(&NAMES);
    let bundle = manifest.bundle();
    let is_titled = |one: &Coordinates| {
        Some(&one.artifact) == title.as_ref()
            || bundle.as_ref().is_some_and(|bundle| group_of(bundle, &one.artifact) == Some(&one.group))
    };
    // Maven writes an archive's own coordinates into it; other programs copy only those of others.
    let is_of_maven = manifest.first(&["created-by"]).is_some_and(|program| program.contains("Maven"));
    let is_alone = |one: &Coordinates| {
        all.len() == 1 && (is_of_maven || one.version.is_some() && one.version == manifest.first(&VERSIONS))
    };
    // As surely as can be: of several of which each is as good, none.
    let sole = |is: &dyn Fn(&Coordinates) -> bool| {
        let mut fitting = all.iter().enumerate().filter(|(_, one)| is(one));
        let first = fitting.next().map(|(index, _)| index);
        if fitting.next().is_none() { first } else { None }
    };
    sole(&|one| is_named(one) && is_of_version(one))
        .or_else(|| sole(&is_named))
        .or_else(|| sole(&is_titled))
        .or_else(|| sole(&is_alone))
}

/// Returns what an archive is that has no coordinates of its own. Its group is named where its manifest says it, and never guessed.
pub(super) fn stated(file: &FileName, manifest: &Manifest) -> Found {
    let bundle = manifest.bundle();
    let named = bundle.as_ref().filter(|bundle| !bundle.ends_with(&file.artifact));
    let artifact = match &file.version {
        Some(_) => file.artifact.clone(),
        None => manifest.word(&NAMES).or_else(|| named.cloned()).unwrap_or_else(|| file.artifact.clone()),
    };
    let version = file.version.clone().or_else(|| manifest.word(&VERSIONS));
    let group = manifest
        .word(&["group-id"])
        .or_else(|| group_of(bundle.as_deref()?, &artifact).map(str::to_owned))
        .or_else(|| manifest.word(&["implementation-vendor-id"]).filter(|group| group.contains('.')));
    let name = group.map_or_else(|| artifact.clone(), |group| format!("{group}:{artifact}"));
    Found::new(Kind::Maven, name, version.as_deref())
}

/// Returns the group of an artifact by the name of its bundle, which Maven makes of both: `group.artifact`, or, where the artifact begins with the last
/// word of the group, without that word twice (Apache Felix, Maven Bundle Plugin, "Default Behavior"). `None` for an artifact of one word: the same
/// name is made where the group ends in it, as that of Guava does.
fn group_of<'a>(bundle: &'a str, artifact: &str) -> Option<&'a str> {
    let (first, _) = artifact.split_once(['-', '.'])?;
    let whole = bundle.strip_suffix(artifact).and_then(|rest| rest.strip_suffix('.'));
    let shortened = || {
        let (group, rest) = bundle.rsplit_once('.')?;
        let tail = artifact.strip_prefix(first)?.strip_prefix(['-', '.'])?;
        (tail == rest && group.rsplit('.').next() == Some(first)).then_some(group)
    };
    whole.or_else(shortened).filter(|group| group.contains('.') && is_word(group))
}

/// Adds what a manifest says besides.
pub(super) fn describe(found: &mut Found, manifest: &Manifest) {
    found.licences = manifest.licences();
    found.supplier = manifest.first(&["implementation-vendor", "bundle-vendor", "specification-vendor"]);
    found.homepage = manifest.first(&["implementation-url", "bundle-docurl", "url"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_groups_from_bundles() {
        for (bundle, artifact, expected) in [
            ("org.apache.commons.lang3", "commons-lang3", Some("org.apache.commons")),
            ("com.fasterxml.jackson.core.jackson-core", "jackson-core", Some("com.fasterxml.jackson.core")),
            ("org.eclipse.osgi", "org.eclipse.osgi", None),
            ("org.example.other", "artifact", None),
            ("com.google.guava", "guava", None),
            ("slf4j.api", "slf4j-api", None),
            ("artifact", "artifact", None),
            (".artifact", "artifact", None),
        ] {
            assert_eq!(group_of(bundle, artifact), expected, "{bundle} {artifact}");
        }
    }
}
