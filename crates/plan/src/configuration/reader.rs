use super::keys::Keys;
use super::tree::{Node, Value};
use super::{Code, Diagnostic, SourceFile, Span, Spanned, nearest};
use std::fmt::Display;
use std::str::FromStr;

/// Most problems that are reported of one file.
const PROBLEM_LIMIT: usize = 50;

/// Reads values out of the tree, and collects everything that is wrong with them.
pub(crate) struct Reader<'a> {
    file: &'a SourceFile,
    problems: Vec<(Span, Diagnostic)>,
}

/// A mapping whose keys are all known.
pub(crate) struct Fields<'n> {
    pub(crate) span: Span,
    entries: &'n [(Spanned<String>, Node)],
    /// Known keys that an unknown one was likely meant to be.
    meant: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|(_, value)| value)
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&'n (Spanned<String>, Node)> {
        self.entries.iter().find(|(name, _)| name.value == key)
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(file: &'a SourceFile) -> Self {
        Self { file, problems: Vec::new() }
    }

    /// Returns the problems, in the order of the file.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.problems.sort_by_key(|(span, _)| span.start);
        self.problems.into_iter().map(|(_, problem)| problem).collect()
    }

    pub(crate) fn report(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.push(code, span, message.into(), None);
    }

    pub(crate) fn report_hint(&mut self, code: Code, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.push(code, span, message.into(), Some(hint.into()));
    }

    fn push(&mut self, code: Code, span: Span, message: String, hint: Option<String>) {
        if self.problems.len() < PROBLEM_LIMIT {
            self.problems.push((span, self.file.diagnostic(code, span, message, hint)));
        }
    }

    /// Returns the fields of a mapping, having reported every key that it may not have.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, keys: &Keys) -> Option<Fields<'n>> {
        let entries = self.mapping(node, keys.what)?;
        let mut meant = Vec::new();
        let known: Vec<&str> = keys.names().collect();
        for (key, _) in entries {
            if known.contains(&key.as_str()) {
                continue;
            }
            if keys.later.contains(&key.as_str()) {
                self.report(Code::NotSupported, key.span, format!("`{}` is not supported by this version", key.value));
                continue;
            }
            let hint = match (nearest(key, known.iter().copied()), &known[..]) {
                (Some(near), _) => {
                    meant.push(near);
                    format!("did you mean `{near}`?")
                }
                (None, [only]) => format!("the only key here is `{only}`"),
                (None, known) => format!("the keys here are {}", listed(known)),
            };
            self.report_hint(Code::UnknownKey, key.span, format!("unknown key `{}` in {}", clip(key), keys.what), hint);
        }
        Some(Fields { span: node.span, entries, meant })
    }

    /// Reports that a key is needed, unless it stands there misspelt.
    pub(crate) fn missing(&mut self, fields: &Fields<'_>, key: &str, what: &str) {
        if !fields.meant.contains(&key) {
            self.report(Code::MissingKey, fields.span, format!("`{key}` is missing: {what}"));
        }
    }

    /// Returns the entries of a mapping with any keys.
    pub(crate) fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Spanned<String>, Node)]> {
        match &node.value {
            Value::Mapping(entries) => Some(entries),
            _ => self.wrong(node, &format!("{what} must be a mapping")),
        }
    }

    /// Returns the items of a list. A lone scalar counts as a list of one.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.value {
            Value::Sequence(items) => Some(items),
            Value::Scalar { .. } => Some(std::slice::from_ref(node)),
            _ => self.wrong(node, &format!("{what} must be a list")),
        }
    }

    /// Returns a text that is not empty. Numbers and truth values are taken as they were written.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        let text = self.any_text(node, what)?;
        if text.trim().is_empty() {
            self.report(Code::Value, node.span, format!("{what} must not be empty"));
            return None;
        }
        Some(text)
    }

    /// Returns a text, which may be empty.
    pub(crate) fn any_text(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        match &node.value {
            Value::Scalar { text, .. } if text.contains('\0') => {
                self.report(Code::Value, node.span, format!("{what} must not contain a null character"));
                None
            }
            Value::Scalar { text, .. } => Some(Spanned::new(text.clone(), node.span)),
            _ => self.wrong(node, &format!("{what} must be a text")),
        }
    }

    /// Returns several texts.
    pub(crate) fn texts(&mut self, node: &Node, what: &str) -> Vec<Spanned<String>> {
        let each = format!("each of {what}");
        self.list(node, what).into_iter().flatten().filter_map(|item| self.text(item, &each)).collect()
    }

    /// Returns a parsed text.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(
        &mut self,
        node: &Node,
        what: &str,
        code: Code,
    ) -> Option<Spanned<T>> {
        let text = self.text(node, what)?;
        match text.parse() {
            Ok(value) => Some(Spanned::new(value, node.span)),
            Err(error) => {
                self.report(code, node.span, error.to_string());
                None
            }
        }
    }

    pub(crate) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        match &node.value {
            Value::Scalar { text, inferred: true } if text.eq_ignore_ascii_case("true") => Some(true),
            Value::Scalar { text, inferred: true } if text.eq_ignore_ascii_case("false") => Some(false),
            _ => self.wrong(node, &format!("{what} must be `true` or `false`")),
        }
    }

    pub(crate) fn integer(&mut self, node: &Node, what: &str, from: u32, to: u32) -> Option<u32> {
        let number = match &node.value {
            Value::Scalar { text, inferred: true } => text.parse().ok().filter(|number| (from..=to).contains(number)),
            _ => None,
        };
        if number.is_none() {
            return self.wrong(node, &format!("{what} must be a whole number from {from} to {to}"));
        }
        number
    }

    /// Reads one of some words; `None` where the key is not there, too.
    pub(crate) fn word<T: Copy, const N: usize>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        all: [T; N],
        word: fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.text(fields.get(key)?, &format!("`{key}`"))?;
        let found = all.into_iter().find(|value| word(*value) == text.value);
        if found.is_none() {
            self.unknown_word(&text, &all.map(word), format!("`{}` is no value of `{key}`", clip(&text)));
        }
        found
    }

    /// Reports a word that is none of those that are known, and says what was meant.
    pub(crate) fn unknown_word(&mut self, word: &Spanned<String>, known: &[&str], message: impl Into<String>) {
        let hint = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it can be {}", listed(known)),
        };
        self.report_hint(Code::Value, word.span, message, hint);
    }

    fn wrong<T>(&mut self, node: &Node, expected: &str) -> Option<T> {
        let found = match &node.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar { text, inferred: true } => format!("`{}`", clip(text)),
            Value::Scalar { .. } => "a text".to_owned(),
            Value::Sequence(_) => "a list".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
        };
        self.report(Code::WrongType, node.span, format!("{expected}, not {found}"));
        None
    }
}

/// Returns words as people list them.
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match &quoted[..] {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Reports a list of nothing: whoever writes one hardly means everything.
pub(crate) fn not_empty(reader: &mut Reader<'_>, node: &Node, what: &str) {
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        reader.report_hint(Code::Value, node.span, format!("it names no {what}"), "name one, or leave the key out");
    }
}

/// Returns the start of a text, for messages.
pub(crate) fn clip(text: &str) -> String {
    text.chars().take(100).collect()
}
