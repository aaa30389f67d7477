use consign_image::ImageError;
use consign_registry::aws::AwsError;
use consign_registry::cloud::CloudError;
use consign_registry::{Distrust, ErrorKind, RegistryError, WebError};
use consign_release::ReleaseError;
use std::borrow::Cow;
use std::error::Error;

/// Returns what to try next where a registry stands anywhere in a chain of causes.
pub(crate) fn registry_hint(error: &(dyn Error + 'static)) -> Option<Cow<'static, str>> {
    let error = registry_error(error)?;
    aws_hint(error).or_else(|| usual_hint(error).map(Cow::Borrowed))
}

/// Returns what to try next where AWS says no.
fn aws_hint(error: &RegistryError) -> Option<Cow<'static, str>> {
    const STALE: &str = "docker's file has a login of ECR's that has ended: `consign logout` takes it away, and `docker-config: false` under `registries:` does without that file; then keys of AWS log in";
    if let Some(action) = error.missing_action() {
        let policy = match action {
            "sts:AssumeRoleWithWebIdentity" => "let the role's trust policy take the token of this job",
            _ => "allow it in a policy of the user or role",
        };
        return Some(format!("{policy}: {action}; docs/ecr.md has the policies").into());
    }
    match error {
        RegistryError::Aws(AwsError::NoCredentials { lacks: Some(lacks), .. }) => Some(Cow::Borrowed(lacks)),
        RegistryError::Aws(AwsError::NoCredentials { lacks: None, .. }) => {
            Some("docs/ecr.md says where credentials are looked for, and in which order".into())
        }
        RegistryError::Aws(AwsError::Web(WebError::Source { .. })) => {
            Some("what is named counts, and nothing after it is asked: see docs/ecr.md for the order".into())
        }
        RegistryError::Cloud(CloudError::Web(WebError::Source { .. }) | CloudError::Refused { .. }) => {
            Some("what is named counts, and nothing after it is asked: docs/logging-in.md has the order".into())
        }
        RegistryError::Aws(error) if error.kind() == ErrorKind::Unauthorized => {
            Some("AWS does not know these credentials, or they have ended".into())
        }
        RegistryError::Answer { status: 403, message: Some(message), .. }
            if message.to_ascii_lowercase().contains("authorization token has expired") =>
        {
            Some(STALE.into())
        }
        _ => None,
    }
}

fn usual_hint(error: &RegistryError) -> Option<&'static str> {
    if let RegistryError::NoCertificates = error {
        return Some("install ca-certificates, name a file in SSL_CERT_FILE, or `ca` under `registries:`");
    }
    if let RegistryError::Answer { status: 429, quota: Some(_), .. } = error {
        return Some("wait, or log in: `consign login HOST`; who logs in may pull more often");
    }
    if let RegistryError::SecuredProxy { .. } = error {
        return Some("name a proxy that is reached by HTTP in HTTPS_PROXY, or the registry in NO_PROXY");
    }
    if let RegistryError::Token { status: Some(408 | 500..), .. } = error {
        return Some("the registry is there, but the service that gives tokens for it fails; try again later");
    }
    match error.kind() {
        ErrorKind::Unauthorized => {
            Some("log in: `consign login HOST`, or name credentials under `registries:` in the configuration")
        }
        ErrorKind::Denied => Some("the credentials are known, but they do not allow this"),
        ErrorKind::Throttled => Some("the registry asks for fewer requests; try again later"),
        ErrorKind::Unreachable => Some("is the registry running, and is its name right?"),
        ErrorKind::Untrusted(Distrust::UnknownAuthority) => Some(
            "`ca` under `registries: HOST` in the configuration names a file of certificates to trust; docker's and podman's folders `certs.d/HOST` may have them, too",
        ),
        ErrorKind::Untrusted(Distrust::WrongCertificate) => Some("the registry needs another certificate"),
        ErrorKind::Untrusted(Distrust::WantsIdentity | Distrust::RefusesIdentity) => Some(
            "`client-certificate` under `registries: HOST` in the configuration names the certificate to show and its key",
        ),
        ErrorKind::Immutable => Some("the registry keeps this tag from being moved"),
        ErrorKind::NotFound | ErrorKind::Mismatch | ErrorKind::Other => None,
    }
}

