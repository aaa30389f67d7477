use super::PackageUrlError;
use percent_encoding::percent_decode_str;
use std::fmt::{self, Write};

/// A text that is written percent-encoded: all but letters, digits, `.`, `-`, `_`, `~` and the colon (ECMA-427, clause 5.4).
pub(super) struct Text<'a>(pub(super) &'a str);

/// Segments that are each written percent-encoded; the slashes between them stay.
pub(super) struct Path<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        encode(self.0, b"", formatter)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        encode(self.0, b"/", formatter)
    }
}

fn encode(text: &str, kept: &[u8], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) || kept.contains(&byte) {
            formatter.write_char(char::from(byte))?;
        } else {
            write!(formatter, "%{byte:02X}")?;
        }
    }
    Ok(())
}

/// Decodes a component.
pub(super) fn decoded(text: &str, component: &'static str) -> Result<String, PackageUrlError> {
    let is_hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let bytes = text.as_bytes();
    let is_encoded = |at: usize| is_hex(bytes.get(at + 1)) && is_hex(bytes.get(at + 2));
    if text.match_indices('%').any(|(at, _)| !is_encoded(at)) {
        return Err(PackageUrlError::Encoding { component });
    }
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(PackageUrlError::Encoding { component }),
    }
}

/// Decodes segments. A slash within one would not be told from those between them.
pub(super) fn decoded_path(text: &str, component: &'static str) -> Result<String, PackageUrlError> {
    let mut path = String::with_capacity(text.len());
    for segment in text.split('/').filter(|segment| !segment.is_empty()) {
        let segment = decoded(segment, component)?;
        if segment.contains('/') {
            return Err(PackageUrlError::Slash { component });
        }
        if !path.is_empty() {
            path.push('/');
        }
        path += &segment;
    }
    Ok(path)
}
