use crate::comparison::Comparison;
use crate::record::{Event, Range};
use std::cmp::Ordering;

/// Memory of one event or list beside its texts, roughly, in bytes.
const NODE_SIZE: usize = 48;

/// The versions that a record says are affected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AffectedVersions {
    /// An empty one cannot be understood.
    pub(crate) ranges: Box<[Box<[Event]>]>,
    pub(crate) listed: Box<[Box<str>]>,
}

/// Whether a version is affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It is, until this version; `None`: there is none yet.
    Affected(Option<String>),
    /// It is not.
    NotAffected,
    /// The record, or the version, cannot be understood.
    Unknown,
}

impl AffectedVersions {
    /// Takes what is stated in the ecosystem's own order of versions. Commits say nothing about packages; what is stated in an order
    /// that is not known here says something that cannot be understood.
    pub(crate) fn of(ranges: Vec<Range>, versions: Vec<String>, is_semantic: bool) -> Self {
        let ranges = ranges.into_iter().filter_map(|range| match range.kind.as_str() {
            "ECOSYSTEM" => Some(range.events.into()),
            "SEMVER" if is_semantic => Some(range.events.into()),
            "GIT" => None,
            _ => Some(Box::default()),
        });
        Self { ranges: ranges.collect(), listed: versions.into_iter().map(String::into_boxed_str).collect() }
    }

    /// Ends the only range at what is stated beside it, such as `< 0.19.3`, where the range itself has no end: GitHub writes so what is free of
    /// it without being a release of the registry's.
    pub(crate) fn ended_by(mut self, words: &str, order: Comparison) -> Self {
        let Some(end) = end_of(words).filter(|end| end.version().is_some_and(|end| order.is_version(end))) else {
            return self;
        };
        if let [events] = &mut *self.ranges
            && !events.is_empty()
            && events.iter().all(|event| matches!(event, Event::Introduced(_)))
        {
            *events = std::mem::take(events).into_iter().chain([end]).collect();
        }
        self
    }

    /// Returns all versions before one that is free of it; with `None`, all that there are.
    pub(crate) fn until(fixed: Option<&str>) -> Self {
        let fixed = fixed.map(|fixed| Event::Fixed(fixed.into()));
        let events = [Event::Introduced("0".into())].into_iter().chain(fixed).collect();
        Self { ranges: Box::new([events]), listed: Box::default() }
    }

    /// Returns the memory that it takes, roughly, in bytes.
    pub(crate) fn size(&self) -> usize {
        let ranges = self.ranges.iter().map(|events| NODE_SIZE + events.iter().map(Event::size).sum::<usize>());
        let listed = self.listed.iter().map(|version| NODE_SIZE + version.len());
        NODE_SIZE + listed.sum::<usize>() + ranges.sum::<usize>()
    }

    /// Returns the versions that are said to be free of it.
    pub(crate) fn fixed(&self) -> impl Iterator<Item = &str> {
        self.ranges.iter().flatten().filter_map(|event| match event {
            Event::Fixed(fixed) => Some(&**fixed),
            _ => None,
        })
    }

    /// Compares a version (OSV schema, "Evaluation"). `comparison` is `None` where the order of the ecosystem is not known.
    pub(crate) fn effect(&self, version: &str, comparison: Option<Comparison>) -> Effect {
        let Some(order) = comparison.filter(|order| !version.is_empty() && order.is_version(version)) else {
            return Effect::Unknown;
        };
        let mut effects: Vec<Effect> =
            self.ranges.iter().map(|events| in_range(events, version, order).unwrap_or(Effect::Unknown)).collect();
        let is_listed =
            || self.listed.iter().any(|listed| order.with_installed(listed, version) == Ok(Ordering::Equal));
        if !effects.iter().any(|effect| matches!(effect, Effect::Affected(_))) && is_listed() {
            let fixed = self.ranges.iter().filter_map(|events| next_fixed(events, version, order));
            effects.push(Effect::Affected(fixed.reduce(|one, other| lower(order, one, other)).map(str::to_owned)));
        }
        let affected = effects.iter().filter_map(|effect| match effect {
            Effect::Affected(fixed) => Some(fixed.clone()),
            _ => None,
        });
        // All ranges have to be left: if there is no way out of one, there is none.
        let left = affected.reduce(|one, other| Some(higher(order, one?, other?)));
        match left {
            Some(fixed) => Effect::Affected(fixed),
            // Nothing that can be compared says nothing.
            None if effects.contains(&Effect::Unknown) || effects.is_empty() && self.listed.is_empty() => {
                Effect::Unknown
            }
            None => Effect::NotAffected,
        }
    }
}

