use crate::{ReleaseReport, printable, table};
use serde::{Deserialize, Serialize};

/// Longest part of an instruction in a table, in characters.
const TEXT_LIMIT: usize = 60;

/// Why a step of a Dockerfile was done, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// The stage: its name, else its number from 0.
    pub stage: String,
    /// The number of the instruction in the stage, from 1.
    pub step: usize,
    /// The instruction.
    pub instruction: String,
    /// Whether the result of an earlier build was taken.
    pub cached: bool,
    /// Why, for people.
    pub why: String,
}

impl ReleaseReport {
    /// Returns for people why each step was done, or why not; nothing where the report does not say.
    pub(crate) fn steps_text(&self) -> String {
        let rows = self.images.iter().flat_map(|image| image.rows.iter().map(move |row| (image, row)));
        let steps = rows.flat_map(|(image, row)| row.steps.iter().map(move |step| (image, row, step)));
        let steps: Vec<_> = steps.collect();
        let cached = steps.iter().filter(|(.., step)| step.cached).count();
        let lead = match (steps.len(), cached) {
            (0, _) => return String::new(),
            (_, 0) => "No step was cached.".to_owned(),
            (all, cached) => format!("{cached} of {all} steps were cached."),
        };
        let cells = steps.iter().map(|(image, row, step)| {
            let instruction = step.instruction.split_whitespace().collect::<Vec<_>>().join(" ");
            let end = if instruction.chars().count() > TEXT_LIMIT { "…" } else { "" };
            let instruction = instruction.chars().take(TEXT_LIMIT).collect::<String>() + end;
            let (platform, number) = (row.platform.to_string(), step.step.to_string());
            vec![image.name.clone(), platform, step.stage.clone(), number, instruction, printable(&step.why)]
        });
        let headers = ["image", "platform", "stage", "step", "instruction", "why"];
        format!("\n{lead}\n{}", table(&headers, &cells.collect::<Vec<_>>()))
    }
}
