use crate::image::Lines;
use std::collections::BTreeSet;
use std::fmt;

/// A line in which an image of consign's is not what its judge says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// A path, or a part of the config.
    pub(crate) key: String,
    /// What the judge has there.
    pub(crate) judge: Option<String>,
    /// What consign has there.
    pub(crate) ours: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |line: &Option<String>| line.clone().unwrap_or_else(|| "nothing".to_owned());
        write!(formatter, "{}\n      judge:   {}\n      consign: {}", self.key, shown(&self.judge), shown(&self.ours))
    }
}

/// Returns the lines that are not the same.
pub(crate) fn between(judge: &Lines, ours: &Lines) -> Vec<Difference> {
    let keys: BTreeSet<&String> = judge.keys().chain(ours.keys()).collect();
    let differing = keys.into_iter().filter(|key| judge.get(*key) != ours.get(*key));
    let difference =
        |key: &String| Difference { key: key.clone(), judge: judge.get(key).cloned(), ours: ours.get(key).cloned() };
    differing.map(difference).collect()
}
