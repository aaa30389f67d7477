//! `FROM --platform`.

use super::subject::{Found, Subject};
use crate::Expanded;
use crate::instruction::Stage;
use consign_oci::Platform;

const TARGET: &str = "TARGETPLATFORM";

pub(super) fn redundant(subject: &Subject<'_>) -> Found {
    let is_target = |expanded: &Expanded| {
        expanded.used.len() == 1
            && expanded.used.contains(TARGET)
            && expanded.unset.is_empty()
            && subject.global.get(TARGET) == Some(&expanded.text)
    };
    let wrong = platforms(subject).filter(|(_, _, expanded)| is_target(expanded));
    wrong
        .map(|(stage, written, _)| (stage.lines, format!("`--platform={written}` is what is built for anyway")))
        .collect()
}

pub(super) fn constant(subject: &Subject<'_>) -> Found {
    let mut found = Found::new();
    for (stage, written, expanded) in platforms(subject) {
        let is_constant = expanded.used.is_empty() && expanded.unset.is_empty();
        let Some(platform) = expanded.text.parse::<Platform>().ok().filter(|_| is_constant) else { continue };
        let name = stage.name.as_deref().unwrap_or_default();
        // Such a stage is for that platform, and says so.
        if !name.contains(platform.os()) && !name.contains(platform.architecture()) {
            let message = format!("`--platform={written}` is the same for every platform that is built");
            found.push((stage.lines, message));
        }
    }
    found
}

fn platforms<'a>(subject: &Subject<'a>) -> impl Iterator<Item = (&'a Stage, &'a str, Expanded)> {
    subject.stages().filter_map(|(stage, _)| {
        let written = stage.platform.as_deref()?;
        Some((stage, written, subject.expander.expand(written, &subject.global).ok()?))
    })
}
