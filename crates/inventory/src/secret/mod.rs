//! Secrets in files and settings, by forms that are known: which kind of secret is where, and never a part of it.

mod aws;
mod file;
mod line;
mod pem;
mod place;
mod placeholder;
mod token;
mod variable;

pub(crate) use place::is_searched;
pub(crate) use variable::{in_history, in_variable};

use aho_corasick::AhoCorasick;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Most secrets of one text that are noted. A text with more is a list of secrets, or of none.
const MARK_LIMIT: usize = 20;
/// Fewest different letters of a secret: fillers such as `xxxxxxxx` have fewer.
const VARIETY: usize = 6;
/// What shows that a text stands for a secret, and is none. Those of manuals have it in them, such as Amazon's `AKIAIOSFODNN7EXAMPLE`.
const FILLERS: [&str; 7] = ["example", "changeme", "xxxxxx", "000000", "123456789", "abcdefgh", "${"];

/// Which kind of secret is in which line of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// The kind.
    pub(crate) rule: String,
    /// The line, counted from 1.
    pub(crate) line: u32,
}

/// Says what a text has in it at and behind a place where it has one of the words that are looked for.
enum Finder {
    Token(&'static token::Token),
    Key,
    Amazon(aws::Part),
    Docker,
    Azure,
    Kubernetes,
}

/// Words that are looked for, with what then is looked at.
static WORDS: LazyLock<Vec<(&'static str, Finder)>> = LazyLock::new(|| {
    let tokens = token::TOKENS.iter().map(|token| (token.start, Finder::Token(token)));
    let others = [
        (pem::START, Finder::Key),
        ("AKIA", Finder::Amazon(aws::Part::Id)),
        // Of a session.
        ("ASIA", Finder::Amazon(aws::Part::Id)),
        ("aws_secret_access_key", Finder::Amazon(aws::Part::Name)),
        ("AWS_SECRET_ACCESS_KEY", Finder::Amazon(aws::Part::Name)),
        ("ecretAccessKey", Finder::Amazon(aws::Part::Name)),
        ("\"auths\"", Finder::Docker),
        ("AccountKey=", Finder::Azure),
        ("client-key-data", Finder::Kubernetes),
    ];
    tokens.chain(others).collect()
});

/// All words at once: most texts have none, which is seen in one pass. `None` does not occur: the words are always the same.
static SEARCH: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(WORDS.iter().map(|(word, _)| word)).ok());

/// Returns the secrets of a file, sorted, each kind once in a line.
pub(crate) fn in_file(path: &str, text: &[u8]) -> Vec<Mark> {
    let mut found = in_text(text);
    found.extend(file::in_known(path, text));
    marks(text, found)
}

/// Returns the secrets of a text: each with its kind, and where it begins, in bytes.
fn in_text(text: &[u8]) -> Vec<(&'static str, usize)> {
    let Some(search) = &*SEARCH else { return Vec::new() };
    let mut found = Vec::new();
    let is_docker = std::cell::LazyCell::new(|| file::is_docker(text));
    for at in search.find_iter(text) {
        let Some((_, finder)) = WORDS.get(at.pattern().as_usize()) else { continue };
        let rule = match finder {
            Finder::Token(token) => token.is_at(text, at.start()).then_some(token.rule),
            Finder::Key => pem::at(text, at.start()),
            Finder::Amazon(part) => aws::at(*part, text, at.start(), at.end()),
            Finder::Docker => is_docker.then_some("docker-login"),
            Finder::Azure => line::is_azure_key(text, at.end()).then_some("azure-storage-key"),
            Finder::Kubernetes => line::is_kubernetes_key(text, at.end()).then_some("kubernetes-key"),
        };
        found.extend(rule.map(|rule| (rule, at.start())));
        if found.len() >= MARK_LIMIT {
            break;
        }
    }
    found
}

fn marks(text: &[u8], found: Vec<(&'static str, usize)>) -> Vec<Mark> {
    let line = |at: usize| {
        let lines = text.iter().take(at).filter(|byte| **byte == b'\n').count();
        u32::try_from(lines + 1).unwrap_or(u32::MAX)
    };
    let marks: BTreeSet<Mark> =
        found.into_iter().map(|(rule, at)| Mark { rule: rule.to_owned(), line: line(at) }).collect();
    marks.into_iter().take(MARK_LIMIT).collect()
}

/// Returns whether a text stands for a secret that whoever uses it is to put there.
fn is_filler(secret: &[u8]) -> bool {
    let variety = secret.iter().collect::<BTreeSet<_>>().len();
    variety < VARIETY || has_filler(secret)
}

fn has_filler(secret: &[u8]) -> bool {
    let text = String::from_utf8_lossy(secret).to_ascii_lowercase();
    FILLERS.iter().any(|filler| text.contains(filler))
}

/// Longest run that is looked at, in bytes: no token is as long.
const RUN_LIMIT: usize = 4096;

/// Returns the run of such letters at a place.
fn run(text: &[u8], at: usize, is_part: impl Fn(u8) -> bool) -> &[u8] {
    let rest = text.get(at..text.len().min(at.saturating_add(RUN_LIMIT))).unwrap_or_default();
    let length = rest.iter().position(|byte| !is_part(*byte)).unwrap_or(rest.len());
    rest.get(..length).unwrap_or_default()
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}
