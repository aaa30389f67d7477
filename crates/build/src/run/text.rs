//! Words of a command and what it writes, made fit for people.

/// Longest line that is passed on, in characters.
const LINE_LIMIT: usize = 1000;
/// Longest command that is shown, in characters.
const COMMAND_LIMIT: usize = 200;
/// Shortest secret that is looked for: shorter ones stand everywhere.
const SECRET_LENGTH: usize = 4;

/// Returns a command as a person would type it.
pub(super) fn command(words: &[String]) -> String {
    let line = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "));
    clip(&line, COMMAND_LIMIT)
}

/// Returns a line that a program wrote, with secrets taken out and clipped. A secret of several lines is taken out line by line.
pub(super) fn line(bytes: &[u8], secrets: &[String]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    for part in secrets.iter().flat_map(|secret| secret.lines()).filter(|part| part.len() >= SECRET_LENGTH) {
        text = text.replace(part, "***");
    }
    clip(text.trim_end(), LINE_LIMIT)
}

fn clip(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_no_secrets_and_an_end() {
        let secrets = ["hunter22".to_owned(), "1".to_owned(), "-----BEGIN\nabcdef\n".to_owned()];
        for (written, expected) in
            [(&b"token hunter22 1"[..], "token *** 1"), (b"x abcdef", "x ***"), (b"a\xff \r", "a\u{fffd}"), (b"", "")]
        {
            assert_eq!(line(written, &secrets), expected);
        }
        assert_eq!(line("ä".repeat(2000).as_bytes(), &[]).chars().count(), LINE_LIMIT + 1);
    }

    #[test]
    fn commands_can_be_typed() {
        let words = ["sh", "-c", "echo 'a b'"].map(str::to_owned);
        assert_eq!(command(&words), "sh -c \"echo 'a b'\"");
    }
}
