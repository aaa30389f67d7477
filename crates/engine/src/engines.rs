use crate::program::Program;
use crate::socket::Socket;
use crate::{Engine, EngineError, Facts};
use consign_oci::Reference;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What an archive is called in the folder that a program is given. Not a path: a colon in one would end it for some.
pub(crate) const ARCHIVE: &str = "image.tar";

/// How docker is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// By its socket on this machine.
    Socket(PathBuf),
    /// By the program `docker`, which knows contexts, TLS and SSH.
    Program,
}

/// The engines of this machine.
#[derive(Clone, Debug)]
pub struct Engines {
    /// How docker is reached.
    pub docker: Access,
    /// What programs see, and where they are found.
    pub environment: BTreeMap<String, String>,
}

/// Who does what is wanted of an engine.
enum By {
    Socket(Socket),
    Program(Program),
}

impl Engines {
    fn by(&self, engine: Engine) -> Result<By, EngineError> {
        match (engine, &self.docker) {
            (Engine::Docker, Access::Socket(path)) => Ok(By::Socket(Socket::new(path))),
            _ => Program::find(engine, &self.environment).map(By::Program),
        }
    }

    /// Has an engine write an image into a folder that is nobody else's. Returns the archive: an OCI layout, or as `docker save` writes it.
    pub async fn save(&self, engine: Engine, name: &Reference, folder: &Path) -> Result<PathBuf, EngineError> {
        let archive = folder.join(ARCHIVE);
        match self.by(engine)? {
            By::Socket(socket) => socket.save(&full(name), &archive).await?,
            By::Program(program) => program.save(&full(name), folder, &self.environment).await?,
        }
        Ok(archive)
    }

    /// Gives an engine the image of the archive in a folder, which is both an OCI layout and what `docker load` reads, and holds the name, too.
    pub async fn load(&self, engine: Engine, name: &Reference, folder: &Path) -> Result<(), EngineError> {
        match self.by(engine)? {
            By::Socket(socket) => socket.load(&folder.join(ARCHIVE)).await,
            By::Program(program) => program.load(&full(name), folder, &self.environment).await,
        }
    }

    /// Returns where an archive lies that an engine is given from this folder.
    pub fn archive_in(folder: &Path) -> PathBuf {
        folder.join(ARCHIVE)
    }

    /// Returns what an engine says of an image; `None` if it has none of the name, or does not say.
    pub async fn facts(&self, engine: Engine, name: &Reference, folder: &Path) -> Result<Option<Facts>, EngineError> {
        let said = match self.by(engine)? {
            By::Socket(socket) => socket.inspect(&full(name)).await?,
            By::Program(program) => program.inspect(&full(name), folder, &self.environment).await?,
        };
        Ok(said.as_deref().and_then(Facts::read))
    }
}

/// Returns a name with nothing left open, as every engine understands it.
fn full(name: &Reference) -> String {
    match &name.digest {
        Some(digest) => name.repository.at(digest.clone()).to_string(),
        None => name.repository.tagged(name.tag.clone().unwrap_or_else(consign_oci::Tag::latest)).to_string(),
    }
}
