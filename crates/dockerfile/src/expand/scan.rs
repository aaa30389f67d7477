use super::pattern::{self, Reach};
use super::word_list::WordList;
use super::{ExpandError, Expanded, Expander, Quotes, Variables};
use std::iter::Peekable;
use std::mem;
use std::str::Chars;

/// Most substitutions that stand in each other.
const DEPTH_LIMIT: usize = 64;
/// Longest text after expansion, in bytes.
const LENGTH_LIMIT: usize = 16 << 20;

/// A text on its way through.
pub(super) struct Scan<'a> {
    expander: &'a Expander,
    variables: &'a Variables,
    rest: Peekable<Chars<'a>>,
    /// Whether escape characters stay.
    keeps_escapes: bool,
    depth: usize,
    made: Expanded,
}

impl<'a> Scan<'a> {
    pub(super) fn new(expander: &'a Expander, text: &'a str, variables: &'a Variables) -> Self {
        let keeps_escapes = expander.quotes == Quotes::Kept;
        Self { expander, variables, rest: text.chars().peekable(), keeps_escapes, depth: 0, made: Expanded::default() }
    }

    pub(super) fn finish(mut self) -> Result<Expanded, ExpandError> {
        let (text, words) = self.until(None)?;
        Ok(Expanded { text, words, ..self.made })
    }

    /// Expands up to a character, which is taken, or to the end.
    fn until(&mut self, end: Option<char>) -> Result<(String, Vec<String>), ExpandError> {
        let (mut text, mut words) = (String::new(), WordList::default());
        while let Some(&character) = self.rest.peek() {
            if Some(character) == end {
                self.rest.next();
                return Ok((text, words.finish()));
            }
            let quotes_count = self.expander.quotes != Quotes::Plain;
            let part = match character {
                '$' => {
                    let value = self.dollar()?;
                    words.split(&value);
                    value
                }
                '\'' if quotes_count => self.joined(Self::single_quoted, &mut words)?,
                '"' if quotes_count => self.joined(Self::double_quoted, &mut words)?,
                _ => self.plain(&mut words),
            };
            text.push_str(&part);
            if text.len() > LENGTH_LIMIT {
                return Err(ExpandError::TooLong { limit: LENGTH_LIMIT });
            }
        }
        match end {
            Some(missing) => Err(ExpandError::Unfinished { missing }),
            None => Ok((text, words.finish())),
        }
    }

    fn joined(
        &mut self,
        part: impl Fn(&mut Self) -> Result<String, ExpandError>,
        words: &mut WordList,
    ) -> Result<String, ExpandError> {
        let text = part(self)?;
        words.join(&text);
        Ok(text)
    }

    /// Takes a character, with the one that it escapes.
    fn plain(&mut self, words: &mut WordList) -> String {
        let mut text = String::new();
        let Some(character) = self.rest.next() else { return text };
        if character != self.expander.escape.character() {
            text.push(character);
            words.split(&text);
            return text;
        }
        if self.keeps_escapes {
            text.push(character);
        }
        text.extend(self.rest.next());
        words.join(&text);
        text
    }

    /// Takes all up to the next single quote as it is.
    fn single_quoted(&mut self) -> Result<String, ExpandError> {
        let mut text = self.quote();
        loop {
            match self.rest.next() {
                None => return Err(ExpandError::Quote { quote: '\'' }),
                Some('\'') => break,
                Some(character) => text.push(character),
            }
        }
        if self.expander.quotes == Quotes::Kept {
            text.push('\'');
        }
        Ok(text)
    }

