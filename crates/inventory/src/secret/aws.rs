//! Access keys of Amazon's: an identifier, which alone is no secret, and the secret that belongs to it.

use super::{is_base64, is_filler, run};

/// Letters of an identifier behind its first four, and of a secret.
const ID: usize = 16;
const SECRET: usize = 40;
/// How far from the identifier its secret stands, in bytes.
const NEAR: usize = 500;

/// What was found.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// How identifiers begin.
    Id,
    /// What secrets are called.
    Name,
}

/// Returns the kind of the secret that is at a place.
pub(super) fn at(part: Part, text: &[u8], start: usize, end: usize) -> Option<&'static str> {
    let is_there = match part {
        Part::Id => is_id(text, start, end) && has_secret(text, start),
        Part::Name => is_named(text, end),
    };
    is_there.then_some("aws-access-key")
}

fn is_id(text: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).and_then(|before| text.get(before));
    let id = run(text, end, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_part = |byte: &u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(byte);
    before.is_none_or(|byte| !is_base64(*byte) || *byte == b'=')
        && id.len() == ID
        && id.iter().all(is_part)
        && !is_filler(id)
}

/// Returns whether something near an identifier has the form of a secret.
fn has_secret(text: &[u8], at: usize) -> bool {
    let near = text.get(at.saturating_sub(NEAR)..text.len().min(at + NEAR)).unwrap_or_default();
    let mut words = near.split(|byte| !is_base64(*byte) || *byte == b'=');
    words.any(is_secret)
}

/// Returns whether a secret follows its name, behind at most a few signs such as `": "`.
fn is_named(text: &[u8], end: usize) -> bool {
    let between = run(text, end, |byte| b" \t\"'=:>,`".contains(&byte));
    let at = end + between.len();
    let word = run(text, at, |byte| is_base64(byte) && byte != b'=');
    !between.is_empty() && between.len() < 16 && is_secret(word)
}

fn is_secret(word: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| word.iter().any(is);
    // Sums of files are as long, in hexadecimal digits; and names of paths are, without digits or capitals.
    word.len() == SECRET
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_uppercase)
        && has(|byte| (b'g'..=b'z').contains(byte))
        && !is_filler(word)
}
