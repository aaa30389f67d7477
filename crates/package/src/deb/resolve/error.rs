use crate::deb::{Clause, IndexError, Relation, Version};
use std::fmt;

/// Why packages cannot be chosen.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// An index is damaged.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// No choice meets every dependency.
    #[error("{}{obstacle}", Chain(chain, ", and "))]
    Unsatisfiable {
        /// Who needs what, from what was asked for to what cannot be had.
        chain: Vec<Step>,
        /// Why it cannot be had.
        obstacle: Box<Obstacle>,
    },
    /// The search took too long.
    #[error("gave up after {steps} steps: the packages exclude each other in too many ways")]
    GaveUp {
        /// Choices and conflicts that were looked at.
        steps: usize,
    },
    /// It was asked to stop ([`super::Request::stop`]).
    #[error("stopped before the packages were chosen")]
    Stopped,
    /// The search could not be started.
    #[error("cannot start the thread that chooses packages")]
    Thread(#[source] std::io::Error),
}

/// One need on the way to what cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The package that needs it; none where it was asked for.
    pub package: Option<String>,
    /// What is needed.
    pub clause: Clause,
}

/// Why something cannot be had. Architectures are Debian's; those of obstacles that all architectures share are left out where
/// only one was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// No package has or provides the name.
    Unknown {
        /// The name.
        name: String,
        /// The architectures, of those asked for, that lack it.
        architectures: Vec<String>,
        /// The name of a package that is written like it.
        similar: Option<String>,
    },
    /// The name is asked for of another architecture.
    Foreign {
        /// The name.
        name: String,
        /// The architecture that is asked for.
        architecture: String,
        /// The one that is chosen for.
        target: String,
    },
    /// There are only other versions.
    OtherVersions {
        /// The package.
        name: String,
        /// The newest version there is.
        newest: Version,
        /// The architecture.
        architecture: Option<String>,
        /// The architectures that have one that would do, each with the newest of these.
        elsewhere: Vec<(String, Version)>,
    },
    /// The name is provided, but not in the version that is needed.
    OtherProvided {
        /// The name.
        name: String,
        /// The architecture.
        architecture: Option<String>,
    },
    /// Another version is needed too.
    Other {
        /// The package.
        name: String,
        /// The other version.
        version: Version,
        /// The architecture that needs it.
        architecture: Option<String>,
        /// Who needs it.
        chain: Vec<Step>,
    },
    /// Two packages exclude each other.
    Conflict {
        /// The package that says so.
        package: String,
        /// What it excludes.
        relation: Relation,
        /// The package that is excluded.
        excluded: String,
        /// The architecture.
        architecture: Option<String>,
        /// Who needs the one of them that the chain before does not lead to.
        chain: Vec<Step>,
    },
    /// The architectures have no version in common.
    NothingInCommon {
        /// The package.
        name: String,
        /// The newest version that there is of its source package.
        newest: Version,
        /// Those that do not have it.
        lacking: Vec<String>,
        /// The versions of the source package that each has, the newest first.
        versions: Vec<(String, Vec<Version>)>,
    },
    /// What it needs excludes what else is needed.
    Contradiction,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, architectures, similar } => {
                write!(formatter, "there is no {name} for {}", listed(architectures))?;
                similar.iter().try_for_each(|similar| write!(formatter, " (did you mean {similar}?)"))
            }
            Self::Foreign { name, architecture, target } => {
                write!(formatter, "{name} of {architecture} cannot be had for {target}")
            }
            Self::OtherVersions { name, newest, architecture, elsewhere } => {
                write!(formatter, "{name} {newest} is the newest{}", For(architecture))?;
                let elsewhere: Vec<String> =
                    elsewhere.iter().map(|(other, version)| format!("{other} has {version}")).collect();
                match elsewhere.is_empty() {
                    true => Ok(()),
                    false => write!(formatter, " ({})", elsewhere.join(", ")),
                }
            }
            Self::OtherProvided { name, architecture } => {
                write!(formatter, "{name} is provided in no such version{}", For(architecture))
            }
            Self::Other { name, version, architecture, chain } => {
                write!(formatter, "{name} {version} is needed too{}: {}", For(architecture), Chain(chain, ""))
            }
            Self::Conflict { package, relation, excluded, architecture, chain } => {
                write!(formatter, "{package} conflicts with {relation}")?;
                if relation.name != *excluded {
                    write!(formatter, ", which {excluded} provides")?;
                }
                write!(formatter, "{}", For(architecture))?;
                match chain.len() {
                    0 | 1 => Ok(()),
                    _ => write!(formatter, ": {}", Chain(chain, "")),
                }
            }
            Self::NothingInCommon { name, newest, lacking, versions } => {
                let versions: Vec<String> = versions
                    .iter()
                    .map(|(architecture, versions)| format!("{architecture} has {}", listed(versions)))
                    .collect();
                write!(
                    formatter,
                    "{name} {newest} is lacking for {}, and there is no other that all have: {}",
                    listed(lacking),
                    versions.join(", ")
                )
            }
            Self::Contradiction => formatter.write_str("that excludes what else is needed"),
        }
    }
}

/// Writes ` for arm64`.
struct For<'a>(&'a Option<String>);

impl fmt::Display for For<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|architecture| write!(formatter, " for {architecture}"))
    }
}

/// Returns `a, b and c`.
fn listed<T: ToString>(items: &[T]) -> String {
    let words: Vec<String> = items.iter().map(T::to_string).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// Writes `a needs b, which needs c (>= 2)`, and something after it.
struct Chain<'a>(&'a [Step], &'a str);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(steps, end) = self;
        for (position, step) in steps.iter().enumerate() {
            let clause = step.clause.iter().map(Relation::to_string).collect::<Vec<_>>().join(" | ");
            match (&step.package, position) {
                (None, _) if steps.len() > 1 => continue,
                (None, _) => write!(formatter, "{clause} is wanted")?,
                // The first need is met by the package that the second step names.
                (Some(package), 0 | 1) => write!(formatter, "{package} needs {clause}")?,
                (Some(package), _) => {
                    let before = &steps[position - 1].clause;
                    match before.len() == 1 && before.iter().any(|relation| relation.name == *package) {
                        true => write!(formatter, ", which needs {clause}")?,
                        false => write!(formatter, ", for which {package} needs {clause}")?,
                    }
                }
            }
        }
        match steps.is_empty() {
            true => Ok(()),
            false => formatter.write_str(end),
        }
    }
}
