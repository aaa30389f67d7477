use super::{AwsError, Container, Keys};
use crate::web::{Request, Web, address, file};

const PLACE: &str = "the container's endpoint for AWS credentials";

impl Container {
    /// Asks the endpoint for keys.
    pub(super) async fn keys(&self, web: Web<'_>) -> Result<Keys, AwsError> {
        let url = address::container(&self.url, PLACE)?;
        let token = match (&self.token_file, &self.token) {
            // It is written anew from time to time.
            (Some(path), _) => Some(file::read(path, PLACE)?.trim_end().to_owned()),
            (None, Some(token)) => Some(token.expose().to_owned()),
            (None, None) => None,
        };
        let headers: Vec<_> = token.into_iter().map(|token| ("authorization", token)).collect();
        let answer = web.ask(|| Request::get(url.clone(), headers.clone())).await?;
        if !answer.is_success() {
            return Err(AwsError::source(PLACE, format!("it answers {}", answer.status)));
        }
        Keys::read(&answer.body, PLACE)
    }
}