/// Reads `< 1.2` and `<= 1.2`.
fn end_of(words: &str) -> Option<Event> {
    let words = words.trim();
    let last = words.strip_prefix("<=").map(|version| Event::LastAffected(version.trim().into()));
    last.or_else(|| words.strip_prefix('<').map(|version| Event::Fixed(version.trim().into())))
}

/// Returns the higher of two versions.
pub(crate) fn higher(order: Comparison, one: String, other: String) -> String {
    if order.stated(&one, &other) == Ok(Ordering::Less) { other } else { one }
}

fn lower<'a>(order: Comparison, one: &'a str, other: &'a str) -> &'a str {
    if order.stated(one, other) == Ok(Ordering::Greater) { other } else { one }
}

/// `None`: an event is no version, or nothing says where the range begins.
fn in_range(events: &[Event], version: &str, order: Comparison) -> Option<Effect> {
    if !events.iter().any(|event| matches!(event, Event::Introduced(_))) {
        return None;
    }
    let stops: Vec<(Bound<'_>, &Event)> =
        events.iter().map(|event| Some((bound(event, order)?, event))).collect::<Option<_>>()?;
    let mut limits = stops.iter().filter(|(_, event)| matches!(event, Event::Limit(_))).peekable();
    if limits.peek().is_some() && !limits.any(|(limit, _)| limit.order(version, order) == Some(Ordering::Greater)) {
        return Some(Effect::NotAffected);
    }
    // Of all that comes before the version, the last decides. Sorting would ask more of an order than its authors promise.
    let mut last: Option<&(Bound<'_>, &Event)> = None;
    for stop in &stops {
        let (bound, event) = stop;
        let counts = matches!(
            (event, bound.order(version, order)?),
            (Event::Introduced(_) | Event::Fixed(_), Ordering::Less | Ordering::Equal)
                | (Event::LastAffected(_), Ordering::Less)
        );
        if counts && last.is_none_or(|(last, _)| last.is_before(bound, order)) {
            last = Some(stop);
        }
    }
    Some(match last {
        Some((_, Event::Introduced(_))) => Effect::Affected(next_fixed(events, version, order).map(str::to_owned)),
        _ => Effect::NotAffected,
    })
}

/// Returns the lowest version above this one that ends a stretch.
fn next_fixed<'a>(events: &'a [Event], version: &str, order: Comparison) -> Option<&'a str> {
    let fixed = events.iter().filter_map(|event| match event {
        Event::Fixed(fixed) => Some(&**fixed),
        _ => None,
    });
    let above = fixed.filter(|fixed| order.with_installed(fixed, version) == Ok(Ordering::Greater));
    above.reduce(|one, other| lower(order, one, other))
}

impl Event {
    fn version(&self) -> Option<&str> {
        match self {
            Self::Introduced(text) | Self::Fixed(text) | Self::LastAffected(text) | Self::Limit(text) => Some(text),
            Self::Several => None,
        }
    }

    fn size(&self) -> usize {
        NODE_SIZE + self.version().map_or(0, str::len)
    }
}

/// Where an event stands among all versions.
#[derive(Clone, Copy, Debug)]
enum Bound<'a> {
    /// Before all.
    Start,
    At(&'a str),
    /// After all.
    End,
}

impl Bound<'_> {
    /// Says whether the event comes before, at or after a version.
    fn order(&self, version: &str, order: Comparison) -> Option<Ordering> {
        match self {
            Self::Start => Some(Ordering::Less),
            Self::At(at) => order.with_installed(at, version).ok(),
            Self::End => Some(Ordering::Greater),
        }
    }

    /// Returns whether another comes at the same place or later.
    fn is_before(&self, other: &Self, order: Comparison) -> bool {
        match (self, other) {
            (Self::Start, _) | (_, Self::End) => true,
            (_, Self::Start) | (Self::End, _) => false,
            (Self::At(one), Self::At(other)) => order.stated(one, other) != Ok(Ordering::Greater),
        }
    }
}

