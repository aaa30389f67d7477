use crate::call::{Call, find};
use crate::engines::ARCHIVE;
use crate::{Engine, EngineError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A program that reaches an engine's images.
pub(crate) struct Program {
    kind: Kind,
    path: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Docker,
    Podman,
    Buildah,
    Skopeo,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Buildah => "buildah",
            Self::Skopeo => "skopeo",
        }
    }

    /// Returns the programs that reach an engine's images, the best first.
    fn of(engine: Engine) -> &'static [Self] {
        match engine {
            Engine::Docker => &[Self::Docker],
            Engine::Containers => &[Self::Podman, Self::Buildah, Self::Skopeo],
        }
    }
}

impl Program {
    /// Returns the first program that is there.
    pub(crate) fn find(engine: Engine, environment: &BTreeMap<String, String>) -> Result<Self, EngineError> {
        let kinds = Kind::of(engine);
        let found = kinds.iter().find_map(|kind| Some(Self { kind: *kind, path: find(kind.name(), environment)? }));
        let missing = || EngineError::Missing { engine, programs: kinds.iter().map(|kind| kind.name()).collect() };
        found.ok_or_else(missing)
    }

    pub(crate) async fn save(
        &self,
        name: &str,
        folder: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<(), EngineError> {
        let archive = format!("oci-archive:{ARCHIVE}");
        let stored = format!("containers-storage:{name}");
        let words: &[&str] = match self.kind {
            Kind::Docker => &["image", "save", "--output", ARCHIVE, name],
            Kind::Podman => &["image", "save", "--quiet", "--format", "oci-archive", "--output", ARCHIVE, name],
            Kind::Buildah => &["push", "--quiet", name, &archive],
            Kind::Skopeo => &["copy", "--quiet", &stored, &archive],
        };
        self.call(folder, environment).run(words).await.map(drop)
    }

    pub(crate) async fn load(
        &self,
        name: &str,
        folder: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<(), EngineError> {
        let archive = format!("oci-archive:{ARCHIVE}");
        let stored = format!("containers-storage:{name}");
        let words: &[&str] = match self.kind {
            Kind::Docker | Kind::Podman => &["image", "load", "--quiet", "--input", ARCHIVE],
            Kind::Buildah => &["pull", "--quiet", &archive],
            Kind::Skopeo => &["copy", "--quiet", &archive, &stored],
        };
        self.call(folder, environment).run(words).await.map(drop)
    }

    /// Returns what the program says of an image; `None` if it has none of the name.
    pub(crate) async fn inspect(
        &self,
        name: &str,
        folder: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        let stored = format!("containers-storage:{name}");
        let words: &[&str] = match self.kind {
            Kind::Docker | Kind::Podman => &["image", "inspect", name],
            // One answer for all that are called so, with their digests.
            Kind::Buildah => &["images", "--json", name],
            Kind::Skopeo => &["inspect", &stored],
        };
        match self.call(folder, environment).run(words).await {
            Ok(said) => Ok(Some(said)),
            Err(EngineError::Failed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn call<'a>(&'a self, folder: &'a Path, environment: &'a BTreeMap<String, String>) -> Call<'a> {
        Call { name: self.kind.name(), path: &self.path, folder, environment }
    }
}
