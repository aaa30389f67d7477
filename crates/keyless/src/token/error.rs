use crate::WebError;
use jiff::Timestamp;
use std::io;
use std::path::PathBuf;

/// Why there is no identity token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Nobody here gives tokens.
    #[error(
        "nobody here says who signs: neither a CI that gives identity tokens, nor the variable `SIGSTORE_ID_TOKEN`"
    )]
    NoSource,
    /// A job of GitHub Actions may not ask for tokens.
    #[error("this job of GitHub Actions gets no identity token: the workflow needs `permissions: id-token: write`")]
    GitHubPermission,
    /// A job of GitLab CI was given no token.
    #[error("this job of GitLab CI has no identity token: it needs `id_tokens: SIGSTORE_ID_TOKEN: aud: sigstore`")]
    GitLabVariable,
    /// It is no token.
    #[error("the identity token is not a JSON Web Token")]
    Form,
    /// What should be one is none, or says too little.
    #[error("{from}: {problem}")]
    Unreadable {
        /// Where it came from.
        from: String,
        /// What is wrong with it.
        problem: Box<TokenError>,
    },
    /// It is too long.
    #[error("the identity token has more than {limit} bytes")]
    TooLong {
        /// The longest that is read, in bytes.
        limit: usize,
    },
    /// It does not say what each token says.
    #[error("the identity token has no `{name}`")]
    Claim {
        /// What is missing.
        name: &'static str,
    },
    /// It is for somebody else.
    #[error("the identity token of {issuer} is for {found}, not for `sigstore`")]
    Audience {
        /// Who gave it.
        issuer: String,
        /// For whom it is.
        found: String,
    },
    /// It does not hold any more.
    #[error("the identity token of {issuer} expired at {at}")]
    Expired {
        /// Who gave it.
        issuer: String,
        /// When it did.
        at: Timestamp,
    },
    /// The file of a token cannot be read.
    #[error("{path}: the file of the identity token cannot be read", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A program that gives tokens does not run.
    #[error("`{program}`, which gives the identity token, does not run", program = program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A program that gives tokens fails, or takes too long.
    #[error("`{program}`, which gives the identity token, {problem}", program = program.display())]
    ProgramFailed {
        /// The program.
        program: PathBuf,
        /// What happened.
        problem: String,
    },
    /// Whoever gives tokens cannot be asked.
    #[error(transparent)]
    Web(#[from] WebError),
    /// Whoever gives tokens gives none.
    #[error("{issuer} gives no identity token ({status}): {said}")]
    Refused {
        /// Who was asked.
        issuer: String,
        /// The status.
        status: u16,
        /// What it says.
        said: String,
    },
    /// What was answered is no token.
    #[error("{issuer}: the answer holds no identity token")]
    Answer {
        /// Who was asked.
        issuer: String,
    },
    /// Nobody logged in.
    #[error("nobody logged in within {seconds} seconds")]
    LoginTimeout {
        /// How long was waited, in seconds.
        seconds: u64,
    },
    /// The login was refused.
    #[error("the login was refused: {said}")]
    LoginRefused {
        /// What the issuer says.
        said: String,
    },
    /// There is no way back from the browser, or no random number for it.
    #[error("nobody can log in here")]
    Login {
        /// Why not.
        source: io::Error,
    },
}
