use consign_oci::Tag;
use nodejs_semver::{Range, Version};
use regex::Regex;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Which tags of a repository are mirrored. The tags under which signatures are kept never are: they come with what they are about.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// These alone, whatever the others say; empty for any.
    pub list: Vec<Tag>,
    /// One of these fits; empty for any. What the first group of one holds is the version.
    pub matching: Vec<Regex>,
    /// None of these fits.
    pub excluded: Vec<Regex>,
    /// They are versions in this range (node-semver, "Ranges").
    pub range: Option<Range>,
    /// So many of the highest versions.
    pub newest: Option<usize>,
}

impl Selection {
    /// Returns the tags that are mirrored of those that are there. One of the list that is not there is mirrored too: that it is missing is for
    /// whoever reads it to say.
    pub fn choose(&self, tags: &BTreeSet<Tag>) -> BTreeSet<Tag> {
        if !self.list.is_empty() {
            return self.list.iter().cloned().collect();
        }
        let tags = tags.iter().filter(|tag| !tag.is_about_a_digest());
        let tags = tags.filter(|tag| !self.excluded.iter().any(|pattern| pattern.is_match(tag.as_str())));
        let named = tags.filter_map(|tag| Some((tag, self.version_of(tag.as_str())?)));
        if self.range.is_none() && self.newest.is_none() {
            return named.map(|(tag, _)| tag.clone()).collect();
        }
        let versions = named.filter_map(|(tag, version)| Some((version_in(version)?, tag)));
        let mut versions: Vec<(Version, &Tag)> = versions
            .filter(|(version, _)| match &self.range {
                Some(range) => range.satisfies(version),
                None => version.pre_release().is_empty(),
            })
            .collect();
        versions.sort_by_key(|(version, tag)| Reverse((version.clone(), (*tag).clone())));
        versions.into_iter().take(self.newest.unwrap_or(usize::MAX)).map(|(_, tag)| tag.clone()).collect()
    }

    /// Returns where the version stands in a tag that fits; `None` if it does not fit.
    fn version_of<'t>(&self, tag: &'t str) -> Option<&'t str> {
        if self.matching.is_empty() {
            return Some(tag);
        }
        let found = self.matching.iter().find_map(|pattern| pattern.captures(tag))?;
        Some(found.get(1).map_or(tag, |group| group.as_str()))
    }
}

/// Reads a version as tags have them: `v1.2.3`, `1.2`, `1.2.3-rc.1`, `1.2.3_build`. A number alone is none: dates and counters look so.
fn version_in(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (core, rest) = text.split_at(end);
    let numbers: Vec<u64> = core.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (major, minor, patch) = match numbers[..] {
        [major, minor] => (major, minor, 0),
        [major, minor, patch] => (major, minor, patch),
        _ => return None,
    };
    // A tag has no `+`.
    Version::parse(format!("{major}.{minor}.{patch}{}", rest.replacen('_', "+", 1))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(selection: &Selection, tags: &[&str]) -> Vec<String> {
        let tags = tags.iter().map(|tag| tag.parse().unwrap()).collect();
        selection.choose(&tags).iter().map(ToString::to_string).collect()
    }

    fn patterns(texts: &[&str]) -> Vec<Regex> {
        texts.iter().map(|text| Regex::new(&format!("^(?:{text})$")).unwrap()).collect()
    }

    fn range(text: &str) -> Option<Range> {
        Some(Range::parse(text).unwrap())
    }

    const TAGS: [&str; 10] =
        ["1.0.0", "1.2", "1.10.0", "2.0.0-rc.1", "2.0.0", "v2.1.0", "3", "20240105", "latest", "2.0.0-alpine"];

    #[test]
    fn everything_but_signatures() {
        let about = format!("sha256-{}.sig", "a".repeat(64));
        assert_eq!(chosen(&Selection::default(), &["a", &about]), ["a"]);
    }

    #[test]
    fn patterns_fit_whole_tags() {
        let selection = Selection {
            matching: patterns(&[r"1\..*", "latest"]),
            excluded: patterns(&["1.2"]),
            ..Selection::default()
        };
        assert_eq!(chosen(&selection, &TAGS), ["1.0.0", "1.10.0", "latest"]);
    }

    #[test]
    fn ranges_are_of_versions() {
        for (text, expected) in [
            (">=1.2 <2", vec!["1.10.0", "1.2"]),
            ("^1 || ^2", vec!["1.0.0", "1.10.0", "1.2", "2.0.0", "v2.1.0"]),
            ("2.0.x", vec!["2.0.0"]),
            (">=2.0.0-rc.1", vec!["2.0.0", "2.0.0-rc.1", "v2.1.0"]),
        ] {
            let selection = Selection { range: range(text), ..Selection::default() };
            assert_eq!(chosen(&selection, &TAGS), expected, "{text}");
        }
    }

    #[test]
    fn the_newest_have_the_highest_versions() {
        let newest = |newest| Selection { newest: Some(newest), ..Selection::default() };
        assert_eq!(chosen(&newest(3), &TAGS), ["1.10.0", "2.0.0", "v2.1.0"]);
        assert_eq!(chosen(&Selection { range: range("^1"), ..newest(1) }, &TAGS), ["1.10.0"]);
    }

    #[test]
    fn a_group_holds_the_version() {
        let selection = Selection { matching: patterns(&["(.*)-alpine"]), newest: Some(1), ..Selection::default() };
        assert_eq!(chosen(&selection, &TAGS), ["2.0.0-alpine"]);
    }

    #[test]
    fn a_list_is_a_list() {
        let selection = Selection { list: vec!["gone".parse().unwrap()], ..Selection::default() };
        assert_eq!(chosen(&selection, &TAGS), ["gone"]);
    }

    #[test]
    fn versions_of_any_form_are_read() {
        for (text, expected) in [
            ("v1.2.3", Some("1.2.3")),
            ("1.2", Some("1.2.0")),
            ("2024.01.05", Some("2024.1.5")),
            ("1.2.3_5", Some("1.2.3+5")),
            ("1.2.3.4", None),
            ("1", None),
            ("1..2", None),
            ("99999999999999999999.1", None),
            ("", None),
        ] {
            assert_eq!(version_in(text).map(|version| version.to_string()).as_deref(), expected, "{text}");
        }
    }
}
