//! What codes mean, for people who look one up: exit codes, the codes of problems in configurations, and why the gate closes.

mod exit_codes;
mod gate;
mod problems;

use crate::exit_code::ExitCode;
use consign_plan::Code;
use serde::Serialize;

/// What a code means, what usually leads to it, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Topic {
    /// What is looked up, such as `11`, `C003` or `trial-failed`.
    pub(crate) code: String,
    pub(crate) meaning: &'static str,
    pub(crate) cause: &'static str,
    pub(crate) remedy: &'static str,
}

/// Topics that belong together.
pub(crate) struct Chapter {
    pub(crate) title: &'static str,
    pub(crate) topics: Vec<Topic>,
}

/// Cause and remedy of a code.
struct Advice(&'static str, &'static str);

/// Returns everything that can be looked up.
pub(crate) fn chapters() -> [Chapter; 3] {
    let exits = ExitCode::ALL.iter().map(|code| {
        let Advice(cause, remedy) = exit_codes::advice(*code);
        Topic { code: (*code as u8).to_string(), meaning: code.meaning(), cause, remedy }
    });
    let problems = Code::ALL.iter().map(|code| {
        let Advice(cause, remedy) = problems::advice(*code);
        Topic { code: code.to_string(), meaning: code.meaning(), cause, remedy }
    });
    let reasons = gate::REASONS.iter().map(|(code, meaning, Advice(cause, remedy))| Topic {
        code: (*code).to_owned(),
        meaning,
        cause,
        remedy,
    });
    [
        Chapter { title: "Exit codes", topics: exits.collect() },
        Chapter { title: "Problems in consign.yaml and in image files", topics: problems.collect() },
        Chapter { title: "Why the gate closes", topics: reasons.collect() },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_explained_once() {
        let chapters = chapters();
        let topics: Vec<&Topic> = chapters.iter().flat_map(|chapter| &chapter.topics).collect();
        let codes: BTreeSet<&str> = topics.iter().map(|topic| topic.code.as_str()).collect();
        assert_eq!(codes.len(), topics.len());
        for Topic { code, meaning, cause, remedy } in topics {
            assert!(!meaning.is_empty() && !meaning.ends_with('.'), "{code}");
            assert!([cause, remedy].iter().all(|text| text.ends_with('.') && !text.contains("  ")), "{code}");
        }
    }
}
