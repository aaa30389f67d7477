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

    /// Reads a word that publishers of advisories use, in any case: one of ours, or `moderate`, `important`, `negligible`, `unimportant`.
    /// `None` where the word says that nobody has decided, or is not known.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "none" => Self::None,
            "low" | "negligible" | "unimportant" => Self::Low,
            "medium" | "moderate" => Self::Medium,
            "high" | "important" => Self::High,
            "critical" => Self::Critical,
            _ => return None,
        })
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
            assert_eq!(Severity::from_word(&severity.word().to_uppercase()), Some(severity));
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.word());
        }
        assert!(Severity::ALL.is_sorted());
        for (word, expected) in [
            ("Moderate", Some(Severity::Medium)),
            (" important ", Some(Severity::High)),
            ("unimportant", Some(Severity::Low)),
            ("not yet assigned", None),
            ("end-of-life", None),
            ("", None),
        ] {
            assert_eq!(Severity::from_word(word), expected, "{word}");
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
