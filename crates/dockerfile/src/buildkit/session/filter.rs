use super::follow;
use crate::context::Pattern;
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use std::path::Path;
use tonic::Status;

/// Most patterns that a daemon may send.
const PATTERN_LIMIT: usize = 10_000;

/// What of a folder a daemon asks for (`session/filesync/filesync.go` of moby/buildkit).
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
    /// Paths to include, with what symbolic links on them lead to.
    follow: Vec<String>,
}

/// What the patterns say of a folder, for what is inside.
#[derive(Clone, Default)]
pub(super) struct Above {
    include: Vec<bool>,
    exclude: Vec<bool>,
}

/// What the patterns say of a path.
pub(super) struct Verdict {
    /// Whether it is sent.
    pub(super) sent: bool,
    /// Whether anything inside could be sent, if it is a folder.
    pub(super) entered: bool,
    /// What they say to what is inside.
    pub(super) above: Above,
}

impl Filter {
    /// Reads a question's headers: the name of the folder, and what of it.
    pub(super) fn of(headers: &HeaderMap) -> Result<(String, Self), Status> {
        let name = values(headers, "dir-name")?.into_iter().next().unwrap_or_default();
        let filter = Self {
            include: patterns(&values(headers, "include-patterns")?)?,
            exclude: patterns(&values(headers, "exclude-patterns")?)?,
            follow: values(headers, "followpaths")?,
        };
        Ok((name, filter))
    }

    /// Turns paths to follow into patterns, by what is in a folder.
    pub(super) fn resolved(mut self, root: Option<&Path>) -> Result<Self, Status> {
        if self.follow.is_empty() {
            return Ok(self);
        }
        // Following the root means everything.
        if let Some(found) = follow::follow(root, &std::mem::take(&mut self.follow)) {
            self.include.extend(patterns(&found)?);
        }
        Ok(self)
    }

    /// Judges a path by what was said of its folder.
    pub(super) fn judge(&self, path: &str, above: &Above) -> Verdict {
        let (included, include) = judge(&self.include, path, &above.include);
        let (excluded, exclude) = judge(&self.exclude, path, &above.exclude);
        let included = self.include.is_empty() || included;
        let reached = |patterns: &[Pattern], negated: bool| {
            patterns.iter().any(|pattern| pattern.takes_back == negated && pattern.reaches_into(path))
        };
        let entered = (included || reached(&self.include, false)) && (!excluded || reached(&self.exclude, true));
        Verdict { sent: included && !excluded, entered, above: Above { include, exclude } }
    }
}

/// Returns whether a path matches patterns, of which later ones win, and which of them it or a folder above it matches.
fn judge(patterns: &[Pattern], path: &str, above: &[bool]) -> (bool, Vec<bool>) {
    let mut matched = false;
    let mut all = Vec::with_capacity(patterns.len());
    for (index, pattern) in patterns.iter().enumerate() {
        let matches = above.get(index) == Some(&true)
            // Only what would change the outcome is looked at.
            || pattern.takes_back == matched && pattern.matches(path);
        if matches {
            matched = !pattern.takes_back;
        }
        all.push(matches);
    }
    (matched, all)
}

fn patterns(texts: &[String]) -> Result<Vec<Pattern>, Status> {
    let wrong = |text: &str| Status::invalid_argument(format!("`{}` is no pattern", shown(text)));
    let parsed = texts.iter().map(|text| Pattern::parse(text).map_err(|_| wrong(text))).filter_map(Result::transpose);
    parsed.collect()
}

fn shown(text: &str) -> String {
    text.chars().take(200).collect()
}

/// Returns all values of a header, decoded if they were encoded.
fn values(headers: &HeaderMap, name: &str) -> Result<Vec<String>, Status> {
    let encoded = headers.get(format!("{name}-encoded")).is_some_and(|value| value == "1" || value == "true");
    let wrong = || Status::invalid_argument(format!("the header {name} cannot be read"));
    let all = headers.get_all(name);
    if all.iter().count() > PATTERN_LIMIT {
        return Err(wrong());
    }
    let decode = |value: &http::HeaderValue| {
        let text = std::str::from_utf8(value.as_bytes()).map_err(|_| wrong())?;
        if !encoded {
            return Ok(text.to_owned());
        }
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| wrong())
    };
    all.iter().map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(include: &[&str], exclude: &[&str], path: &str) -> bool {
        let parsed =
            |texts: &[&str]| patterns(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).unwrap();
        let filter = Filter { include: parsed(include), exclude: parsed(exclude), follow: Vec::new() };
        let mut above = Above::default();
        let mut sent = false;
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let verdict = filter.judge(&path[..end], &above);
            (sent, above) = (verdict.sent, verdict.above);
            // What is not entered is never seen.
            if end < path.len() && !verdict.entered {
                return false;
            }
        }
        sent
    }

    #[test]
    fn ignore_files() {
        for (exclude, yes, no) in [
            (&[][..], &["a", "a/b"][..], &[][..]),
            (&["a"], &["b", "b/a"], &["a", "a/b", "a/b/c"]),
            (&["*.md", "!README.md"], &["README.md", "a"], &["b.md"]),
            (&["a", "!a/b"], &["a/b", "a/b/c"], &["a", "a/c"]),
            (&["*", "!a/b/c"], &["a/b/c"], &["a", "a/b", "a/b/d", "d"]),
            (&["**/x", "!y/x"], &["y/x", "y/x/z"], &["x", "z/x"]),
            (&["!a", "a"], &[], &["a"]),
            (&["a/b", "!a", "a/b/c"], &["a", "a/d"], &["a/b/c"]),
        ] {
            for path in yes {
                assert!(sent(&[], exclude, path), "{exclude:?} is to leave `{path}`");
            }
            for path in no {
                assert!(!sent(&[], exclude, path), "{exclude:?} is to take `{path}` out");
            }
        }
    }

    #[test]
    fn inclusion() {
        assert!(sent(&["a/b"], &[], "a/b/c"));
        assert!(!sent(&["a/b"], &[], "a"));
        assert!(!sent(&["a/b"], &[], "c"));
        assert!(!sent(&["a"], &["a/c"], "a/c"));
        assert!(sent(&["a*"], &["b"], "ab/c"));
    }

    #[test]
    fn headers() {
        let mut headers = HeaderMap::new();
        headers.append("dir-name", http::HeaderValue::from_static("context"));
        headers.append("exclude-patterns", http::HeaderValue::from_static("a%C3%A4+b"));
        headers.append("exclude-patterns", http::HeaderValue::from_static("c"));
        headers.append("exclude-patterns-encoded", http::HeaderValue::from_static("1"));
        let (name, filter) = Filter::of(&headers).unwrap();
        assert_eq!(name, "context");
        assert!(!filter.judge("aä b", &Above::default()).sent && !filter.judge("c", &Above::default()).sent);
        headers.append("include-patterns", http::HeaderValue::from_static("["));
        assert!(Filter::of(&headers).is_err());
    }
}
