use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, clip};
use super::tree::{Node, Value, has_user_information};
use super::{Code, Spanned};

pub(super) const KEYS: Keys = Keys {
    what: "`debian`",
    known: &[Key::new(
        "mirrors",
        Shape::List(&Shape::Mapping(&MIRROR_KEYS)),
        "Archives of packages, in the words of sources.list(5). Default: the machine's own apt sources.",
    )],
    later: &["snapshot"],
    rules: &[],
};
const MIRROR_KEYS: Keys = Keys {
    what: "a mirror",
    known: &[
        Key::required("uri", Shape::Form("^(https?://|file:///)\\S+$"), "Its base URL."),
        Key::required("suites", Shape::Some(&Shape::Text), "The suites, such as `bookworm`."),
        Key::new("components", Shape::Some(&Shape::Text), "The components. Default: `main`."),
        Key::required("signed-by", Shape::Text, "The file with the OpenPGP keys that may sign its release files."),
        Key::new(
            "architectures",
            Shape::Some(&Shape::Text),
            "The architectures that it has. Default: those that its release files name.",
        ),
    ],
    later: &["check-valid-until", "trusted"],
    rules: &[],
};

/// The section `debian`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DebianSettings {
    /// Where packages come from. Empty: the machine's own apt sources.
    pub mirrors: Vec<DebianMirror>,
}

/// One archive of Debian packages, in the words of `sources.list(5)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebianMirror {
    /// Its base URL: `http`, `https` or `file`.
    pub uri: Spanned<String>,
    /// Suites, such as `bookworm`; at least one.
    pub suites: Vec<String>,
    /// Components. Default: `main`.
    pub components: Vec<String>,
    /// Path, as written, of the OpenPGP keys that may sign its release files.
    pub signed_by: Spanned<String>,
    /// The architectures that it has, in Debian's names. Empty: those that its release files name.
    pub architectures: Vec<String>,
}

impl DebianSettings {
    pub(crate) fn read(reader: &mut Reader<'_>, node: &Node) -> Self {
        let Some(fields) = reader.fields(node, &KEYS) else { return Self::default() };
        let Some(node) = fields.get("mirrors") else { return Self::default() };
        let Value::Sequence(items) = &node.value else {
            reader.report(Code::WrongType, node.span, "`mirrors` must be a list");
            return Self::default();
        };
        Self { mirrors: items.iter().filter_map(|item| DebianMirror::read(reader, item)).collect() }
    }
}

impl DebianMirror {
    fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &MIRROR_KEYS)?;
        for (key, what) in [
            ("uri", "where the mirror is"),
            ("suites", "which releases to take, such as `[bookworm]`"),
            ("signed-by", "the file with the OpenPGP keys of the archive"),
        ] {
            if fields.get(key).is_none() {
                reader.missing(&fields, key, what);
            }
        }
        let uri = fields.get("uri").and_then(|node| uri(reader, node));
        let suites = fields.get("suites").map(|node| words(reader, node, "`suites`")).unwrap_or_default();
        let components = fields.get("components").map(|node| words(reader, node, "`components`"));
        let architectures =
            fields.get("architectures").map(|node| words(reader, node, "`architectures`")).unwrap_or_default();
        let signed_by = fields.get("signed-by").and_then(|node| reader.text(node, "`signed-by`"));
        let components = components.unwrap_or_else(|| vec!["main".to_owned()]);
        Some(Self { uri: uri?, suites, components, signed_by: signed_by?, architectures })
    }
}

fn uri(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    let uri = reader.text(node, "`uri`")?;
    if has_user_information(&uri) {
        reader.report(Code::Secret, node.span, "`uri` must not hold a user name or password");
        return None;
    }
    let rest = ["https://", "http://", "file:///"].iter().find_map(|scheme| uri.strip_prefix(scheme));
    if rest.is_none_or(str::is_empty) || uri.chars().any(|c| c.is_whitespace() || c.is_control()) {
        reader.report(Code::Value, node.span, "`uri` must start with `https://`, `http://` or `file:///`");
        return None;
    }
    Some(uri)
}

/// Reads words that become parts of paths below the mirror.
fn words(reader: &mut Reader<'_>, node: &Node, what: &str) -> Vec<String> {
    let words = reader.texts(node, what);
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        reader.report(Code::Value, node.span, format!("{what} lists nothing"));
    }
    for word in &words {
        let part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+' | b'~'))
        };
        if !word.split('/').all(part) {
            reader.report(Code::Value, word.span, format!("`{}` cannot be one of {what}", clip(word)));
        }
    }
    words.into_iter().map(|word| word.value).collect()
}
