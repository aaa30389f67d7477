//! The text of a Dockerfile for builders that cannot be told what its images are: they are written into it, by digest.

use super::images::reference;
use super::{BuildError, Recipe, RemoteError, Request, StepError};
use crate::instruction::{Action, Stage};
use crate::stage::{Base, Graph, Needed, source};
use crate::syntax::{Keyword, Lines, Statement};
use consign_image::{BaseError, ImageReference, Place};
use consign_oci::{Document, Platform};
use std::collections::{BTreeMap, BTreeSet};

impl Recipe {
    /// Returns the text with every image that it needs for this platform named by the digest of its manifest. Stages that are not needed are left
    /// empty, and lines keep their numbers.
    pub(super) async fn pinned(&self, request: &Request<'_>) -> Result<Vec<u8>, BuildError> {
        let (graph, _) = self.graph(request.platform, request.host)?;
        let mut names = BTreeMap::new();
        for stage in &graph.stages {
            let of_stage = self.stage_platform(stage.platform.as_deref(), request.platform, stage.place)?;
            let used = stage.uses.iter().map(|used| (used, request.platform));
            for (base, platform) in used.chain([(&stage.base, &of_stage)]) {
                let Some(name) = self.image_of(base) else { continue };
                let pinned =
                    manifest(name, platform, request).await.map_err(|error| self.failed_stage(stage.place, error))?;
                names.insert((base.clone(), platform.clone()), pinned);
            }
        }
        let pins = Pins { recipe: self, graph: &graph, platform: request.platform, names: &names };
        let text = pins.text()?;
        self.check(&text, request, &names)?;
        Ok(text.into_bytes())
    }

    /// Sees to it that what was written names no image but those that were looked up.
    fn check(&self, text: &str, request: &Request<'_>, names: &Names) -> Result<(), BuildError> {
        let mut again = Self::read(&self.path, text.as_bytes(), self.context.folder())?;
        again.contexts.clone_from(&self.contexts);
        again.target.clone_from(&self.target);
        again.arguments.clone_from(&self.arguments);
        let platforms = [request.platform.clone()];
        let expected: BTreeSet<&str> = names.values().map(String::as_str).collect();
        match again.images(&platforms, request.host)?.into_keys().find(|name| !expected.contains(name.as_str())) {
            Some(name) => Err(RemoteError::Pin { path: self.path.clone(), name }.into()),
            None => Ok(()),
        }
    }
}

/// What is written in place of a name, by what it stands for and the platform that it is wanted for.
type Names = BTreeMap<(Base, Platform), String>;

struct Pins<'a> {
    recipe: &'a Recipe,
    graph: &'a Graph,
    platform: &'a Platform,
    names: &'a Names,
}

