use crate::instruction::{Action, Dockerfile};
use crate::syntax::{Escape, Lines};
use crate::{ExpandError, Expanded, Expander, Variables};
use std::collections::BTreeSet;

/// What a stage builds on, or takes files from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    /// Nothing.
    Scratch,
    /// Another stage, by its place.
    Stage(usize),
    /// A context that was given a name.
    Context(String),
    /// An image, as written.
    Image(String),
}

/// A stage that a build needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// Its place in the file.
    pub place: usize,
    /// What it builds on.
    pub base: Base,
    /// `--platform`, expanded.
    pub platform: Option<String>,
    /// What its instructions take files from.
    pub uses: BTreeSet<Base>,
}

/// The stages that a build needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The stages, in the order of the file: each after all that it builds on or takes files from.
    pub stages: Vec<Needed>,
    /// The place of the one that was asked for.
    pub target: usize,
}

/// Stages that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// There is no such stage.
    #[error("there is no stage `{name}`{}", if names.is_empty() { String::new() } else { format!("; there are {}", names.join(", ")) })]
    Target {
        /// What was asked for.
        name: String,
        /// Those that have names.
        names: Vec<String>,
    },
    /// A stage is named by a number that none has.
    #[error("line {}: there is no stage {number} before this one", lines.first)]
    Number {
        /// Where.
        lines: Lines,
        /// The number.
        number: usize,
    },
    /// A base is empty.
    #[error("line {}: FROM `{written}` names nothing{}", lines.first, unset.first().map(|name| format!(": {name} has no value; give it by `ARG {name}=…` before the first FROM, or by --build-arg")).unwrap_or_default())]
    NoBase {
        /// Where.
        lines: Lines,
        /// What is written.
        written: String,
        /// Variables in it that have no value.
        unset: Vec<String>,
    },
    /// A platform is empty.
    #[error("line {}: FROM `--platform={written}` names no platform: {}", lines.first, variables.first().map_or_else(|| "name one, or leave it out".to_owned(), |name| format!("{name} is empty; give it a value by `ARG {name}=…` before the first FROM, or by --build-arg")))]
    NoPlatform {
        /// Where.
        lines: Lines,
        /// What is written.
        written: String,
        /// Variables in it.
        variables: Vec<String>,
    },
    /// A base or platform cannot be expanded.
    #[error("line {}", lines.first)]
    Expand {
        /// Where.
        lines: Lines,
        /// What is wrong.
        source: ExpandError,
    },
    /// `--from` has variables.
    #[error("line {}: `--from={written}` cannot have variables; `FROM … AS name` may have them", lines.first)]
    FromVariable {
        /// Where.
        lines: Lines,
        /// What is written.
        written: String,
    },
    /// A stage is named that does not come before.
    #[error("line {}: the stage `{name}` does not come before this one", lines.first)]
    Later {
        /// Where.
        lines: Lines,
        /// The stage.
        name: String,
    },
}

impl Graph {
    /// Finds the stages that `target`, a name or a number, needs; without one, those that the last stage needs. `contexts` have names that come before
    /// those of stages and images.
    pub fn new(
        file: &Dockerfile,
        target: Option<&str>,
        global: &Variables,
        contexts: &BTreeSet<String>,
    ) -> Result<Self, GraphError> {
        let finder = Finder { file, global, contexts };
        let target = finder.target(target)?;
        // Each takes from earlier ones only.
        let (mut pending, mut stages) = (BTreeSet::from([target]), Vec::new());
        while let Some(place) = pending.pop_last() {
            let needed = finder.needed(place)?;
            let others = needed.uses.iter().chain([&needed.base]);
            pending.extend(others.filter_map(|base| match base {
                Base::Stage(other) => Some(*other),
                _ => None,
            }));
            stages.push(needed);
        }
        stages.reverse();
        Ok(Self { stages, target })
    }

