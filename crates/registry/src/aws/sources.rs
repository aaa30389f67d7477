use super::Keys;
use crate::Secret;
use crate::web::Github;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where keys may come from, in the order in which they are looked for. Whoever makes this has read the environment; files and endpoints are asked
/// when keys are needed, and again when they end.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Keys themselves.
    pub keys: Option<Keys>,
    /// The role that an identity token is shown for, where nothing else names one.
    pub role: Option<String>,
    /// What AWS's logs call whoever takes on the role.
    pub session_name: Option<String>,
    /// A file with an identity token, as Kubernetes writes it.
    pub identity_file: Option<PathBuf>,
    /// Where a job of GitHub Actions gets an identity token.
    pub github: Option<Github>,
    /// The endpoint of a container.
    pub container: Option<Container>,
    /// The files of the AWS CLI.
    pub profile: Option<Profile>,
    /// The address of the metadata of an EC2 machine. `None`: it is not asked.
    pub metadata: Option<String>,
    /// Where AWS's services are, if elsewhere.
    pub endpoints: Endpoints,
}

/// The endpoint of a container (AWS SDKs and Tools Reference Guide, "Container credential provider").
#[derive(Clone, Debug, Default)]
pub struct Container {
    /// Its address.
    pub url: String,
    /// What is shown there.
    pub token: Option<Secret>,
    /// The file that has what is shown there; it counts before `token`.
    pub token_file: Option<PathBuf>,
}

/// A profile in the files of the AWS CLI (AWS SDKs and Tools Reference Guide, "Shared config and credentials files").
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Whether somebody named it, so that it has to be there.
    pub is_stated: bool,
    /// The files, the first of which counts.
    pub files: Vec<PathBuf>,
    /// What a program that gives keys sees of the environment. Keys may be among it.
    pub environment: BTreeMap<String, Secret>,
}

/// Where AWS's services are, if elsewhere (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// The service that gives keys for identity tokens.
    pub sts: Option<String>,
    /// The service of private registries.
    pub ecr: Option<String>,
    /// The service of the public registry.
    pub ecr_public: Option<String>,
}
