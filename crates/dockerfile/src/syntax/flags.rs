/// Takes the flags from the start of a statement's arguments: words that begin with two dashes, up to one that is nothing else. Quotes and
/// backslashes in them hold them together, and are gone then. Returns them with what is left.
pub(super) fn split(text: &str) -> (Vec<String>, &str) {
    let mut flags = Vec::new();
    let mut rest = text.trim();
    while rest.starts_with("--") {
        let (flag, after) = word(rest);
        rest = after.trim_start();
        if flag == "--" {
            break;
        }
        flags.push(flag);
    }
    (flags, rest)
}

/// Returns the first word, and what follows it.
fn word(text: &str) -> (String, &str) {
    let mut word = String::new();
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        match (character, quote) {
            (character, None) if character.is_whitespace() => return (word, &text[place..]),
            ('"' | '\'', None) => quote = Some(character),
            (character, Some(open)) if character == open => quote = None,
            ('\\', _) => word.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => word.push(character),
        }
    }
    (word, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_at_the_first_word_that_is_none() {
        for (text, flags, rest) in [
            ("a b", &[][..], "a b"),
            ("--x=1 a", &["--x=1"], "a"),
            ("  --x=1   --y  a", &["--x=1", "--y"], "a"),
            ("--x -- --a", &["--x"], "--a"),
            ("--x='a b' c", &["--x=a b"], "c"),
            ("--x=\"a'b\" c", &["--x=a'b"], "c"),
            ("--x=a\\ b c", &["--x=a b"], "c"),
            ("-x --y", &[], "-x --y"),
            ("--x=1", &["--x=1"], ""),
            ("--x=\\", &["--x="], ""),
            ("--", &[], ""),
            ("--x='a", &["--x=a"], ""),
        ] {
            assert_eq!(split(text), (flags.iter().map(|flag| (*flag).to_owned()).collect(), rest), "{text}");
        }
    }
}