impl Pins<'_> {
    fn text(&self) -> Result<String, BuildError> {
        let text = String::from_utf8_lossy(&self.recipe.text);
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let (mut written, mut done) = (String::with_capacity(text.len()), 0);
        let (mut place, mut instruction) = (None, 0);
        for statement in &self.recipe.file.source.statements {
            let Lines { first, last } = statement.lines;
            written.extend(lines[done..first - 1].iter().copied());
            done = last;
            if statement.keyword == Keyword::From {
                place = Some(place.map_or(0, |place| place + 1));
                instruction = 0;
            } else if place.is_some() {
                instruction += 1;
            }
            let whole = &lines[first - 1..last];
            let Some(new) = place.map(|place| self.statement(statement, place, instruction)).transpose()?.flatten()
            else {
                written.extend(whole.iter().copied());
                continue;
            };
            let inline: usize = statement.heredocs.iter().map(|heredoc| heredoc.content.lines().count() + 1).sum();
            let inline = if new.is_empty() { 0 } else { inline };
            let (logical, inline) = whole.split_at(whole.len().saturating_sub(inline));
            written.push_str(&new);
            written.push('\n');
            written.extend(inline.iter().copied());
            if !written.ends_with('\n') {
                written.push('\n');
            }
            // What was said in several lines is now in one.
            written.extend(std::iter::repeat_n('\n', logical.len().saturating_sub(1)));
        }
        written.extend(lines[done..].iter().copied());
        Ok(written)
    }

    /// Returns what is written in place of a statement, without its here-documents; `None` where it stays.
    fn statement(&self, statement: &Statement, place: usize, instruction: usize) -> Result<Option<String>, BuildError> {
        let stage = &self.recipe.file.stages[place];
        let Some(needed) = self.graph.stages.iter().find(|needed| needed.place == place) else {
            let empty = statement.keyword != Keyword::From;
            return Ok(Some(if empty { String::new() } else { from(None, "scratch", stage) }));
        };
        match instruction.checked_sub(1).and_then(|number| stage.instructions.get(number)) {
            None => self.from(stage, needed),
            Some(instruction) => match &instruction.action {
                Action::Copy(copy) => match copy.from.as_deref().filter(|name| !name.is_empty()) {
                    Some(name) => self.flags(statement, place, &[name]),
                    None => Ok(None),
                },
                Action::Run(run) => {
                    let names: Vec<&str> = run.mounts.iter().filter_map(|mount| mount.from()).collect();
                    self.flags(statement, place, &names)
                }
                _ => Ok(None),
            },
        }
    }

    fn from(&self, stage: &Stage, needed: &Needed) -> Result<Option<String>, BuildError> {
        let platform = self.recipe.stage_platform(needed.platform.as_deref(), self.platform, needed.place)?;
        let pinned = self.names.get(&(needed.base.clone(), platform));
        Ok(pinned.map(|pinned| from(needed.platform.as_deref(), pinned, stage)))
    }

    /// Writes the flags of COPY or RUN anew.
    fn flags(&self, statement: &Statement, place: usize, names: &[&str]) -> Result<Option<String>, BuildError> {
        let mut pins = BTreeMap::new();
        for name in names.iter().filter(|name| !name.is_empty()) {
            let base = source(&self.recipe.file, &self.recipe.context_names(), place, name, statement.lines);
            let base = base.map_err(|source| BuildError::Graph { path: self.recipe.path.clone(), source })?;
            if let Some(pinned) = self.names.get(&(base, self.platform.clone())) {
                pins.insert(*name, pinned.as_str());
            }
        }
        if pins.is_empty() {
            return Ok(None);
        }
        let mut written = statement.written.clone();
        for flag in &statement.flags {
            written.push(' ');
            written.push_str(&escaped(&pinned_flag(flag, &pins)));
        }
        written.push(' ');
        written.push_str(statement.after_flags());
        Ok(Some(written))
    }
}

fn from(platform: Option<&str>, base: &str, stage: &Stage) -> String {
    let platform = platform.map(|platform| format!("--platform={platform} ")).unwrap_or_default();
    let name = stage.name.as_ref().map(|name| format!(" AS {name}")).unwrap_or_default();
    format!("FROM {platform}{base}{name}")
}

/// Returns a flag with the name that it takes files from replaced: `--from=NAME`, or a field of `--mount`.
fn pinned_flag(flag: &str, pins: &BTreeMap<&str, &str>) -> String {
    let field = |field: &str| match field.split_once('=') {
        Some((key, name)) if key.eq_ignore_ascii_case("from") => {
            format!("{key}={}", pins.get(name).copied().unwrap_or(name))
        }
        _ => field.to_owned(),
    };
    if let Some(fields) = flag.strip_prefix("--mount=") {
        return format!("--mount={}", fields.split(',').map(field).collect::<Vec<_>>().join(","));
    }
    match flag.strip_prefix("--from=") {
        Some(name) => format!("--from={}", pins.get(name).copied().unwrap_or(name)),
        None => flag.to_owned(),
    }
}

/// Returns a flag as it is written.
fn escaped(flag: &str) -> String {
    let mut written = String::with_capacity(flag.len());
    for character in flag.chars() {
        if character.is_whitespace() || matches!(character, '"' | '\'' | '\\') {
            written.push('\\');
        }
        written.push(character);
    }
    written
}

