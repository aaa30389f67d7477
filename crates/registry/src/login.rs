use crate::auth::{self, Action};
use crate::challenge::Challenge;
use crate::token::{Token, Wanted};
use crate::transport::Call;
use crate::{Client, Credentials, RegistryError, Secret, cloud};
use consign_oci::Repository;
use reqwest::Url;

impl Client {
    /// Returns the value of `Authorization`, as far as it is known what the registry wants.
    pub(crate) async fn authorization(
        &self,
        call: &Call<'_>,
        scopes: &[String],
    ) -> Result<Option<String>, RegistryError> {
        let challenge = self.known().challenge(call.repository);
        let configured = self.credentials_of(call.repository);
        // What is said about a registry counts before what AWS has.
        let ecr = self.ecr(call.repository).filter(|_| *configured == Credentials::Anonymous);
        if let Some(private) = ecr.as_ref().filter(|ecr| !ecr.ecr.registry.is_public())
            && let Credentials::Basic { username, password } = private.login(call.action).await?
        {
            return Ok(Some(auth::basic(&username, password.expose())));
        }
        let given = match self.identity(call.repository) {
            Some(cloud) => match cloud.login().await {
                // Many of these registries can be read from by anybody. Where one cannot, it is said why nobody is logged in.
                Err(_) if matches!(call.action, Action::Pull) => Some(Credentials::Anonymous),
                login => Some(login?),
            },
            None => None,
        };
        match (challenge, given.as_ref().unwrap_or(configured)) {
            (_, Credentials::Bearer(token)) => Ok(Some(bearer(token))),
            (Some(Challenge::Basic), Credentials::Basic { username, password }) => {
                Ok(Some(auth::basic(username, password.expose())))
            }
            (Some(Challenge::Bearer { realm, service }), credentials) => {
                let key = (call.repository.clone(), scopes.to_vec());
                if let Some(token) = self.known().token(&key) {
                    return Ok(Some(bearer(&token)));
                }
                // Of several requests that want the same token one asks for it; and an identity token may count only once.
                let budget = self.budget(call.repository);
                let _turn = budget.token().await;
                if let Some(token) = self.known().token(&key) {
                    return Ok(Some(bearer(&token)));
                }
                let registry = self.base(call)?;
                let hosts = self.hosts();
                let wanted = Wanted { registry: &registry, hosts, realm: &realm, service: service.as_deref(), scopes };
                let token = match ecr {
                    Some(public) => self.token(call, &wanted, &public.login(call.action).await?).await?,
                    None => self.token(call, &wanted, credentials).await?,
                };
                let value = bearer(&token.value);
                self.known().tokens.insert(key, token);
                Ok(Some(value))
            }
            _ => Ok(None),
        }
    }

    /// Returns the cloud whose identity logs in. Nobody is asked for a token that nobody wants.
    pub(crate) fn identity<'a>(&'a self, repository: &'a Repository) -> Option<cloud::Session<'a>> {
        let is_wanted =
            *self.credentials_of(repository) == Credentials::Anonymous && self.known().challenge(repository).is_some();
        self.cloud(repository).filter(|_| is_wanted)
    }

    /// Asks a token service, with the newest identity token where there is one.
    async fn token(
        &self,
        call: &Call<'_>,
        wanted: &Wanted<'_>,
        credentials: &Credentials,
    ) -> Result<Token, RegistryError> {
        let http = |realm: &Url| self.http(call.repository, realm, false);
        let Credentials::Identity(configured) = credentials else { return wanted.ask(http, credentials).await };
        let identity = self.known().identity(configured);
        let mut token = wanted.ask(http, &Credentials::Identity(identity)).await?;
        if let Some(identity) = token.identity.take() {
            self.known().replace_identity(configured, identity);
        }
        Ok(token)
    }
}

fn bearer(token: &Secret) -> String {
    format!("Bearer {}", token.expose())
}
