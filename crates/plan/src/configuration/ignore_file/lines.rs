use super::{IgnoreFile, List, day_before, is_name};
use crate::configuration::{Code, ConfigurationError, SourceFile};

/// Reads lines with the name of an advisory each, and perhaps `exp:YYYY-MM-DD`. What stands behind `#`, or in the line above, is the reason.
pub(super) fn read(name: &str, text: &str) -> Result<IgnoreFile, ConfigurationError> {
    let file = SourceFile::other(name, text);
    let mut list = List { file: &file, found: IgnoreFile::default() };
    let mut diagnostics = Vec::new();
    let mut above: Option<String> = None;
    // Trivy's checks of settings are ignored by the same file.
    let mut of_settings: Option<(usize, &str, usize)> = None;
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        let number = index + 1;
        let (content, comment) =
            line.split_once('#').map_or((line, None), |(content, comment)| (content, Some(comment)));
        let comment = comment.map(str::trim).filter(|comment| !comment.is_empty()).map(str::to_owned);
        let mut words = content.split_whitespace();
        let Some(advisory) = words.next() else {
            // A blank line ends what was said of the lines below.
            above = comment;
            continue;
        };
        let mut until = None;
        let mut problem = (!is_name(advisory)).then(|| "this is not the name of an advisory".to_owned());
        for word in words {
            match word.strip_prefix("exp:").map(day_before) {
                Some(Some(day)) => until = Some(day),
                Some(None) => problem = Some("`exp:` needs a day, as `YYYY-MM-DD`".to_owned()),
                None => {
                    problem =
                        Some(format!("`{}` is nothing that an entry has", word.chars().take(100).collect::<String>()))
                }
            }
        }
        match problem {
            None if is_of_settings(advisory) => {
                of_settings = match of_settings {
                    Some((first, name, count)) => Some((first, name, count + 1)),
                    None => Some((number, advisory, 1)),
                };
            }
            Some(problem) => {
                let span = file.line(number, content.trim());
                diagnostics.push(file.diagnostic(Code::Value, span, problem, None));
            }
            None => {
                let entry = list.entry(advisory, comment.or_else(|| above.clone()), until);
                list.found.entries.push(entry);
            }
        }
    }
    if let Some((first, name, count)) = of_settings {
        let more = if count > 1 { format!(", as are {} more", count - 1) } else { String::new() };
        let why = format!("it is a check of settings{more}, and only advisories are looked for");
        list.leave_out(file.line(first, name), name, &why);
    }
    if diagnostics.is_empty() { Ok(list.found) } else { Err(ConfigurationError { diagnostics }) }
}

/// Returns whether a text names one of trivy's checks of settings: `AVD-DS-0002`, `DS-0002`, `DS002`, `KSV001`.
fn is_of_settings(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_group = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let short = || ["DS", "KSV", "KCV"].into_iter().find_map(|group| text.strip_prefix(group));
    let long = || text.strip_prefix("AVD-").and_then(|rest| rest.split_once('-'));
    short().is_some_and(|rest| is_number(rest.strip_prefix('-').unwrap_or(rest)))
        || long().is_some_and(|(group, number)| is_group(group) && is_number(number))
}