/// Returns what a registry said somewhere in a chain of causes.
fn registry_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a RegistryError> {
    let mut chain = std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source());
    chain.find_map(|error| {
        // Transparent errors stand in the chain in place of what they wrap.
        let image = match downcast::<ReleaseError>(error) {
            Some(ReleaseError::Image(image)) => Some(image.as_ref()),
            _ => downcast::<ImageError>(error),
        };
        match image {
            Some(ImageError::Registry(error)) => Some(error),
            _ => downcast(error),
        }
    })
}

/// Large errors are boxed, and then it is the box that stands in the chain.
fn downcast<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    error.downcast_ref::<T>().or_else(|| error.downcast_ref::<Box<T>>().map(Box::as_ref))
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_verify::VerifyError;

    fn refused(status: u16) -> RegistryError {
        let (method, url) = ("GET".to_owned(), "http://localhost:5080/v2/team/app/manifests/1".to_owned());
        RegistryError::Answer { method, url, status, code: None, message: None, missing: Vec::new(), quota: None }
    }

    #[test]
    fn who_has_pulled_too_often_may_log_in() {
        let quota = Some(consign_registry::Quota { limit: 100, remaining: 0, window: None });
        let refused = |quota| match refused(429) {
            RegistryError::Answer { method, url, status, code, message, missing, .. } => {
                RegistryError::Answer { method, url, status, code, message, missing, quota }
            }
            error => error,
        };
        assert!(registry_hint(&refused(quota)).unwrap().contains("or log in"));
        assert!(registry_hint(&refused(None)).unwrap().contains("fewer requests"));
    }

    #[test]
    fn is_found_however_deep_it_lies() {
        let repository: consign_oci::Repository = "localhost:5080/team/app".parse().unwrap();
        let reference = repository.tagged("1".parse().unwrap());
        let image = || ImageError::Registry(refused(401));
        let destination =
            || ReleaseError::Destination { repository: repository.clone(), source: Box::new(refused(401)) };
        let unresolved = VerifyError::Unresolved { place: "x".to_owned(), source: Box::new(image()) };
        for error in [
            &refused(401) as &(dyn Error + 'static),
            &image(),
            &ReleaseError::from(image()),
            &destination(),
            &ReleaseError::Interrupted {
                moved: Vec::new(),
                unchanged: Vec::new(),
                unknown: Vec::new(),
                unmoved: Vec::new(),
                source: Box::new(destination()),
            },
            &ReleaseError::Verify { reference, source: Box::new(unresolved) },
        ] {
            assert!(registry_hint(error).is_some_and(|hint| hint.starts_with("log in")), "{error}");
        }
        assert_eq!(registry_hint(&refused(404)), None);
        assert_eq!(registry_hint(&std::io::Error::other("x")), None);
    }

    #[test]
    fn what_aws_does_not_allow_is_named() {
        let said = |message: &str| {
            let (method, url) = ("POST".to_owned(), "https://x.example/".to_owned());
            RegistryError::Answer {
                method,
                url,
                status: 403,
                code: None,
                message: Some(message.to_owned()),
                missing: Vec::new(),
                quota: None,
            }
        };
        let tokenless = |status| {
            let [registry, realm, problem] = ["x", "https://y.example/", "no"].map(str::to_owned);
            RegistryError::Token { registry, realm, status: Some(status), problem }
        };
        for (error, expected) in [
            (said("User: x is not authorized to perform: ecr:PutImage on resource: y"), "ecr:PutImage"),
            (said("Your authorization token has expired. Reauthenticate and try again."), "consign logout"),
            (said("no"), "do not allow this"),
            (AwsError::NoCredentials { registry: String::new(), lacks: Some("set it") }.into(), "set it"),
            (AwsError::NoCredentials { registry: String::new(), lacks: None }.into(), "docs/ecr.md"),
            (tokenless(503), "try again later"),
            (tokenless(401), "consign login"),
        ] {
            let hint = registry_hint(&error).unwrap();
            assert!(hint.contains(expected), "{hint}");
        }
    }
}
