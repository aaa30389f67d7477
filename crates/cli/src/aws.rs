//! What the environment and the configuration say about Amazon ECR.

use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::reading::read_text;
use consign_plan::Configuration;
use consign_plan::configuration::{EcrSettings, LifecyclePolicy};
use consign_registry::Secret;
use consign_registry::aws::{Container, Endpoints, Github, Keys, Profile, Sources};
use consign_registry::ecr::{Ecr, Encryption, NewRepository, Registry};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Largest file of a lifecycle policy, in bytes: ECR takes no more than 30,720 characters.
const POLICY_LIMIT: u64 = 128 << 10;
const METADATA: &str = "http://169.254.169.254";
const CONTAINERS: &str = "http://169.254.170.2";

/// Returns where keys of AWS may come from, as AWS's own tools have it (AWS SDKs and Tools Reference Guide, "Environment variables"). A program that
/// a profile names sees `for_programs`.
pub(crate) fn sources(environment: &Environment, for_programs: BTreeMap<String, String>) -> Sources {
    let text = |name: &str| environment.get(name).map(str::to_owned);
    let secret = |name: &str| environment.get(name).map(Secret::new);
    let path = |name: &str| environment.get(name).map(PathBuf::from);
    let keys = environment.get("AWS_ACCESS_KEY_ID").zip(environment.get("AWS_SECRET_ACCESS_KEY"));
    let github = secret("ACTIONS_ID_TOKEN_REQUEST_URL").zip(secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
    let relative = text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map(|rest| format!("{CONTAINERS}{rest}"));
    let container = relative.or_else(|| text("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    let is_disabled = text("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let endpoint = |name: &str| text(&format!("AWS_ENDPOINT_URL_{name}")).or_else(|| text("AWS_ENDPOINT_URL"));
    Sources {
        keys: keys.map(|(id, secret)| Keys::new(id, secret, text("AWS_SESSION_TOKEN"))),
        role: text("AWS_ROLE_ARN"),
        session_name: text("AWS_ROLE_SESSION_NAME"),
        identity_file: path("AWS_WEB_IDENTITY_TOKEN_FILE"),
        github: github.map(|(url, token)| Github { url, token }),
        container: container.map(|url| Container {
            url,
            token: secret("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
            token_file: path("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        }),
        profile: Some(profile(environment, for_programs)),
        metadata: Some(text("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or_else(|| METADATA.to_owned()))
            .filter(|_| !is_disabled),
        endpoints: Endpoints { sts: endpoint("STS"), ecr: endpoint("ECR"), ecr_public: endpoint("ECR_PUBLIC") },
    }
}

fn profile(environment: &Environment, for_programs: BTreeMap<String, String>) -> Profile {
    let file = |variable: &str, below: &str| {
        let home = || environment.get("HOME").map(|home| PathBuf::from(home).join(".aws").join(below));
        environment.get(variable).map(PathBuf::from).or_else(home)
    };
    let files = [file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), file("AWS_CONFIG_FILE", "config")];
    let stated = environment.get("AWS_PROFILE");
    Profile {
        name: stated.unwrap_or("default").to_owned(),
        is_stated: stated.is_some(),
        files: files.into_iter().flatten().collect(),
        environment: for_programs.into_iter().map(|(name, value)| (name, Secret::new(value))).collect(),
    }
}

/// Returns what is particular about a registry, if its name is one of ECR's or the configuration says that it is.
pub(crate) fn ecr(
    host: &str,
    configuration: Option<&Configuration>,
    sources: impl FnOnce() -> Arc<Sources>,
) -> Result<Option<Ecr>, CommandError> {
    let settings = configuration.and_then(|configuration| Some((configuration, configuration.registries.get(host)?)));
    let settings = settings.and_then(|(configuration, settings)| Some((configuration, settings.ecr.as_ref()?)));
    let named = settings.and_then(|(_, settings)| settings.region.as_deref()).and_then(Registry::in_region);
    let registry = match (Registry::of(host).or(named), settings) {
        (Some(registry), _) => registry,
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            let message = format!("`{host}` is not a name of Amazon ECR's, so that its region is not known");
            return Err(CommandError::new(ExitCode::Configuration, message)
                .hint(format!("add `region` under `registries: {host}: ecr`, or take `ecr` out")));
        }
    };
    let ecr = Ecr::new(registry, sources());
    let Some((configuration, settings)) = settings else { return Ok(Some(ecr)) };
    Ok(Some(Ecr {
        role: settings.role.clone(),
        audience: settings.audience.clone(),
        endpoint: settings.endpoint.clone(),
        create: settings.create,
        new: new_repository(configuration, settings)?,
        ..ecr
    }))
}

fn new_repository(configuration: &Configuration, settings: &EcrSettings) -> Result<NewRepository, CommandError> {
    let lifecycle_policy = match &settings.lifecycle_policy {
        None => None,
        Some(LifecyclePolicy::Json(json)) => Some(json.clone()),
        Some(LifecyclePolicy::File(path)) => {
            let path = configuration.resolve(path);
            let text = read_text(&path, POLICY_LIMIT).map_err(|error| {
                let message = format!("cannot read the lifecycle policy {}", path.display());
                CommandError::new(ExitCode::Configuration, message).cause(error)
            })?;
            Some(text)
        }
    };
    Ok(NewRepository {
        encryption: settings.encryption.as_deref().map(|written| match written {
            "AES256" => Encryption::Aes256,
            "KMS" => Encryption::Kms(None),
            key => Encryption::Kms(Some(key.to_owned())),
        }),
        immutable_tags: settings.immutable_tags,
        mutable_tags: settings.mutable_tags.clone(),
        scan_on_push: settings.scan_on_push,
        resource_tags: settings.resource_tags.clone(),
        lifecycle_policy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Sources {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        sources(&Environment::of(variables), BTreeMap::new())
    }

    #[test]
    fn nothing_but_a_profile_and_the_machine_is_always_there() {
        let sources = found(&[("HOME", "/h"), ("AWS_ACCESS_KEY_ID", "half"), ("ACTIONS_ID_TOKEN_REQUEST_URL", "half")]);
        assert!(sources.keys.is_none() && sources.github.is_none() && sources.container.is_none());
        let profile = sources.profile.unwrap();
        assert_eq!((profile.name.as_str(), profile.is_stated), ("default", false));
        assert_eq!(profile.files, [PathBuf::from("/h/.aws/credentials"), PathBuf::from("/h/.aws/config")]);
        assert_eq!(sources.metadata.as_deref(), Some(METADATA));
    }

    #[test]
    fn variables_as_awss_own_tools_have_them() {
        let sources = found(&[
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_SESSION_TOKEN", "session"),
            ("AWS_PROFILE", "work"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/k"),
            ("AWS_CONFIG_FILE", "/c"),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/x"),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/y"),
            ("AWS_EC2_METADATA_DISABLED", "TRUE"),
            ("AWS_ENDPOINT_URL", "https://all.example"),
            ("AWS_ENDPOINT_URL_STS", "https://sts.example"),
        ]);
        assert_eq!(sources.keys, Some(Keys::new("AKID", "secret", Some("session".to_owned()))));
        let profile = sources.profile.unwrap();
        assert_eq!((profile.name.as_str(), profile.is_stated), ("work", true));
        assert_eq!(profile.files, [PathBuf::from("/k"), PathBuf::from("/c")]);
        assert_eq!(sources.container.unwrap().url, "http://169.254.170.2/v2/credentials/x");
        assert_eq!(sources.metadata, None);
        assert_eq!(sources.endpoints.sts.as_deref(), Some("https://sts.example"));
        assert_eq!(sources.endpoints.ecr.as_deref(), Some("https://all.example"));
    }

    #[test]
    fn settings_of_a_registry() {
        let text = "build:\n  - {source: a.yaml, destination: ghcr.io/a/b}\nregistries:\n  registry.example.org:\n    ecr: {region: eu-west-1, create: true, encryption: KMS}\n  other.example.org:\n    ecr: {create: true}\n";
        let configuration = Configuration::parse("consign.yaml", text).unwrap();
        let ecr = |host| ecr(host, Some(&configuration), Arc::default);
        let named = ecr("registry.example.org").unwrap().unwrap();
        assert_eq!((named.registry, named.create), (Registry::in_region("eu-west-1").unwrap(), Some(true)));
        assert_eq!(named.new.encryption, Some(Encryption::Kms(None)));
        assert!(ecr("other.example.org").unwrap_err().message.contains("its region is not known"));
        assert!(ecr("ghcr.io").unwrap().is_none());
        assert!(ecr("public.ecr.aws").unwrap().unwrap().registry.is_public());
    }
}