    /// Takes all up to the next double quote; variables are expanded, and only quotes, dollar signs and the escape character can be escaped.
    fn double_quoted(&mut self) -> Result<String, ExpandError> {
        let mut text = self.quote();
        let escape = self.expander.escape.character();
        loop {
            match self.rest.peek().copied() {
                None => return Err(ExpandError::Quote { quote: '"' }),
                Some('"') => break,
                Some('$') => text.push_str(&self.dollar()?),
                Some(character) => {
                    self.rest.next();
                    if character != escape {
                        text.push(character);
                        continue;
                    }
                    if self.keeps_escapes {
                        text.push(character);
                    }
                    match self.rest.next_if(|next| matches!(next, '"' | '$') || *next == escape) {
                        Some(escaped) => text.push(escaped),
                        None if self.rest.peek().is_some() => text.push(character),
                        None => {}
                    }
                }
            }
        }
        text.push_str(&self.quote());
        Ok(text)
    }

    /// Takes a quote, and returns it if it is to stay.
    fn quote(&mut self) -> String {
        self.rest.next().filter(|_| self.expander.quotes == Quotes::Kept).map(String::from).unwrap_or_default()
    }

    /// Takes `$name` or `${…}` and returns what it stands for.
    fn dollar(&mut self) -> Result<String, ExpandError> {
        self.rest.next();
        if self.rest.next_if_eq(&'{').is_some() {
            self.depth += 1;
            if self.depth > DEPTH_LIMIT {
                return Err(ExpandError::Depth { limit: DEPTH_LIMIT });
            }
            let value = self.braces();
            self.depth -= 1;
            return value;
        }
        let name = self.name();
        if name.is_empty() {
            return Ok("$".to_owned());
        }
        match self.value(&name) {
            Some(value) => Ok(value.to_owned()),
            None if self.expander.keep_unset => Ok(format!("${name}")),
            None => Ok(String::new()),
        }
    }

    fn braces(&mut self) -> Result<String, ExpandError> {
        match self.rest.peek() {
            None => return Err(ExpandError::Unfinished { missing: '}' }),
            Some('{' | '}' | ':') => return Err(ExpandError::Nameless),
            Some(_) => {}
        }
        let name = self.name();
        let mut modifier: String = self.rest.next().into_iter().collect();
        if modifier == ":" {
            modifier.extend(self.rest.next());
        }
        match modifier.as_str() {
            "}" => match self.value(&name) {
                Some(value) => Ok(value.to_owned()),
                None if self.expander.keep_unset => Ok(format!("${{{name}}}")),
                None => Ok(String::new()),
            },
            "-" | "+" | "?" | ":-" | ":+" | ":?" => self.default(&name, &modifier),
            "#" | "%" => self.trimmed(&name, &modifier),
            "/" => self.replaced(&name),
            "" => Err(ExpandError::Unfinished { missing: '}' }),
            _ => Err(ExpandError::Modifier { name, modifier }),
        }
    }

    /// `${name-word}` and its like: a word in place of a value that is not there, or in place of one that is.
    fn default(&mut self, name: &str, modifier: &str) -> Result<String, ExpandError> {
        let word = self.word('}', false)?;
        let value = self.value(name);
        if value.is_none() && self.expander.keep_unset {
            return Ok(format!("${{{name}{modifier}{word}}}"));
        }
        let empty_counts = !modifier.starts_with(':');
        let there = value.filter(|value| empty_counts || !value.is_empty());
        match (modifier.trim_start_matches(':'), there) {
            ("+", Some(_)) | ("-", None) => Ok(word),
            ("+", None) => Ok(String::new()),
            (_, Some(value)) => Ok(value.to_owned()),
            (_, None) => {
                let state = if value.is_none() { "unset" } else { "empty" };
                let message = if word.is_empty() { format!("is not allowed to be {state}") } else { word };
                Err(ExpandError::Required { name: name.to_owned(), message })
            }
        }
    }

