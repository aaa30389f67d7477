use super::{Code, ConfigurationError, Diagnostic, SourceFile, Span, Spanned};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::NonFiniteFloatPolicy;
use std::fmt;

/// Largest configuration that is read, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// A value of the file, with its place. Scalars keep the text that was written, so that the tag `1.10` does not become `1.1`.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    /// A text, and whether YAML takes it for something else than a text: a number or a truth value.
    Scalar {
        text: String,
        inferred: bool,
    },
    Sequence(Vec<Node>),
    Mapping(Vec<(Spanned<String>, Node)>),
}

/// Parses YAML within bounds of size, depth and expansion. Secrets are marked in the file that is returned.
pub(crate) fn parse(name: &str, text: &str) -> Result<(SourceFile, Node), ConfigurationError> {
    if text.len() > SIZE_LIMIT {
        let file = SourceFile::new(name, "", Vec::new());
        let message = format!("the file is larger than {SIZE_LIMIT} bytes");
        return Err(file.diagnostic(Code::TooLarge, Span::default(), message, None).into());
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let raw: serde_saphyr::Spanned<Raw> =
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| refusal(name, text, &error))?;
    let node = node(raw, text);
    let mut secrets = Vec::new();
    mark_secrets(&node, &mut secrets);
    Ok((SourceFile::new(name, text, secrets), node))
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 24,
            max_documents: 4,
            max_events: 100_000,
            max_nodes: 50_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_merge_keys: 1_000,
            max_recorded_anchor_events: 100_000,
            max_recorded_anchor_bytes: 4 << 20,
            max_total_scalar_bytes: 4 << 20,
            flow_nesting_limit: 24,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 50_000, max_replay_stack_depth: 16 },
        strict_booleans: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    }
}

/// What the YAML parser saw. Numbers and truth values are taken from the text afterwards, by their place.
enum Raw {
    Null,
    Text(String),
    Inferred,
    Sequence(Vec<serde_saphyr::Spanned<Raw>>),
    Mapping(Vec<(serde_saphyr::Spanned<String>, serde_saphyr::Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Inferred)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Inferred)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Inferred)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Inferred)
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Mapping(entries))
    }
}

fn node(raw: serde_saphyr::Spanned<Raw>, text: &str) -> Node {
    let span = span_of(raw.defined, text);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Text(text) => Value::Scalar { text, inferred: false },
        Raw::Inferred => {
            Value::Scalar { text: text.get(span.start..span.end).unwrap_or_default().trim().to_owned(), inferred: true }
        }
        Raw::Sequence(items) => Value::Sequence(items.into_iter().map(|item| node(item, text)).collect()),
        Raw::Mapping(entries) => {
            let entry = |(key, value): (serde_saphyr::Spanned<String>, serde_saphyr::Spanned<Raw>)| {
                (Spanned::new(key.value, span_of(key.defined, text)), node(value, text))
            };
            Value::Mapping(entries.into_iter().map(entry).collect())
        }
    };
    // A list or mapping is pointed at by what it starts with: its own place is a single character or none.
    let span = match &value {
        Value::Mapping(entries) => entries.first().map_or(span, |(key, _)| key.span),
        Value::Sequence(items) => items.first().map_or(span, |item| item.span),
        _ => span,
    };
    Node { span, value }
}

fn span_of(location: serde_saphyr::Location, text: &str) -> Span {
    let span = location.span();
    let start = match span.byte_offset() {
        Some(offset) => offset.try_into().unwrap_or(text.len()),
        // Errors of the scanner have no offset.
        None => {
            let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            offset_of(number(location.line()), number(location.column()), text)
        }
    };
    let length: usize = span.byte_len().unwrap_or_default().try_into().unwrap_or_default();
    Span { start, end: start.saturating_add(length).min(text.len()) }
}

/// Returns the offset of a character by its line and column, both from 1.
pub(super) fn offset_of(line: usize, column: usize, text: &str) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = &text[start..];
    start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(offset, _)| offset)
}

fn refusal(name: &str, text: &str, error: &serde_saphyr::Error) -> Diagnostic {
    use serde_saphyr::{Error, MessageFormatter as _};
    let mut error = error.without_snippet();
    let span = error.location().map_or_else(Span::default, |location| span_of(location, text));
    while let Error::AliasError { error: inner, .. } = error {
        error = inner;
    }
    let file = SourceFile::new(name, text, suspicious_lines(text));
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            let message = match key {
                Some(key) => format!("the key `{key}` stands twice"),
                None => "a key stands twice".to_owned(),
            };
            file.diagnostic(Code::DuplicateKey, span, message, None)
        }
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => {
            file.diagnostic(Code::TooLarge, span, "the file is too deep, or expands to too much", None)
        }
        Error::MultipleDocuments { .. } => {
            file.diagnostic(Code::Syntax, span, "the file must be a single YAML document", None)
        }
        other => {
            let message = serde_saphyr::DefaultMessageFormatter.format_message(other).into_owned();
            file.diagnostic(Code::Syntax, span, format!("not valid YAML: {message}"), None)
        }
    }
}

/// Returns whether a key with this name holds a secret.
pub(crate) fn names_secret(key: &str) -> bool {
    matches!(key.to_ascii_lowercase().as_str(), "password" | "token" | "secret" | "passphrase")
}

fn mark_secrets(node: &Node, secrets: &mut Vec<Span>) {
    match &node.value {
        Value::Null => {}
        Value::Scalar { text, .. } => {
            if has_user_information(text) || text.contains("PRIVATE KEY") {
                secrets.push(node.span);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| mark_secrets(item, secrets)),
        Value::Mapping(entries) => {
            for (key, value) in entries {
                match &value.value {
                    Value::Scalar { .. } if names_secret(key) => secrets.push(value.span),
                    _ => mark_secrets(value, secrets),
                }
            }
        }
    }
}

/// Returns whether a URL in the text has a user name or password before its host.
pub(crate) fn has_user_information(text: &str) -> bool {
    match text.split_once("://") {
        Some((_, rest)) => rest.split(['/', '?', '#']).next().is_some_and(|host| host.contains('@')),
        // Without a scheme, a digest may follow the `@`, but no path.
        None => text.split_once('@').is_some_and(|(user, rest)| {
            user.contains(':') && !user.contains('/') && rest.split_once('/').is_some_and(|(host, _)| !host.is_empty())
        }),
    }
}

/// Returns what may be secret in a file that cannot be parsed: whatever follows such a key, and lines with a URL with a user name.
pub(super) fn suspicious_lines(text: &str) -> Vec<Span> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let key = ["password", "token", "secret", "passphrase"].iter().filter_map(|word| lower.find(word)).min();
        let colon = key.and_then(|key| lower[key..].find([':', '=']).map(|colon| key + colon + 1));
        let at = if has_user_information(line) { line.find("://").or_else(|| line.find(':')) } else { None };
        if let Some(offset) = colon.or(at) {
            found.push(Span { start: start + offset, end: start + line.len() });
        }
        start += line.len();
    }
    found
}
