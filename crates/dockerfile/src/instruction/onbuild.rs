use super::InstructionProblem;
use crate::syntax::{Arguments, Keyword, Statement};

/// An instruction that images get which build on this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The instruction as an image's config has it: its text, and its here-documents.
    pub text: String,
}

pub(super) fn read(statement: &Statement) -> Result<Trigger, InstructionProblem> {
    let Arguments::Statement(inner) = &statement.arguments else {
        return Err(InstructionProblem::Count { expected: "an instruction" });
    };
    if matches!(inner.keyword, Keyword::From | Keyword::Maintainer) {
        return Err(InstructionProblem::Trigger { keyword: inner.keyword });
    }
    let mut text = inner.text.clone();
    for heredoc in &statement.heredocs {
        text.push('\n');
        text.push_str(&heredoc.content);
        text.push_str(&heredoc.name);
    }
    Ok(Trigger { text })
}
