/// Longest word that is compared, in characters.
const LIMIT: usize = 64;

/// Returns the name that is most like what is written, if one is.
pub(super) fn of<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    within(written, names, 2)
}

/// Returns the name that is most like what is written, if not more than `most` letters differ.
pub(super) fn within<'a>(written: &str, names: impl Iterator<Item = &'a str>, most: usize) -> Option<&'a str> {
    let length = written.chars().count();
    if length > LIMIT {
        return None;
    }
    let names = names.filter(|name| name.len() <= 2 * LIMIT).map(|name| (distance(written, name), name));
    names.filter(|(distance, _)| *distance <= most && 2 * distance < length).min().map(|(_, name)| name)
}

fn distance(one: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(&one.to_ascii_lowercase(), &other.to_ascii_lowercase())
}
