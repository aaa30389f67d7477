use super::destination::report_reserved;
use super::image::PLATFORMS;
use super::keys::{Key, Keys, Rule, Shape};
use super::reader::{Fields, Reader, clip, not_empty};
use super::selection::{self, SelectionSettings};
use super::tree::{Node, Value};
use super::{
    Code, Destination, MirrorStatement, RequireSettings, Route, Spanned, Window, duration, mirror_statement, require,
    route,
};
use consign_oci::{Platform, Reference, Tag};
use regex::Regex;
use std::collections::BTreeSet;
use std::time::Duration;

pub(super) const KEYS: Keys = Keys {
    what: "a mirrored image",
    known: &[
        Key::required(
            "source",
            Shape::Text,
            "The image: a tag, a digest, or both. Where `tags` stands beside it, a repository; and all repositories below a path where it ends with `/**`.",
        ),
        Key::new("destination", Shape::Some(&Shape::Text), "Where it goes: a tag, or `latest` where none is written."),
        Key::new("destinations", Shape::Some(&Shape::Text), "The same as `destination`."),
        Key::new(
            "always",
            Shape::Flag,
            "Whether everything is looked at again although the digests are the same, new signatures among it. Default: false.",
        ),
        Key::new(
            "tags",
            Shape::Or(&Shape::Word(|| vec!["all"]), &Shape::Or(&Shape::Items(&Shape::Text), &selection::SHAPE)),
            "Which tags of a repository are mirrored: `all`, a list of them, or what they look like.",
        ),
        Key::new(
            "repositories",
            route::REPOSITORIES,
            "Which repositories are mirrored where the source ends with `/**`. Default: all, also those that come later.",
        ),
        Key::new("platforms", PLATFORMS, "Only these platforms; the list of platforms is written anew. Default: all."),
        Key::new("referrers", Shape::Flag, "Whether signatures and attestations come along. Default: true."),
        Key::new(
            "immutable",
            Shape::Some(&Shape::Text),
            "Tags that never move (regular expressions for the whole tag): once they are there, nobody is asked again.",
        ),
        Key::new(
            "minimum-age",
            Shape::Or(&AGE, &Shape::Mapping(&AGE_KEYS)),
            "How long a tag must have named an image before it is mirrored, such as `3d`, counted from when consign first saw it; or how old the image must be.",
        ),
        Key::new(
            "windows",
            Shape::Some(&Shape::Text),
            "When it is mirrored, in UTC, such as `22:00-06:00` or `Sat-Sun 00:00-24:00`. Default: always.",
        ),
        Key::new(
            "backup",
            Shape::Text,
            "The tag under which an image is kept that another takes the tag of, such as `{tag}-until-{date}-{time}`. `{digest}` can stand there too.",
        ),
        Key::new(
            "require",
            Shape::Some(&Shape::Mapping(&require::KEYS)),
            "What an image must show before it is mirrored: it is verified as `consign verify` does. Of a list, all of it. Default: nothing.",
        ),
        Key::new(
            "sign",
            Shape::Flag,
            "Whether the image and each of its platforms are signed where they arrive, as `signing` says, before a tag names them; what is there already and has no such signature is signed, too. Default: false.",
        ),
        Key::new(
            "attest",
            mirror_statement::SHAPE,
            "What is stated and signed where the image arrives: what is in each platform (`sbom`), what is known against that (`vuln`), and from where it was copied (`copied-from`). Default: nothing.",
        ),
        Key::new(
            "prune",
            Shape::Or(&Shape::Flag, &Shape::Mapping(&PRUNE_KEYS)),
            "Whether tags are deleted at the destination that the source has no longer. Default: false.",
        ),
    ],
    later: &["name"],
    rules: &[Rule::Either("destination", "destinations")],
};
const AGE: Shape = Shape::Form("^([0-9]+[smhd])+$");
const AGE_KEYS: Keys = Keys {
    what: "`minimum-age`",
    known: &[
        Key::new("seen", AGE, "For how long consign must have seen the tag name the image."),
        Key::new("created", AGE, "How long ago the image must have been made, by its own account."),
    ],
    later: &[],
    rules: &[Rule::Either("seen", "created")],
};
const PRUNE_KEYS: Keys = Keys {
    what: "`prune`",
    known: &[
        Key::new(
            "maximum",
            Shape::Number(1, 100),
            "How many of a hundred tags may go at once; if it were more, none goes. Default: 20.",
        ),
        Key::new(
            "keep",
            Shape::Some(&Shape::Text),
            "Tags that stay in any case (regular expressions for the whole tag).",
        ),
    ],
    later: &[],
    rules: &[],
};
/// How many of a hundred tags may go where nothing is said.
const PRUNED_PERCENT: u32 = 20;

