//! What the environment and the configuration say about registries of Google's and Azure's.

use crate::environment::Environment;
use consign_plan::Configuration;
use consign_registry::Secret;
use consign_registry::aws::Github;
use consign_registry::cloud::{Azure, AzureEndpoints, Cloud, Google, GoogleEndpoints, IdentityService};
use std::path::PathBuf;

const METADATA: &str = "http://169.254.169.254";

/// Returns where tokens for a registry may come from, if its name is one of a cloud's or the configuration says that it is.
pub(crate) fn of(host: &str, configuration: Option<&Configuration>, environment: &Environment) -> Option<Cloud> {
    let settings = configuration.and_then(|configuration| configuration.registries.get(host));
    let google = settings.and_then(|settings| settings.google.as_ref());
    let azure = settings.and_then(|settings| settings.azure.as_ref());
    if google.is_some() || Google::has(host) {
        return Some(Cloud::Google(Google {
            provider: google.map(|google| google.provider.clone()),
            service_account: google.and_then(|google| google.service_account.clone()),
            ..self::google(environment)
        }));
    }
    if azure.is_some() || Azure::has(host) {
        let known = self::azure(environment);
        return Some(Cloud::Azure(Azure {
            tenant: azure.and_then(|azure| azure.tenant.clone()).or(known.tenant),
            client: azure.and_then(|azure| azure.client.clone()).or(known.client),
            ..known
        }));
    }
    None
}

/// Returns where a job of GitHub Actions gets an identity token, in one that may have some.
fn github(environment: &Environment) -> Option<Github> {
    let secret = |name: &str| environment.get(name).map(Secret::new);
    let (url, token) = secret("ACTIONS_ID_TOKEN_REQUEST_URL").zip(secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))?;
    Some(Github { url, token })
}

/// Reads what Google's own libraries read (AIP-4110 and AIP-4115).
fn google(environment: &Environment) -> Google {
    let is_disabled = environment.get("NO_GCE_CHECK").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let metadata = environment.get("GCE_METADATA_HOST").map(|host| format!("http://{host}"));
    Google {
        github: github(environment),
        file: environment.get("GOOGLE_APPLICATION_CREDENTIALS").map(PathBuf::from),
        metadata: Some(metadata.unwrap_or_else(|| METADATA.to_owned())).filter(|_| !is_disabled),
        endpoints: GoogleEndpoints::default(),
        ..Google::default()
    }
}

/// Reads what Azure's own libraries read (Azure SDKs, "EnvironmentCredential", "WorkloadIdentityCredential" and "ManagedIdentityCredential").
fn azure(environment: &Environment) -> Azure {
    let text = |name: &str| environment.get(name).map(str::to_owned);
    let secret = |name: &str| environment.get(name).map(Secret::new);
    let service = text("IDENTITY_ENDPOINT").zip(secret("IDENTITY_HEADER"));
    Azure {
        tenant: text("AZURE_TENANT_ID"),
        client: text("AZURE_CLIENT_ID"),
        secret: secret("AZURE_CLIENT_SECRET"),
        identity_file: environment.get("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from),
        github: github(environment),
        service: service.map(|(url, header)| IdentityService { url, header }),
        metadata: Some(METADATA.to_owned()),
        endpoints: AzureEndpoints { authority: text("AZURE_AUTHORITY_HOST"), exchange: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(host: &str, variables: &[(&str, &str)]) -> Option<Cloud> {
        let text = "sync: [{source: alpine, destination: ghcr.io/a/b}]\nregistries:\n  europe-docker.pkg.dev:\n    google: {workload-identity-provider: projects/1/locations/global/workloadIdentityPools/p/providers/g, service-account: push@x.iam.gserviceaccount.com}\n  registry.example.org:\n    azure: {tenant: t}\n";
        let configuration = Configuration::parse_for_sync("consign.yaml", text).unwrap();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        of(host, Some(&configuration), &Environment::of(variables))
    }

    #[test]
    fn registries_are_told_apart_by_their_names() {
        assert!(found("ghcr.io", &[]).is_none());
        let Some(Cloud::Google(google)) = found("gcr.io", &[]) else { unreachable!() };
        assert_eq!((google.metadata.as_deref(), google.provider), (Some(METADATA), None));
        let Some(Cloud::Google(google)) = found("europe-docker.pkg.dev", &[("NO_GCE_CHECK", "true")]) else {
            unreachable!()
        };
        assert_eq!(google.service_account.as_deref(), Some("push@x.iam.gserviceaccount.com"));
        assert!(google.provider.unwrap().starts_with("projects/1/") && google.metadata.is_none());
        let variables = [("AZURE_TENANT_ID", "e"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "hunter2")];
        let Some(Cloud::Azure(azure)) = found("registry.example.org", &variables) else { unreachable!() };
        assert_eq!((azure.tenant.as_deref(), azure.client.as_deref()), (Some("t"), Some("c")));
        assert!(!format!("{azure:?}").contains("hunter2"));
        assert!(matches!(found("team.azurecr.io", &[]), Some(Cloud::Azure(_))));
    }
}
