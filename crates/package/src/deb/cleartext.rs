use super::ReleaseError;

/// The lines between which a signed text and its signatures stand.
const FRAME: [&str; 3] =
    ["-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"];

/// A text with its signatures in one file (RFC 9580, section 7).
///
/// The library that checks signatures reads such files, too, but looks at all of a text again for each of its lines: a large file would take hours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cleartext<'a> {
    /// The lines that are signed, each but the last with its line feed, and without what the form adds to them.
    pub(super) signed: String,
    /// The signatures in armor.
    pub(super) signatures: &'a str,
}

impl<'a> Cleartext<'a> {
    /// Reads one signed text from the first line to the last; anything beside it is refused. `text` has no carriage returns.
    pub(super) fn read(text: &'a str) -> Result<Self, ReleaseError> {
        let signatures = check_frame(text)?;
        let mut lines = text[..signatures].lines().enumerate().skip(1);
        for (position, line) in &mut lines {
            if line.is_empty() {
                break;
            }
            // Headers are not signed, so there is none that could say anything.
            if !line.starts_with("Hash:") {
                let reason = "a header other than `Hash`, or no empty line before the signed text";
                return Err(ReleaseError::Frame { line: position + 1, reason });
            }
        }
        let signed: Vec<&str> = lines.map(|(_, line)| plain(line)).collect();
        Ok(Self { signed: signed.join("\n"), signatures: &text[signatures..] })
    }
}

/// Returns a line as it is signed (sections 7.1 and 7.2).
fn plain(line: &str) -> &str {
    line.strip_prefix("- ").unwrap_or(line).trim_end_matches([' ', '\t'])
}

/// Accepts one signed text with one block of signatures, and returns where the block begins.
fn check_frame(text: &str) -> Result<usize, ReleaseError> {
    let frame = |line, reason| ReleaseError::Frame { line, reason };
    let mut expected = FRAME.iter();
    let (mut start, mut number, mut signatures) = (0, 0, 0);
    for whole in text.split_inclusive('\n') {
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        number += 1;
        if number == 1 && line != FRAME[0] {
            return Err(frame(number, "something stands before the signed text"));
        }
        if expected.len() == 0 && !line.trim().is_empty() {
            return Err(frame(number, "something stands after the signed text"));
        }
        if line.starts_with("-----") && expected.next().is_none_or(|expected| line != *expected) {
            return Err(frame(number, "not exactly one signed text with one block of signatures"));
        }
        if line == FRAME[1] {
            signatures = start;
        }
        start += whole.len();
    }
    if expected.len() > 0 {
        return Err(frame(number, "the signed text or its signature does not end"));
    }
    Ok(signatures)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "-----BEGIN PGP SIGNATURE-----\n\nxx\n-----END PGP SIGNATURE-----\n\n";

    #[test]
    fn accepts_one_frame_only() {
        let [begin, signature, end] = FRAME;
        let good = format!("{begin}\nHash: SHA256\n\nOrigin: x\n- -----BEGIN\n{BLOCK}");
        assert!(Cleartext::read(&good).is_ok());
        for (text, line) in [
            (String::new(), 0),
            (format!("Origin: y\n\n{good}"), 1),
            (format!("\n{good}"), 1),
            (format!("{good}Origin: y\n"), 11),
            (format!("{good}{good}"), 11),
            (good.replace("Origin: x\n", &format!("Origin: x\n{begin}\n")), 5),
            (good.replace("Origin: x\n", "Origin: x\n-----BEGIN PGP SIGNATURE-----x\n"), 5),
            (good.replace(end, ""), 10),
            (good.replace(signature, ""), 9),
            (good.replace("\n\nOrigin", "\nOrigin"), 3),
            (good.replace("\n\nOrigin", "\n \nOrigin"), 3),
            (good.replace("Hash: SHA256", "Origin: y"), 2),
        ] {
            match Cleartext::read(&text) {
                Err(ReleaseError::Frame { line: found, .. }) => assert_eq!(found, line, "{text}"),
                other => panic!("{other:?}: {text}"),
            }
        }
    }

    #[test]
    fn is_the_text_as_it_was_signed() {
        for (written, expected) in [
            ("", ""),
            ("\n", ""),
            ("Origin: x\n", "Origin: x"),
            ("Origin: x\n\n", "Origin: x\n"),
            ("- -----BEGIN\n- - a\n-b\n", "-----BEGIN\n- a\n-b"),
            ("a \t\n b\n \nc\n", "a\n b\n\nc"),
        ] {
            let text = format!("{}\nHash: SHA512\nHash: SHA256\n\n{written}{BLOCK}", FRAME[0]);
            assert_eq!(Cleartext::read(&text).unwrap(), Cleartext { signed: expected.to_owned(), signatures: BLOCK });
        }
    }

    #[test]
    fn many_lines_take_no_time() {
        let text = format!("{}\n\n{}{BLOCK}", FRAME[0], "\n".repeat(8 << 20));
        assert_eq!(Cleartext::read(&text).unwrap().signed.len(), (8 << 20) - 1);
    }
}
