use std::iter::Peekable;
use std::str::Chars;

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// This character.
    Literal(char),
    /// `?`: one character, not a slash.
    One,
    /// `*`: any characters that are no slash.
    Many,
    /// `**/`: any folders, or none.
    Folders,
    /// `**` at an end: anything.
    Anything,
    /// `[…]`
    Class(Class),
}

/// One of these characters, or none of them; never a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Class {
    pub(super) fn has(&self, character: char) -> bool {
        let within = self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&character));
        character != '/' && within != self.negated
    }
}

/// Reads a pattern; `None` if it is none. `any_depth`: whether two stars stand for any number of folders.
pub(super) fn parse(pattern: &str, any_depth: bool) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            '*' if any_depth && characters.next_if_eq(&'*').is_some() => {
                let slash = characters.next_if_eq(&'/').is_some();
                match characters.peek() {
                    None => Token::Anything,
                    // In front of plain text it stands for any beginning.
                    Some(_) if tokens.is_empty() && !slash && !pattern.contains(['?', '[', ']', '\\']) => {
                        match pattern.get(2..).is_some_and(|rest| rest.contains('*')) {
                            true => Token::Folders,
                            false => Token::Anything,
                        }
                    }
                    Some(_) => Token::Folders,
                }
            }
            '*' => Token::Many,
            '?' => Token::One,
            '\\' => Token::Literal(characters.next()?),
            '[' => Token::Class(class(&mut characters)?),
            literal => Token::Literal(literal),
        });
    }
    Some(tokens)
}

/// Reads what follows the bracket that begins a class, its end included.
fn class(characters: &mut Peekable<Chars<'_>>) -> Option<Class> {
    let negated = characters.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        let first = match characters.next()? {
            ']' if !ranges.is_empty() => return Some(Class { negated, ranges }),
            ']' | '-' => return None,
            '\\' => characters.next()?,
            first => first,
        };
        let mut last = first;
        if characters.next_if_eq(&'-').is_some() {
            last = match characters.next()? {
                ']' | '-' => return None,
                '\\' => characters.next()?,
                last => last,
            };
        }
        if last < first {
            return None;
        }
        ranges.push((first, last));
    }
}
