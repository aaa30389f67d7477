use clap::Args;
use consign_oci::RegistryPath;
use std::convert::Infallible;

/// What stands for a registry.
const HOST: &str =
    "The registry, or a part of one that has credentials of its own: `HOST[:PORT][/PATH]`. Docker Hub is `docker.io`";

#[derive(Args, Debug)]
pub(crate) struct Login {
    #[arg(value_name = "HOST", help = HOST)]
    pub(crate) at: RegistryPath,
    /// Who logs in; asked for if not given.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// Takes the password, or a token in its place, from standard input; else it is asked for.
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Other programs have this. It is known here to be refused with a word.
    #[arg(short, long, hide = true, value_name = "PASSWORD", value_parser = OnCommandLine::forget)]
    pub(crate) password: Option<OnCommandLine>,
}

/// That a password stood on the command line. What it was is not kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OnCommandLine;

impl OnCommandLine {
    #[expect(clippy::unnecessary_wraps, reason = "what parses values may fail")]
    fn forget(_: &str) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

#[derive(Args, Debug)]
pub(crate) struct Logout {
    #[arg(value_name = "HOST", help = HOST)]
    pub(crate) at: RegistryPath,
}
