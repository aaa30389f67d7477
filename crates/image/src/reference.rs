use consign_engine::Engine;
use consign_oci::{Digest, Reference, ReferenceError, Repository, Tag};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// An image wherever it lies, as people write it:
/// `[docker://]registry/repository[:tag][@digest]`, `oci:DIR[:tag]`, `oci-archive:FILE[:tag]`, `docker-archive:FILE[:tag]`, `store:NAME`,
/// `docker-daemon:NAME[:tag][@digest]` or `containers-storage:NAME[:tag][@digest]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageReference {
    /// On a registry.
    Registry(Reference),
    /// In an OCI layout in a folder.
    Layout {
        /// The folder.
        folder: PathBuf,
        /// The tag, needed where the layout holds several images.
        tag: Option<Tag>,
    },
    /// In an OCI layout in a tar file.
    Archive {
        /// The file.
        file: PathBuf,
        /// The tag, needed where the archive holds several images.
        tag: Option<Tag>,
    },
    /// In a tar file as `docker save` and `podman save` write it.
    DockerArchive {
        /// The file.
        file: PathBuf,
        /// The tag, needed where the archive holds several images.
        tag: Option<Tag>,
    },
    /// In the store, under a name.
    Store {
        /// The name.
        name: String,
    },
    /// In an engine of this machine.
    Engine {
        /// The engine.
        engine: Engine,
        /// The name, with a tag or a digest.
        name: Reference,
    },
}

/// A text that does not name an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageReferenceError {
    /// The scheme is not one that is read.
    #[error(
        "`{scheme}:` is not a place that consign reads; it reads `docker://`, `oci:`, `oci-archive:`, `docker-archive:`, `docker-daemon:`, \
         `containers-storage:` and `store:`"
    )]
    Scheme {
        /// What stands before the colon.
        scheme: String,
    },
    /// Nothing stands after the scheme.
    #[error("`{text}` names no file")]
    Empty {
        /// What was read.
        text: String,
    },
    /// The identity of an image in an engine, which is no name.
    #[error("`{text}` is an identity, and engines are asked by names: give the image one (`docker tag`, `podman tag`)")]
    Identity {
        /// What was read.
        text: String,
    },
    /// Not a reference to a registry.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

impl ImageReference {
    /// Returns the repository of an image on a registry.
    pub fn repository(&self) -> Option<Repository> {
        match self {
            Self::Registry(reference) => Some(reference.repository.clone()),
            _ => None,
        }
    }

    /// Returns whether it says which of several images of a place is meant.
    pub fn names_one(&self) -> bool {
        match self {
            Self::Registry(reference) => reference.tag.is_some() || reference.digest.is_some(),
            Self::Layout { tag, .. } | Self::Archive { tag, .. } | Self::DockerArchive { tag, .. } => tag.is_some(),
            Self::Store { .. } | Self::Engine { .. } => true,
        }
    }
}

impl FromStr for ImageReference {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, ImageReferenceError> {
        if let Some(rest) = text.strip_prefix("docker://") {
            return Ok(Self::Registry(rest.parse()?));
        }
        match text.split_once(':') {
            Some(("oci", rest)) => path_and_tag(text, rest).map(|(folder, tag)| Self::Layout { folder, tag }),
            Some(("oci-archive", rest)) => path_and_tag(text, rest).map(|(file, tag)| Self::Archive { file, tag }),
            Some(("docker-archive", rest)) => {
                path_and_tag(text, rest).map(|(file, tag)| Self::DockerArchive { file, tag })
            }
            Some(("store", name)) if !name.is_empty() => Ok(Self::Store { name: name.to_owned() }),
            Some(("docker-daemon", name)) => in_engine(Engine::Docker, text, name),
            Some(("containers-storage", name)) => in_engine(Engine::Containers, text, name),
            Some((scheme @ ("store" | "dir"), _)) => Err(ImageReferenceError::Scheme { scheme: scheme.to_owned() }),
            _ => Ok(Self::Registry(text.parse()?)),
        }
    }
}

