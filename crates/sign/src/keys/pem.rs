use super::KeyError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Longest key file that is read, in bytes. An RSA key of 8192 bits, encrypted, has about 9,000.
const LIMIT: usize = 64 * 1024;
/// Characters in a line (RFC 7468, section 2).
const WIDTH: usize = 64;

/// A block of a PEM file (RFC 7468). Its content is wiped from memory when dropped.
pub(super) struct Block {
    pub(super) label: String,
    pub(super) content: Zeroizing<Vec<u8>>,
}

/// Reads the first block of a file. `expected` is the label for the message where there is none.
pub(super) fn read(text: &str, expected: &'static str) -> Result<Block, KeyError> {
    read_past(text, "", expected)
}

/// Reads the first block of a file that has not the label `skipped`.
pub(super) fn read_past(text: &str, skipped: &str, expected: &'static str) -> Result<Block, KeyError> {
    if text.len() > LIMIT {
        return Err(KeyError::TooLong { length: text.len() });
    }
    let mut lines = text.lines().map(str::trim);
    let label = lines.by_ref().filter_map(|line| label(line, "-----BEGIN ")).find(|label| *label != skipped);
    let label = label.ok_or(KeyError::NoPem { expected })?;
    let mut base64 = Zeroizing::new(String::with_capacity(text.len()));
    for line in lines {
        if self::label(line, "-----END ") == Some(label) {
            let content = STANDARD.decode(base64.as_bytes()).map_err(|source| KeyError::Base64 { source })?;
            return Ok(Block { label: label.to_owned(), content: Zeroizing::new(content) });
        }
        // Headers (RFC 1421) stand only before keys that are encrypted in the way of old.
        if line.starts_with("Proc-Type:") {
            return Err(KeyError::OldEncryption);
        }
        base64.push_str(line);
    }
    Err(KeyError::NoPem { expected })
}

/// Writes a file of one block.
pub(super) fn write(label: &str, content: &[u8]) -> String {
    let base64 = Zeroizing::new(STANDARD.encode(content));
    let mut text = String::with_capacity(base64.len() + base64.len() / WIDTH + 2 * label.len() + 40);
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(WIDTH));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

fn label<'a>(line: &'a str, boundary: &str) -> Option<&'a str> {
    let label = line.strip_prefix(boundary)?.strip_suffix("-----")?;
    let valid = !label.is_empty() && label.len() <= 64 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ');
    valid.then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for length in [0, 1, 47, 48, 49, 200] {
            let content: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let block = read(&format!("some text before\n{}", write("A KEY", &content)), "A KEY").unwrap();
            assert_eq!(block.label, "A KEY");
            assert_eq!(*block.content, content, "{length}");
        }
    }

    #[test]
    fn refuses_what_is_not_pem() {
        for text in [
            "",
            "-----BEGIN A-----",
            "-----BEGIN A-----\nAAAA\n-----END B-----",
            "-----BEGIN -----\n-----END -----",
            "AAAA",
        ] {
            assert!(matches!(read(text, "A"), Err(KeyError::NoPem { expected: "A" })), "{text}");
        }
        assert!(matches!(read("-----BEGIN A-----\n!\n-----END A-----", "A"), Err(KeyError::Base64 { .. })));
        let old = "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END A-----";
        assert!(matches!(read(old, "A"), Err(KeyError::OldEncryption)));
        assert!(matches!(read(&"A".repeat(LIMIT + 1), "A"), Err(KeyError::TooLong { .. })));
    }
}
