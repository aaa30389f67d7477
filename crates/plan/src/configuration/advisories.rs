use super::keys::{Key, Keys, Shape};
use super::reader::{Fields, Reader, clip, listed};
use super::tree::{Node, Value};
use super::{Code, Spanned, nearest};
use consign_oci::Platform;
use consign_receipt::{AdvisoryRules, IgnoredAdvisory, Severity, UnknownSeverity};
use jiff::civil::Date;

/// Most days that a maximum age may have.
const DAYS_LIMIT: u32 = 3650;
/// Longest name of an advisory, in bytes.
const NAME_LIMIT: usize = 200;

pub(super) const KEYS: Keys = Keys {
    what: "`advisories`",
    known: &[
        Key::required(
            "databases",
            Shape::Some(&Shape::Text),
            "A database that `consign db build` made, or folders, archives and files of advisories, relative to this file's folder.",
        ),
        Key::required(
            "maximum-severity",
            Shape::Word(|| Severity::ALL.map(Severity::word).to_vec()),
            "The worst severity that still passes.",
        ),
        Key::new(
            "unknown-severity",
            Shape::Word(|| UnknownSeverity::ALL.map(UnknownSeverity::word).to_vec()),
            "What becomes of advisories whose severity nobody states. Default: `refuse`.",
        ),
        Key::new(
            "maximum-age",
            Shape::Form("^[0-9]+d$"),
            "For how many days nothing may have changed in it, such as `14d`. Default: any.",
        ),
        Key::new("ignore", Shape::List(&Shape::Mapping(&IGNORE_KEYS)), "Advisories that do not count for a while."),
    ],
    later: &["ignore-unfixed", "severity-overrides", "vex"],
    rules: &[],
};
const IGNORE_KEYS: Keys = Keys {
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
        Key::new("platforms", Shape::Some(&Shape::Text), "Only on these platforms. Default: on all."),
        Key::required("reason", Shape::Text, "Why it does not count."),
        Key::required("owner", Shape::Text, "Who answers for that."),
        Key::required(
            "until",
            Shape::Form("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
            "The last day on which it does not count, in UTC.",
        ),
    ],
    later: &["expires"],
    rules: &[],
};

/// The section `advisories` of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisorySettings {
    /// A database, or folders, archives and files of advisories, as written; at least one.
    pub databases: Vec<Spanned<String>>,
    /// How much is tolerated of what they say.
    pub rules: AdvisoryRules,
}

impl AdvisorySettings {
    pub(crate) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &KEYS)?;
        for (key, what) in [
            ("databases", "a database that `consign db build` made, or folders, archives and files of advisories"),
            ("maximum-severity", "the worst severity that still passes, such as `medium`"),
        ] {
            if fields.get(key).is_none() {
                reader.missing(&fields, key, what);
            }
        }
        let databases = fields.get("databases").map(|node| databases(reader, node)).unwrap_or_default();
        let maximum_severity = word(reader, &fields, "maximum-severity", Severity::ALL, Severity::word);
        let unknown_severity =
            word(reader, &fields, "unknown-severity", UnknownSeverity::ALL, UnknownSeverity::word).unwrap_or_default();
        let maximum_age = fields.get("maximum-age").and_then(|node| days(reader, node));
        let ignore = fields.get("ignore").map(|node| ignored_all(reader, node)).unwrap_or_default();
        let rules = AdvisoryRules { maximum_severity: maximum_severity?, unknown_severity, maximum_age, ignore };
        Some(Self { databases, rules })
    }
}

fn databases(reader: &mut Reader<'_>, node: &Node) -> Vec<Spanned<String>> {
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        reader.report(Code::Value, node.span, "`databases` lists nothing");
    }
    reader.texts(node, "`databases`")
}

/// Reads one of some words.
pub(super) fn word<T: Copy, const N: usize>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    all: [T; N],
    word: fn(T) -> &'static str,
) -> Option<T> {
    let text = reader.text(fields.get(key)?, &format!("`{key}`"))?;
    let found = all.into_iter().find(|value| word(*value) == text.value);
    if found.is_none() {
        let words = all.map(word);
        let hint = match nearest(&text, words) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it can be {}", listed(&words)),
        };
        reader.report_hint(Code::Value, text.span, format!("`{}` is no value of `{key}`", clip(&text)), hint);
    }
    found
}

fn days(reader: &mut Reader<'_>, node: &Node) -> Option<u32> {
    let text = reader.text(node, "`maximum-age`")?;
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok()).filter(|days| (1..=DAYS_LIMIT).contains(days));
    if days.is_none() {
        let message = format!("`maximum-age` must be a number of days from `1d` to `{DAYS_LIMIT}d`");
        reader.report(Code::Duration, node.span, message);
    }
    days
}

fn ignored_all(reader: &mut Reader<'_>, node: &Node) -> Vec<IgnoredAdvisory> {
    let Value::Sequence(items) = &node.value else {
        reader.report(Code::WrongType, node.span, "`ignore` must be a list");
        return Vec::new();
    };
    items.iter().filter_map(|item| ignored(reader, item)).collect()
}

fn ignored(reader: &mut Reader<'_>, node: &Node) -> Option<IgnoredAdvisory> {
    let fields = reader.fields(node, &IGNORE_KEYS)?;
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
    let until = fields.get("until").and_then(|node| day(reader, node));
    let platforms = fields.get("platforms").map(|node| platforms(reader, node)).unwrap_or_default();
    Some(IgnoredAdvisory {
        advisory: advisory?,
        package: package.map(|package| package.value),
        platforms,
        reason: reason?.value,
        owner: owner?.value,
        until: until?,
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

fn day(reader: &mut Reader<'_>, node: &Node) -> Option<Date> {
    let text = reader.text(node, "`until`")?;
    // The parser takes further forms of a date; a file has one.
    let day: Option<Date> = text.parse().ok().filter(|day: &Date| day.to_string() == text.value);
    if day.is_none() {
        reader.report(Code::Value, node.span, format!("`{}` is not a day: expected `YYYY-MM-DD`", clip(&text)));
    }
    day
}

fn platforms(reader: &mut Reader<'_>, node: &Node) -> Vec<Platform> {
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        reader.report(Code::Value, node.span, "`platforms` lists nothing");
    }
    let items = reader.list(node, "`platforms`").unwrap_or_default();
    let platforms = items.iter().filter_map(|item| reader.parsed::<Platform>(item, "a platform", Code::Platform));
    platforms.map(|platform| platform.value).collect()
}
