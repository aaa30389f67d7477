//! Identities of Microsoft Entra, exchanged for an identity token of a registry (Azure Container Registry, "Azure Container Registry integration with
//! Azure Active Directory").

mod entra;
mod machine;

use super::{CloudError, Login, after};
use crate::web::{Github, Request, Web, address};
use crate::{Credentials, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use serde::Deserialize;
use std::path::PathBuf;

const PLACE: &str = "the registry's exchange of tokens";
/// How long an identity token is taken to last that does not say, in seconds. They last for three hours.
const LIFETIME: i64 = 3600;

/// Where tokens for registries of Azure may come from, in the order in which they are looked for.
#[derive(Clone, Debug, Default)]
pub struct Azure {
    /// The directory that knows the application.
    pub tenant: Option<String>,
    /// The application, or the identity of a machine that has several.
    pub client: Option<String>,
    /// The application's secret.
    pub secret: Option<Secret>,
    /// A file with an identity token, as Kubernetes writes it.
    pub identity_file: Option<PathBuf>,
    /// Where a job of GitHub Actions gets an identity token.
    pub github: Option<Github>,
    /// The service that gives tokens to applications of App Service and the like.
    pub service: Option<IdentityService>,
    /// The address of the metadata of a machine of Azure's. `None`: it is not asked.
    pub metadata: Option<String>,
    /// Where Azure's services are, if elsewhere.
    pub endpoints: AzureEndpoints,
}

/// The service that gives tokens to applications of App Service and the like (Azure App Service, "REST endpoint reference").
#[derive(Clone, Debug)]
pub struct IdentityService {
    /// Its address.
    pub url: String,
    /// What is shown there.
    pub header: Secret,
}

/// Where Azure's services are, if elsewhere.
#[derive(Clone, Debug, Default)]
pub struct AzureEndpoints {
    /// Microsoft Entra.
    pub authority: Option<String>,
    /// The registry's exchange of tokens.
    pub exchange: Option<String>,
}

/// A cloud of Azure's: its registries, who gives tokens there, what they are for, and who identity tokens of others are for.
struct Region {
    registries: &'static str,
    authority: &'static str,
    audience: &'static str,
    exchange: &'static str,
}

/// Azure SDKs, "ContainerRegistryAudience" and "AzureAuthorityHosts"; Microsoft Entra, "Workload identity federation".
const REGIONS: [Region; 3] = [
    Region {
        registries: ".azurecr.io",
        authority: "https://login.microsoftonline.com",
        audience: "https://containerregistry.azure.net",
        exchange: "api://AzureADTokenExchange",
    },
    Region {
        registries: ".azurecr.cn",
        authority: "https://login.chinacloudapi.cn",
        audience: "https://management.chinacloudapi.cn",
        exchange: "api://AzureADTokenExchangeChina",
    },
    Region {
        registries: ".azurecr.us",
        authority: "https://login.microsoftonline.us",
        audience: "https://management.usgovcloudapi.net",
        exchange: "api://AzureADTokenExchangeUSGov",
    },
];

impl Region {
    fn named(registry: &str) -> Option<&'static Self> {
        REGIONS.iter().find(|region| registry.ends_with(region.registries))
    }

    /// Returns the cloud of a registry. A name of one's own is one of the cloud whose service gives tokens, if somebody named it.
    fn of(registry: &str, authority: Option<&str>) -> &'static Self {
        let authority = authority.map(|authority| authority.trim_end_matches('/'));
        let others = || REGIONS.iter().find(|region| Some(region.authority) == authority);
        Self::named(registry).or_else(others).unwrap_or(&REGIONS[0])
    }
}

impl Azure {
    /// Returns whether this is the name of a registry of Azure's.
    pub fn has(registry: &str) -> bool {
        Region::named(registry).is_some()
    }

    /// Returns how to log in to a registry; `None` if nothing says who we are. That a source is there and gives no token is an error.
    pub(super) async fn login(&self, web: Web<'_>, registry: &str, base: &str) -> Result<Option<Login>, CloudError> {
        let named = self.endpoints.authority.as_deref();
        let region = Region::of(registry, named);
        let authority = named.unwrap_or(region.authority);
        let token = match self.of_application(web, authority, region).await? {
            Some(token) => token,
            None => match self.of_machine(web, region.audience).await? {
                Some(token) => token,
                None => return Ok(None),
            },
        };
        self.exchanged(web, registry, base, &token).await.map(Some)
    }

    /// Exchanges a token of Entra for an identity token of the registry.
    async fn exchanged(&self, web: Web<'_>, registry: &str, base: &str, token: &Secret) -> Result<Login, CloudError> {
        #[derive(Deserialize)]
        struct Answer {
            refresh_token: String,
        }
        let (url, asked) = match &self.endpoints.exchange {
            Some(url) => (address::tokens(url, PLACE)?, None),
            None => (address::tokens(&format!("{base}/oauth2/exchange"), PLACE)?, Some(registry)),
        };
        let mut form = vec![("grant_type", "access_token"), ("service", registry), ("access_token", token.expose())];
        form.extend(self.tenant.as_ref().map(|tenant| ("tenant", tenant.as_str())));
        let web = Web { registry: asked, ..web };
        let answer = web.ask(|| Request::form(&url, form.iter().copied())).await?;
        if !answer.is_success() {
            return Err(CloudError::refused(PLACE, answer.status, &answer.body));
        }
        // What a parser says may quote what it read.
        let read = serde_json::from_slice(&answer.body);
        let Answer { refresh_token } = read.map_err(|_| CloudError::source(PLACE, "its answer is no token"))?;
        let expires = end(&refresh_token).unwrap_or_else(|| after(LIFETIME));
        Ok(Login { credentials: Credentials::Identity(Secret::new(refresh_token)), expires })
    }
}

/// Returns when a token ends, if it says so (RFC 7519, section 4.1.4).
fn end(token: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let claims = BASE64.decode(token.split('.').nth(1)?).ok()?;
    let Claims { exp } = serde_json::from_slice(&claims).ok()?;
    Timestamp::from_second(exp).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_services_of_its_own() {
        let [public, china, government] = [
            ("https://login.microsoftonline.com", "api://AzureADTokenExchange"),
            ("https://login.chinacloudapi.cn", "api://AzureADTokenExchangeChina"),
            ("https://login.microsoftonline.us", "api://AzureADTokenExchangeUSGov"),
        ];
        for (registry, named, expected) in [
            ("team.azurecr.io", None, public),
            ("team.azurecr.cn", None, china),
            ("team.azurecr.us", None, government),
            ("registry.example.org", None, public),
            ("registry.example.org", Some("https://login.microsoftonline.us/"), government),
            ("registry.example.org", Some("https://login.example.org/"), public),
        ] {
            let region = Region::of(registry, named);
            assert_eq!((region.authority, region.exchange), expected, "{registry} {named:?}");
        }
    }
}
