//! What Go's linker writes into programs: which Go built them, and of which modules (`go version -m`).

mod build_information;
mod flags;
mod modules;
mod release;

use super::executable::Executable;
use crate::{Found, Kind};
use build_information::BuildInformation;
use modules::{Module, Modules};

/// Build information of Go's that is there and cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GoError {
    /// It points to where nothing is, or is no text.
    #[error("its build information of Go is damaged, or stripped in part; which modules are in it is not known")]
    Damaged,
    /// A line of its list of modules is not as Go writes it.
    #[error("line {line} of its list of Go modules is not as Go writes it; which modules are in it is not known")]
    Line {
        /// The number of the line.
        line: usize,
    },
    /// It is larger than any program's.
    #[error("its list of Go modules is longer than {limit} {unit}, and is not read")]
    TooLong {
        /// The bound.
        limit: usize,
        /// Of what.
        unit: &'static str,
    },
}

/// Returns the modules that a program says it is made of, its own first, and the standard library of Go.
pub(super) fn read(executable: &Executable<'_>) -> Result<Vec<Found>, GoError> {
    let Some(BuildInformation { go, modules }) = BuildInformation::find(executable)? else { return Ok(Vec::new()) };
    let modules = Modules::parse(&modules)?;
    let release = release::number(&go);
    let mut found = Vec::new();
    if let Some(main) = modules.main {
        let stamped = main.version.is_none().then(|| flags::version(modules.flags.as_deref()?, &main.path)).flatten();
        let version = main.version.clone().or(stamped);
        found.push(Found { version, ..package(main) });
    }
    // The command `go` is of no module; advisories call it this.
    if modules.path.as_deref() == Some("cmd/go") {
        found.push(Found::new(Kind::Go, "toolchain", release.as_deref()));
    }
    found.push(Found::new(Kind::Go, "stdlib", release.as_deref()));
    found.extend(modules.needed.into_iter().map(package));
    Ok(found)
}

fn package(module: Module) -> Found {
    let mut found = Found::new(Kind::Go, module.path, module.version.as_deref());
    found.checksums = module.sum.into_iter().collect();
    found.origin = module.folder;
    found
}
