use consign_dockerfile::Program;
use consign_dockerfile::buildkit::{Address, AddressError};
use std::str::FromStr;

/// Who builds Dockerfiles in consign's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BuilderArgument {
    /// A program.
    Program(Program),
    /// A BuildKit daemon.
    Address(Address),
}

impl FromStr for BuilderArgument {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let program = [Program::Docker, Program::Buildah].into_iter().find(|program| program.name() == text);
        program.map_or_else(|| text.parse().map(Self::Address), |program| Ok(Self::Program(program)))
    }
}

impl BuilderArgument {
    pub(crate) fn program(&self) -> Option<Program> {
        match self {
            Self::Program(program) => Some(*program),
            Self::Address(_) => None,
        }
    }

    pub(crate) fn address(&self) -> Option<Address> {
        match self {
            Self::Program(_) => None,
            Self::Address(address) => Some(address.clone()),
        }
    }
}
