use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, clip};
use super::tree::{Node, Value};
use super::{Code, Spanned, ignored};
use consign_oci::Tag;
use consign_receipt::{Acceptance, AdvisoryRules, Consequence, Engine, Severity, Share};

/// Most days that a maximum age may have.
const DAYS_LIMIT: u32 = 3650;

pub(super) const KEYS: Keys = Keys {
    what: "`advisories`",
    known: &[
        Key::new(
            "databases",
            Shape::Some(&Shape::Text),
            "What images are compared with, unless another scanner does that (`scan`). A database that `consign db build` made, or folders, archives and files of advisories, relative to this file's folder.",
        ),
        Key::new(
            "from",
            Shape::Some(&Shape::Text),
            "What `consign db update` makes the one database of: names of feeds such as `debian` or `osv:PyPI`, their addresses, paths that begin with `.` or `/`; or the reference of a database that was published. The lock then says which it is.",
        ),
        Key::new(
            "mirrors",
            Shape::List(&Shape::Text),
            "Addresses below which feeds are asked for in place of their publishers, by host and path, in order.",
        ),
        Key::required(
            "maximum-severity",
            Shape::Word(|| Severity::ALL.map(Severity::word).to_vec()),
            "The worst severity that still passes.",
        ),
        Key::new(
            "unknown-severity",
            Shape::Word(acceptances),
            "What becomes of advisories whose severity nobody states. Default: `refuse`.",
        ),
        Key::new(
            "unfixed",
            Shape::Word(acceptances),
            "What becomes of advisories of which no version is free yet. Default: `refuse`, as far as they are too severe.",
        ),
        Key::new(
            "known-exploited",
            Shape::Word(consequences),
            "What becomes of advisories that are known to be exploited, however severe they are. Default: `report`, and the severity counts.",
        ),
        Key::new(
            "maximum-epss",
            Shape::Form("^(0(\\.[0-9]{1,9})?|1(\\.0{1,9})?)$"),
            "The highest probability of being exploited within thirty days (EPSS) that passes, however severe the advisory is: from 0 to 1. Default: any.",
        ),
        Key::new(
            "end-of-life",
            Shape::Word(consequences),
            "What becomes of images whose distribution has no free fixes any more. Default: `report`.",
        ),
        Key::new(
            "no-package-data",
            Shape::Word(consequences),
            "What becomes of images in which no packages are found. Default: `report`.",
        ),
        Key::new(
            "foreign-packages",
            Shape::Word(consequences),
            "What becomes of images all of whose packages are of distributions or kinds about which no advisories are read. Default: `report`.",
        ),
        Key::new(
            "not-compared",
            Shape::Word(consequences),
            "What becomes of images of whose packages only some were compared with advisories. Default: `report`. Where none was, and another database could tell, the exit code is 16.",
        ),
        Key::new(
            "maximum-age",
            Shape::Form("^[0-9]+d$"),
            "For how many days nothing may have changed in it, such as `14d`. Default: any.",
        ),
        Key::new(
            "new-since",
            Shape::Text,
            "A tag such as `latest` at the first destination: what the image that it names has as well, by what is signed about it, is not refused again. Default: everything counts.",
        ),
        Key::new(
            "new-advisories",
            Shape::Word(acceptances),
            "What becomes of advisories that came or got worse since then, about packages that are the same. Default: `refuse`.",
        ),
        Key::new(
            "ignore-files",
            Shape::Some(&Shape::Text),
            "Lists of ignored advisories as trivy and grype have them: `.trivyignore`, `.trivyignore.yaml`, `.grype.yaml`.",
        ),
        Key::new(
            "vex",
            Shape::Some(&Shape::Text),
            "Documents of OpenVEX: advisories that do not affect a package, or that are fixed in it, are ignored as they say.",
        ),
        Key::new("ignore", Shape::List(&Shape::Mapping(&ignored::KEYS)), "Advisories that do not count for a while."),
    ],
    later: &["severity-overrides"],
    rules: &[],
};
/// The section `advisories` of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisorySettings {
    /// A database, or folders, archives and files of advisories, as written; none where another scanner compares.
    pub databases: Vec<Spanned<String>>,
    /// What the one database is made of, or where it was published, as written; none: whoever wants a newer one sees to that.
    pub from: Vec<Spanned<String>>,
    /// Addresses below which feeds are asked for in place of their publishers.
    pub mirrors: Vec<Spanned<String>>,
    /// Lists of ignored advisories as other tools have them, as written.
    pub ignore_files: Vec<Spanned<String>>,
    /// Documents of OpenVEX, as written.
    pub vex: Vec<Spanned<String>>,
    /// How much is tolerated of what they say.
    pub rules: AdvisoryRules,
}