/// One entry of `sync:`.
#[derive(Clone, Debug)]
pub struct SyncSettings {
    /// What is mirrored where to.
    pub route: Route,
    /// Whether everything is looked at again although the digests are the same.
    pub always: bool,
    /// Which tags of a repository; `None` for a single image.
    pub tags: Option<SelectionSettings>,
    /// Only these platforms; empty for all.
    pub platforms: Vec<Platform>,
    /// Whether what is about an image comes along.
    pub referrers: bool,
    /// Tags that never move.
    pub immutable: Vec<Regex>,
    /// How old an image must be.
    pub minimum_age: Option<AgeSettings>,
    /// When it is mirrored; always where there are none.
    pub windows: Vec<Window>,
    /// The tag under which an image is kept whose tag another takes, with `{tag}`, `{date}`, `{time}` and `{digest}` in it.
    pub backup: Option<String>,
    /// What an image must show: all of it.
    pub require: Vec<RequireSettings>,
    /// Whether it is signed where it arrives.
    pub sign: bool,
    /// What is stated about it there.
    pub attest: BTreeSet<MirrorStatement>,
    /// What is deleted at the destination.
    pub prune: Option<PruneSettings>,
}

/// How old an image must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgeSettings {
    /// For so long its tag must have been seen to name it.
    Seen(Duration),
    /// So long ago it must have been made, by its own account.
    Created(Duration),
}

/// Which tags are deleted that the source has no longer.
#[derive(Clone, Debug)]
pub struct PruneSettings {
    /// How many of a hundred tags may go at once.
    pub maximum_percent: u32,
    /// Tags that stay in any case.
    pub keep: Vec<Regex>,
}

impl SyncSettings {
    /// Reads the entries. `is_signed`: whether the file says who signs.
    pub(crate) fn read_all(reader: &mut Reader<'_>, node: &Node, is_signed: bool) -> Vec<Self> {
        let Some(items) = reader.list(node, "`sync`") else { return Vec::new() };
        let entries: Vec<Self> = items.iter().filter_map(|item| Self::read(reader, item, is_signed)).collect();
        let mut claimed = BTreeSet::new();
        let single = entries.iter().filter(|entry| entry.tags.is_none()).filter_map(|entry| match &entry.route {
            Route::Repository { destinations, .. } => Some(destinations),
            Route::Namespace { .. } => None,
        });
        for destination in single.flatten() {
            let tag = destination.tag.clone().unwrap_or_else(Tag::latest);
            let name = destination.repository.tagged(tag);
            if claimed.contains(&name) {
                reader.report(Code::Overlap, destination.span, format!("`{name}` is the destination twice"));
            }
            claimed.insert(name);
        }
        entries
    }