fn bound(event: &Event, order: Comparison) -> Option<Bound<'_>> {
    match event {
        Event::Introduced(introduced) if &**introduced == "0" => Some(Bound::Start),
        Event::Limit(limit) if &**limit == "*" => Some(Bound::End),
        Event::Introduced(version) | Event::Fixed(version) | Event::LastAffected(version) | Event::Limit(version) => {
            order.is_version(version).then_some(Bound::At(version))
        }
        Event::Several => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_package::version::VersionOrder;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn affected(value: Value) -> AffectedVersions {
        let affected: crate::record::Affected = serde_json::from_value(value).unwrap();
        AffectedVersions::of(affected.ranges, affected.versions, false)
    }

    fn range(events: Value) -> AffectedVersions {
        affected(json!({"ranges": [{"type": "ECOSYSTEM", "events": events}]}))
    }

    fn effect(versions: &AffectedVersions, version: &str) -> String {
        match versions.effect(version, Some(VersionOrder::Dpkg.into())) {
            Effect::Affected(Some(fixed)) => format!("until {fixed}"),
            Effect::Affected(None) => "unfixed".to_owned(),
            Effect::NotAffected => "no".to_owned(),
            Effect::Unknown => "unknown".to_owned(),
        }
    }

    #[test]
    fn a_range_ends_at_its_fixed_version() {
        let range = range(json!([{"introduced": "0"}, {"fixed": "3.0.11-1~deb12u2"}]));
        for (version, expected) in [
            ("3.0.11-1~deb12u1", "until 3.0.11-1~deb12u2"),
            ("3.0.11-1~deb12u2", "no"),
            ("3.0.11-1~deb12u3", "no"),
            ("3.0.11-1", "no"),
            ("3.0.11-1~deb12u2~bpo1", "until 3.0.11-1~deb12u2"),
            ("0", "until 3.0.11-1~deb12u2"),
            ("~~", "until 3.0.11-1~deb12u2"),
            // An epoch goes before all else.
            ("1:1.0", "no"),
            ("0:3.0.11-1~deb12u2", "no"),
            ("", "unknown"),
            ("not a version", "unknown"),
        ] {
            assert_eq!(effect(&range, version), expected, "{version}");
        }
    }

    #[test]
    fn evaluates_events_in_order_of_versions() {
        let cases: &[(Value, &[(&str, &str)])] = &[
            // Written in another order, with a gap.
            (
                json!([{"fixed": "2.5.3"}, {"introduced": "2.6.0"}, {"introduced": "1.0"}, {"fixed": "2.6.3"}]),
                &[("0.9", "no"), ("1.0", "until 2.5.3"), ("2.5.3", "no"), ("2.6.0", "until 2.6.3"), ("2.6.3", "no")],
            ),
            (json!([{"introduced": "0"}]), &[("1", "unfixed"), ("9:9", "unfixed")]),
            (json!([{"introduced": "0"}, {"last_affected": "2.0-1"}]), &[("2.0-1", "unfixed"), ("2.0-1+b1", "no")]),
            (json!([{"introduced": "0"}, {"limit": "2.0"}]), &[("1.9", "unfixed"), ("2.0", "no"), ("2.1", "no")]),
            (json!([{"introduced": "0"}, {"limit": "1"}, {"limit": "*"}]), &[("2.0", "unfixed")]),
            (json!([{"introduced": "1:1.0"}, {"fixed": "1:2.0"}]), &[("3.0", "no"), ("1:1.5", "until 1:2.0")]),
            (json!([{"introduced": "0.0-0"}]), &[("0.0", "unfixed"), ("~1", "no")]),
            // Not to be understood: nothing is said to be safe.
            (json!([{"introduced": "0"}, {"fixed": "a b"}]), &[("1", "unknown")]),
            (json!([{"introduced": "0", "fixed": "2"}]), &[("1", "unknown")]),
            (json!([{"fixed": "2"}]), &[("1", "unknown")]),
            (json!([]), &[("1", "unknown")]),
        ];
        for (events, expected) in cases {
            for (version, expected) in *expected {
                assert_eq!(effect(&range(events.clone()), version), *expected, "{version} in {events}");
            }
        }
    }

    #[test]
    fn several_ranges_and_lists() {
        let two = json!({"ranges": [
            {"type": "ECOSYSTEM", "events": [{"introduced": "1"}, {"fixed": "2"}]},
            {"type": "ECOSYSTEM", "events": [{"introduced": "1.5"}, {"fixed": "3"}]},
            {"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]},
        ]});
        let unfixed = json!({"ranges": [
            {"type": "ECOSYSTEM", "events": [{"introduced": "1"}, {"fixed": "2"}]},
            {"type": "ECOSYSTEM", "events": [{"introduced": "1.5"}]},
        ]});
        let listed = json!({
            "versions": ["1.0-1", "0:1.2"],
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "5"}, {"fixed": "6"}]}],
        });
        let other = json!({"versions": ["1"], "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]});
        for (value, version, expected) in [
            (&two, "1.2", "until 2"),
            (&two, "1.7", "until 3"),
            (&two, "4", "no"),
            (&unfixed, "1.7", "unfixed"),
            (&listed, "1.0-1", "until 6"),
            (&listed, "1.2", "until 6"),
            (&listed, "1.3", "no"),
            (&json!({"versions": ["1.0"]}), "1.0", "unfixed"),
            (&json!({"versions": ["1.0"]}), "1.1", "no"),
            (&json!({"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}), "1", "unknown"),
            (&json!({}), "1", "unknown"),
            (&other, "1", "unfixed"),
            (&other, "2", "unknown"),
            (&json!({"ranges": [{"type": "ecosystem", "events": [{"introduced": "5"}]}]}), "1", "unknown"),
        ] {
            assert_eq!(effect(&affected(value.clone()), version), expected, "{version} in {value}");
        }
    }

    #[test]
    fn local_labels_of_python_count_only_where_records_have_them() {
        let until = |end: &str| range(json!([{"introduced": "0"}, {"last_affected": end}]));
        let before = |end: &str| range(json!([{"introduced": "0"}, {"fixed": end}]));
        let listed = |version: &str| affected(json!({"versions": [version]}));
        for (versions, version, expected) in [
            (until("2.10.0"), "2.10.0+cpu", true),
            (until("2.10.0"), "2.10.1+cpu", false),
            (before("2.10.0"), "2.10.0+cpu", false),
            (before("2.10.0"), "2.9.9+cpu", true),
            (until("2.6.0+cu124"), "2.6.0+cu124", true),
            (until("2.6.0+cu124"), "2.6.0+cu126", false),
            (until("2.6.0+cu124"), "2.6.0", true),
            (listed("2.10.0"), "2.10.0+cpu", true),
            (listed("2.10.0+cpu"), "2.10.0", false),
        ] {
            let found = versions.effect(version, Some(VersionOrder::Python.into())) != Effect::NotAffected;
            assert_eq!(found, expected, "{version} of {versions:?}");
        }
    }

    #[test]
    fn epochs_that_nobody_knows_do_not_count() {
        let versions = range(json!([{"introduced": "0"}, {"fixed": "4:5.32.1-481.el9"}]));
        let comparison = Comparison::from(VersionOrder::Rpm);
        for (version, with, without) in
            [("5.32.1-481.1.el9", true, false), ("4:5.32.1-480.el9", true, true), ("5.32.1-480.el9", true, true)]
        {
            let is_affected = |comparison| versions.effect(version, Some(comparison)) != Effect::NotAffected;
            assert_eq!(
                (is_affected(comparison), is_affected(comparison.without_epochs())),
                (with, without),
                "{version}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_version_is_affected_exactly_within_the_bounds(low in 0u8..9, distance in 1u8..9, version in 0u8..9) {
            let high = (low + distance) % 9;
            let range = range(json!([{"fixed": format!("{high}-1")}, {"introduced": format!("{low}-1")}]));
            let expected = version >= low && (version < high || high < low);
            prop_assert_eq!(range.effect(&format!("{version}-1"), Some(VersionOrder::Dpkg.into())) != Effect::NotAffected, expected);
        }
    }
}
