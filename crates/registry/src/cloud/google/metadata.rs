//! The metadata of machines of Google's (Compute Engine documentation, "Access tokens"; Cloud Run and GKE have the same).

use super::token;
use crate::cloud::{CloudError, Login, NEAR};
use crate::web::{Request, Web, WebError, address};

const PLACE: &str = "the metadata of this machine of Google's";
const TOKEN: &str = "computeMetadata/v1/instance/service-accounts/default/token";

/// Asks the service at this address for a token of the machine's service account; `None` if there is no such service, or no account.
pub(super) async fn login(web: Web<'_>, address: &str) -> Result<Option<Login>, CloudError> {
    let url = address::metadata(address, PLACE)?;
    let url = url.join(TOKEN).map_err(|_| WebError::source(PLACE, "its address is not a URL"))?;
    let request = Request::get(url, vec![("metadata-flavor", "Google".to_owned())]);
    match web.once(request, NEAR).await {
        Ok(answer) if answer.is_success() => Ok(token(&answer, PLACE).ok()),
        // Elsewhere somebody else may answer there.
        _ => Ok(None),
    }
}
