use crate::run::{Failure, cargo, run};

/// Format and lints, as CI wants them.
pub(crate) fn check() -> Result<(), Failure> {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]))
}

/// Writes the generated docs again. The tests fail where they differ from what the program says.
pub(crate) fn generate() -> Result<(), Failure> {
    run(cargo(&["test", "--package", "consign", "--test", "generated"]).env("CONSIGN_GENERATE", "1"))
}
