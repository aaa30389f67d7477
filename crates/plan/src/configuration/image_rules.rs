use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, clip};
use super::tree::{Node, Value};
use super::{Code, ignored, nearest};
use consign_package::licence;
use consign_receipt::{Consequence, Exception, IgnoredFact, ImageRule, ImageRules, Pattern};

/// Longest pattern, in bytes.
const PATTERN_LIMIT: usize = 4096;
/// Form of the identifiers of licences, possibly with a `*` at the end (SPDX 2.3, annex D).
const LICENSE: &str = "^[A-Za-z0-9.+:-]+\\*?$";

pub(super) const KEYS: Keys = Keys {
    what: "`image`",
    known: &[
        Key::new(
            "root-user",
            CONSEQUENCE,
            "What becomes of images that run as root: that name no user, the number 0, or a name of it. Default: `report`.",
        ),
        Key::new(
            "unknown-user",
            CONSEQUENCE,
            "What becomes of images that name a user or a group that they do not have. Default: `report`.",
        ),
        Key::new("no-health-check", CONSEQUENCE, "What becomes of images without a health check. Default: `report`."),
        Key::new(
            "entrypoint",
            CONSEQUENCE,
            "What becomes of images whose program is not there, is not executable, is for another machine, or lacks its interpreter, its loader or a library. Default: `report`.",
        ),
        Key::new(
            "setuid-files",
            CONSEQUENCE,
            "What becomes of images with files that run as their owner or group, whoever starts them. Default: `report`.",
        ),
        Key::new(
            "allowed-setuid-files",
            Shape::Some(&Shape::Text),
            "Paths of such files that may be there; `*` stands for any letters.",
        ),
        Key::new(
            "secrets",
            CONSEQUENCE,
            "What becomes of images with secrets in files, in the environment or in the history. Default: `report`.",
        ),
        Key::new(
            "denied-licenses",
            Shape::Some(&Shape::Form(LICENSE)),
            "Licences by which no package may have to be used, as SPDX calls them; with `*` at the end, all that begin so. They are refused.",
        ),
        Key::new(
            "unknown-license",
            CONSEQUENCE,
            "What becomes of packages of which no licence is known. Default: `report`.",
        ),
        Key::new("ignore", Shape::List(&Shape::Mapping(&IGNORE)), "What does not count for a while."),
    ],
    later: &["labels", "maximum-size", "ports"],
    rules: &[],
};

const CONSEQUENCE: Shape = Shape::Word(|| Consequence::ALL.map(Consequence::word).to_vec());

const IGNORE: Keys = Keys {
    what: "an exception",
    known: &[
        Key::required(
            "rule",
            Shape::Word(|| ImageRule::ALL.map(ImageRule::word).to_vec()),
            "The rule that does not count: a key of `image`.",
        ),
        Key::new(
            "path",
            Shape::Text,
            "Only there: a path, `environment NAME` or `history entry N`; `*` stands for any letters. Default: wherever it is.",
        ),
        Key::new(
            "license",
            Shape::Form(LICENSE),
            "Only this licence, or all that begin so, with `*` at the end. Default: all.",
        ),
        Key::new("package", Shape::Text, "Only in this package; `*` stands for any letters. Default: in all."),
        Key::new("platforms", Shape::Some(&Shape::Text), "Only on these platforms. Default: on all."),
        Key::required("reason", Shape::Text, "Why it does not count."),
        Key::required("owner", Shape::Text, "Who answers for that."),
        Key::required("until", ignored::DAY, "The last day on which it does not count, in UTC."),
    ],
    later: &["expires"],
    rules: &[],
};

