use crate::deb::{IndexError, Relation, Version};
use std::fmt;

/// Why packages cannot be chosen.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// An index is damaged.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// No choice meets every dependency.
    #[error("{}{obstacle}", Chain(chain))]
    Unsatisfiable {
        /// Who needs what, from what was asked for to what cannot be had.
        chain: Vec<Step>,
        /// Why it cannot be had.
        obstacle: Box<Obstacle>,
    },
    /// The search took too long.
    #[error("gave up after {steps} steps; the first difficulty was: {}{obstacle}", Chain(chain))]
    GaveUp {
        /// Choices that were tried.
        steps: usize,
        /// Who needs what, from what was asked for to what could not be had first.
        chain: Vec<Step>,
        /// Why it could not be had.
        obstacle: Box<Obstacle>,
    },
}

/// One need on the way to what cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The package that needs it; none where it was asked for.
    pub package: Option<String>,
    /// What is needed.
    pub clause: Vec<Relation>,
}

/// Why something cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// No package has or provides the name.
    Unknown {
        /// The name.
        name: String,
        /// The Debian architecture that was looked for.
        architecture: String,
    },
    /// There are only other versions.
    OtherVersions {
        /// The package.
        name: String,
        /// The newest version there is.
        newest: Version,
    },
    /// The name is provided, but not in the version that is needed.
    OtherProvided {
        /// The name.
        name: String,
    },
    /// Another version was chosen already.
    Chosen {
        /// The package.
        name: String,
        /// The version that was chosen.
        version: Version,
    },
    /// Two packages exclude each other.
    Conflict {
        /// The package that says so.
        package: String,
        /// What it excludes.
        relation: Relation,
        /// The package that is excluded.
        excluded: String,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, architecture } => write!(formatter, "there is no {name} for {architecture}"),
            Self::OtherVersions { name, newest } => write!(formatter, "{name} {newest} is the newest"),
            Self::OtherProvided { name } => write!(formatter, "{name} is provided in no such version"),
            Self::Chosen { name, version } => write!(formatter, "{name} {version} is needed too"),
            Self::Conflict { package, relation, excluded } if relation.name == *excluded => {
                write!(formatter, "{package} conflicts with {relation}")
            }
            Self::Conflict { package, relation, excluded } => {
                write!(formatter, "{package} conflicts with {relation}, which {excluded} provides")
            }
        }
    }
}

/// Writes `a needs b, which needs c (>= 2), and `.
struct Chain<'a>(&'a [Step]);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            let clause = step.clause.iter().map(Relation::to_string).collect::<Vec<_>>().join(" | ");
            match (&step.package, position) {
                (None, _) if self.0.len() > 1 => continue,
                (None, _) => write!(formatter, "{clause} is wanted")?,
                // The first need is met by the package that the second step names.
                (Some(package), 0 | 1) => write!(formatter, "{package} needs {clause}")?,
                (Some(package), _) => {
                    let named = self.0[position - 1].clause.iter().any(|relation| relation.name == *package);
                    match named && self.0[position - 1].clause.len() == 1 {
                        true => write!(formatter, ", which needs {clause}")?,
                        false => write!(formatter, ", for which {package} needs {clause}")?,
                    }
                }
            }
        }
        formatter.write_str(", and ")
    }
}
