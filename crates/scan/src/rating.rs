use crate::record::{Affected, Record, StatedSeverity, Words};
use consign_receipt::Severity;
use consign_receipt::predicate::SeverityScore;
use cvss::Cvss;
use serde_json::Value;
use std::collections::BTreeSet;

/// What a record states about how bad it is for one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rating {
    /// The worst of it.
    pub(crate) severity: Option<Severity>,
    /// All of it.
    pub(crate) stated: BTreeSet<SeverityScore>,
}

impl Rating {
    /// Reads what a record states for all that it is about.
    pub(crate) fn of_all(record: &Record) -> Self {
        Self::of(&record.severity, [("database_specific", &record.database_specific)])
    }

    /// Reads what a record states for one package.
    pub(crate) fn of_one(affected: &Affected) -> Self {
        let words =
            [("ecosystem_specific", &affected.ecosystem_specific), ("database_specific", &affected.database_specific)];
        Self::of(&affected.severity, words)
    }

    fn of<'a>(scores: &[StatedSeverity], words: impl IntoIterator<Item = (&'a str, &'a Words)>) -> Self {
        let scores = scores.iter();
        let scores =
            scores.map(|StatedSeverity { kind, score }| SeverityScore { method: kind.clone(), score: score.clone() });
        let words = words.into_iter().flat_map(|(place, words)| in_words(place, words));
        let stated: BTreeSet<SeverityScore> = scores.chain(words).collect();
        Self { severity: stated.iter().filter_map(severity).max(), stated }
    }

    /// Joins what is stated elsewhere about the same advisory. Nobody's word goes before another's: the worst counts.
    pub(crate) fn join(&mut self, other: &Self) {
        self.severity = self.severity.max(other.severity);
        self.stated.extend(other.stated.iter().cloned());
    }
}

fn in_words(place: &str, words: &Words) -> Vec<SeverityScore> {
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
    let words = [("severity", text(&words.severity)), ("urgency", text(&words.urgency))];
    let stated =
        |(key, word): (&str, Option<String>)| Some(SeverityScore { method: format!("{place}.{key}"), score: word? });
    words.into_iter().filter_map(stated).collect()
}

/// Returns the severity that a vector, a score or a word stands for.
fn severity(stated: &SeverityScore) -> Option<Severity> {
    let score = stated.score.trim();
    if let Ok(number) = score.parse() {
        return Severity::from_score(number);
    }
    match score.parse::<Cvss>() {
        // What leaves out a part would be rated as harmless.
        Ok(_) if !is_complete(score) => None,
        Ok(vector) => Some(match vector.severity() {
            cvss::Severity::None => Severity::None,
            cvss::Severity::Low => Severity::Low,
            cvss::Severity::Medium => Severity::Medium,
            cvss::Severity::High => Severity::High,
            cvss::Severity::Critical => Severity::Critical,
        }),
        Err(_) => Severity::from_word(score),
    }
}

/// Returns whether all metrics stand in a vector that have to (CVSS v2.0 guide, section 2.4; v3.1 and v4.0, "Vector String").
fn is_complete(vector: &str) -> bool {
    let mandatory: &[&str] = match vector.split_once('/').map(|(start, _)| start) {
        Some("CVSS:4.0") => &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"],
        Some("CVSS:3.0" | "CVSS:3.1") => &["AV", "AC", "PR", "UI", "S", "C", "I", "A"],
        _ => &["AV", "AC", "Au", "C", "I", "A"],
    };
    let stated: Vec<&str> = vector.split('/').filter_map(|part| Some(part.split_once(':')?.0)).collect();
    mandatory.iter().all(|metric| stated.contains(metric))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rated(score: &str) -> Option<Severity> {
        severity(&SeverityScore { method: "any".to_owned(), score: score.to_owned() })
    }

    #[test]
    fn reads_vectors_scores_and_words() {
        for (score, expected) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(Severity::Critical)),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Some(Severity::High)),
            ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", Some(Severity::Low)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Some(Severity::None)),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Some(Severity::Critical)),
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", Some(Severity::High)),
            ("AV:L/AC:H/Au:M/C:N/I:N/A:P", Some(Severity::Low)),
            ("7.5", Some(Severity::High)),
            ("medium", Some(Severity::Medium)),
            ("CVSS:5.0/AV:N", None),
            ("CVSS:3.1/AV:N", None),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H", None),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N", None),
            ("AV:N/AC:L/Au:N/C:P/I:P", None),
            ("AV:N", None),
            ("not yet assigned", None),
            ("NaN", None),
            ("", None),
        ] {
            assert_eq!(rated(score), expected, "{score}");
        }
    }

    #[test]
    fn the_worst_counts_wherever_it_stands() {
        let json = serde_json::json!({
            "id": "X", "modified": "2026-01-01T00:00:00Z",
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
            "database_specific": {"severity": "MODERATE", "cwe_ids": []},
            "affected": [
                {"ecosystem_specific": {"urgency": "unimportant", "severity": 3}},
                {"severity": [{"type": "Ubuntu", "score": "critical"}], "database_specific": null},
                {"database_specific": {"urgency": ["high"]}},
            ],
        });
        let record = Record::read("x.json", json.to_string().as_bytes()).unwrap();
        let rating = |affected: &Affected| {
            let mut rating = Rating::of_all(&record);
            rating.join(&Rating::of_one(affected));
            rating
        };
        let severities: Vec<_> = record.affected.iter().map(|affected| rating(affected).severity).collect();
        assert_eq!(severities, [Some(Severity::High), Some(Severity::Critical), Some(Severity::High)]);
        assert_eq!(rating(&record.affected[0]).stated.len(), 3);
    }

    proptest! {
        #[test]
        fn no_vector_breaks_it(text in "(CVSS:(2.0|3.0|3.1|4.0)/)?([A-Za-z]{0,3}:?[A-Za-z]{0,6}/?){0,20}\\PC{0,5}") {
            let _ = rated(&text);
        }
    }
}
