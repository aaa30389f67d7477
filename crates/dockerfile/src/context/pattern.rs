use crate::glob::{Glob, clean};

/// A line of a `.dockerignore`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    glob: Glob,
    /// Whether it takes back what patterns before it said (`!`).
    pub(crate) takes_back: bool,
}

impl Pattern {
    /// Reads a pattern: `Ok(None)` for an empty one, `Err` for one that means nothing.
    pub(crate) fn parse(written: &str) -> Result<Option<Self>, NoPattern> {
        let trimmed = written.trim();
        let (text, takes_back) = trimmed.strip_prefix('!').map_or((trimmed, false), |text| (text.trim(), true));
        if text.is_empty() {
            return if takes_back { Err(NoPattern) } else { Ok(None) };
        }
        let glob = Glob::parse(&clean(text)).ok_or(NoPattern)?;
        Ok(Some(Self { glob, takes_back }))
    }

    /// Returns whether a path itself matches, whatever it lies in.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.glob.matches(path)
    }

    /// Returns whether anything inside a folder could match.
    pub(crate) fn reaches_into(&self, folder: &str) -> bool {
        self.glob.reaches_into(folder)
    }
}

/// A text that is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no pattern")]
pub(crate) struct NoPattern;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses() {
        assert_eq!(Pattern::parse("  "), Ok(None));
        assert!(Pattern::parse(" ! a ").unwrap().unwrap().takes_back);
        assert!(Pattern::parse("./a/../b//c/").unwrap().unwrap().matches("b/c"));
        assert_eq!(Pattern::parse("!"), Err(NoPattern));
        assert_eq!(Pattern::parse("["), Err(NoPattern));
    }
}
