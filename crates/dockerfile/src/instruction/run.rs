use super::flags::Flags;
use super::mount::{self, Mount};
use super::{CommandLine, InstructionProblem};
use crate::syntax::{Heredoc, Statement};

/// A command that is run in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The command. Of a shell's, here-documents are named in it.
    pub command: CommandLine,
    /// The here-documents.
    pub heredocs: Vec<Heredoc>,
    /// What is mounted for it alone.
    pub mounts: Vec<Mount>,
    /// What it can reach.
    pub network: Network,
    /// What it may do.
    pub security: Security,
    /// Devices that it asks for (CDI).
    pub devices: Vec<String>,
}

/// What a command can reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// What the builder gives to commands.
    #[default]
    Default,
    /// Nothing but itself.
    None,
    /// All that the machine can.
    Host,
}

impl Network {
    /// Returns the word for it in a Dockerfile.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::None => "none",
            Self::Host => "host",
        }
    }
}

/// What a command may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// What a container may.
    #[default]
    Sandbox,
    /// Everything.
    Insecure,
}

pub(super) fn read(statement: &Statement, flags: &mut Flags<'_>) -> Result<Run, InstructionProblem> {
    let command = CommandLine::of(&statement.arguments);
    if command.is_empty() {
        return Err(InstructionProblem::Missing { what: "the command" });
    }
    let network = match flags.text("network")?.as_deref() {
        None | Some("default") => Network::Default,
        Some("none") => Network::None,
        Some("host") => Network::Host,
        Some(other) => return Err(value("network", other, "default, none or host")),
    };
    let security = match flags.text("security")?.as_deref() {
        None | Some("sandbox") => Security::Sandbox,
        Some("insecure") => Security::Insecure,
        Some(other) => return Err(value("security", other, "sandbox or insecure")),
    };
    let mounts = flags.texts("mount")?.iter().map(|text| mount::read(text)).collect::<Result<_, _>>()?;
    let devices = flags.texts("device")?;
    Ok(Run { command, heredocs: statement.heredocs.clone(), mounts, network, security, devices })
}

fn value(name: &'static str, value: &str, expected: &'static str) -> InstructionProblem {
    InstructionProblem::Value { name, value: value.to_owned(), expected }
}
