use clap::{Args, ValueEnum};

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) lints: LintArguments,
}

/// What becomes of what could be better.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct LintArguments {
    /// Makes warnings about Dockerfiles errors.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) deny: Option<Deny>,
}

/// What is made an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deny {
    /// Whatever could be better.
    Warnings,
}
