use clap::{Args, ValueEnum};
use clap_complete::Shell;

#[derive(Args, Debug)]
pub(crate) struct Init {
    /// Also writes what runs `consign release` in this CI.
    #[arg(long, value_enum, value_name = "CI")]
    pub(crate) ci: Option<CiService>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CiService {
    /// `.github/workflows/consign.yml`.
    Github,
    /// `.gitlab-ci.yml`.
    Gitlab,
}

#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// As root: registers emulators on the whole machine for the planned platforms that it has no handlers for, and mounts binfmt_misc if it must. That
    /// lasts until the machine is started again.
    #[arg(long)]
    pub(crate) fix: bool,
    /// As root: takes back what `--fix` has done and nobody has changed since.
    #[arg(long, conflicts_with = "fix")]
    pub(crate) undo: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// An exit code, the code of a problem in a configuration, or a reason of the gate; all are listed if none is given.
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Schema {
    /// Which file it is of.
    #[arg(value_enum, value_name = "FILE", default_value_t = SchemaOf::Config)]
    pub(crate) of: SchemaOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// `consign.yaml`.
    Config,
    /// Image files.
    Image,
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: Shell,
}
