use crate::record::{Affected, Record, StatedSeverity, Words};
use consign_receipt::predicate::SeverityScore;
use consign_receipt::{Severity, Stated};
use cvss::Cvss;
use serde_json::Value;
use std::collections::BTreeSet;

/// Memory of one statement beside its texts, roughly, in bytes.
const NODE_SIZE: usize = 96;

/// Errata whose summaries begin with a severity.
const ERRATA: [&str; 3] = ["ALSA-", "RHSA-", "RLSA-"];
/// What the method of a statement begins with that something is no vulnerability; what it is follows.
const INFORMATIONAL: &str = "informational: ";
/// What RustSec calls informational, too, and is a flaw: how bad it is depends on who uses the package.
const UNSOUND: &str = "unsound";
/// Longest word that is repeated, in characters.
const WORD_LIMIT: usize = 100;

/// What a record states about how bad it is for one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rating {
    /// The worst of it that is understood.
    pub(crate) severity: Option<Severity>,
    /// Whether some of it is not.
    pub(crate) unread: bool,
    /// All of it.
    pub(crate) stated: BTreeSet<SeverityScore>,
}

impl Rating {
    /// Reads what a record states for all that it is about.
    pub(crate) fn of_all(record: &Record) -> Self {
        let mut rating = Self::of(&record.severity, [("database_specific", &record.database_specific)]);
        if let Some(word) = in_summary(record) {
            let method = "summary".to_owned();
            rating.join(&Self::of_stated(BTreeSet::from([SeverityScore { method, score: word.to_owned() }])));
        }
        rating
    }

    /// Reads what a record states for one package.
    pub(crate) fn of_one(affected: &Affected) -> Self {
        let words =
            [("ecosystem_specific", &affected.ecosystem_specific), ("database_specific", &affected.database_specific)];
        Self::of(&affected.severity, words)
    }

    /// Returns the memory that it takes, roughly, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.stated.iter().map(|stated| NODE_SIZE + stated.method.len() + stated.score.len()).sum()
    }

    fn of<'a>(scores: &[StatedSeverity], words: impl IntoIterator<Item = (&'a str, &'a Words)>) -> Self {
        let scores = scores.iter();
        let scores =
            scores.map(|StatedSeverity { kind, score }| SeverityScore { method: kind.clone(), score: score.clone() });
        let words = words.into_iter().flat_map(|(place, words)| in_words(place, words));
        Self::of_stated(scores.chain(words).collect())
    }

    /// Reads what was stated.
    pub(crate) fn of_stated(stated: BTreeSet<SeverityScore>) -> Self {
        let mut rating = Self::default();
        for stated in &stated {
            match severity(&stated.score) {
                Stated::Severity(severity) => rating.severity = rating.severity.max(Some(severity)),
                Stated::Nothing => {}
                Stated::Unreadable => rating.unread = true,
            }
        }
        Self { stated, ..rating }
    }

    /// Returns what it is if it is no vulnerability, and nobody says that it is worse.
    pub(crate) fn informational(&self) -> Option<String> {
        let is_harmless = self.severity == Some(Severity::None) && !self.unread;
        let mut words = self.stated.iter().filter_map(|stated| stated.method.strip_prefix(INFORMATIONAL));
        words.next().filter(|_| is_harmless).map(str::to_owned)
    }

    /// Joins what is stated elsewhere about the same advisory. Nobody's word goes before another's: the worst counts.
    pub(crate) fn join(&mut self, other: &Self) {
        self.severity = self.severity.max(other.severity);
        self.unread |= other.unread;
        self.stated.extend(other.stated.iter().cloned());
    }
}

/// Returns the word by which summaries of distributions made like Red Hat's begin: `Moderate: bash security update`.
fn in_summary(record: &Record) -> Option<&str> {
    let is_erratum = ERRATA.iter().any(|kind| record.id.starts_with(kind));
    let (word, _) = record.summary.split_once(':').filter(|_| is_erratum)?;
    let words = ["Critical", "Important", "Moderate", "Low"];
    words.iter().any(|known| known.eq_ignore_ascii_case(word)).then_some(word)
}

