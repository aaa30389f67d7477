use consign_image::{ImageReference, ImageReferenceError};
use std::fmt;
use std::str::FromStr;

/// A place that platforms are taken from: `[IMAGE=]REF`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The image that it holds platforms of; needed where several are planned.
    pub(crate) image: Option<String>,
    /// The place.
    pub(crate) reference: ImageReference,
}

impl Source {
    /// Returns whether it holds platforms of this image.
    pub(crate) fn is_of(&self, image: &str) -> bool {
        self.image.as_deref().is_none_or(|named| named == image)
    }
}

impl FromStr for Source {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, ImageReferenceError> {
        // A reference has a colon or a slash before anything that may hold an equals sign, and the name of an image has neither.
        let named = text.split_once('=').filter(|(name, _)| !name.is_empty() && !name.contains([':', '/']));
        let (image, rest) = named.map_or((None, text), |(name, rest)| (Some(name.to_owned()), rest));
        Ok(Self { image, reference: rest.parse()? })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(image) = &self.image {
            write!(formatter, "{image}=")?;
        }
        self.reference.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_name_from_a_path() {
        for (text, image, reference) in [
            ("oci-archive:a.tar", None, "oci-archive:a.tar"),
            ("web=oci-archive:a.tar", Some("web"), "oci-archive:a.tar"),
            ("oci-archive:a=b.tar", None, "oci-archive:a=b.tar"),
            ("web=oci-archive:a=b.tar", Some("web"), "oci-archive:a=b.tar"),
            ("web=ghcr.io/team/web:1", Some("web"), "ghcr.io/team/web:1"),
        ] {
            let source: Source = text.parse().unwrap();
            assert_eq!((source.image.as_deref(), source.reference.to_string().as_str()), (image, reference));
            assert_eq!(source.to_string(), text);
        }
        assert!("=oci-archive:a.tar".parse::<Source>().is_err());
        assert!("web=".parse::<Source>().is_err());
    }
}
