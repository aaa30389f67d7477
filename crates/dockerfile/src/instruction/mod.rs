//! Statements as instructions with typed fields, and the stages that they make. Variables in the fields are not expanded yet.

mod command;
mod environment;
mod error;
mod flags;
mod health;
mod mount;
mod onbuild;
mod read;
mod run;
mod stage;
mod transfer;

pub use command::CommandLine;
pub use environment::{Argument, Value};
pub use error::{InstructionError, InstructionProblem};
pub use health::HealthCheck;
pub use mount::{Mount, MountKind, Resolved, Sharing};
pub use onbuild::Trigger;
pub use run::{Network, Run, Security};
pub use stage::{Dockerfile, Stage};
pub use transfer::{Inline, Source, Transfer};

use crate::syntax::Lines;

/// An instruction of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What it does.
    pub action: Action,
    /// Its text, continuation lines joined.
    pub text: String,
    /// Where it stands.
    pub lines: Lines,
}

/// What an instruction does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// ADD.
    Add(Transfer),
    /// ARG.
    Arg(Vec<Argument>),
    /// CMD.
    Cmd(CommandLine),
    /// COPY.
    Copy(Transfer),
    /// ENTRYPOINT.
    Entrypoint(CommandLine),
    /// ENV.
    Env(Vec<Value>),
    /// EXPOSE: ports, ranges of them, each with or without a protocol.
    Expose(Vec<String>),
    /// HEALTHCHECK.
    Healthcheck(HealthCheck),
    /// LABEL.
    Label(Vec<Value>),
    /// MAINTAINER.
    Maintainer(String),
    /// ONBUILD.
    Onbuild(Trigger),
    /// RUN.
    Run(Run),
    /// SHELL.
    Shell(Vec<String>),
    /// STOPSIGNAL.
    Stopsignal(String),
    /// USER.
    User(String),
    /// VOLUME.
    Volume(Vec<String>),
    /// WORKDIR.
    Workdir(String),
}
