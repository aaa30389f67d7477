use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, clip};
use super::tree::{Node, Value};
use super::{Code, Spanned};
use consign_oci::Platform;
use consign_receipt::{Exception, IgnoredAdvisory, PackagePattern};
use jiff::civil::Date;

/// Longest name of an advisory, in bytes.
const NAME_LIMIT: usize = 200;

/// Form of a day.
pub(super) const DAY: Shape = Shape::Form("^[0-9]{4}-[0-9]{2}-[0-9]{2}$");

pub(super) const KEYS: Keys = Keys {
    what: "an ignored advisory",
    known: &[
        Key::required(
            "advisory",
            Shape::Form("^[A-Za-z0-9][A-Za-z0-9._:+-]*$"),
            "Any name of it, such as its CVE number.",
        ),
        Key::new(
            "package",
            Shape::Text,
            "Only in this package: a source package, or an installed one that is the only one of its source. Default: in all.",
        ),
        Key::new(
            "purl",
            Shape::Form("^pkg:[^/]+/.+$"),
            "Only in packages with this package URL; of any version and with any qualifiers, where it names none. Default: in all.",
        ),
        Key::new("platforms", Shape::Some(&Shape::Text), "Only on these platforms. Default: on all."),
        Key::required("reason", Shape::Text, "Why it does not count."),
        Key::required("owner", Shape::Text, "Who answers for that."),
        Key::required("until", DAY, "The last day on which it does not count, in UTC."),
    ],
    later: &["expires"],
    rules: &[],
};

pub(super) fn read_all(reader: &mut Reader<'_>, node: &Node) -> Vec<IgnoredAdvisory> {
    let Value::Sequence(items) = &node.value else {
        reader.report(Code::WrongType, node.span, "`ignore` must be a list");
        return Vec::new();
    };
    items.iter().filter_map(|item| ignored(reader, item)).collect()
}

fn ignored(reader: &mut Reader<'_>, node: &Node) -> Option<IgnoredAdvisory> {
    let fields = reader.fields(node, &KEYS)?;
    for (key, what) in [
        ("advisory", "the name of the advisory, such as its CVE number"),
        ("reason", "why it does not count"),
        ("owner", "who answers for that"),
        ("until", "the last day on which it does not count, as `YYYY-MM-DD`"),
    ] {
        if fields.get(key).is_none() {
            reader.missing(&fields, key, what);
        }
    }
    let mut text = |key: &str| fields.get(key).and_then(|node| reader.text(node, &format!("`{key}`")));
    let (advisory, package, reason, owner) = (text("advisory"), text("package"), text("reason"), text("owner"));
    let advisory = advisory.and_then(|advisory| name(reader, advisory));
    let purl = fields.get("purl").and_then(|node| reader.parsed::<PackagePattern>(node, "a package URL", Code::Value));
    let until = fields.get("until").and_then(|node| day(reader, node));
    let platforms = fields.get("platforms").map(|node| platforms(reader, node)).unwrap_or_default();
    Some(IgnoredAdvisory {
        advisory: advisory?,
        package: package.map(|package| package.value),
        purl: purl.map(|purl| purl.value),
        purls: Vec::new(),
        listed: None,
        exception: Exception { platforms, reason: reason?.value, owner: owner?.value, until: Some(until?) },
    })
}

fn name(reader: &mut Reader<'_>, text: Spanned<String>) -> Option<String> {
    let is_name = text.len() <= NAME_LIMIT
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:+-".contains(&b));
    if !is_name {
        reader.report(Code::Value, text.span, format!("`{}` is not the name of an advisory", clip(&text)));
        return None;
    }
    Some(text.value)
}

pub(super) fn day(reader: &mut Reader<'_>, node: &Node) -> Option<Date> {
    let text = reader.text(node, "`until`")?;
    // The parser takes further forms of a date; a file has one.
    let day: Option<Date> = text.parse().ok().filter(|day: &Date| day.to_string() == text.value);
    if day.is_none() {
        reader.report(Code::Value, node.span, format!("`{}` is not a day: expected `YYYY-MM-DD`", clip(&text)));
    }
    day
}

pub(super) fn platforms(reader: &mut Reader<'_>, node: &Node) -> Vec<Platform> {
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        reader.report(Code::Value, node.span, "`platforms` lists nothing");
    }
    let items = reader.list(node, "`platforms`").unwrap_or_default();
    let platforms = items.iter().filter_map(|item| reader.parsed::<Platform>(item, "a platform", Code::Platform));
    platforms.map(|platform| platform.value).collect()
}
