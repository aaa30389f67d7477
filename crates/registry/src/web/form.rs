//! Bodies of forms (WHATWG URL, "application/x-www-form-urlencoded").

use reqwest::Url;

/// Their media type.
pub(crate) const TYPE: &str = "application/x-www-form-urlencoded";

/// Writes the fields of a form.
pub(crate) fn encode<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    // Queries are written in the same way, and this one leaves nothing to be parsed but the scheme.
    let Ok(mut url) = Url::parse("form:") else { return String::new() };
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_field_ends_it() {
        assert_eq!(encode([("a", "b c&d=e"), ("f", "ü%+")]), "a=b+c%26d%3De&f=%C3%BC%25%2B");
        assert_eq!(encode([]), "");
    }
}
