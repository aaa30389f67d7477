use crate::{
    AdvisoryReport, DestinationReport, ImageReport, PlatformRow, ReasonReport, ReleaseReport, Stage, printable, table,
};

impl ReleaseReport {
    /// Returns the summary for people: a table of image × platform × stage, where each image went, and what stands against it.
    pub fn text(&self) -> String {
        let mut headers = vec!["image", "platform"];
        // Where no advisories are asked for, nobody looks for what they say.
        let rows = || self.images.iter().flat_map(|image| image.rows.iter().map(move |row| (image, row)));
        let is_scanned = rows().any(|(_, row)| row.stages.contains_key(&Stage::Scan));
        let stages: Vec<Stage> = Stage::ALL.into_iter().filter(|stage| is_scanned || *stage != Stage::Scan).collect();
        headers.extend(stages.iter().map(|stage| stage.word()));
        headers.push("digest");
        let rows: Vec<Vec<String>> = rows().map(|(image, row)| cells(&image.name, row, &stages)).collect();
        let mut text = table(&headers, &rows);
        self.images.iter().for_each(|image| write_image(&mut text, image));
        text.push_str(&self.steps_text());
        if !self.warnings.is_empty() {
            text.push('\n');
        }
        self.warnings.iter().for_each(|warning| text.push_str(&format!("warning: {}\n", printable(warning))));
        text
    }
}

fn cells(name: &str, row: &PlatformRow, stages: &[Stage]) -> Vec<String> {
    let mut cells = vec![name.to_owned(), row.platform.to_string()];
    let outcomes = stages.iter().map(|stage| row.stages.get(stage));
    cells.extend(outcomes.map(|outcome| outcome.map_or("-", |outcome| outcome.word()).to_owned()));
    cells.push(row.digest.as_ref().map_or_else(|| "-".to_owned(), |digest| digest.short().to_owned()));
    cells
}

fn write_image(text: &mut String, image: &ImageReport) {
    let name = printable(&image.name);
    let state = match (image.is_published(), image.signed) {
        (false, _) => "not published",
        (true, true) => "signed",
        (true, false) => "not signed",
    };
    // What was only built is in the table.
    if image.destinations.is_empty() && image.reasons.is_empty() {
        return;
    }
    match &image.index {
        Some(index) => text.push_str(&format!("\n{name}  {index}  {state}\n")),
        None => text.push_str(&format!("\n{name}\n")),
    }
    image.destinations.iter().for_each(|destination| text.push_str(&destination_line(destination)));
    image.reasons.iter().for_each(|reason| text.push_str(&reason_lines(reason)));
    image.advisories.iter().for_each(|found| text.push_str(&ignored_line(found)));
}

/// What was ignored stands in the summary; what passed anyway in the JSON form only.
fn ignored_line(found: &AdvisoryReport) -> String {
    let Some(entry) = &found.ignored else { return String::new() };
    let platforms = found.platforms.join(", ");
    format!(
        "  ignored: {platforms}: {}: {}\n",
        printable(&found.finding.to_string()),
        printable(&entry.exception.why())
    )
}

fn destination_line(destination: &DestinationReport) -> String {
    let tags: Vec<String> = destination.tags.iter().map(|tag| format!("{} {}", tag.tag, tag.state.words())).collect();
    let tags = if tags.is_empty() { "no tags".to_owned() } else { tags.join(", ") };
    format!("  {}: {tags}\n", destination.repository)
}

fn reason_lines(reason: &ReasonReport) -> String {
    let platform = reason.platform.as_ref().map(|platform| format!(" {platform}")).unwrap_or_default();
    let mut lines = reason.message.lines().map(printable);
    let first = lines.next().unwrap_or_else(|| "no reason given".to_owned());
    let rest = lines.map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect::<String>();
    format!("  {}{platform}: {first}\n{rest}", reason.stage.word())
}
