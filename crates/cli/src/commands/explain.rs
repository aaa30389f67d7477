use crate::arguments::{Explain, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::explain::{Chapter, Topic, chapters};
use crate::session::Session;
use serde_json::json;

pub(crate) fn run(arguments: &Explain, session: &Session) -> Result<ExitCode, CommandError> {
    let chapters = chapters();
    let Some(code) = &arguments.code else {
        match session.output {
            Output::Json => {
                let topics: Vec<&Topic> = chapters.iter().flat_map(|chapter| &chapter.topics).collect();
                session.printer.json(&json!({ "codes": topics }))?;
            }
            Output::Table => session.printer.data(&list(&chapters))?,
        }
        return Ok(ExitCode::Done);
    };
    let mut topics = chapters.iter().flat_map(|chapter| &chapter.topics);
    let Some(topic) = topics.find(|topic| topic.code.eq_ignore_ascii_case(code)) else {
        let error = CommandError::new(ExitCode::Usage, format!("there is no code `{code}`"));
        return Err(error.hint("`consign explain` lists them"));
    };
    match session.output {
        Output::Json => session.printer.json(topic)?,
        Output::Table => {
            let Topic { code, meaning, cause, remedy } = topic;
            let text = format!("{code}: {meaning}\n\nA usual cause:\n  {cause}\n\nWhat to do:\n  {remedy}\n");
            session.printer.data(&text)?;
        }
    }
    Ok(ExitCode::Done)
}

fn list(chapters: &[Chapter]) -> String {
    let width = chapters.iter().flat_map(|chapter| &chapter.topics).map(|topic| topic.code.len()).max().unwrap_or(0);
    let chapter = |chapter: &Chapter| {
        let lines = chapter.topics.iter().map(|topic| format!("  {:width$}  {}\n", topic.code, topic.meaning));
        format!("{}\n{}", chapter.title, lines.collect::<String>())
    };
    chapters.iter().map(chapter).collect::<Vec<_>>().join("\n")
}
