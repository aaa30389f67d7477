//! Ports.

use super::subject::{Found, Subject};
use crate::instruction::Action;

pub(super) fn protocol(subject: &Subject<'_>) -> Found {
    let is_wrong = |port: &str| port.split_once('/').is_some_and(|(_, protocol)| protocol.to_lowercase() != protocol);
    ports(subject, is_wrong, "has a protocol with capital letters:")
}

pub(super) fn format(subject: &Subject<'_>) -> Found {
    let is_wrong = |port: &str| port.split('/').next().is_some_and(|port| port.contains(':'));
    ports(subject, is_wrong, "names ports of the container, and no address or port of the host:")
}

fn ports(subject: &Subject<'_>, is_wrong: impl Fn(&str) -> bool, what: &str) -> Found {
    let mut found = Found::new();
    subject.walk(|scope, instruction| {
        let Action::Expose(written) = &instruction.action else { return };
        for text in written {
            let words = subject.expander.words(text, &scope.variables).unwrap_or_default();
            if words.iter().any(|port| is_wrong(port)) {
                found.push((instruction.lines, format!("EXPOSE {what} `{text}`")));
            }
        }
    });
    found
}