    /// Returns the places of the stages whose layers are in the image: the target, and what it builds on.
    pub(crate) fn chain(&self) -> BTreeSet<usize> {
        let mut chain = BTreeSet::from([self.target]);
        for stage in self.stages.iter().rev().filter(|stage| stage.place <= self.target) {
            if let (true, Base::Stage(base)) = (chain.contains(&stage.place), &stage.base) {
                chain.insert(*base);
            }
        }
        chain
    }
}

/// Returns the place of the stage with this name or number.
pub(crate) fn place_of(file: &Dockerfile, name: &str) -> Result<usize, GraphError> {
    file.place(name).ok_or_else(|| GraphError::Target {
        name: name.to_owned(),
        names: file.stages.iter().filter_map(|stage| stage.name.clone()).collect(),
    })
}

/// Says what the stage at `place` builds on and takes files from.
pub(crate) fn needed(
    file: &Dockerfile,
    place: usize,
    global: &Variables,
    contexts: &BTreeSet<String>,
) -> Result<Needed, GraphError> {
    Finder { file, global, contexts }.needed(place)
}

struct Finder<'a> {
    file: &'a Dockerfile,
    global: &'a Variables,
    contexts: &'a BTreeSet<String>,
}

impl Finder<'_> {
    fn target(&self, target: Option<&str>) -> Result<usize, GraphError> {
        target.map_or(Ok(self.file.stages.len() - 1), |name| place_of(self.file, name))
    }

    fn needed(&self, place: usize) -> Result<Needed, GraphError> {
        let (base, platform) = self.base(place)?;
        Ok(Needed { place, base, platform, uses: self.uses(place)? })
    }

    fn base(&self, place: usize) -> Result<(Base, Option<String>), GraphError> {
        let stage = &self.file.stages[place];
        let expander = Expander::new(self.escape());
        let expand = |text: &str| {
            expander.expand(text, self.global).map_err(|source| GraphError::Expand { lines: stage.lines, source })
        };
        let expanded = expand(&stage.base)?;
        let name = expanded.text;
        if name.is_empty() {
            let unset = expanded.unset.into_iter().collect();
            return Err(GraphError::NoBase { lines: stage.lines, written: stage.base.clone(), unset });
        }
        let earlier = || self.file.stages[..place].iter().rposition(|other| is_named(other.name.as_deref(), &name));
        let base = if self.contexts.contains(&name) {
            Base::Context(name)
        } else if let Some(earlier) = earlier() {
            Base::Stage(earlier)
        } else if name == "scratch" {
            Base::Scratch
        } else {
            Base::Image(name)
        };
        // Nothing at all is no platform, as BuildKit has it; a variable without a value is a mistake.
        let platform = match stage.platform.as_deref().filter(|written| !written.is_empty()) {
            None => None,
            Some(written) => Some(platform(written, expand(written)?, stage.lines)?),
        };
        Ok((base, platform))
    }

    /// Returns what the instructions of a stage take files from.
    fn uses(&self, place: usize) -> Result<BTreeSet<Base>, GraphError> {
        let mut uses = BTreeSet::new();
        for instruction in &self.file.stages[place].instructions {
            let names: Vec<&str> = match &instruction.action {
                Action::Copy(copy) => copy.from.as_deref().into_iter().collect(),
                Action::Run(run) => run.mounts.iter().filter_map(|mount| mount.from()).collect(),
                _ => Vec::new(),
            };
            for name in names.into_iter().filter(|name| !name.is_empty()) {
                uses.insert(source(self.file, self.contexts, place, name, instruction.lines)?);
            }
        }
        Ok(uses)
    }

    fn escape(&self) -> Escape {
        self.file.directives.escape
    }
}

fn platform(written: &str, expanded: Expanded, lines: Lines) -> Result<String, GraphError> {
    if expanded.text.is_empty() {
        let variables = expanded.unset.into_iter().chain(expanded.used).collect();
        return Err(GraphError::NoPlatform { lines, written: written.to_owned(), variables });
    }
    Ok(expanded.text)
}

