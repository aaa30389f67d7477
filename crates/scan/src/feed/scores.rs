use consign_receipt::predicate::SeverityScore;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::BTreeSet;

/// Most scores of one source.
const LIMIT: usize = 100;

/// Returns the CVSS vectors in some metrics: `kinds` are the keys under which the NVD and CVE records keep them, newest first.
pub(super) fn vectors<'a>(
    source: &str,
    metrics: impl IntoIterator<Item = (&'a str, &'a Value)>,
) -> BTreeSet<SeverityScore> {
    let scores = metrics.into_iter().filter_map(|(kind, data)| {
        let method = method(kind)?;
        let text = |key: &str| data.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        // A number is better than nothing.
        let number = || data.get("baseScore").filter(|number| number.is_number()).map(Value::to_string);
        let score = text("vectorString").map(str::to_owned).or_else(number)?;
        let score = score.trim_start_matches('(').trim_end_matches(')').to_owned();
        Some(SeverityScore { method: format!("{source}: {method}"), score })
    });
    scores.take(LIMIT).collect()
}

/// Returns the type that OSV records have for a version of CVSS.
fn method(kind: &str) -> Option<&'static str> {
    let version = kind.trim_start_matches("cvssMetric").trim_start_matches("cvss").trim_start_matches(['V', 'v']);
    match version.as_bytes().first() {
        Some(b'2') => Some("CVSS_V2"),
        Some(b'3') => Some("CVSS_V3"),
        Some(b'4') => Some("CVSS_V4"),
        _ => None,
    }
}

/// Reads a time. The NVD, and some CVE records, write it in UTC without saying so.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let local = || Some(text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    text.parse().ok().or_else(local)
}
