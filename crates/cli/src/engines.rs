//! Images in the engines of this machine.

use crate::error::CommandError;
use crate::reading::read_file;
use crate::recipe;
use crate::session::{Session, host_platform, on_a_thread};
use consign_image::{Access, Engine, Engines, FromEngine, ImageError, ImageReference, Part, Place, Sink, from_engine};
use consign_oci::{Digest, Reference};
use consign_registry::Client;
use serde_json::Value;
use std::path::PathBuf;

/// Where docker listens if nobody says.
const DOCKER_SOCKET: &str = "/var/run/docker.sock";
/// The context that stands for that.
const DEFAULT_CONTEXT: &str = "default";
/// Largest configuration of docker's that is read, in bytes.
const CONFIGURATION_LIMIT: u64 = 1 << 20;

impl Session {
    /// Returns how the engines of this machine are reached.
    pub(crate) fn engines(&self) -> Engines {
        Engines { docker: self.docker(), environment: recipe::builder_environment(self) }
    }

    /// As docker does: DOCKER_HOST, then DOCKER_CONTEXT, then the context in use. What is no socket of this machine is for the program.
    fn docker(&self) -> Access {
        match self.environment.get("DOCKER_HOST") {
            Some(host) => host.strip_prefix("unix://").map_or(Access::Program, |path| Access::Socket(path.into())),
            None => match self.docker_context().as_deref() {
                None | Some("" | DEFAULT_CONTEXT) => Access::Socket(DOCKER_SOCKET.into()),
                Some(_) => Access::Program,
            },
        }
    }

    fn docker_context(&self) -> Option<String> {
        if let Some(context) = self.environment.get("DOCKER_CONTEXT") {
            return Some(context.to_owned());
        }
        let home = || self.environment.get("HOME").map(|home| PathBuf::from(home).join(".docker"));
        let folder = self.environment.get("DOCKER_CONFIG").map(PathBuf::from).or_else(home)?;
        // What cannot be read says nothing about contexts.
        let configuration = read_file(&folder.join("config.json"), CONFIGURATION_LIMIT).ok()?;
        let configuration: Value = serde_json::from_str(&configuration).ok()?;
        Some(configuration.get("currentContext")?.as_str()?.to_owned())
    }

    /// Has an engine hand over an image.
    pub(crate) async fn place_in_engine(
        &self,
        engine: Engine,
        name: &Reference,
        refusal: fn(ImageError) -> CommandError,
    ) -> Result<Place, CommandError> {
        let store = self.store().await?;
        let taken = from_engine(&self.engines(), (engine, name), &store, &host_platform()?).await;
        let FromEngine { place, known, part } = taken.map_err(refusal)?;
        if let Some(Part { list, platform }) = part {
            self.printer.note(&format!(
                "note: {engine} has the list {list} of {name} in part: the image for {platform} is taken, without the list"
            ));
        }
        if let Some(known) = known {
            self.printer.note(&format!(
                "note: {engine} knows {name} as {known}, and hands over an image with another digest: it keeps layers unpacked"
            ));
        }
        Ok(place)
    }

    /// Opens where an image is to be written.
    pub(crate) async fn sink(&self, reference: &ImageReference, client: &Client) -> Result<Sink, CommandError> {
        if let ImageReference::Engine { engine, name } = reference {
            return Ok(Sink::to_engine(self.engines(), *engine, name, self.store().await?)?);
        }
        let (reference, client, store) = (reference.clone(), client.clone(), self.opening_of_store());
        on_a_thread(move || Ok(Sink::open(&reference, &client, store)?)).await
    }

    /// Says that an engine does not keep what it was given as it was.
    pub(crate) async fn tell_of_engine(&self, reference: &ImageReference, given: &Digest) -> Result<(), CommandError> {
        let ImageReference::Engine { engine, name } = reference else { return Ok(()) };
        let facts = self.engines().facts(*engine, name, &self.scratch()?).await.map_err(ImageError::from)?;
        if facts.is_some_and(|facts| !facts.keeps(given)) {
            self.printer.note(&format!(
                "note: {engine} does not keep {given}, only its config and unpacked layers: what comes from there has another digest"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::printer::Printer;
    use clap::Parser;
    use std::sync::Arc;

    fn docker(variables: &[(&str, &str)]) -> Access {
        let arguments = crate::arguments::Arguments::try_parse_from(["consign", "doctor"]).unwrap();
        let printer = Arc::new(Printer::new(&arguments.global));
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Session::new(arguments.global, Environment::of(variables), printer).docker()
    }

    #[test]
    fn docker_is_where_its_own_program_looks() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_str().unwrap();
        let usual = Access::Socket(DOCKER_SOCKET.into());
        assert_eq!(docker(&[]), usual);
        assert_eq!(docker(&[("DOCKER_HOST", "unix:///run/x.sock")]), Access::Socket("/run/x.sock".into()));
        assert_eq!(docker(&[("DOCKER_HOST", "ssh://a@b")]), Access::Program);
        assert_eq!(docker(&[("DOCKER_CONTEXT", "rootless")]), Access::Program);
        assert_eq!(docker(&[("DOCKER_CONTEXT", "default")]), usual);
        for (text, expected) in [
            (r#"{"currentContext": "rootless"}"#, Access::Program),
            (r#"{"currentContext": "default"}"#, usual.clone()),
            ("{}", usual.clone()),
            ("no", usual.clone()),
        ] {
            std::fs::write(folder.path().join("config.json"), text).unwrap();
            assert_eq!(docker(&[("DOCKER_CONFIG", at)]), expected, "{text}");
        }
    }
}