/// Finds what `--from` or `from=` names in the stage at `place`.
pub(crate) fn source(
    file: &Dockerfile,
    contexts: &BTreeSet<String>,
    place: usize,
    name: &str,
    lines: Lines,
) -> Result<Base, GraphError> {
    if name.contains('$') {
        return Err(GraphError::FromVariable { lines, written: name.to_owned() });
    }
    if contexts.contains(name) {
        return Ok(Base::Context(name.to_owned()));
    }
    match file.stage(name) {
        Some(stage) if stage < place => return Ok(Base::Stage(stage)),
        Some(_) => return Err(GraphError::Later { lines, name: name.to_owned() }),
        None => {}
    }
    match name.parse::<usize>() {
        Ok(number) if number < place => Ok(Base::Stage(number)),
        Ok(number) => Err(GraphError::Number { lines, number }),
        Err(_) if name == "scratch" => Ok(Base::Scratch),
        Err(_) => Ok(Base::Image(name.to_owned())),
    }
}

fn is_named(own: Option<&str>, name: &str) -> bool {
    own.is_some_and(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax;

    fn graph(text: &str, target: Option<&str>) -> Result<Vec<(usize, Base, usize)>, String> {
        let file = Dockerfile::new(syntax::read(text.as_bytes()).unwrap()).unwrap();
        let global = [("E", ""), ("V", "12")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let contexts = ["ctx".to_owned()].into();
        let graph = Graph::new(&file, target, &global, &contexts).map_err(|error| error.to_string())?;
        Ok(graph.stages.into_iter().map(|stage| (stage.place, stage.base, stage.uses.len())).collect())
    }

    #[test]
    fn only_what_is_needed_is_built() {
        let text = "FROM debian:$V AS base\nFROM base AS unused\nFROM scratch AS tools\nFROM base AS app\nCOPY --from=tools /a /a\nCOPY --from=0 /b /b\n\
                    RUN --mount=from=alpine,target=/x true\nFROM ctx\nCOPY --from=app / /\n";
        let image = Base::Image("debian:12".into());
        let expected = vec![
            (0, image.clone(), 0),
            (2, Base::Scratch, 0),
            (3, Base::Stage(0), 3),
            (4, Base::Context("ctx".into()), 1),
        ];
        assert_eq!(graph(text, None).unwrap(), expected);
        assert_eq!(graph(text, Some("Unused")).unwrap(), [(0, image.clone(), 0), (1, Base::Stage(0), 0)]);
        assert_eq!(graph(text, Some("0")).unwrap(), [(0, image, 0)]);
        assert_eq!(graph("FROM --platform= scratch\n", None).unwrap(), [(0, Base::Scratch, 0)]);
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, target, expected) in [
            ("FROM a AS x\n", Some("y"), "there is no stage `y`; there are x"),
            (
                "FROM $X\n",
                None,
                "line 1: FROM `$X` names nothing: X has no value; give it by `ARG X=…` before the first FROM, or by --build-arg",
            ),
            (
                "FROM a\nFROM --platform=$X$E a\n",
                None,
                "line 2: FROM `--platform=$X$E` names no platform: X is empty; give it a value by `ARG X=…` before the first FROM, or by --build-arg",
            ),
            (
                "FROM --platform=${E} a\n",
                None,
                "line 1: FROM `--platform=${E}` names no platform: E is empty; give it a value by `ARG E=…` before the first FROM, or by --build-arg",
            ),
            ("FROM a\nCOPY --from=1 a b\n", None, "line 2: there is no stage 1 before this one"),
            (
                "FROM a\nCOPY --from=$V a b\n",
                None,
                "line 2: `--from=$V` cannot have variables; `FROM … AS name` may have them",
            ),
            (
                "FROM a AS x\nCOPY --from=y a b\nFROM x AS y\n",
                Some("x"),
                "line 2: the stage `y` does not come before this one",
            ),
            ("FROM ${V?\n", None, "line 1"),
        ] {
            assert_eq!(graph(text, target).unwrap_err(), expected, "{text}");
        }
    }
}
