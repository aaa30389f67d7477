//! Caches as people write them: `type=registry,ref=REPO:TAG`, `type=local,src=DIR`, or a reference alone (docs.docker.com, "Cache storage backends").

use super::CacheError;
use crate::buildkit::Cache;
use consign_image::ImageReference;
use std::collections::BTreeMap;
use std::str::FromStr;

/// Which way steps go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Out of a cache.
    From,
    /// Into a cache.
    To,
}

impl Direction {
    /// Returns what a folder is called.
    pub fn folder_key(self) -> &'static str {
        match self {
            Self::From => "src",
            Self::To => "dest",
        }
    }
}

impl FromStr for Cache {
    type Err = CacheError;

    fn from_str(written: &str) -> Result<Self, CacheError> {
        if !written.contains('=') {
            let attributes = BTreeMap::from([("ref".to_owned(), written.to_owned())]);
            return Ok(Self { kind: "registry".to_owned(), attributes });
        }
        let mut attributes = BTreeMap::new();
        for part in written.split(',') {
            let Some((key, value)) = part.split_once('=') else {
                return Err(CacheError::Part { written: written.to_owned(), part: part.to_owned() });
            };
            attributes.insert(key.trim().to_owned(), value.to_owned());
        }
        let kind = attributes.remove("type").unwrap_or_else(|| "registry".to_owned());
        Ok(Self { kind, attributes })
    }
}

impl Cache {
    /// Returns where the cache is, for builds of consign's own.
    pub fn place(&self, direction: Direction) -> Result<ImageReference, CacheError> {
        let value = |key: &'static str| {
            let missing = || CacheError::Missing { kind: self.kind.clone(), key };
            self.attributes.get(key).filter(|value| !value.is_empty()).ok_or_else(missing)
        };
        match self.kind.as_str() {
            "local" => Ok(ImageReference::Layout { folder: value(direction.folder_key())?.into(), tag: None }),
            "registry" => {
                let written = value("ref")?;
                let reference = written.parse();
                let reference =
                    reference.map_err(|source| CacheError::Reference { written: written.clone(), source })?;
                match &reference {
                    ImageReference::Registry(found) if found.digest.is_none() => Ok(reference),
                    _ => Err(CacheError::NotATag { written: written.clone() }),
                }
            }
            kind => Err(CacheError::Kind { kind: kind.to_owned() }),
        }
    }

    /// Returns whether the steps of all stages go there, and not only those of the image.
    pub(crate) fn is_max(&self) -> Result<bool, CacheError> {
        match self.attributes.get("mode").map(String::as_str) {
            None | Some("min") => Ok(false),
            Some("max") => Ok(true),
            Some(mode) => Err(CacheError::Mode { mode: mode.to_owned() }),
        }
    }

    /// Fails where it could not be used: by consign's own builds, or else by a BuildKit.
    pub fn check(&self, direction: Direction, by_buildkit: bool) -> Result<(), CacheError> {
        self.is_max()?;
        match by_buildkit {
            true if self.kind == "local" => Err(CacheError::Kind { kind: self.kind.clone() }),
            true => Ok(()),
            false => self.place(direction).map(|_| ()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, direction, expected) in [
            ("localhost:1/a/b:c", Direction::From, "localhost:1/a/b:c"),
            ("type=registry,ref=localhost:1/a/b:c,mode=max", Direction::To, "localhost:1/a/b:c"),
            ("ref=localhost:1/a/b:c", Direction::To, "localhost:1/a/b:c"),
            ("type=local,src=some/dir", Direction::From, "oci:some/dir"),
            ("type=local,dest=some/dir", Direction::To, "oci:some/dir"),
        ] {
            let cache: Cache = text.parse().unwrap();
            assert_eq!(cache.place(direction).unwrap().to_string(), expected, "{text}");
        }
        for (text, expected) in [
            ("type=local,src=some/dir", "the cache of `type=local` does not say where it is: `dest` is missing"),
            ("type=registry", "the cache of `type=registry` does not say where it is: `ref` is missing"),
            ("type=gha", "caches of `type=gha` are not used"),
            ("ref=a/b:c,mode=most", "`mode=most` is none"),
            ("ref=oci:x", "the cache `oci:x` must be a repository"),
        ] {
            let error = text.parse::<Cache>().unwrap().check(Direction::To, false).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
        assert!("type=local,x".parse::<Cache>().is_err());
        assert!("type=gha".parse::<Cache>().unwrap().check(Direction::To, true).is_ok());
    }
}
