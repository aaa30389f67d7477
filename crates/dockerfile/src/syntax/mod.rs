//! The text of a Dockerfile as statements: logical lines, directives, here-documents, flags and arguments, as BuildKit's `dockerfile` frontend 1.26
//! reads them. Nothing is expanded here, and nothing is judged that one statement alone cannot say.

mod arguments;
mod directives;
mod error;
mod flags;
mod heredoc;
mod keyword;
mod lines;
mod read;
mod statement;
mod words;

pub use directives::{Directives, Escape};
pub use error::{SyntaxError, SyntaxProblem};
pub use heredoc::Heredoc;
pub use keyword::Keyword;
pub use read::{Source, read};
pub use statement::{Arguments, Lines, Pair, Statement};
