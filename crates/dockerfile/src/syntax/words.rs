use super::Escape;
use std::mem;

/// Splits a text at white space that is neither quoted nor escaped. Quotes and escapes stay as they are: they mean something again when variables
/// are expanded. An escape character at the very end goes.
pub(super) fn split(text: &str, escape: Escape) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut started, mut quote) = (String::new(), false, None);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match quote {
            None if character.is_whitespace() => {
                if mem::take(&mut started) {
                    words.push(mem::take(&mut word));
                }
                continue;
            }
            None if matches!(character, '"' | '\'') => quote = Some(character),
            Some(open) if character == open => quote = None,
            _ => {}
        }
        // Nothing is escaped between single quotes.
        if character == escape.0 && quote != Some('\'') {
            let Some(escaped) = characters.next() else { break };
            word.push(character);
            word.push(escaped);
        } else {
            word.push(character);
        }
        started = true;
    }
    if started {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_quotes_and_escapes() {
        for (text, expected) in [
            ("a  b\tc", &["a", "b", "c"][..]),
            ("a='b c' d", &["a='b c'", "d"]),
            (r#"a="b \" c" d"#, &[r#"a="b \" c""#, "d"]),
            (r"a='b\' c", &[r"a='b\'", "c"]),
            (r"a\ b c", &[r"a\ b", "c"]),
            ("'' \"\"", &["''", "\"\""]),
            (r"a \", &["a"]),
            (r"a\", &["a"]),
            ("'a b", &["'a b"]),
            ("", &[]),
        ] {
            assert_eq!(split(text, Escape::BACKSLASH), expected, "{text}");
        }
    }
}