/// Reads the name of an image in an engine. As on a registry, nothing before the path means Docker Hub, and no tag `latest`.
fn in_engine(engine: Engine, text: &str, name: &str) -> Result<ImageReference, ImageReferenceError> {
    if name.starts_with('@') || name.parse::<Digest>().is_ok() {
        return Err(ImageReferenceError::Identity { text: text.chars().take(300).collect() });
    }
    let mut name: Reference = name.parse()?;
    if name.digest.is_none() {
        name.tag.get_or_insert_with(Tag::latest);
    }
    Ok(ImageReference::Engine { engine, name })
}

/// Splits `PATH[:tag]`. A colon in the path itself is told from a tag by what follows it: a tag has no slash.
fn path_and_tag(text: &str, rest: &str) -> Result<(PathBuf, Option<Tag>), ImageReferenceError> {
    let (path, tag) = match rest.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag.parse()?)),
        _ => (rest, None),
    };
    if path.is_empty() {
        return Err(ImageReferenceError::Empty { text: text.to_owned() });
    }
    Ok((path.into(), tag))
}

impl fmt::Display for ImageReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, path, tag) = match self {
            Self::Registry(reference) => return reference.fmt(formatter),
            Self::Engine { engine, name } => return write!(formatter, "{}:{name}", engine.scheme()),
            Self::Store { name } => return write!(formatter, "store:{name}"),
            Self::Layout { folder, tag } => ("oci", folder, tag),
            Self::Archive { file, tag } => ("oci-archive", file, tag),
            Self::DockerArchive { file, tag } => ("docker-archive", file, tag),
        };
        write!(formatter, "{scheme}:{}", path.display())?;
        tag.as_ref().map_or(Ok(()), |tag| write!(formatter, ":{tag}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_people_write() {
        for text in [
            "ghcr.io/a/b:1",
            "oci:some/dir",
            "oci:some/dir:1.0",
            "oci-archive:/tmp/a.tar",
            "docker-archive:a.tar:1",
            "store:a/b:1",
            "docker-daemon:ghcr.io/a/b:1",
            "containers-storage:localhost/x:latest",
        ] {
            assert_eq!(text.parse::<ImageReference>().unwrap().to_string(), text);
        }
        assert_eq!("docker://ghcr.io/a/b".parse::<ImageReference>(), "ghcr.io/a/b".parse());
        assert_eq!(
            "oci:a:b/c:tag".parse::<ImageReference>().unwrap(),
            ImageReference::Layout { folder: "a:b/c".into(), tag: Some("tag".parse().unwrap()) }
        );
    }

    #[test]
    fn names_in_engines_are_read_as_docker_reads_them() {
        let digest = format!("sha256:{:064}", 1);
        for (text, expected) in [
            ("docker-daemon:alpine", "docker-daemon:docker.io/library/alpine:latest".to_owned()),
            ("docker-daemon:localhost:5000/x:1", "docker-daemon:localhost:5000/x:1".to_owned()),
            ("containers-storage:localhost/x", "containers-storage:localhost/x:latest".to_owned()),
            (&format!("containers-storage:localhost/x@{digest}"), format!("containers-storage:localhost/x@{digest}")),
        ] {
            assert_eq!(text.parse::<ImageReference>().unwrap().to_string(), expected);
        }
        for name in [format!("docker-daemon:{digest}"), format!("containers-storage:@{}", &digest[7..])] {
            assert!(matches!(name.parse::<ImageReference>(), Err(ImageReferenceError::Identity { .. })), "{name}");
        }
        for name in [
            "",
            "-x",
            "--help",
            "-x/y",
            "a\n",
            "a\n/b",
            "a b",
            "X",
            "[vfs@/root]x",
            "../x",
            "a/../b",
            "x:-1",
            "a?b",
            "a#b",
        ] {
            for scheme in ["docker-daemon", "containers-storage"] {
                assert!(format!("{scheme}:{name}").parse::<ImageReference>().is_err(), "{name:?}");
            }
        }
    }

    #[test]
    fn refuses_what_names_no_image() {
        for text in ["oci:", "store:", "dir:x", "oci:x:-", "GHCR.io/A"] {
            assert!(text.parse::<ImageReference>().is_err(), "{text}");
        }
    }
}
