use super::{GitFacts, TagDecision};
use consign_oci::Tag;
use semver::Version;

/// Longest tag (distribution-spec, "Pulling manifests").
const TAG_LIMIT: usize = 128;

pub(super) fn decide(facts: &GitFacts) -> TagDecision {
    let mut decision = TagDecision::default();
    match release_here(facts, &mut decision) {
        Some((version, tag, git_tag)) => release(facts, &version, tag, git_tag, &mut decision),
        None => snapshot(facts, &mut decision),
    }
    decision
}

/// Reads `1.2.3` and `v1.2.3` (semver.org 2.0.0).
fn version(git_tag: &str) -> Option<Version> {
    Version::parse(git_tag.strip_prefix('v').unwrap_or(git_tag)).ok()
}

/// Returns which of the tags of a repository is the newest release: the highest stable version, else the highest of all.
pub(super) fn newest<'t>(tags: impl Iterator<Item = &'t Tag>) -> Option<&'t Tag> {
    let versions = tags.filter_map(|tag| Some((version(tag.as_str())?, tag)));
    versions.max_by(|(a, _), (b, _)| (is_stable(a), a).cmp(&(is_stable(b), b))).map(|(_, tag)| tag)
}

fn is_stable(version: &Version) -> bool {
    version.pre.is_empty()
}

/// Returns the version that this commit is, with its tag in registries and in git.
fn release_here<'f>(facts: &'f GitFacts, decision: &mut TagDecision) -> Option<(Version, Tag, &'f str)> {
    let mut found: Vec<(Version, Tag, &str)> = Vec::new();
    for git_tag in &facts.tags_at_head {
        let Some(version) = version(git_tag) else {
            decision.skip(git_tag, "not a Semantic Version");
            continue;
        };
        match version.to_string().replace('+', "-").parse::<Tag>() {
            Ok(_) if facts.dirty => decision.skip(git_tag, "files differ from the commit that carries it"),
            Ok(tag) => found.push((version, tag, git_tag)),
            Err(_) => decision.skip(git_tag, "longer than a tag can be"),
        }
    }
    found.sort_by(|(a, ..), (b, ..)| (is_stable(a), a).cmp(&(is_stable(b), b)));
    let best = found.pop()?;
    for (version, tag, _) in found.into_iter().rev().filter(|(version, ..)| *version != best.0) {
        let reason = match is_stable(&best.0) && !is_stable(&version) {
            true => format!("{} is at the same commit, and stable", best.0),
            false => format!("{} is at the same commit, and higher", best.0),
        };
        decision.skip(tag.as_str(), reason);
    }
    Some(best)
}

fn release(facts: &GitFacts, version_here: &Version, full: Tag, git_tag: &str, decision: &mut TagDecision) {
    decision.version = version_here.to_string();
    decision.take(full, format!("git tag `{git_tag}` is at HEAD"));
    let Version { major, minor, .. } = *version_here;
    let (minor_line, major_line) = (format!("{major}.{minor}"), major.to_string());
    if !is_stable(version_here) {
        for tag in [minor_line, major_line, "latest".to_owned()] {
            decision.skip(tag, format!("{version_here} is a prerelease"));
        }
        return;
    }
    let highest = |in_line: &dyn Fn(&Version) -> bool| {
        let known = facts.all_tags.iter().chain(&facts.tags_at_head).filter_map(|git_tag| version(git_tag));
        known.filter(|version| is_stable(version) && in_line(version)).max()
    };
    let same_major = |other: &Version| other.major == major;
    let same_minor = |other: &Version| same_major(other) && other.minor == minor;
    for (text, in_line, line) in [
        (minor_line.clone(), &same_minor as &dyn Fn(&Version) -> bool, format!("of {minor_line}")),
        (major_line.clone(), &same_major, format!("of {major_line}")),
        ("latest".to_owned(), &|_| true, "of all".to_owned()),
    ] {
        if text == "0" {
            decision.skip(text, "versions below 1 promise no compatibility");
            continue;
        }
        if facts.shallow {
            decision
                .skip(text, "higher versions may be unknown in a shallow clone: run `git fetch --unshallow --tags`");
            continue;
        }
        match (highest(in_line).filter(|highest| highest > version_here), text.parse::<Tag>()) {
            (None, Ok(tag)) => decision.take(tag, format!("highest stable version {line}")),
            (Some(higher), _) => decision.skip(text, format!("{higher} is higher")),
            (None, Err(_)) => decision.skip(text, "cannot be a tag"),
        }
    }
}

fn snapshot(facts: &GitFacts, decision: &mut TagDecision) {
    let short: String = facts.head.chars().filter(char::is_ascii_hexdigit).take(7).collect();
    let (commit, reason) = match facts.dirty {
        true => (format!("{short}-dirty"), "the commit, and files differ from it"),
        false => (short, "the commit"),
    };
    decision.version.clone_from(&commit);
    match commit.parse::<Tag>() {
        Ok(tag) => decision.take(tag, reason),
        Err(_) => decision.skip(commit, "not a commit"),
    }
    let Some(branch) = &facts.branch else {
        return decision.skip("", "no branch is checked out");
    };
    match sanitized(branch).parse::<Tag>() {
        Ok(tag) if is_version_like(tag.as_str()) || tag == Tag::latest() || tag.is_about_a_digest() => {
            decision.skip(branch, "the branch's name could be taken for the tag of a release");
        }
        Ok(_) if facts.dirty => {
            decision.skip(branch, "files differ from the commit, so nobody could build again what it would name");
        }
        Ok(tag) => decision.take(tag, format!("branch `{branch}`")),
        Err(_) => decision.skip(branch, "nothing of the branch's name can stand in a tag"),
    }
}

/// Returns a branch's name as a tag may be: runs of other characters become `-`, none of them or `.` at the start.
fn sanitized(branch: &str) -> String {
    let mut tag = String::new();
    for c in branch.chars() {
        match c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') {
            true => tag.push(c),
            false if tag.ends_with('-') => {}
            false => tag.push('-'),
        }
    }
    tag.trim_start_matches(['.', '-']).chars().take(TAG_LIMIT).collect()
}

/// Returns whether a name starts as a version does: `1`, `v1.2`, `1.2.3-rc.1`.
fn is_version_like(name: &str) -> bool {
    let rest = name.strip_prefix('v').unwrap_or(name);
    let numbers = rest.split(['-', '+']).next().unwrap_or(rest);
    numbers.split('.').all(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
