/// Most colons in armor. Only its headers have any (RFC 9580, section 6.2), and those of archives and keys are few.
pub(super) const COLON_LIMIT: usize = 100;

/// Returns whether bytes are armor with more headers than it needs. Packets, which begin with a byte that is not ASCII, have none.
///
/// The library that reads armor looks for the end of each header in all that follows it, even behind the empty line that ends the headers:
/// many would take hours.
pub(super) fn has_many_headers(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(u8::is_ascii) && bytes.iter().filter(|byte| **byte == b':').nth(COLON_LIMIT).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_headers_wherever_they_stand() {
        for (before, after) in [("", "\n"), ("\n", ""), ("x\n-----BEGIN PGP SIGNATURE-----\n", "")] {
            let armor = |count| format!("{before}{}{after}\n", "a: b\n".repeat(count));
            assert!(!has_many_headers(armor(COLON_LIMIT).as_bytes()));
            assert!(has_many_headers(armor(COLON_LIMIT + 1).as_bytes()));
        }
        assert!(!has_many_headers(b""));
        assert!(!has_many_headers(&[b"\x99".to_vec(), vec![b':'; 2 * COLON_LIMIT]].concat()));
    }
}