/// Returns what names an image for one platform, and no other: a repository, and the digest of a manifest.
async fn manifest(name: &str, platform: &Platform, request: &Request<'_>) -> Result<String, StepError> {
    let reference = reference(name)?;
    let ImageReference::Registry(named) = &reference else {
        return Err(StepError::NotOnRegistry { written: name.to_owned() });
    };
    let Some(root) = request.images.get(name) else {
        return Err(StepError::NotOnRegistry { written: name.to_owned() });
    };
    let place = if request.offline {
        Place::Store { store: request.store.clone(), root: Some(root.clone()), name: name.to_owned() }
    } else {
        (request.open)(&reference)?
    };
    let digest = match place.document(root).await? {
        Document::Manifest(_) => root.digest.clone(),
        Document::Index(index) => match index.platforms().find(|(found, _)| *found == platform) {
            Some((_, manifest)) => manifest.digest.clone(),
            None => {
                let present = index.platforms().map(|(found, _)| found.clone()).collect();
                let place = name.to_owned();
                return Err(BaseError::Platform { place, platform: platform.clone(), present }.into());
            }
        },
    };
    Ok(format!("{}@{digest}", named.repository))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names every image `pinned/NAME@sha256:…`.
    fn pinned(text: &str, target: Option<&str>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let mut recipe = Recipe::read(&folder.path().join("Dockerfile"), text.as_bytes(), folder.path()).unwrap();
        recipe.target = target.map(str::to_owned);
        recipe.arguments = [("V".to_owned(), "12".to_owned())].into();
        let platform: Platform = "linux/arm64".parse().unwrap();
        let host: Platform = "linux/amd64".parse().unwrap();
        let (graph, _) = recipe.graph(&platform, &host).unwrap();
        let mut names = Names::new();
        for stage in &graph.stages {
            let of_stage = recipe.stage_platform(stage.platform.as_deref(), &platform, stage.place).unwrap();
            let bases = stage.uses.iter().map(|used| (used, &platform)).chain([(&stage.base, &of_stage)]);
            for (base, platform) in bases {
                if let Base::Image(name) = base {
                    let name = name.replace(':', "/");
                    names.insert((base.clone(), platform.clone()), format!("{name}/{}@pin", platform.architecture()));
                }
            }
        }
        let written = Pins { recipe: &recipe, graph: &graph, platform: &platform, names: &names }.text().unwrap();
        let again = crate::syntax::read(written.as_bytes()).unwrap();
        let starts = |source: &crate::syntax::Source| {
            source.statements.iter().map(|statement| statement.lines.first).collect::<Vec<_>>()
        };
        if graph.stages.len() == recipe.file.stages.len() {
            assert_eq!(starts(&again), starts(&recipe.file.source), "{written}");
            assert_eq!(written.lines().count(), text.lines().count(), "{written}");
        }
        written
    }

    #[test]
    fn every_image_is_written_by_its_digest() {
        for (text, expected) in [
            ("FROM scratch\nRUN a\n", "FROM scratch\nRUN a\n"),
            ("FROM debian", "FROM debian/arm64@pin\n"),
            (
                "# escape=`\nARG V=1\nFROM --platform=$BUILDPLATFORM `\n  debian:$V `\n# why\n  as X\nRUN a\n",
                "# escape=`\nARG V=1\nFROM --platform=linux/amd64 debian/12/amd64@pin AS x\n\n\n\nRUN a\n",
            ),
            (
                "FROM a AS b\nFROM b\nCOPY --chown=0 --from=b /x /\ncopy --from=c:1 --chmod=\"u=rw, g=r\" [\"/a b\", \"/\"]\n",
                "FROM a/arm64@pin AS b\nFROM b\nCOPY --chown=0 --from=b /x /\ncopy --from=c/1/arm64@pin --chmod=u=rw,\\ g=r [\"/a b\", \"/\"]\n",
            ),
            (
                "FROM a\nRUN --mount=type=bind,from=c,target=/from=c \\\n --mount=from=d:2,target=/d <<X <<-Y cat \\\n > /from=c\n1\\\nX\n\n\tY\nUSER c\n",
                "FROM a/arm64@pin\nRUN --mount=type=bind,from=c/arm64@pin,target=/from=c --mount=from=d/2/arm64@pin,target=/d <<X <<-Y cat  > /from=c\n1\\\nX\n\n\tY\n\n\nUSER c\n",
            ),
        ] {
            assert_eq!(pinned(text, None), expected);
        }
    }

    #[test]
    fn what_is_not_needed_is_left_empty() {
        let text = "FROM a AS one\nRUN x \\\n  y\nCOPY <<X /\n1\nX\nFROM b AS two\nRUN z\nFROM c\n";
        let expected = "FROM scratch AS one\n\n\n\n\n\nFROM b/arm64@pin AS two\nRUN z\nFROM scratch\n";
        assert_eq!(pinned(text, Some("two")), expected);
    }
}
