use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Why a word could not be done.
#[derive(Debug)]
pub(crate) struct Failure(pub String);

/// Runs a program to its end; its output goes where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let name = describe(command);
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure(format!("`{name}` ended with {status}"))),
        Err(error) => Err(Failure(format!("`{name}` could not be started: {error}"))),
    }
}

/// Runs a program to its end and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let name = describe(command);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Failure(format!("`{name}` could not be started: {error}")))?;
    if !output.status.success() {
        return Err(Failure(format!("`{name}` ended with {}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|_| Failure(format!("`{name}` printed something that is not UTF-8")))
}

/// Returns whether a program is on the search path.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(program).is_file())
}

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// Returns a call of cargo in the repository.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    // Where all is built once, nothing need be kept for the next time.
    if std::env::var_os("CI").is_some() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// Builds consign and returns where it is.
pub(crate) fn build_consign(profile: &str) -> Result<PathBuf, Failure> {
    let arguments = ["build", "--package", "consign", "--profile", profile, "--message-format=json-render-diagnostics"];
    let messages = output(&mut cargo(&arguments))?;
    let executable = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    });
    executable.fold(None, |_, path| Some(path)).ok_or_else(|| Failure("cargo built no program".to_owned()))
}

fn describe(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    let words: Vec<_> = [command.get_program().to_string_lossy()].into_iter().chain(arguments).collect();
    words.join(" ")
}