    fn read(reader: &mut Reader<'_>, node: &Node, is_signed: bool) -> Option<Self> {
        let fields = reader.fields(node, &KEYS)?;
        let route = Route::read(reader, &fields);
        let several = matches!(route, Some(Route::Namespace { .. }));
        let tags = fields.get("tags").map(|node| SelectionSettings::read(reader, node));
        let patterns = |reader: &mut Reader<'_>, key: &str| {
            fields.get(key).map(|node| selection::patterns(reader, node, key)).unwrap_or_default()
        };
        let immutable = patterns(reader, "immutable");
        let flag = |reader: &mut Reader<'_>, key: &str| {
            fields.get(key).and_then(|node| reader.boolean(node, &format!("`{key}`")))
        };
        let (always, referrers) = (flag(reader, "always"), flag(reader, "referrers"));
        let minimum_age = fields.get("minimum-age").and_then(|node| minimum_age(reader, node));
        let windows = fields.get("windows").map(|node| windows(reader, node)).unwrap_or_default();
        let of_several = several || tags.is_some();
        let backup = fields.get("backup").and_then(|node| backup(reader, node, of_several));
        let require = fields.get("require").map(|node| RequireSettings::read_all(reader, node));
        let sign = flag(reader, "sign").unwrap_or(false);
        let attest = fields.get("attest").map(|node| mirror_statement::read(reader, node)).unwrap_or_default();
        if !is_signed {
            by_nobody(reader, &fields, sign, !attest.is_empty());
        }
        let prune = fields.get("prune").and_then(|node| prune(reader, node));
        let platforms = fields.get("platforms").map(|node| platforms(reader, node)).unwrap_or_default();
        match (&tags, &route, fields.entry("prune")) {
            (None, Some(Route::Repository { .. }), Some((key, _))) => {
                reader.report(Code::Value, key.span, "`prune` is for repositories: write `tags` too");
            }
            (Some(_), Some(Route::Repository { source, destinations }), _) => {
                of_a_repository(reader, source, destinations);
            }
            _ => {}
        }
        let every_tag = || several.then(SelectionSettings::default);
        Some(Self {
            route: route?,
            always: always.unwrap_or(false),
            tags: tags.map_or_else(|| Some(every_tag()), |tags| tags.map(Some))?,
            platforms,
            referrers: referrers.unwrap_or(true),
            immutable,
            minimum_age,
            windows,
            backup,
            require: require.unwrap_or_else(|| Some(Vec::new()))?,
            sign,
            attest,
            prune: prune.flatten(),
        })
    }
}

/// Reports that something is to be signed, and nothing says by whom.
fn by_nobody(reader: &mut Reader<'_>, fields: &Fields<'_>, sign: bool, attest: bool) {
    for (key, _) in [("sign", sign), ("attest", attest)].into_iter().filter(|(_, is_asked)| *is_asked) {
        if let Some((key, _)) = fields.entry(key) {
            let message = format!("`{}` needs somebody who signs, and there is no section `signing`", key.value);
            let hint = "add `signing: {key: cosign.key}`, or `signing: {keyless: true}`";
            reader.report_hint(Code::MissingKey, key.span, message, hint);
        }
    }
}

/// Reports names of single images where several tags are to be chosen.
fn of_a_repository(reader: &mut Reader<'_>, source: &Spanned<Reference>, destinations: &[Destination]) {
    for destination in destinations.iter().filter(|destination| destination.repository == source.value.repository) {
        reader.report(Code::Overlap, destination.span, "it would be mirrored to itself");
    }
    if source.tag.is_some() || source.digest.is_some() {
        let message = "`tags` chooses from a repository, and this is one image";
        reader.report_hint(Code::Value, source.span, message, "leave its tag or digest out, or `tags`");
    }
    for destination in destinations.iter().filter(|destination| destination.tag.is_some()) {
        let message = "several tags cannot become one";
        reader.report_hint(Code::Value, destination.span, message, "every tag keeps its name: leave this one out");
    }
}

fn platforms(reader: &mut Reader<'_>, node: &Node) -> Vec<Platform> {
    let items = reader.list(node, "`platforms`").unwrap_or_default();
    not_empty(reader, node, "platform");
    let platforms = items.iter().filter_map(|item| reader.parsed(item, "a platform", Code::Platform));
    platforms.map(|platform| platform.value).collect()
}

