//! The metadata of machines of Google's (Compute Engine documentation, "Access tokens"; Cloud Run and GKE have the same).

use super::token;
use crate::cloud::{CloudError, Login, near};
use crate::web::{Web, WebError, address};

const PLACE: &str = "the metadata of this machine of Google's";
const TOKEN: &str = "computeMetadata/v1/instance/service-accounts/default/token";

/// Asks the service at this address for a token of the machine's service account; `None` if there is no such service, or no account.
pub(super) async fn login(web: Web<'_>, address: &str) -> Result<Option<Login>, CloudError> {
    let url = address::google(address, PLACE)?;
    let url = url.join(TOKEN).map_err(|_| WebError::source(PLACE, "its address is not a URL"))?;
    near::ask(web, &url, ("metadata-flavor", "Google")).await?.map(|answer| token(&answer, PLACE)).transpose()
}
