//! Which tags of a repository are mirrored.

use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, not_empty};
use super::tree::{Node, Value};
use super::{Code, Spanned};
use consign_oci::Tag;
use nodejs_semver::Range;
use regex::Regex;

pub(super) const SHAPE: Shape = Shape::Mapping(&KEYS);
const KEYS: Keys = Keys {
    what: "`tags`",
    known: &[
        Key::new(
            "match",
            Shape::Some(&Shape::Text),
            "Only tags that one of these fits (regular expressions for the whole tag).",
        ),
        Key::new(
            "exclude",
            Shape::Some(&Shape::Text),
            "No tag that one of these fits (regular expressions for the whole tag).",
        ),
        Key::new(
            "semver",
            Shape::Text,
            "Only versions within this range, such as `>=1.2 <3` or `^2 || ^3`; of a `match` with a group, what the group holds is the version.",
        ),
        Key::new("newest", Shape::Number(1, 100_000), "Only so many of them, those with the highest versions."),
    ],
    later: &["keep", "since"],
    rules: &[],
};
/// Longest pattern or range, in bytes.
const LIMIT: usize = 1000;
/// Most memory that a compiled pattern may take, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// Which tags of a repository are mirrored.
#[derive(Clone, Debug, Default)]
pub struct SelectionSettings {
    /// These tags alone, whatever the others say; empty for any.
    pub list: Vec<Tag>,
    /// One of these fits; empty for any. Where one has a group, what that holds is the version.
    pub matching: Vec<Regex>,
    /// None of these fits.
    pub excluded: Vec<Regex>,
    /// They are versions in this range.
    pub range: Option<Range>,
    /// So many of the highest versions.
    pub newest: Option<usize>,
}

impl SelectionSettings {
    pub(crate) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        match &node.value {
            Value::Scalar { text, .. } if text == "all" => return Some(Self::default()),
            Value::Scalar { .. } | Value::Sequence(_) => {
                let items = reader.list(node, "`tags`")?;
                if items.is_empty() {
                    reader.report(Code::Value, node.span, "`tags` lists none");
                }
                let tags = items.iter().filter_map(|item| reader.parsed::<Tag>(item, "a tag", Code::Tag));
                return Some(Self { list: tags.map(|tag| tag.value).collect(), ..Self::default() });
            }
            _ => {}
        }
        let fields = reader.fields(node, &KEYS)?;
        let mut of = |key: &str| fields.get(key).map(|node| patterns(reader, node, key)).unwrap_or_default();
        let (matching, excluded) = (of("match"), of("exclude"));
        fields.get("match").into_iter().for_each(|node| not_empty(reader, node, "tag"));
        let newest = fields.get("newest").map(|node| reader.integer(node, "`newest`", 1, 100_000));
        Some(Self {
            list: Vec::new(),
            matching,
            excluded,
            range: fields.get("semver").and_then(|node| range(reader, node)),
            newest: newest.flatten().map(|newest| newest as usize),
        })
    }
}

/// Reads regular expressions, each of which has to fit a whole tag.
pub(super) fn patterns(reader: &mut Reader<'_>, node: &Node, key: &str) -> Vec<Regex> {
    let texts = reader.texts(node, &format!("`{key}`"));
    texts.iter().filter_map(|text| pattern(reader, text)).collect()
}

fn pattern(reader: &mut Reader<'_>, text: &Spanned<String>) -> Option<Regex> {
    if text.len() > LIMIT {
        reader.report(Code::TooLarge, text.span, format!("a pattern has at most {LIMIT} bytes"));
        return None;
    }
    // Alone first: one that is broken may be whole within the brackets.
    let whole = Regex::new(text)
        .and_then(|_| regex::RegexBuilder::new(&format!("^(?:{})$", text.value)).size_limit(PATTERN_SIZE).build());
    match whole {
        Ok(pattern) => Some(pattern),
        Err(regex::Error::CompiledTooBig(_)) => {
            reader.report(Code::TooLarge, text.span, "the regular expression is too large");
            None
        }
        Err(error) => {
            let text_of = error.to_string();
            let why = text_of.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let message = format!("`{}` is not a regular expression: {why}", text.value);
            reader.report(Code::Value, text.span, message);
            None
        }
    }
}

fn range(reader: &mut Reader<'_>, node: &Node) -> Option<Range> {
    let text = reader.text(node, "`semver`")?;
    let range = if text.len() > LIMIT { None } else { Range::parse(&text.value).ok() };
    if range.is_none() {
        let message = format!("`{}` is not a range of versions", text.value.chars().take(100).collect::<String>());
        reader.report_hint(
            Code::Value,
            node.span,
            message,
            "expected one such as `>=1.2 <3`, `^2`, `1.4.x` or `^1 || ^2`",
        );
    }
    range
}
