use percent_encoding::percent_decode_str;

/// The query of a request.
///
/// A `+` stands for itself and not for a space: media types are what is asked for here, and some clients send their `+` as it is.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: Option<&str>) -> Self {
        let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let pairs = text.unwrap_or_default().split('&').filter(|part| !part.is_empty()).map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key), decode(value))
        });
        Self(pairs.collect())
    }

    /// Returns the first value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        let query = Query::parse(Some("a=1&a=2&digest=sha256%3Aab&type=x/y+json&flag&=z&bad=%ff%"));
        assert_eq!(query.get("a"), Some("1"));
        assert_eq!(query.get("digest"), Some("sha256:ab"));
        assert_eq!(query.get("type"), Some("x/y+json"));
        assert_eq!(query.get("flag"), Some(""));
        assert_eq!(query.get("none"), None);
        assert_eq!(Query::parse(None).get(""), None);
    }
}
