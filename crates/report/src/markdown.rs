//! GitHub-flavoured Markdown, for comments on changes.

use crate::scan::{cells, headers, platform_lines};
use crate::{AdvisoryReport, FactReport, ScanReport, facts, platform_difference, printable};

impl ScanReport {
    /// Returns the report as Markdown: what is new and what is gone, where it was compared with another image, else all that was found.
    pub fn markdown(&self) -> String {
        let mut text = format!("### {}\n\n", code(&self.reference));
        match &self.since {
            Some(since) => {
                let other = code(&since.reference);
                section(&mut text, &format!("New since {other}"), &since.new);
                section(&mut text, &format!("Gone since {other}"), &since.gone);
                text.push_str(&format!("Found in both: {}.\n\n", since.both));
            }
            None => section(&mut text, "Found", &self.advisories),
        }
        if !self.findings.is_empty() {
            facts_section(&mut text, &self.findings);
        }
        platform_lines(self).iter().for_each(|line| text.push_str(&format!("- {}\n", code(line))));
        let differences = platform_difference::lines(&self.differences);
        differences.iter().for_each(|line| text.push_str(&format!("- {}\n", code(line))));
        self.warnings.iter().for_each(|warning| text.push_str(&format!("- warning: {}\n", code(warning))));
        text
    }
}

fn section(text: &mut String, title: &str, found: &[AdvisoryReport]) {
    text.push_str(&format!("**{title}: {}**\n\n", found.len()));
    if found.is_empty() {
        return;
    }
    let headers = headers(found);
    let rows: Vec<Vec<String>> = found.iter().map(|found| cells(found)[..headers.len()].to_vec()).collect();
    rows_of(text, headers, &rows);
}

fn facts_section(text: &mut String, found: &[FactReport]) {
    text.push_str(&format!("**Settings and files: {}**\n\n", found.len()));
    let headers = facts::headers(found);
    let rows: Vec<Vec<String>> = found.iter().map(|found| facts::cells(found)[..headers.len()].to_vec()).collect();
    rows_of(text, headers, &rows);
}

fn rows_of(text: &mut String, headers: &[&str], rows: &[Vec<String>]) {
    text.push_str(&format!("| {} |\n|{}\n", headers.join(" | "), " --- |".repeat(headers.len())));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| code(cell)).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text.push('\n');
}

/// Returns a text as code, so that nothing in it is a link, a name of a person, or the end of a cell.
fn code(text: &str) -> String {
    match printable(text).replace('`', "'").replace('|', "\\|").trim() {
        "" => String::new(),
        text => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_in_their_cells() {
        assert_eq!(code("a|b `c` @who\n<img>"), "`a\\|b 'c' @who\u{FFFD}<img>`");
        assert_eq!(code(" "), "");
    }
}
