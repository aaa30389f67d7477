//! A Merkle tree (RFC 6962, section 2.1).

use super::key::hash;

/// Returns the hash of a leaf.
pub(super) fn leaf(body: &[u8]) -> [u8; 32] {
    hash(&[&[0], body].concat())
}

/// Returns the hash of the tree over these leaves.
pub(super) fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => hash(&[]),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(middle(leaves.len()));
            hash(&[&[1][..], &root(left), &root(right)].concat())
        }
    }
}

/// Returns the hashes that lead from a leaf to the root, the lowest first.
pub(super) fn path(leaves: &[[u8; 32]], index: usize) -> Vec<[u8; 32]> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let middle = middle(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut hashes, sibling) =
        if index < middle { (path(left, index), root(right)) } else { (path(right, index - middle), root(left)) };
    hashes.push(sibling);
    hashes
}

/// The largest power of two that is smaller.
fn middle(length: usize) -> usize {
    length.next_power_of_two() / 2
}
