use crate::stage::EPOCH;
use consign_oci::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Most files of a step that are told apart; more are one part.
pub(crate) const FILE_LIMIT: usize = 256;
/// Most files that a reason names.
const NAMED: usize = 3;
/// The part that stands for all layers below.
const BELOW: &str = "below";

/// What decides the result of a step: each part by its kind and name, as the start of a digest. What is compared is never shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parts(BTreeMap<String, String>);

impl Parts {
    /// Adds a part. `kind` is a word that [`Parts::differences`] knows.
    pub(crate) fn add(&mut self, kind: &str, name: &str, value: impl AsRef<[u8]>) {
        let key = if name.is_empty() { kind.to_owned() } else { format!("{kind} {name}") };
        self.0.insert(key, Digest::of(value.as_ref()).short().to_owned());
    }

    /// Adds the layers below.
    pub(crate) fn add_below(&mut self, layers: &[&Digest]) {
        self.add(BELOW, "", format!("{layers:?}"));
    }

    /// Says in words which parts differ. `below` names what is below.
    pub(crate) fn differences(&self, before: &Self, below: impl FnOnce() -> String) -> Vec<String> {
        let keys = self.0.keys().chain(before.0.keys().filter(|key| !self.0.contains_key(*key)));
        let differing = keys.filter(|key| self.0.get(*key) != before.0.get(*key));
        let (mut words, mut files, mut is_below) = (Vec::new(), Vec::new(), false);
        for key in differing {
            match key.split_once(' ').unwrap_or((key, "")) {
                (BELOW, _) => is_below = true,
                ("file", name) => files.push(name),
                ("arg", name) => words.push(format!("ARG {name}")),
                ("env", name) => words.push(format!("ENV {name}")),
                ("mount", target) => words.push(format!("the mount at `{target}`")),
                ("files", _) => words.push("the files that it copies".to_owned()),
                ("command", _) => words.push("the command".to_owned()),
                ("user", _) => words.push("USER".to_owned()),
                ("folder", _) => words.push("WORKDIR".to_owned()),
                ("network", _) => words.push("the network".to_owned()),
                ("time", _) => words.push(format!("the time of the source, or {EPOCH}")),
                (kind, _) => words.push(kind.to_owned()),
            }
        }
        if is_below {
            words.insert(0, below());
        }
        if !files.is_empty() {
            words.insert(0, listed(&files));
        }
        words
    }
}

/// Names the first of some files.
fn listed(files: &[&str]) -> String {
    let names: Vec<String> = files.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let mut text = format!("{} {}", if files.len() == 1 { "the file" } else { "the files" }, names.join(", "));
    if files.len() > NAMED {
        // Writing to a text never fails.
        let _ = write!(text, " and {} more", files.len() - NAMED);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(all: &[(&str, &str, &str)]) -> Parts {
        let mut parts = Parts::default();
        all.iter().for_each(|(kind, name, value)| parts.add(kind, name, value));
        parts
    }

    #[test]
    fn says_what_differs() {
        let before =
            parts(&[("command", "", "a"), ("env", "PATH", "/bin"), ("arg", "VERSION", "1"), ("below", "", "x")]);
        for (now, expected) in [
            (before.clone(), ""),
            (
                parts(&[("command", "", "b"), ("env", "PATH", "/"), ("below", "", "y")]),
                "step 1; ARG VERSION; ENV PATH; the command",
            ),
        ] {
            let mut words = now.differences(&before, || "step 1".to_owned());
            let start = words.len().min(1);
            words[start..].sort();
            assert_eq!(words.join("; "), expected);
        }
        let files = |names: &[&str]| parts(&names.iter().map(|name| ("file", *name, "1")).collect::<Vec<_>>());
        let words = files(&["a", "b c", "d", "e", "f"]).differences(&files(&["a"]), String::new);
        assert_eq!(words, ["the files `b c`, `d`, `e` and 1 more"]);
        assert_eq!(files(&["a"]).differences(&files(&[]), String::new), ["the file `a`"]);
    }

    #[test]
    fn holds_no_values() {
        let text = serde_json::to_string(&parts(&[("arg", "TOKEN", "hush")])).unwrap();
        assert!(text.contains("TOKEN") && !text.contains("hush"), "{text}");
    }
}
