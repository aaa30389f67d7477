//! What a licence in a rule means: a name of SPDX's list, or a pattern of such.

use super::Pattern;

/// Which versions of a licence are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Versions {
    /// Nothing is said, as in SPDX's older names.
    Unsaid,
    /// This one: `-only`.
    Only,
    /// Later ones do as well: `-or-later`, or `+`.
    Later,
}

/// Returns whether a rule means a licence as a package states it. A name that says nothing of versions, such as `GPL-3.0`, means `GPL-3.0-only` and
/// `GPL-3.0-or-later`; stated by a package it is `GPL-3.0-only`, as SPDX has it. An exception in a name changes nothing.
pub(super) fn denies(rule: &Pattern, stated: &str) -> bool {
    let (rule_text, stated) = (rule.as_str().to_ascii_lowercase(), stated.to_ascii_lowercase());
    let (name, versions) = split(&stated);
    if rule_text.contains('*') {
        return rule.matches_any_case(&stated) || rule.matches_any_case(&whole(name, versions));
    }
    if rule_text.contains("licenseref-") {
        return rule_text == stated;
    }
    let (rule_name, wanted) = split(&rule_text);
    let is_named = rule_text == stated || rule_name == name || rule_name == variantless(name);
    let stated_versions = if versions == Versions::Unsaid { Versions::Only } else { versions };
    is_named && (wanted == Versions::Unsaid || wanted == stated_versions)
}

/// Returns a name without what it says of versions and exceptions, and which versions it means.
fn split(name: &str) -> (&str, Versions) {
    // Older names of SPDX's: `GPL-2.0-with-classpath-exception`.
    let name = name.split_once("-with-").map_or(name, |(name, _)| name);
    for (end, versions) in [("-only", Versions::Only), ("-or-later", Versions::Later), ("+", Versions::Later)] {
        if let Some(name) = name.strip_suffix(end) {
            return (name, versions);
        }
    }
    (name, Versions::Unsaid)
}

/// Returns a name as newer lists of SPDX have it.
fn whole(name: &str, versions: Versions) -> String {
    match versions {
        Versions::Later => format!("{name}-or-later"),
        Versions::Only => format!("{name}-only"),
        Versions::Unsaid => name.to_owned(),
    }
}

/// Returns a name without what it says of a document's parts: those of the GNU Free Documentation License do.
fn variantless(name: &str) -> &str {
    ["-no-invariants", "-invariants"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_what_people_mean() {
        for (rule, stated, expected) in [
            ("GPL-3.0", "GPL-3.0", true),
            ("GPL-3.0", "GPL-3.0-only", true),
            ("GPL-3.0", "gpl-3.0-or-later", true),
            ("GPL-3.0", "GPL-3.0+", true),
            ("GPL-3.0", "GPL-3.0-with-GCC-exception", true),
            ("GPL-3.0", "LGPL-3.0-only", false),
            ("GPL-3.0", "GPL-2.0-or-later", false),
            ("GPL-3.0-only", "GPL-3.0", true),
            ("GPL-3.0-only", "GPL-3.0+", false),
            ("GPL-3.0-only", "GPL-3.0-or-later", false),
            ("GPL-3.0-or-later", "GPL-3.0-only", false),
            ("GPL-3.0-or-later", "GPL-3.0", false),
            ("GPL-3.0-or-later", "GPL-3.0+", true),
            ("GPL-3.0+", "GPL-3.0-or-later", true),
            ("GFDL-1.3", "GFDL-1.3-no-invariants-or-later", true),
            ("GFDL-1.3-no-invariants-only", "GFDL-1.3-invariants-only", false),
            ("EUPL-1.1", "EUPL-1.1+", true),
            ("AGPL-*", "AGPL-3.0", true),
            ("GPL-3.0-or*", "GPL-3.0+", true),
            ("GPL-3.0-or*", "GPL-3.0-only", false),
            ("LicenseRef-a-only", "LicenseRef-a", false),
            ("LicenseRef-a", "LicenseRef-a", true),
        ] {
            let rule_of = Pattern::new(rule);
            assert_eq!(denies(&rule_of, stated), expected, "{rule} {stated}");
        }
    }
}
