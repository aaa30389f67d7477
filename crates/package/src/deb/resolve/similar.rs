use super::Target;
use std::cmp::Reverse;

/// Returns the name of a package that is written like a name that nothing has.
pub(super) fn similar(name: &str, targets: &[Target<'_>]) -> Option<String> {
    let likeness = |known: &str| strsim::osa_distance(name, known);
    let tolerance = (name.len() / 3).max(1);
    targets
        .iter()
        .flat_map(|target| target.indexes)
        .flat_map(|searched| searched.index.names())
        .filter(|known| known.len().abs_diff(name.len()) <= tolerance)
        .map(|known| (likeness(known), known))
        .filter(|(distance, _)| *distance <= tolerance)
        .min_by_key(|(distance, known)| (*distance, Reverse(common_start(name, known)), *known))
        .map(|(_, known)| known.to_owned())
}

/// Returns how many bytes two names share before they differ.
fn common_start(left: &str, right: &str) -> usize {
    left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count()
}
