use crate::arguments::{Output, Selection};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::workshop::Planned;
use consign_plan::{Plan, PlannedImage, PlannedSigning};
use consign_receipt::Requirement;

pub(crate) fn run(arguments: &Selection, session: &Session) -> Result<ExitCode, CommandError> {
    let planned = Planned::read(session)?.select(&arguments.images)?.only(&arguments.platforms)?;
    match session.output {
        Output::Json => session.printer.json(&planned.plan)?,
        Output::Table => session.printer.data(&text(&planned.plan))?,
    }
    Ok(ExitCode::Done)
}

fn text(plan: &Plan) -> String {
    let trials = plan.policy.require.contains(&Requirement::Trials);
    let mut text: String = plan.images.iter().map(|planned| image(planned, trials)).collect::<Vec<_>>().join("\n");
    let require: Vec<&str> = plan.policy.require.iter().map(|requirement| requirement.word()).collect();
    text.push_str(&format!("\npolicy    {}\n", require.join(", ")));
    match &plan.signing {
        Some(PlannedSigning::Key(key)) => text.push_str(&format!("signing   with {key}\n")),
        Some(PlannedSigning::Keyless { .. }) => text.push_str("signing   without a key, by whoever runs this\n"),
        None => text
            .push_str("signing   none: the images stay unsigned, but where a CI's token says that they are public\n"),
    }
    for (host, registry) in &plan.registries {
        if let Some(folder) = &registry.serve {
            text.push_str(&format!("registry  {host} is served from {folder} while `release` runs\n"));
        }
    }
    if plan.dirty {
        text.push_str(
            "\nTracked files differ from the commit, so neither its version tags nor the branch's tag apply.\n",
        );
    }
    text
}

/// Returns what happens to an image; `trials` says whether each platform needs one.
fn image(image: &PlannedImage, trials: bool) -> String {
    let kind = image.kind.as_deref().map(|kind| format!(" ({kind})")).unwrap_or_default();
    let mut text = format!("{} {}, from {}{kind}\n", image.name, image.version, image.source);
    let mut steps: Vec<&str> = Vec::new();
    for step in &image.steps {
        if steps.last() != Some(&step.stage.word()) {
            steps.push(step.stage.word());
        }
    }
    text.push_str(&format!("  steps      {}\n", steps.join(" → ")));
    for platform in &image.platforms {
        let tests: Vec<&str> = image.tests_on(platform).map(|test| test.name.as_str()).collect();
        let tests = match tests.is_empty() {
            true if trials => {
                "no tests, and the policy requires trials: only one that was signed elsewhere would do".to_owned()
            }
            true => "no tests".to_owned(),
            false => format!("tests: {}", tests.join("; ")),
        };
        text.push_str(&format!("  platform   {platform}  {tests}\n"));
    }
    for destination in &image.destinations {
        text.push_str(&format!("  to         {}\n", destination.repository));
        for planned in &destination.tags {
            text.push_str(&format!("    tag      {}  {}\n", planned.tag, planned.reason));
        }
    }
    for skipped in &image.skipped_tags {
        let tag = if skipped.tag.is_empty() { "a branch's tag" } else { &skipped.tag };
        text.push_str(&format!("  not        {tag}  {}\n", skipped.reason));
    }
    text
}
