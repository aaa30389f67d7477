//! Users and groups by number.

use consign_oci::layer::parse_id;

/// Returns whether `user` or `user:group` has a number that nobody can have.
pub(crate) fn names_nobody(written: &str) -> bool {
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    written.split(':').filter(is_number).any(|part| parse_id(part).is_none())
}

/// Says why an image has no such user or group.
pub(crate) fn why_unknown(written: &str) -> &'static str {
    if names_nobody(written) {
        "ids are below 4294967295"
    } else {
        "the image has no account of that name in /etc/passwd or /etc/group; numbers need none"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_nobody() {
        for (written, expected) in [
            ("4294967295", true),
            ("0:4294967295", true),
            ("99999999999999999999:app", true),
            ("4294967294:0", false),
            ("app:", false),
            ("-1", false),
            ("", false),
        ] {
            assert_eq!(names_nobody(written), expected, "{written}");
        }
    }
}
