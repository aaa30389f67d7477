use super::read_secret;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::input;
use crate::reading::{read_at_most, text};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// The variable that is the password, which may be empty.
const VARIABLE: &str = "COSIGN_PASSWORD";
/// The variable that names a file with the password.
pub(crate) const PASSWORD_FILE: &str = "COSIGN_PASSWORD_FILE";

/// Longest password on standard input, in bytes.
const LIMIT: u64 = 64 << 10;
/// Where a password can come from, for whoever has none.
pub(crate) const PLACES: &str = "set COSIGN_PASSWORD, or name a file with the password in COSIGN_PASSWORD_FILE; without a terminal, `sign`, `attest`, `sign-blob` and the commands for keys read it from standard input, too";

/// What standard input had, which can be read once.
static PIPED: OnceLock<Zeroizing<String>> = OnceLock::new();

/// No password is to be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    /// There is nobody to ask.
    #[error("cannot ask for the key's password")]
    Ask {
        /// Why not.
        source: io::Error,
    },
    /// Standard input cannot be read.
    #[error("cannot read the password on standard input")]
    Input {
        /// Why not.
        source: io::Error,
    },
    /// The file that should have it cannot be read.
    #[error("cannot read the password in {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Whoever was asked twice said two things.
    #[error("the two passwords differ")]
    Differ,
}

impl From<PasswordError> for CommandError {
    fn from(error: PasswordError) -> Self {
        let this = Self::of(ExitCode::Failed, &error);
        match error {
            PasswordError::Ask { .. } | PasswordError::Input { .. } => this.hint(PLACES),
            PasswordError::File { .. } | PasswordError::Differ => this,
        }
    }
}

/// Where the password of a key comes from: the file that an option names, else COSIGN_PASSWORD, else the file that COSIGN_PASSWORD_FILE names,
/// else whoever sits at the terminal or, where there is none, standard input.
#[derive(Clone, Copy)]
pub(crate) struct Passwords<'a> {
    environment: &'a Environment,
    file: Option<&'a Path>,
    /// Whether standard input may have it.
    is_piped: bool,
}

impl<'a> Passwords<'a> {
    pub(crate) fn new(environment: &'a Environment, file: Option<&'a Path>) -> Self {
        Self { environment, file, is_piped: true }
    }

    /// Leaves standard input alone: for what works for long, and on machines that leave it open, where nobody writes to it.
    pub(crate) fn without_input(self) -> Self {
        Self { is_piped: false, ..self }
    }

    /// Returns the password. A person is asked twice for a new one.
    pub(crate) fn get(&self, prompt: &str, twice: bool) -> Result<Zeroizing<String>, PasswordError> {
        let stated = self.environment.get_even_empty(VARIABLE);
        match (self.file, stated, self.environment.get(PASSWORD_FILE)) {
            (Some(file), _, _) => first_line(file),
            (None, Some(stated), _) => Ok(Zeroizing::new(stated.to_owned())),
            (None, None, Some(file)) => first_line(Path::new(file)),
            (None, None, None) if self.reads_input() => piped(),
            (None, None, None) => ask(prompt, twice),
        }
    }

    /// Returns whether there is a way to a password.
    pub(crate) fn are_there(&self) -> bool {
        self.file.is_some()
            || self.environment.get_even_empty(VARIABLE).is_some()
            || self.environment.get(PASSWORD_FILE).is_some()
            || has_terminal()
            || self.reads_input()
    }

    fn reads_input(&self) -> bool {
        self.is_piped && !has_terminal() && (PIPED.get().is_some() || input::is_free())
    }

    /// Says where the password comes from.
    pub(crate) fn told(&self) -> &'static str {
        let is_set = |name| self.environment.get_even_empty(name).is_some();
        match (is_set(VARIABLE), self.environment.get(PASSWORD_FILE)) {
            (true, _) => "its password is in COSIGN_PASSWORD",
            (false, Some(_)) => "its password is in the file that COSIGN_PASSWORD_FILE names",
            (false, None) => "its password will be asked for",
        }
    }
}

fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// Returns all that is on standard input, as cosign does, without an end of line.
fn piped() -> Result<Zeroizing<String>, PasswordError> {
    if let Some(read) = PIPED.get() {
        return Ok(read.clone());
    }
    let read = read_at_most(input::take().lock(), LIMIT).and_then(text).map(Zeroizing::new);
    let read = read.map_err(|source| PasswordError::Input { source })?;
    let line = read.strip_suffix('\n').unwrap_or(&read);
    let password = Zeroizing::new(line.strip_suffix('\r').unwrap_or(line).to_owned());
    Ok(PIPED.get_or_init(|| password).clone())
}

fn ask(prompt: &str, twice: bool) -> Result<Zeroizing<String>, PasswordError> {
    let ask = |prompt: &str| {
        let answer = rpassword::prompt_password(format!("{prompt}: "));
        answer.map(Zeroizing::new).map_err(|source| PasswordError::Ask { source })
    };
    let password = ask(prompt)?;
    if twice && ask("Again")? != password {
        return Err(PasswordError::Differ);
    }
    Ok(password)
}

/// Returns the first line of a file, without its end.
fn first_line(path: &Path) -> Result<Zeroizing<String>, PasswordError> {
    let text = read_secret(path).map_err(|source| PasswordError::File { path: path.to_owned(), source })?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_nearest_place_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let option = file("option", b"of the option\r\nmore\n");
        let variable = file("variable", "of the variable ü".as_bytes());
        let variable = (PASSWORD_FILE.to_owned(), variable.display().to_string());
        let stated = |password: &str| (VARIABLE.to_owned(), password.to_owned());
        for (variables, file, expected) in [
            (vec![stated("stated"), variable.clone()], Some(option.as_path()), "of the option"),
            (vec![stated("stated"), variable.clone()], None, "stated"),
            (vec![stated(""), variable.clone()], None, ""),
            (vec![variable], None, "of the variable ü"),
        ] {
            let environment = Environment::of(variables);
            let passwords = Passwords::new(&environment, file);
            assert!(passwords.are_there());
            assert_eq!(*passwords.get("", false).unwrap(), expected);
        }
    }

    #[test]
    fn a_file_without_a_password_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let (binary, long) = (folder.path().join("binary"), folder.path().join("long"));
        fs::write(&binary, b"\xff\n").unwrap();
        fs::write(&long, [b'x'; 70_000]).unwrap();
        let environment = Environment::of([]);
        for path in [&binary, &long, &folder.path().join("missing")] {
            let error = Passwords::new(&environment, Some(path)).get("", false).unwrap_err();
            assert!(matches!(&error, PasswordError::File { .. }), "{error}");
            assert!(!error.to_string().contains("xx"));
        }
    }
}
