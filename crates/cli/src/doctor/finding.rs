use serde::Serialize;

/// How something is that `consign doctor` looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// As it should be.
    Ok,
    /// Not looked at, as was asked for.
    Skip,
    /// It works, but not as one may expect.
    Warn,
    /// A command would fail for it.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    /// What it belongs to, such as `git`.
    pub(crate) area: &'static str,
    pub(crate) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl Finding {
    pub(super) fn ok(area: &'static str, message: impl Into<String>) -> Self {
        Self { level: Level::Ok, area, message: message.into(), next: None }
    }

    pub(super) fn skip(area: &'static str, message: impl Into<String>) -> Self {
        Self { level: Level::Skip, ..Self::ok(area, message) }
    }

    pub(super) fn warn(area: &'static str, message: impl Into<String>) -> Self {
        Self { level: Level::Warn, ..Self::ok(area, message) }
    }

    pub(super) fn fail(area: &'static str, message: impl Into<String>) -> Self {
        Self { level: Level::Fail, ..Self::ok(area, message) }
    }

    /// Makes a finding of the error that a command would end with.
    pub(super) fn error(area: &'static str, error: &crate::error::CommandError) -> Self {
        let message = [&error.message].into_iter().chain(&error.causes).map(String::as_str).collect::<Vec<_>>();
        let next = (!error.hints.is_empty()).then(|| error.hints.join("; "));
        Self { next, ..Self::fail(area, message.join(": ")) }
    }

    /// Makes a finding of somebody who did not answer.
    pub(super) fn unanswered(area: &'static str, who: &impl std::fmt::Display) -> Self {
        let message = format!("{who} did not answer within {} seconds", super::PATIENCE.as_secs());
        Self::fail(area, message).next("is the address right, and does a proxy or firewall stand in between?")
    }

    pub(super) fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }
}
