use consign_image::ImageError;
use consign_registry::{ErrorKind, RegistryError};
use consign_release::ReleaseError;
use std::error::Error;

/// Returns what to try next where a registry stands anywhere in a chain of causes.
pub(crate) fn registry_hint(error: &(dyn Error + 'static)) -> Option<&'static str> {
    match registry_error(error)?.kind() {
        ErrorKind::Unauthorized => {
            Some("log in: `consign login HOST`, or name credentials under `registries:` in the configuration")
        }
        ErrorKind::Denied => Some("the credentials are known, but they do not allow this"),
        ErrorKind::Throttled => Some("the registry asks for fewer requests; try again later"),
        ErrorKind::Unreachable => Some("is the registry running, and is its name right?"),
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
        RegistryError::Answer { method, url, status, code: None, message: None }
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
}
