//! Asks for a name and a password.

use crate::arguments::Login;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::printer::Printer;
use consign_registry::Secret;
use std::io::{IsTerminal, Read, stdin};

/// Longest name or password that is read, in bytes. Tokens have a few thousand.
const LIMIT: u64 = 64 << 10;

/// Returns the name and the password of somebody who logs in: what the command line says, else what standard input or a person does.
pub(crate) fn name_and_password(arguments: &Login, printer: &Printer) -> Result<(String, Secret), CommandError> {
    let usage = |message: &str| CommandError::new(ExitCode::Usage, message);
    if arguments.password.is_some() {
        let error = usage(
            "a password on the command line is seen by everybody on this machine, and stays in the shell's history",
        );
        return Err(error.hint("write it to standard input: `consign login HOST -u NAME --password-stdin < FILE`"));
    }
    let asks = stdin().is_terminal();
    let username = match &arguments.username {
        Some(username) => username.clone(),
        None if arguments.password_stdin || !asks => {
            return Err(usage("it is not said who logs in").hint("name them: `-u NAME`"));
        }
        None => {
            printer.prompt(&format!("User name at {}: ", arguments.at));
            line()?
        }
    };
    // As a header has it, the name ends at the first colon (RFC 7617).
    if username.is_empty() || username.contains(':') || username.contains(char::is_control) {
        return Err(usage("a user name is not empty, and has no colon and no control character"));
    }
    let password = match (arguments.password_stdin, asks) {
        (true, _) => line()?,
        (false, true) => {
            rpassword::prompt_password(format!("Password of {username} at {}: ", arguments.at)).map_err(cannot_ask)?
        }
        (false, false) => {
            let error = usage("there is no terminal to ask for the password at");
            return Err(error.hint("write it to standard input, with `--password-stdin`"));
        }
    };
    if password.is_empty() {
        return Err(usage("the password is empty"));
    }
    Ok((username, Secret::new(password)))
}

/// Reads standard input: all of it, or on a terminal a line. An end of line at its end is not part of it.
fn line() -> Result<String, CommandError> {
    let mut text = String::new();
    if stdin().is_terminal() {
        stdin().read_line(&mut text).map_err(cannot_ask)?;
    } else {
        stdin().lock().take(LIMIT + 1).read_to_string(&mut text).map_err(cannot_ask)?;
    }
    if text.len() as u64 > LIMIT {
        return Err(CommandError::new(ExitCode::Usage, format!("standard input has more than {LIMIT} bytes")));
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn cannot_ask(error: std::io::Error) -> CommandError {
    let error = CommandError::new(ExitCode::Failed, "cannot read the name or the password").cause(error);
    error.hint("write the password to standard input, with `--password-stdin`")
}
