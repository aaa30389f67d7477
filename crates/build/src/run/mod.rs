//! The command of an image file, which makes some of its files: run on this machine, before the files are read, unless nothing has changed.
//!
//! It is the user's own build, such as `cargo build`: no sandbox, but an environment with nothing in it that the image file does not name,
//! besides what [`Runner`] is given. One command runs at a time, since build tools use all processors and lock their folders.

mod error;
mod inputs;
mod order;
mod output;
mod process;
mod record;
mod runner;
mod text;

pub use error::{RunError, RunOutput};
pub use process::RunExit;
pub use runner::{RunChildren, Runner};

use crate::error::BuildError;
use crate::local_contents::Memory;
use crate::local_files::{self, LocalFile};
use crate::request::Request;
use crate::specification::Specification;
use consign_oci::Digest;
use consign_receipt::predicate::ResourceDescriptor;
use order::Order;

/// What a command's run tells about the image.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ran {
    inputs: Option<Digest>,
}

impl Ran {
    /// Returns what the command was given, as an input of the image.
    pub(crate) fn dependency(&self) -> Option<ResourceDescriptor> {
        let digest = self.inputs.as_ref()?;
        Some(ResourceDescriptor::named("inputs of the command", None, digest))
    }
}

/// Runs the command of the image file, if it has one and its results are not there, and reads the user's files.
pub(crate) async fn files(
    specification: &Specification,
    request: &Request<'_>,
) -> Result<(Vec<LocalFile>, Ran), BuildError> {
    let memory = if specification.run.is_some() { Memory::All } else { Memory::Small };
    let read = || local_files::read(request.root_folder, &specification.files, request.platform, memory);
    let Some(run) = &specification.run else { return Ok((read()?, Ran::default())) };
    let order = Order::new(run, &specification.files, request)?;
    let mut done = request.runner.turn().await;
    let inputs = order.inputs()?;
    let key = order.key(inputs.as_ref());
    let ran = Ran { inputs: inputs.as_ref().map(inputs::Inputs::digest) };
    // What this process ran a moment ago for another platform, in the same words, made the files of all platforms.
    if !done.contains(&key) {
        if inputs.is_some() && request.reuse && record::matches(&key, request, &read)? {
            (request.output)(&format!("{} is not run: nothing has changed", order.command()));
            return Ok((read()?, ran));
        }
        order.run(request).await?;
        order.check_unchanged(inputs.as_ref())?;
        done.insert(key.clone());
    }
    let files = read()?;
    record::save(&key, request, &files)?;
    Ok((files, ran))
}
