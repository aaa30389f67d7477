//! The configuration, git and CI.

use super::Finding;
use crate::error::CommandError;
use crate::session::Session;
use crate::workshop::{self, Planned};
use consign_context::{Ci, RefKind};
use consign_plan::Configuration;
use std::collections::BTreeSet;
use std::path::Path;

pub(super) fn configuration(session: &Session, planned: &Result<Planned, CommandError>) -> Finding {
    let area = "configuration";
    match planned {
        Ok(planned) => {
            let images = &planned.plan.images;
            let platforms: BTreeSet<String> =
                images.iter().flat_map(|image| &image.platforms).map(ToString::to_string).collect();
            let platforms = platforms.into_iter().collect::<Vec<_>>().join(", ");
            let plural = if images.len() == 1 { "image" } else { "images" };
            let file = session.global.file.display();
            Finding::ok(area, format!("{file} is right: {} {plural} for {platforms}", images.len()))
        }
        Err(error) if error.configuration.is_some() => {
            Finding::error(area, error).next("`consign check` shows each problem with its line")
        }
        Err(error) if !session.global.file.exists() => {
            Finding::error(area, error).next("`consign init` writes a first one; `-f FILE` names another")
        }
        Err(error) => Finding::error(area, error),
    }
}

pub(super) fn git(session: &Session, configuration: Option<&Configuration>) -> Vec<Finding> {
    let area = "git";
    let folder = configuration.map_or(Path::new("."), Configuration::folder);
    let state = match workshop::git(folder, session) {
        Ok(Some(state)) => state,
        Ok(None) => return vec![Finding::ok(area, "not under git: tags have to stand in the configuration")],
        Err(error) => return vec![Finding::error(area, &error)],
    };
    let Some(head) = &state.head else {
        return vec![
            Finding::warn(area, "there is no commit yet, so no tag can follow from one").next("make a commit"),
        ];
    };
    let mut findings = Vec::new();
    if state.shallow {
        let message = "this clone is shallow: tags may be missing, so only the full version is tagged";
        let next = "`git fetch --unshallow --tags`; in CI, check out the whole history";
        findings.push(Finding::warn(area, message).next(next));
    }
    if state.dirty {
        let message = "tracked files differ from the commit: a release gets no tag but the short commit with `-dirty`";
        findings.push(Finding::warn(area, message).next("commit them"));
    }
    if findings.is_empty() {
        let commit: String = head.commit.chars().take(7).collect();
        let branch = state.branch.as_deref().map(|branch| format!(" on {branch}")).unwrap_or_default();
        findings
            .push(Finding::ok(area, format!("at {commit}{branch}, nothing changed, tags: {}", state.all_tags.len())));
    }
    findings
}

pub(super) fn ci(session: &Session) -> Finding {
    let ci = Ci::detect(session.environment.all());
    let Some(provider) = ci.provider else { return Finding::ok("ci", "none that consign knows") };
    match ci.ref_kind {
        Some(RefKind::PullRequest) => {
            let message = format!("{provider}, for a pull request: as a rule it has no credentials and no keys");
            Finding::warn("ci", message).next("`consign build` needs none; release from branches and tags")
        }
        _ => Finding::ok("ci", provider.to_string()),
    }
}
