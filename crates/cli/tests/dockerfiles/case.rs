use crate::class::Class;
use crate::fixture::Fixture;
use consign_oci::Platform;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One Dockerfile with its context, and who says what comes of it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The folder's name, which says what the case shows.
    pub(crate) name: String,
    /// The folder: `case.yaml`, `expected.txt` and `expected.json` where they are needed, and the context.
    pub(crate) folder: PathBuf,
    /// What `case.yaml` says.
    pub(crate) settings: Settings,
}

/// `case.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Who says what comes of it.
    pub(crate) judge: JudgeName,
    /// The base that the expected tree and config are to be read on top of.
    #[serde(default)]
    pub(crate) base: Option<String>,
    /// Bases of whole services that it stands on.
    #[serde(default)]
    pub(crate) services: Vec<String>,
    /// For what it is built. As a rule for all that have a base.
    #[serde(default = "platforms", deserialize_with = "written")]
    pub(crate) platforms: Vec<Platform>,
    /// The Dockerfile, if it has another name.
    #[serde(default = "dockerfile")]
    pub(crate) file: String,
    /// Build arguments. `REGISTRY`, where the bases are, comes by itself.
    #[serde(default)]
    pub(crate) arguments: BTreeMap<String, String>,
    /// The stage to build, if it is not the last.
    #[serde(default)]
    pub(crate) target: Option<String>,
    /// Whether it takes from git repositories: `GIT` is where they are.
    #[serde(default)]
    pub(crate) git: bool,
    /// Named contexts: folders of the case, or addresses, in which `$GIT` and `$REGISTRY` stand for where these are.
    #[serde(default)]
    pub(crate) contexts: BTreeMap<String, String>,
    /// Whether it runs programs.
    #[serde(default)]
    pub(crate) run: bool,
    /// Whether those have all rights, which only root can give.
    #[serde(default)]
    pub(crate) insecure: bool,
    /// Whether those need the network: of this machine, and for whole services that beyond it.
    #[serde(default)]
    pub(crate) network: bool,
    /// What of it an ordinary user cannot do as root does.
    #[serde(default)]
    pub(crate) user: Option<Lack>,
    /// Whether it takes too long for every change.
    #[serde(default)]
    pub(crate) soak: bool,
    /// What cannot stand in git.
    #[serde(default)]
    pub(crate) fixtures: Vec<Fixture>,
    /// In what consign differs from the judge: each must occur, and nothing else may.
    #[serde(default)]
    pub(crate) differs: Vec<Class>,
    /// It cannot be built, and this is in what consign says then.
    #[serde(default)]
    pub(crate) fails: Option<String>,
}

/// What an ordinary user lacks for a case. It must show, and nothing else may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Lack {
    /// Ids: a command gives files to others, or is run as another. With one id that is an error, which says what to install.
    Ids,
    /// Sight of owners: a command writes down whom files belong to. With one id they all seem to be root's, and the tree is another.
    Owners,
    /// The right to read a file of the context, which the error names.
    Reading,
    /// Rights of root's: a command asks for all that there are.
    Rights,
}

/// Who says what comes of a Dockerfile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub(crate) enum JudgeName {
    /// `buildah` of this Debian release.
    #[serde(rename = "buildah")]
    Buildah,
    /// `buildah` of the next Debian release, which knows heredocs, `--parents` and `--exclude`.
    #[serde(rename = "buildah-next")]
    BuildahNext,
    /// A tree and a config in the case's folder, written by hand.
    #[serde(rename = "expected")]
    Expected,
}

fn platforms() -> Vec<Platform> {
    crate::base::ARCHITECTURES.map(|architecture| format!("linux/{architecture}").parse().unwrap()).to_vec()
}

fn written<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Vec<Platform>, D::Error> {
    let platforms = Vec::<String>::deserialize(deserializer)?;
    platforms.iter().map(|platform| platform.parse().map_err(serde::de::Error::custom)).collect()
}

fn dockerfile() -> String {
    "Dockerfile".to_owned()
}