/// Reads the section `image` of the policy.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<ImageRules> {
    let fields = reader.fields(node, &KEYS)?;
    let mut rules = ImageRules::default();
    for rule in ImageRule::ALL.into_iter().filter(|rule| *rule != ImageRule::DeniedLicenses) {
        if let Some(consequence) = reader.word(&fields, rule.word(), Consequence::ALL, Consequence::word) {
            rules.consequences.insert(rule, consequence);
        }
    }
    let allowed = fields.get("allowed-setuid-files").map(|node| reader.texts(node, "`allowed-setuid-files`"));
    for path in allowed.unwrap_or_default() {
        if !path.starts_with(['/', '*']) || path.len() > PATTERN_LIMIT {
            let message = format!("`{}` is no path in an image: it begins with `/`", clip(&path));
            reader.report(Code::Value, path.span, message);
        }
        rules.allowed_setuid_files.push(Pattern::new(path.value));
    }
    if let Some(node) = fields.get("denied-licenses") {
        if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
            reader.report(Code::Value, node.span, "`denied-licenses` lists nothing");
        }
        let items = reader.list(node, "`denied-licenses`").unwrap_or_default();
        rules.denied_licenses = items.iter().filter_map(|item| license(reader, item)).collect();
    }
    rules.ignore = fields.get("ignore").map(|node| exceptions(reader, node)).unwrap_or_default();
    Some(rules)
}

fn license(reader: &mut Reader<'_>, node: &Node) -> Option<Pattern> {
    let text = reader.text(node, "each of `denied-licenses`")?;
    let name = text.strip_suffix('*').unwrap_or(&text);
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+:-".contains(&byte));
    if !is_name || text.len() > PATTERN_LIMIT {
        let hint = "licences are called as SPDX calls them, such as `AGPL-3.0-only` or `AGPL-*`";
        reader.report_hint(Code::Value, text.span, format!("`{}` is no licence", clip(&text)), hint);
        return None;
    }
    // SPDX's own list, or what some document names: anything else would mean nothing, and so be denied to nobody.
    let is_reference = name.starts_with("LicenseRef-") || name.starts_with("DocumentRef-");
    if name == text.as_str() && !is_reference && !licence::is_listed(name) {
        let hint = match nearest(name, licence::listed()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("`{name}*` also means licences that are not on the list of this version"),
        };
        reader.report_hint(
            Code::Value,
            text.span,
            format!("`{}` is not on SPDX's list of licences", clip(&text)),
            hint,
        );
        return None;
    }
    Some(Pattern::new(text.value))
}

fn exceptions(reader: &mut Reader<'_>, node: &Node) -> Vec<IgnoredFact> {
    let Value::Sequence(items) = &node.value else {
        reader.report(Code::WrongType, node.span, "`ignore` must be a list");
        return Vec::new();
    };
    items.iter().filter_map(|item| exception(reader, item)).collect()
}

fn exception(reader: &mut Reader<'_>, node: &Node) -> Option<IgnoredFact> {
    let fields = reader.fields(node, &IGNORE)?;
    for (key, what) in [
        ("rule", "the rule that does not count, such as `setuid-files`"),
        ("reason", "why it does not count"),
        ("owner", "who answers for that"),
        ("until", "the last day on which it does not count, as `YYYY-MM-DD`"),
    ] {
        if fields.get(key).is_none() {
            reader.missing(&fields, key, what);
        }
    }
    let rule = reader.word(&fields, "rule", ImageRule::ALL, ImageRule::word);
    let license = fields.get("license").and_then(|node| license(reader, node));
    let mut text = |key: &str| fields.get(key).and_then(|node| reader.text(node, &format!("`{key}`")));
    let (path, package, reason, owner) = (text("path"), text("package"), text("reason"), text("owner"));
    let until = fields.get("until").and_then(|node| ignored::day(reader, node));
    let platforms = fields.get("platforms").map(|node| ignored::platforms(reader, node)).unwrap_or_default();
    Some(IgnoredFact {
        rule: rule?,
        path: path.map(|path| Pattern::new(path.value)),
        license,
        package: package.map(|package| Pattern::new(package.value)),
        exception: Exception { platforms, reason: reason?.value, owner: owner?.value, until: Some(until?) },
    })
}