fn minimum_age(reader: &mut Reader<'_>, node: &Node) -> Option<AgeSettings> {
    if let Value::Scalar { .. } = &node.value {
        return age(reader, node, "`minimum-age`").map(AgeSettings::Seen);
    }
    let fields = reader.fields(node, &AGE_KEYS)?;
    match (fields.get("seen"), fields.entry("created")) {
        (Some(_), Some((key, _))) => {
            reader.report(
                Code::Value,
                key.span,
                "an image is as old as `seen` says or as `created` does: write one of them",
            );
            None
        }
        (Some(node), None) => age(reader, node, "`seen`").map(AgeSettings::Seen),
        (None, Some((_, node))) => age(reader, node, "`created`").map(AgeSettings::Created),
        (None, None) => {
            reader.missing(&fields, "seen", "an age, or `created`");
            None
        }
    }
}

fn windows(reader: &mut Reader<'_>, node: &Node) -> Vec<Window> {
    let texts = reader.texts(node, "`windows`");
    not_empty(reader, node, "time");
    let window = |text: &Spanned<String>| {
        let window = Window::parse(text);
        if window.is_none() {
            let message = format!("`{}` is not a time of the week", clip(text));
            reader.report_hint(
                Code::Value,
                text.span,
                message,
                "expected one such as `22:00-06:00` or `Sat-Sun 00:00-24:00`, in UTC",
            );
        }
        window
    };
    texts.iter().filter_map(window).collect()
}

fn age(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<Duration> {
    let text = reader.text(node, what)?;
    let age = duration::parse(&text);
    if age.is_none() {
        let message = format!("`{}` is not a length of time: expected one such as `3d` or `12h`", text.value);
        reader.report(Code::Duration, node.span, message);
    }
    age
}

fn backup(reader: &mut Reader<'_>, node: &Node, of_several: bool) -> Option<String> {
    let text = reader.text(node, "`backup`")?;
    let example =
        ["{tag}", "{date}", "{time}", "{digest}"].iter().fold(text.value.clone(), |text, part| text.replace(part, "0"));
    match example.parse::<Tag>() {
        Ok(tag) if tag.is_about_a_digest() => report_reserved(reader, &tag, node.span),
        Ok(_) if text.value == example => {
            let hint = "write `{tag}`, `{date}`, `{time}` or `{digest}` somewhere";
            reader.report_hint(Code::Value, node.span, "every backup would take the place of the last", hint);
        }
        Ok(_) if of_several && !["{tag}", "{digest}"].iter().any(|part| text.value.contains(part)) => {
            let message = "several tags may move in one run, and their backups would have one name";
            reader.report_hint(Code::Value, node.span, message, "write `{tag}` or `{digest}` somewhere");
        }
        Ok(_) => return Some(text.value),
        Err(error) => reader.report(Code::Tag, node.span, error.to_string()),
    }
    None
}

/// Reads `prune`; the inner `None` is that nothing is deleted.
fn prune(reader: &mut Reader<'_>, node: &Node) -> Option<Option<PruneSettings>> {
    if let Value::Scalar { .. } = &node.value {
        let wanted = reader.boolean(node, "`prune`")?;
        return Some(wanted.then_some(PruneSettings { maximum_percent: PRUNED_PERCENT, keep: Vec::new() }));
    }
    let fields = reader.fields(node, &PRUNE_KEYS)?;
    let maximum = fields.get("maximum").map(|node| reader.integer(node, "`maximum`", 1, 100));
    let keep = fields.get("keep").map(|node| selection::patterns(reader, node, "keep")).unwrap_or_default();
    Some(Some(PruneSettings { maximum_percent: maximum.unwrap_or(Some(PRUNED_PERCENT))?, keep }))
}