    /// `${name#pattern}` and its like: a value without its start or end.
    fn trimmed(&mut self, name: &str, modifier: &str) -> Result<String, ExpandError> {
        let word = self.word('}', true)?;
        let Some(value) = self.value(name) else {
            let kept = if self.expander.keep_unset { format!("${{{name}{modifier}{word}}}") } else { String::new() };
            return Ok(kept);
        };
        let (pattern, reach) = match word.strip_prefix(modifier) {
            Some(pattern) => (pattern, Reach::Longest),
            None => (word.as_str(), Reach::Shortest),
        };
        match modifier {
            "#" => pattern::without_prefix(value, pattern, reach),
            _ => pattern::without_suffix(value, pattern, reach),
        }
    }

    /// `${name/pattern/replacement}`, or with two slashes for every match.
    fn replaced(&mut self, name: &str) -> Result<String, ExpandError> {
        let all = self.rest.next_if_eq(&'/').is_some();
        let wanted = self.word('/', true)?;
        let replacement = self.word('}', true)?;
        match self.value(name) {
            Some(value) => pattern::replace(value, &wanted, &replacement, all),
            None if self.expander.keep_unset => Ok(format!("${{{name}/{wanted}/{replacement}}}")),
            None => Ok(String::new()),
        }
    }

    fn word(&mut self, end: char, keeps_escapes: bool) -> Result<String, ExpandError> {
        let before = mem::replace(&mut self.keeps_escapes, keeps_escapes);
        let word = self.until(Some(end));
        self.keeps_escapes = before;
        Ok(word?.0)
    }

    /// Takes a variable's name: a number, one of the shell's own characters, or letters, digits and underscores.
    fn name(&mut self) -> String {
        let mut name = String::new();
        match self.rest.peek() {
            Some(first) if first.is_numeric() => {
                while let Some(digit) = self.rest.next_if(|next| next.is_numeric()) {
                    name.push(digit);
                }
            }
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => name.extend(self.rest.next()),
            _ => {
                while let Some(letter) = self.rest.next_if(|next| next.is_alphanumeric() || *next == '_') {
                    name.push(letter);
                }
            }
        }
        name
    }

    fn value(&mut self, name: &str) -> Option<&'a str> {
        let value = self.variables.get(name);
        match value {
            Some(_) => self.made.used.insert(name.to_owned()),
            None => self.made.unset.insert(name.to_owned()),
        };
        value.map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Escape;

    fn expand(text: &str) -> Result<String, ExpandError> {
        let variables = [("A", "a b"), ("E", ""), ("F", "/usr/lib/x.tar.gz")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Expander::new(Escape::BACKSLASH).expand(text, &variables).map(|expanded| expanded.text)
    }

    #[test]
    fn knows_every_form() {
        for (text, expected) in [
            ("$A ${A} \\$A '$A' \"$A\"", "a b a b $A $A a b"),
            ("${X:-d} ${E:-d} ${E-d} ${X-d}", "d d  d"),
            ("${X:+d}|${E:+d}|${E+d}|${A:+d}", "||d|d"),
            ("${F##*/} ${F#*/} ${F%%.*} ${F%.*}", "x.tar.gz usr/lib/x.tar.gz /usr/lib/x /usr/lib/x.tar"),
            ("${F/\\//_} ${F//\\//_}", "_usr/lib/x.tar.gz _usr_lib_x.tar.gz"),
            ("${X:-${Y:-${F##*.}}}", "gz"),
            ("$1x $", "x $"),
        ] {
            assert_eq!(expand(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, expected) in [
            ("${X?}", "X: is not allowed to be unset"),
            ("${E:?}", "E: is not allowed to be empty"),
            ("${X:?give me an X}", "X: give me an X"),
            ("${X:=a}", "`${X:=…}` is no substitution that there is (there are :- - :+ + :? ? # ## % %% / //)"),
            ("${X", "`}` is missing: a substitution does not end"),
            ("${X/a", "`/` is missing: a substitution does not end"),
            ("${}", "a substitution without a variable's name"),
            ("'a", "the quote ' does not end"),
            (&"${X:-".repeat(1000), "more than 64 substitutions, each in another"),
        ] {
            assert_eq!(expand(text).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