fn in_words(place: &str, words: &Words) -> Vec<SeverityScore> {
    // What is neither text nor number is stated, and not understood.
    let text = |value: &Option<Value>| match value {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    let [severity, urgency] = [&words.severity, &words.urgency].map(text);
    let stated =
        |(key, word): (&str, Option<String>)| Some(SeverityScore { method: format!("{place}.{key}"), score: word? });
    let informational = words.informational.as_ref().and_then(Value::as_str).filter(|word| *word != UNSOUND);
    let informational = informational.map(|word| SeverityScore {
        method: format!("{INFORMATIONAL}{}", word.chars().take(WORD_LIMIT).collect::<String>()),
        score: Severity::None.word().to_owned(),
    });
    [("severity", severity), ("urgency", urgency)].into_iter().filter_map(stated).chain(informational).collect()
}

/// Returns the severity that a vector, a score or a word stands for.
fn severity(text: &str) -> Stated {
    match Severity::read(text) {
        Stated::Unreadable => {
            base_score(text.trim()).and_then(Severity::from_score).map_or(Stated::Unreadable, Stated::Severity)
        }
        stated => stated,
    }
}

/// Returns the base score of a vector (CVSS v2.0 guide, section 2.4; v3.1 and v4.0, "Vector String"). Other metrics say how bad somebody
/// found it in some place, and are left out. `None`: a base metric is missing, stands there twice, or is not known.
fn base_score(vector: &str) -> Option<f64> {
    let parts: Vec<&str> = vector.split('/').collect();
    let (start, metrics): (&[&str], &[&str]) = match parts.first().copied() {
        Some("CVSS:4.0") => (&parts[..1], &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"]),
        Some("CVSS:3.0" | "CVSS:3.1") => (&parts[..1], &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]),
        _ => (&[], &["AV", "AC", "Au", "C", "I", "A"]),
    };
    let stated: Vec<(&str, &str)> =
        parts[start.len()..].iter().map(|part| part.split_once(':')).collect::<Option<_>>()?;
    let only = |metric: &&str| {
        let mut found = stated.iter().filter(|(name, _)| name == metric);
        found.next().filter(|_| found.next().is_none()).map(|(name, value)| format!("{name}:{value}"))
    };
    let base: Vec<String> = metrics.iter().map(only).collect::<Option<_>>()?;
    let base: Vec<&str> = start.iter().copied().chain(base.iter().map(String::as_str)).collect();
    Some(base.join("/").parse::<Cvss>().ok()?.score())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_vectors_scores_and_words() {
        let stated = Stated::Severity;
        for (text, expected) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", stated(Severity::Critical)),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", stated(Severity::High)),
            ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", stated(Severity::Low)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", stated(Severity::None)),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", stated(Severity::Critical)),
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", stated(Severity::High)),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", stated(Severity::Critical)),
            ("AV:L/AC:H/Au:M/C:N/I:N/A:P", stated(Severity::Low)),
            // What is said beside the base metrics makes nothing harmless.
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/MVC:N/MVI:N/MVA:N/E:U",
                stated(Severity::Critical),
            ),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U/MC:N/MI:N/MA:N", stated(Severity::Critical)),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C/E:U/RL:OF/RC:UC/TD:N", stated(Severity::Critical)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/XX:Y", stated(Severity::Critical)),
            ("7.5", stated(Severity::High)),
            ("medium", stated(Severity::Medium)),
            ("not yet assigned", Stated::Nothing),
            ("", Stated::Nothing),
            ("CVSS:5.0/AV:N", Stated::Unreadable),
            ("CVSS:3.1/AV:N", Stated::Unreadable),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H", Stated::Unreadable),
            ("CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Stated::Unreadable),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H (9.8)", Stated::Unreadable),
            ("CVSS:3.1/AV:N/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Stated::Unreadable),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N", Stated::Unreadable),
            ("AV:N/AC:L/Au:N/C:P/I:P", Stated::Unreadable),
            ("AV:N", Stated::Unreadable),
            ("NaN", Stated::Unreadable),
            ("95", Stated::Unreadable),
            ("VERY_HIGH", Stated::Unreadable),
        ] {
            assert_eq!(severity(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_beside_a_word_is_not_forgotten() {
        let rating = |severity: Value, word: Value| {
            let json = serde_json::json!({
                "id": "X", "modified": "2026-01-01T00:00:00Z", "database_specific": {"severity": word},
                "severity": [{"type": "CVSS_V3", "score": severity}],
            });
            let rating = Rating::of_all(&Record::read("x.json", json.to_string().as_bytes()).unwrap());
            (rating.severity, rating.unread)
        };
        for (score, word, expected) in [
            ("AV:N", "low".into(), (Some(Severity::Low), true)),
            ("medium", "VERY_HIGH".into(), (Some(Severity::Medium), true)),
            ("medium", 95.into(), (Some(Severity::Medium), true)),
            ("medium", 9.8.into(), (Some(Severity::Critical), false)),
            ("medium", vec!["critical"].into(), (Some(Severity::Medium), true)),
            ("medium", Value::Null, (Some(Severity::Medium), false)),
            ("medium", "untriaged".into(), (Some(Severity::Medium), false)),
            ("unknown", "unknown".into(), (None, false)),
        ] {
            assert_eq!(rating(score.into(), word.clone()), expected, "{score} {word}");
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
        assert_eq!(rating(&record.affected[0]).stated.len(), 4);
    }

    proptest! {
        #[test]
        fn no_vector_breaks_it(text in "(CVSS:(2.0|3.0|3.1|4.0)/)?([A-Za-z]{0,3}:?[A-Za-z]{0,6}/?){0,20}\\PC{0,5}") {
            let _ = severity(&text);
        }
    }
}
