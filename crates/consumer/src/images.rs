use consign_oci::{Reference, RegistryPath, Repository};
use std::fmt;
use std::str::FromStr;

/// How Docker Hub is called here.
pub(crate) const HUB: &str = "docker.io";
/// How others call it.
pub(crate) const HUB_INDEX: &str = "index.docker.io";
/// Where Docker's own images lie on it.
pub(crate) const LIBRARY: &str = "library/";
/// What stands for everything below.
const BELOW: &str = "/**";

/// Images that a policy is for: all of a repository, or of all repositories below a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Images {
    /// Those of a repository, whatever their tags.
    Of(Repository),
    /// Those of all repositories below a path, or on a registry.
    Below(RegistryPath),
}

/// A text that names no images.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` names no images: expected a repository such as `ghcr.io/team/app`, or `ghcr.io/team/**` for all below"
)]
pub struct ImagesError {
    /// What was said.
    pub text: String,
}

impl FromStr for Images {
    type Err = ImagesError;

    fn from_str(text: &str) -> Result<Self, ImagesError> {
        let wrong = || ImagesError { text: text.to_owned() };
        if let Some(path) = text.strip_suffix(BELOW) {
            return path.parse().map(Self::Below).map_err(|_| wrong());
        }
        match text.parse::<Reference>() {
            Ok(Reference { repository, tag: None, digest: None }) => Ok(Self::Of(repository)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Images {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(repository) => repository.fmt(formatter),
            Self::Below(path) => write!(formatter, "{path}{BELOW}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_and_what_lies_below_are_read() {
        for (text, expected) in [
            ("ghcr.io/team/app", Some("ghcr.io/team/app")),
            ("localhost:5000/app", Some("localhost:5000/app")),
            ("debian", Some("docker.io/library/debian")),
            ("ghcr.io/team/**", Some("ghcr.io/team/**")),
            ("ghcr.io/**", Some("ghcr.io/**")),
            ("ghcr.io/team/app:1.2", None),
            ("ghcr.io/team/app@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", None),
            ("ghcr.io/team/*", None),
            ("ghcr.io/**/app", None),
            ("**", None),
            ("/**", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Images>().ok().map(|images| images.to_string()).as_deref(), expected, "{text}");
        }
    }
}
