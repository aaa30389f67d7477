use super::sts::Assumption;
use super::{AwsError, Keys, Sources, metadata};
use crate::web::{Web, file};

/// Who identity tokens for AWS are usually for.
const AUDIENCE: &str = "sts.amazonaws.com";
const IDENTITY_FILE: &str = "the file AWS_WEB_IDENTITY_TOKEN_FILE names";

/// The role that identity tokens are shown for.
#[derive(Clone, Copy)]
pub(crate) struct Role<'a> {
    /// The role that the configuration names. It counts before the one of the environment.
    pub(crate) name: Option<&'a str>,
    /// Who the tokens of GitHub are for.
    pub(crate) audience: Option<&'a str>,
    /// Where keys are given for them.
    pub(crate) sts: &'a str,
}

/// Which sources are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Those that something names.
    Named,
    /// And the machine itself, which takes a while where it is none of AWS's.
    All,
}

impl Sources {
    /// Returns keys of the first source that there is; `None` if there is none. That a source is there and gives no keys is an error: with those
    /// of the next one something else would happen than was meant.
    pub(crate) async fn find(&self, web: Web<'_>, role: Role<'_>, asked: Asked) -> Result<Option<Keys>, AwsError> {
        if let Some(keys) = &self.keys {
            return Ok(Some(keys.clone()));
        }
        if let Some(name) = role.name.or(self.role.as_deref()) {
            let sts = self.endpoints.sts.as_deref().unwrap_or(role.sts);
            let assumption = Assumption { sts, role: name, session_name: self.session_name.as_deref() };
            if let Some(path) = &self.identity_file {
                // It is written anew before the token in it ends.
                let token = file::read(path, IDENTITY_FILE)?;
                return assumption.keys(web, token.trim()).await.map(Some);
            }
            if let Some(github) = &self.github {
                let token = github.identity(web, role.audience.unwrap_or(AUDIENCE)).await?;
                return assumption.keys(web, token.expose()).await.map(Some);
            }
        }
        if let Some(container) = &self.container {
            return container.keys(web).await.map(Some);
        }
        if let Some(profile) = &self.profile
            && let Some(keys) = profile.keys().await?
        {
            return Ok(Some(keys));
        }
        match &self.metadata {
            Some(address) if asked == Asked::All => metadata::keys(web, address).await,
            _ => Ok(None),
        }
    }

    /// Returns what a source lacks that is nearly one.
    pub(crate) fn lacks(&self, role: Role<'_>) -> Option<&'static str> {
        match (role.name.or(self.role.as_deref()), &self.github, &self.identity_file) {
            (None, Some(_), _) => Some(
                "this job has an identity token, but nothing names a role that it is for: set AWS_ROLE_ARN, or `role` under `ecr`",
            ),
            (None, None, Some(_)) => Some(
                "AWS_WEB_IDENTITY_TOKEN_FILE names an identity token, but nothing names a role that it is for: set AWS_ROLE_ARN",
            ),
            (Some(_), None, None) => Some(
                "a role is named, but there is no identity token for it: a job of GitHub Actions has one with `permissions: id-token: write`",
            ),
            _ => None,
        }
    }
}
