use crate::auth::Action;
use crate::refusal::is_page;
use crate::transport::Call;
use crate::{Client, RegistryError};
use consign_oci::RegistryPath;

/// How a registry lets somebody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// It asked for credentials, and took those that it was shown.
    Checked,
    /// It asked for none: what it would have said of them is not known.
    Open,
}

impl Client {
    /// Asks a registry to let us in, with the credentials for this part of it (distribution-spec, end-1). Writes nothing.
    ///
    /// That it cannot be reached, is no registry, or does not take the credentials is an error.
    pub async fn enter(&self, at: &RegistryPath) -> Result<Entrance, RegistryError> {
        let repository = at.some_repository();
        let call = Call::of_registry(self, &repository, "/v2/", Action::Enter)?;
        let response = self.send(&call).await?;
        if !response.status().is_success() || is_page(response.headers()) {
            return Err(match self.refused(&call, response).await {
                // The API's address has to answer, whatever is not there.
                RegistryError::Answer { status: 404, url, .. } => RegistryError::NotARegistry { url, status: 404 },
                error => error,
            });
        }
        let asked = self.known().challenge(&repository).is_some();
        Ok(if asked { Entrance::Checked } else { Entrance::Open })
    }
}
