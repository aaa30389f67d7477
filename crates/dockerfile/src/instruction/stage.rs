use super::{Argument, Instruction};
use crate::syntax::{Directives, Lines, Source};

/// A Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dockerfile {
    /// What its first comments say.
    pub directives: Directives,
    /// The arguments before the first stage: the only ones that FROM can use.
    pub arguments: Vec<Argument>,
    /// Its stages, in order; there is one at least.
    pub stages: Vec<Stage>,
    /// What it was made of.
    pub(crate) source: Source,
}

/// What one FROM begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The image, the stage or the named context that it builds on, as written.
    pub base: String,
    /// Its name, in lower-case letters.
    pub name: Option<String>,
    /// `--platform`, as written.
    pub platform: Option<String>,
    /// Its instructions.
    pub instructions: Vec<Instruction>,
    /// The comments before it: what `docker build --call outline` calls its description.
    pub comments: Vec<String>,
    /// The text of FROM.
    pub text: String,
    /// Where FROM stands.
    pub lines: Lines,
}
