use crate::failure::{Code, Failure};
use crate::name::Name;
use axum::http::{Method, StatusCode};
use consign_oci::{Digest, Target};
use percent_encoding::percent_decode_str;

/// What a path means (distribution-spec, "Endpoints").
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Ping,
    Blob(Name, Digest),
    Uploads(Name),
    Upload(Name, String),
    Manifest(Name, Target),
    Tags(Name),
    Referrers(Name, Digest),
}

impl Route {
    /// Reads a path from the right, since names hold slashes and any of the words used here.
    pub(crate) fn parse(method: &Method, path: &str) -> Result<Self, Failure> {
        let unknown = || Failure::new(StatusCode::NOT_FOUND, Code::Unsupported, "no such endpoint");
        let path = percent_decode_str(path).decode_utf8().map_err(|_| unknown())?;
        let rest = match path.strip_prefix("/v2") {
            Some("" | "/") => return Ok(Self::Ping),
            Some(rest) => rest.strip_prefix('/').ok_or_else(unknown)?,
            None => return Err(unknown()),
        };
        let (before, last) = rest.rsplit_once('/').ok_or_else(unknown)?;
        let (name, word) = before.rsplit_once('/').ok_or_else(unknown)?;
        match (word, last) {
            ("tags", "list") => Ok(Self::Tags(named(name)?)),
            ("manifests", _) => Ok(Self::Manifest(named(name)?, target(method, last)?)),
            ("referrers", _) => Ok(Self::Referrers(named(name)?, digest(last)?)),
            ("blobs", "uploads") => Ok(Self::Uploads(named(name)?)),
            ("blobs", _) => Ok(Self::Blob(named(name)?, digest(last)?)),
            ("uploads", id) => {
                let name = named(name.strip_suffix("/blobs").ok_or_else(unknown)?)?;
                Ok(if id.is_empty() { Self::Uploads(name) } else { Self::Upload(name, id.to_owned()) })
            }
            _ => Err(unknown()),
        }
    }
}

fn named(text: &str) -> Result<Name, Failure> {
    Name::parse(text)
        .ok_or_else(|| Failure::new(StatusCode::BAD_REQUEST, Code::NameInvalid, "this is not the name of a repository"))
}

pub(crate) fn digest(text: &str) -> Result<Digest, Failure> {
    text.parse().map_err(|error: consign_oci::DigestError| {
        Failure::new(StatusCode::BAD_REQUEST, Code::DigestInvalid, error.to_string())
    })
}

fn target(method: &Method, text: &str) -> Result<Target, Failure> {
    if text.contains(':') {
        return digest(text).map(Target::Digest);
    }
    text.parse().map(Target::Tag).map_err(|error: consign_oci::ReferenceError| match *method {
        Method::PUT => Failure::new(StatusCode::BAD_REQUEST, Code::ManifestInvalid, error.to_string()),
        // What is no tag cannot be there.
        _ => Failure::new(StatusCode::NOT_FOUND, Code::ManifestUnknown, error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Result<Route, Failure> {
        Route::parse(&Method::GET, path)
    }

    #[test]
    fn reads_paths_from_the_right() {
        let name = |text: &str| Name::parse(text).unwrap();
        let digest = Digest::of(b"");
        for (path, expected) in [
            ("/v2/".to_owned(), Route::Ping),
            ("/v2".to_owned(), Route::Ping),
            ("/v2/a/b/tags/list".to_owned(), Route::Tags(name("a/b"))),
            ("/v2/a/tags/list/tags/list".to_owned(), Route::Tags(name("a/tags/list"))),
            ("/v2/a/manifests/1.0".to_owned(), Route::Manifest(name("a"), Target::Tag("1.0".parse().unwrap()))),
            (format!("/v2/manifests/manifests/{digest}"), Route::Manifest(name("manifests"), digest.clone().into())),
            (format!("/v2/a/blobs/{}", digest.to_string().replace(':', "%3A")), Route::Blob(name("a"), digest.clone())),
            ("/v2/a/blobs/uploads/".to_owned(), Route::Uploads(name("a"))),
            ("/v2/a/blobs/uploads".to_owned(), Route::Uploads(name("a"))),
            ("/v2/a/blobs/blobs/uploads/1".to_owned(), Route::Upload(name("a/blobs"), "1".to_owned())),
            (format!("/v2/a/referrers/{digest}"), Route::Referrers(name("a"), digest.clone())),
        ] {
            assert_eq!(route(&path).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn refuses_other_paths() {
        for path in [
            "",
            "/",
            "/v1/",
            "/v2a",
            "/v2/a",
            "/v2/a/b",
            "/v2//tags/list",
            "/v2/tags/list",
            "/v2/../tags/list",
            "/v2/a/../tags/list",
            "/v2/a%2f..%2f..%2fb/tags/list",
            "/v2/a/blobs/sha256:abc",
            "/v2/a/manifests/",
            "/v2/a/manifests/..",
            "/v2/a/manifests/.x",
            "/v2/_a/tags/list",
            "/v2/a/%ff/tags/list",
            "/v2/a%00/tags/list",
            "/v2/a/uploads/x",
        ] {
            assert!(route(path).is_err(), "{path}");
        }
    }
}