impl AdvisorySettings {
    /// `engine`: the scanner of others that compares; it has a database of its own.
    pub(crate) fn read(reader: &mut Reader<'_>, node: &Node, engine: Option<Engine>) -> Option<Self> {
        let fields = reader.fields(node, &KEYS)?;
        match (fields.get("databases"), engine) {
            (None, None) => {
                let what = "a database that `consign db build` made, or folders, archives and files of advisories";
                reader.missing(&fields, "databases", what);
            }
            (Some(node), Some(engine)) => {
                let message =
                    format!("`databases` are what consign compares with, and by `scan` it is {engine} that compares");
                reader.report_hint(Code::Value, node.span, message, "leave out one of the two");
            }
            _ => {}
        }
        if fields.get("maximum-severity").is_none() {
            reader.missing(&fields, "maximum-severity", "the worst severity that still passes, such as `medium`");
        }
        let databases = fields.get("databases").map(|node| databases(reader, node)).unwrap_or_default();
        let from = fields.get("from").map(|node| sources(reader, node, &databases)).unwrap_or_default();
        let mirrors = fields.get("mirrors").map(|node| mirrors(reader, node)).unwrap_or_default();
        let maximum_severity = reader.word(&fields, "maximum-severity", Severity::ALL, Severity::word);
        let unknown_severity =
            reader.word(&fields, "unknown-severity", Acceptance::ALL, Acceptance::word).unwrap_or_default();
        let ignore_files =
            fields.get("ignore-files").map(|node| reader.texts(node, "`ignore-files`")).unwrap_or_default();
        let vex = fields.get("vex").map(|node| reader.texts(node, "`vex`")).unwrap_or_default();
        let unfixed = reader.word(&fields, "unfixed", Acceptance::ALL, Acceptance::word).unwrap_or_default();
        let mut consequence =
            |key: &str| reader.word(&fields, key, Consequence::ALL, Consequence::word).unwrap_or_default();
        let (known_exploited, end_of_life) = (consequence("known-exploited"), consequence("end-of-life"));
        let no_package_data = consequence("no-package-data");
        let (foreign_packages, not_compared) = (consequence("foreign-packages"), consequence("not-compared"));
        let maximum_epss = fields.get("maximum-epss").and_then(|node| share(reader, node));
        let maximum_age = fields.get("maximum-age").and_then(|node| days(reader, node));
        let new_since = fields.get("new-since").and_then(|node| reader.parsed::<Tag>(node, "a tag", Code::Tag));
        let new_advisories =
            reader.word(&fields, "new-advisories", Acceptance::ALL, Acceptance::word).unwrap_or_default();
        let ignore = fields.get("ignore").map(|node| ignored::read_all(reader, node)).unwrap_or_default();
        let rules = AdvisoryRules {
            maximum_severity: maximum_severity?,
            unknown_severity,
            unfixed,
            known_exploited,
            maximum_epss,
            end_of_life,
            no_package_data,
            foreign_packages,
            not_compared,
            maximum_age,
            new_since: new_since.map(|tag| tag.value),
            new_advisories,
            last_release: None,
            ignore,
            vex: Vec::new(),
        };
        Some(Self { databases, from, mirrors, ignore_files, vex, rules })
    }
}

fn databases(reader: &mut Reader<'_>, node: &Node) -> Vec<Spanned<String>> {
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        reader.report(Code::Value, node.span, "`databases` lists nothing");
    }
    reader.texts(node, "`databases`")
}

fn sources(reader: &mut Reader<'_>, node: &Node, databases: &[Spanned<String>]) -> Vec<Spanned<String>> {
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        reader.report(Code::Value, node.span, "`from` lists nothing");
    }
    if databases.len() > 1 {
        let hint = "name the file that `consign db update` writes, and nothing else";
        reader.report_hint(Code::Value, node.span, "`from` is of one database, and `databases` lists several", hint);
    }
    reader.texts(node, "`from`")
}

fn mirrors(reader: &mut Reader<'_>, node: &Node) -> Vec<Spanned<String>> {
    let mirrors = reader.texts(node, "`mirrors`");
    for mirror in &mirrors {
        let is_place = ["https://", "http://", "file:///"].iter().any(|scheme| mirror.starts_with(scheme));
        if !is_place || mirror.contains(['?', '#']) {
            let message = "this is no address of a mirror: it begins with `https://`, `http://` or `file:///`, and ends with its path";
            reader.report(Code::Value, mirror.span, message);
        }
    }
    mirrors
}

fn acceptances() -> Vec<&'static str> {
    Acceptance::ALL.map(Acceptance::word).to_vec()
}

fn consequences() -> Vec<&'static str> {
    Consequence::ALL.map(Consequence::word).to_vec()
}

fn share(reader: &mut Reader<'_>, node: &Node) -> Option<Share> {
    let text = reader.text(node, "`maximum-epss`")?;
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let share = text.parse().ok().filter(|_| is_number).and_then(Share::from_number);
    if share.is_none() {
        reader.report(Code::Value, node.span, format!("`{}` is no number from 0 to 1", clip(&text)));
    }
    share
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
