/// A part of an expression, as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Open,
    Close,
    And,
    Or,
    With,
    /// All that stands between the others.
    Name(String),
}

/// Splits an expression. Names may have several words: `Apache License 2.0`, `GPL v2 or later`, `MIT (Expat)`.
pub(super) fn split(text: &str) -> Vec<Word> {
    let spaced = spaced(text);
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut words = Vec::new();
    let mut name: Vec<&str> = Vec::new();
    let mut inside_name = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).copied().unwrap_or_default();
        let word = match token.to_ascii_lowercase().as_str() {
            // Behind a name, an explanation; else a group.
            "(" if inside_name > 0 || !name.is_empty() => {
                inside_name += 1;
                None
            }
            ")" if inside_name > 0 => {
                inside_name -= 1;
                None
            }
            _ if inside_name > 0 => None,
            "(" => Some(Word::Open),
            ")" => Some(Word::Close),
            "and" | "&" | "&&" if !is_later(next) => Some(Word::And),
            "or" | "/" | "|" | "||" | "and/or" if !is_later(next) => Some(Word::Or),
            "with" => Some(Word::With),
            _ => None,
        };
        match word {
            Some(word) => {
                finish(&mut name, &mut words);
                words.push(word);
            }
            None => name.push(token),
        }
    }
    finish(&mut name, &mut words);
    words
}

/// Returns whether a word, behind `or`, says that later versions do as well.
fn is_later(word: &str) -> bool {
    let word = word.trim_end_matches([',', ')', ';']).to_ascii_lowercase();
    ["later", "newer", "above", "greater", "higher", "any", "(at"].contains(&word.as_str())
}

fn finish(name: &mut Vec<&str>, words: &mut Vec<Word>) {
    if !name.is_empty() {
        // As it was written: `( x )` was `(x)`.
        words.push(Word::Name(name.join(" ").replace("( ", "(").replace(" )", ")")));
        name.clear();
    }
}

/// Puts space around whatever is a word of its own.
fn spaced(text: &str) -> String {
    let text = text.replace("and/or", " or ").replace("AND/OR", " or ");
    let mut spaced = String::with_capacity(2 * text.len());
    for letter in text.chars() {
        match letter {
            '(' | ')' | '/' | '|' | '&' => spaced.extend([' ', letter, ' ']),
            _ => spaced.push(letter),
        }
    }
    spaced
}
