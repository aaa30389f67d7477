use clap::builder::OsStringValueParser;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// The configuration that nobody names.
pub(crate) const CONFIGURATION: &str = "consign.yaml";

/// Options of every command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// The configuration.
    #[arg(short = 'f', long = "file", global = true, value_name = "FILE", default_value = CONFIGURATION)]
    pub(crate) file: PathBuf,
    /// Runs as if started in this folder.
    #[arg(short = 'C', long = "directory", global = true, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Downloads nothing: packages, indexes and base images are those of earlier runs.
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// How the result is printed on standard output.
    #[arg(long, global = true, value_enum, default_value_t = Form::Table, value_name = "FORM")]
    pub(crate) output: Form,
    /// How progress is shown on standard error.
    #[arg(long, global = true, value_enum, default_value_t = Progress::Auto, value_name = "FORM")]
    pub(crate) progress: Progress,
    /// Shows no progress and no warnings.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Shows more.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Most platforms that are worked on at the same time; one more than there are processors if not given.
    #[arg(short, long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
    /// Where built images and downloads are kept; `consign` in the user's cache folder if not given.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "CONSIGN_STORE",
        hide_env_values = true,
        value_parser = OsStringValueParser::new(),
    )]
    pub(crate) store: Option<OsString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For code hosts, which show it beside the code: what `scan` finds.
    Sarif,
    /// For comments on changes: what `scan` finds.
    Markdown,
    /// The predicate of cosign's type `vuln`, for `cosign attest --type vuln`: what `scan` finds on one platform.
    CosignVuln,
    /// A document of OpenVEX: what `scan` finds, and what a policy says about it.
    Openvex,
    /// SPDX 2.3: what `sbom` lists.
    SpdxJson,
    /// CycloneDX 1.6: what `sbom` lists, and what `scan` finds.
    #[value(alias = "cyclonedx")]
    CyclonedxJson,
    /// A tree, for reading: what `sbom` lists.
    Tree,
}

/// The forms that every command has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
}

impl From<Form> for Output {
    fn from(form: Form) -> Self {
        match form {
            Form::Table | Form::Tree | Form::Markdown => Self::Table,
            Form::Json | Form::Sarif | Form::CosignVuln | Form::Openvex | Form::SpdxJson | Form::CyclonedxJson => {
                Self::Json
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// Bars on a terminal, else plain lines.
    Auto,
    /// Bars.
    Tty,
    /// A line for each step, and all that commands of builds write.
    Plain,
    /// A JSON object for each step.
    Json,
    /// Nothing.
    Quiet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
