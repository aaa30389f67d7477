use consign_build::Specification;
use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// What a file describes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// One of consign's own image files.
    Image,
    /// A Dockerfile.
    Dockerfile,
    /// An image of apko's.
    Apko,
    /// A package of melange's.
    Melange,
    /// A list of images to build and to copy.
    List(Vec<Entry>),
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    /// Whether it is copied, not built.
    pub(crate) is_copied: bool,
    pub(crate) source: String,
    pub(crate) destination: String,
}

impl Entry {
    /// Returns whether it builds an image file; both paths are relative to the same folder.
    pub(super) fn is_of(&self, list: &str, image: &str) -> bool {
        let folder = list.rsplit_once('/').map_or("", |(folder, _)| folder);
        let source = self.source.strip_prefix("./").unwrap_or(&self.source);
        !self.is_copied && image.strip_prefix(folder).is_some_and(|rest| rest.trim_start_matches('/') == source)
    }
}

impl Kind {
    /// Tells a file by its name alone.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let is_dockerfile = name.starts_with("Dockerfile") || name.ends_with(".Dockerfile") || name == "Containerfile";
        (is_dockerfile && !name.ends_with(".dockerignore")).then_some(Self::Dockerfile)
    }

    /// Tells a YAML file by what is in it. What is wrong with it is not for here.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        if Specification::is_image_file(text) && Specification::parse("", text).is_ok() {
            return Some(Self::Image);
        }
        let value: Value = serde_saphyr::from_str(text).ok()?;
        if value.get("package").is_some_and(|package| package.get("version").is_some()) && value["pipeline"].is_array()
        {
            return Some(Self::Melange);
        }
        if value.get("contents").is_some_and(|contents| contents["packages"].is_array()) {
            return Some(Self::Apko);
        }
        let entries = |key: &str, is_copied| {
            let items = value.get(key).and_then(Value::as_array).into_iter().flatten();
            let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
            let entry = move |item: &Value| {
                Some(Entry { is_copied, source: text(item, "source")?, destination: text(item, "destination")? })
            };
            items.filter_map(entry).collect::<Vec<_>>()
        };
        let entries = [entries("build", false), entries("sync", true)].concat();
        (!entries.is_empty()).then_some(Self::List(entries))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Image => "image file",
            Self::Dockerfile => "Dockerfile",
            Self::Apko => "apko file",
            Self::Melange => "melange file",
            Self::List(_) => "list of images",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_names() {
        for name in ["Dockerfile", "Dockerfile.web", "web.Dockerfile", "Containerfile"] {
            assert_eq!(Kind::of_name(name), Some(Kind::Dockerfile), "{name}");
        }
        for name in ["Dockerfile.dockerignore", "dockerfile.md", "image.yaml"] {
            assert_eq!(Kind::of_name(name), None, "{name}");
        }
    }

    #[test]
    fn files_are_told_by_what_is_in_them() {
        for (text, expected) in [
            ("packages: [nginx]\n", Some(Kind::Image)),
            ("files: [{source: a, path: /a}]\n", Some(Kind::Image)),
            // Workspaces of npm packages, and of anything else.
            ("packages:\n  - \"apps/*\"\n", None),
            ("files:\n  - a\n", None),
            ("contents: {repositories: [x], packages: [a]}\n", Some(Kind::Apko)),
            ("package: {name: a, version: \"1\"}\npipeline: []\n", Some(Kind::Melange)),
            ("package: {name: a}\n", None),
            ("build: [make]\n", None),
            ("a: [\n", None),
            ("", None),
        ] {
            assert_eq!(Kind::of_text(text), expected, "{text}");
        }
        let list = "sync:\n- {source: alpine, destination: ghcr.io/a/b:1}\nbuild:\n- {source: c, destination: d}\n";
        let Some(Kind::List(entries)) = Kind::of_text(list) else { unreachable!("{list}") };
        let sources: Vec<_> = entries.iter().map(|entry| (entry.source.as_str(), entry.is_copied)).collect();
        assert_eq!(sources, [("c", false), ("alpine", true)]);
    }
}
