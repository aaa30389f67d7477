use serde::{Deserialize, Serialize};
use std::fmt;

/// How bad an advisory is, from harmless to worst (CVSS v3.1, section 5, "Qualitative Severity Rating Scale").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A score of 0.
    None,
    /// From 0.1.
    Low,
    /// From 4.0.
    Medium,
    /// From 7.0.
    High,
    /// From 9.0.
    Critical,
}

/// Words by which publishers say that nobody has decided.
const UNRATED: [&str; 8] =
    ["", "unknown", "not yet assigned", "unassigned", "untriaged", "undetermined", "pending", "end-of-life"];

/// What one text says of how bad an advisory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stated {
    /// This.
    Severity(Severity),
    /// Nobody has decided.
    Nothing,
    /// Something that is not understood: it may be any.
    Unreadable,
}

impl Severity {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::None, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads a score, or a word that publishers of advisories use, in any case: one of ours, or `moderate`, `important`, `negligible`,
    /// `unimportant`.
    pub fn read(text: &str) -> Stated {
        // Debian's tracker marks with stars what others say otherwise.
        let word = text.trim().trim_end_matches('*').to_ascii_lowercase();
        let severity = match word.as_str() {
            "none" => Some(Self::None),
            "low" | "negligible" | "unimportant" => Some(Self::Low),
            "medium" | "moderate" => Some(Self::Medium),
            "high" | "important" => Some(Self::High),
            "critical" => Some(Self::Critical),
            word if UNRATED.contains(&word) => return Stated::Nothing,
            other => other.parse().ok().and_then(Self::from_score),
        };
        severity.map_or(Stated::Unreadable, Stated::Severity)
    }

    /// Returns the severity of a CVSS score (CVSS v3.1, section 5). `None`: it is no score.
    pub fn from_score(score: f64) -> Option<Self> {
        Some(match score {
            score if !(0.0..=10.0).contains(&score) => return None,
            score if score < 0.1 => Self::None,
            score if score < 4.0 => Self::Low,
            score if score < 7.0 => Self::Medium,
            score if score < 9.0 => Self::High,
            _ => Self::Critical,
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_words_of_publishers() {
        for severity in Severity::ALL {
            assert_eq!(Severity::read(&severity.word().to_uppercase()), Stated::Severity(severity));
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.word());
        }
        assert!(Severity::ALL.is_sorted());
        for (text, expected) in [
            ("Moderate", Stated::Severity(Severity::Medium)),
            (" important ", Stated::Severity(Severity::High)),
            ("unimportant", Stated::Severity(Severity::Low)),
            ("high**", Stated::Severity(Severity::High)),
            ("7.5", Stated::Severity(Severity::High)),
            ("not yet assigned", Stated::Nothing),
            ("End-of-life", Stated::Nothing),
            ("", Stated::Nothing),
            ("VERY_HIGH", Stated::Unreadable),
            ("95", Stated::Unreadable),
            ("-1", Stated::Unreadable),
            ("NaN", Stated::Unreadable),
            ("9.8 (critical)", Stated::Unreadable),
        ] {
            assert_eq!(Severity::read(text), expected, "{text}");
        }
    }

    #[test]
    fn reads_scores() {
        let table = [(0.0, "none"), (0.1, "low"), (3.9, "low"), (4.0, "medium"), (6.9, "medium"), (7.0, "high")];
        for (score, word) in table.into_iter().chain([(8.9, "high"), (9.0, "critical"), (10.0, "critical")]) {
            assert_eq!(Severity::from_score(score).map(Severity::word), Some(word), "{score}");
        }
        for score in [-0.1, 10.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Severity::from_score(score), None, "{score}");
        }
    }
}
