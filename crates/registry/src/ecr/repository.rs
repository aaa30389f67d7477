use super::Registry;
use super::api::Api;
use crate::aws::AwsError;
use consign_oci::Repository;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How a repository is made. What is not said is as ECR has it; the public registry only knows tags of resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRepository {
    /// With what its images are encrypted.
    pub encryption: Option<Encryption>,
    /// Whether its tags may not be moved.
    pub immutable_tags: Option<bool>,
    /// Tags that may be moved nevertheless, with `*` for any text.
    pub mutable_tags: Vec<String>,
    /// Whether images are scanned when they are pushed.
    pub scan_on_push: Option<bool>,
    /// Tags of the repository itself, as AWS has them for costs and policies.
    pub resource_tags: BTreeMap<String, String>,
    /// Which images are removed after a while, as ECR's JSON.
    pub lifecycle_policy: Option<String>,
}

/// With what the images of a repository are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// With keys that nobody sees.
    Aes256,
    /// With a key of the key management service; `None`: with the account's key for ECR.
    Kms(Option<String>),
}

impl Api<'_> {
    /// Makes a repository (`CreateRepository`), then says which of its images are removed (`PutLifecyclePolicy`). That it is there is no error, and
    /// then nothing about it is changed.
    pub(super) async fn create(&self, repository: &Repository, new: &NewRepository) -> Result<(), AwsError> {
        let question = match self.registry {
            Registry::Private { account, .. } => private(account.as_deref(), repository.path(), new),
            // The first part of the path is the account's own name there.
            Registry::Public { .. } => {
                let name = repository.path().split_once('/').map_or(repository.path(), |(_, name)| name);
                with_tags(json!({"repositoryName": name}), new)
            }
        };
        match self.ask::<IgnoredAny>("CreateRepository", &question).await {
            Err(AwsError::Refused { code: Some(code), .. }) if code == "RepositoryAlreadyExistsException" => {
                return Ok(());
            }
            created => created?,
        };
        let (Registry::Private { account, .. }, Some(policy)) = (self.registry, &new.lifecycle_policy) else {
            return Ok(());
        };
        let question = json!({"repositoryName": repository.path(), "lifecyclePolicyText": policy});
        let put = self.ask::<IgnoredAny>("PutLifecyclePolicy", &in_account(question, account.as_deref())).await;
        put.map(|_| ()).map_err(|error| AwsError::WithoutPolicy {
            repository: repository.path().to_owned(),
            error: Box::new(error),
        })
    }
}

fn private(account: Option<&str>, name: &str, new: &NewRepository) -> Value {
    let mut question = in_account(json!({"repositoryName": name}), account);
    match &new.encryption {
        None => {}
        Some(Encryption::Aes256) => question["encryptionConfiguration"] = json!({"encryptionType": "AES256"}),
        Some(Encryption::Kms(None)) => question["encryptionConfiguration"] = json!({"encryptionType": "KMS"}),
        Some(Encryption::Kms(Some(key))) => {
            question["encryptionConfiguration"] = json!({"encryptionType": "KMS", "kmsKey": key});
        }
    }
    match new.immutable_tags {
        None => {}
        Some(false) => question["imageTagMutability"] = json!("MUTABLE"),
        Some(true) if new.mutable_tags.is_empty() => question["imageTagMutability"] = json!("IMMUTABLE"),
        Some(true) => {
            let filters = new.mutable_tags.iter().map(|tag| json!({"filterType": "WILDCARD", "filter": tag}));
            question["imageTagMutability"] = json!("IMMUTABLE_WITH_EXCLUSION");
            question["imageTagMutabilityExclusionFilters"] = filters.collect();
        }
    }
    if let Some(scan) = new.scan_on_push {
        question["imageScanningConfiguration"] = json!({"scanOnPush": scan});
    }
    with_tags(question, new)
}

fn in_account(mut question: Value, account: Option<&str>) -> Value {
    if let Some(account) = account {
        question["registryId"] = json!(account);
    }
    question
}

fn with_tags(mut question: Value, new: &NewRepository) -> Value {
    if !new.resource_tags.is_empty() {
        question["tags"] = new.resource_tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    }
    question
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_not_asked_for() {
        assert_eq!(private(None, "a/b", &NewRepository::default()), json!({"repositoryName": "a/b"}));
        let new = NewRepository {
            encryption: Some(Encryption::Kms(Some("alias/images".to_owned()))),
            immutable_tags: Some(true),
            mutable_tags: vec!["latest".to_owned()],
            scan_on_push: Some(false),
            resource_tags: BTreeMap::from([("team".to_owned(), "web".to_owned())]),
            lifecycle_policy: None,
        };
        let expected = json!({
            "repositoryName": "a",
            "registryId": "123456789012",
            "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "alias/images"},
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "latest"}],
            "imageScanningConfiguration": {"scanOnPush": false},
            "tags": [{"Key": "team", "Value": "web"}],
        });
        assert_eq!(private(Some("123456789012"), "a", &new), expected);
        let plain = NewRepository { mutable_tags: Vec::new(), ..new };
        assert_eq!(private(None, "a", &plain)["imageTagMutability"], "IMMUTABLE");
    }
}
