use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Looks at everything in the store: what blobs hold, and whether whatever names them has all that it needs. Exit status 1 if anything is wrong.
    #[command(
        after_help = "What is removed is made anew by whoever needs it.\n\nExamples:\n  consign store check\n  consign store check --repair"
    )]
    Check(StoreCheck),
}

#[derive(Args, Debug)]
pub(crate) struct StoreCheck {
    /// Removes what is wrong.
    #[arg(long)]
    pub(crate) repair: bool,
}
