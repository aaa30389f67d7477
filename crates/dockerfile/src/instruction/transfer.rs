use super::InstructionProblem;
use super::flags::Flags;
use crate::syntax::{Arguments, Heredoc, Statement};

/// Files that COPY or ADD put into the image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// What is put there, in the order written.
    pub sources: Vec<Source>,
    /// Where.
    pub destination: String,
    /// `--from`: a stage, an image or a named context.
    pub from: Option<String>,
    /// `--chown`: a user, with or without a group.
    pub owner: Option<String>,
    /// `--chmod`: permissions, octal or symbolic.
    pub mode: Option<String>,
    /// `--link`: as a layer of its own, which does not look at what lies below it.
    pub link: bool,
    /// `--parents`: with the folders that lead to it.
    pub parents: bool,
    /// `--exclude`: patterns of what stays out.
    pub exclude: Vec<String>,
    /// `--checksum`: the digest that a remote source must have.
    pub checksum: Option<String>,
    /// `--keep-git-dir`: a repository with its history.
    pub keep_git_directory: bool,
    /// `--unpack`: whether archives are unpacked, where it says so.
    pub unpack: Option<bool>,
}

/// Something that is put into the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A path, a pattern, a URL or a repository.
    Path(String),
    /// A here-document.
    Inline(Inline),
}

/// A file whose contents stand in the Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inline {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub text: String,
    /// Whether variables in it are expanded.
    pub expand: bool,
}

pub(super) fn copy(statement: &Statement, flags: &mut Flags<'_>) -> Result<Transfer, InstructionProblem> {
    let common = common(statement, flags)?;
    Ok(Transfer { from: flags.text("from")?, ..common })
}

pub(super) fn add(statement: &Statement, flags: &mut Flags<'_>) -> Result<Transfer, InstructionProblem> {
    let common = common(statement, flags)?;
    let unpack = statement.flags.iter().any(|flag| flag.starts_with("--unpack"));
    Ok(Transfer {
        checksum: flags.text("checksum")?,
        keep_git_directory: flags.switch("keep-git-dir")?,
        unpack: flags.switch("unpack").map(|value| unpack.then_some(value))?,
        ..common
    })
}

fn common(statement: &Statement, flags: &mut Flags<'_>) -> Result<Transfer, InstructionProblem> {
    let (Arguments::Words(words) | Arguments::Json(words)) = &statement.arguments else {
        return Err(InstructionProblem::Count { expected: "a source and a destination at least" });
    };
    let Some((destination, sources @ [_, ..])) = words.split_last() else {
        return Err(InstructionProblem::Count { expected: "a source and a destination at least" });
    };
    let heredoc = |word: &str| statement.heredocs.iter().find(|heredoc| heredoc.is_named_by(word));
    if heredoc(destination).is_some() {
        return Err(InstructionProblem::Heredoc { what: "a destination" });
    }
    let source = |word: &String| match heredoc(word) {
        Some(heredoc) => Source::Inline(inline(heredoc)),
        None => Source::Path(word.clone()),
    };
    Ok(Transfer {
        sources: sources.iter().map(source).collect(),
        destination: destination.clone(),
        owner: flags.text("chown")?,
        mode: flags.text("chmod")?,
        link: flags.switch("link")?,
        parents: flags.switch("parents")?,
        exclude: flags.texts("exclude")?,
        ..Transfer::default()
    })
}

fn inline(heredoc: &Heredoc) -> Inline {
    Inline { name: heredoc.name.clone(), text: heredoc.text(), expand: heredoc.expand }
}
