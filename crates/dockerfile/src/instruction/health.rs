use super::flags::Flags;
use super::{CommandLine, InstructionProblem};
use crate::syntax::Arguments;
use jiff::SignedDuration;

/// How to see whether a container is healthy (Docker's `HEALTHCHECK`). Times are in nanoseconds, as in an image's config; 0 is for the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthCheck {
    /// Not at all, whatever the base says.
    None,
    /// By a command.
    Command {
        /// The command.
        command: CommandLine,
        /// Between two checks.
        interval: u64,
        /// How long one may take.
        timeout: u64,
        /// How long failures do not count.
        start_period: u64,
        /// Between two checks in that time.
        start_interval: u64,
        /// How many failures in a row make it unhealthy.
        retries: u32,
    },
}

/// Shortest time that can be said, in nanoseconds.
const SHORTEST: u64 = 1_000_000;

pub(super) fn read(arguments: &Arguments, flags: &mut Flags<'_>) -> Result<HealthCheck, InstructionProblem> {
    let Arguments::Check(kind, rest) = arguments else {
        return Err(InstructionProblem::Count { expected: "CMD and a command, or NONE" });
    };
    let command = CommandLine::of(rest);
    if kind.eq_ignore_ascii_case("NONE") {
        return match command.is_empty() {
            true => Ok(HealthCheck::None),
            false => Err(InstructionProblem::Count { expected: "nothing after NONE" }),
        };
    }
    if !kind.eq_ignore_ascii_case("CMD") {
        return Err(InstructionProblem::Value { name: "HEALTHCHECK", value: kind.clone(), expected: "CMD or NONE" });
    }
    if command.is_empty() {
        return Err(InstructionProblem::Missing { what: "the command after CMD" });
    }
    Ok(HealthCheck::Command {
        command,
        interval: time(flags, "interval")?,
        timeout: time(flags, "timeout")?,
        start_period: time(flags, "start-period")?,
        start_interval: time(flags, "start-interval")?,
        retries: match flags.text("retries")? {
            None => 0,
            Some(text) => {
                text.parse().ok().filter(|retries| *retries <= i32::MAX as u32).ok_or(InstructionProblem::Value {
                    name: "retries",
                    value: text,
                    expected: "a number that is not negative",
                })?
            }
        },
    })
}

fn time(flags: &mut Flags<'_>, name: &'static str) -> Result<u64, InstructionProblem> {
    let Some(value) = flags.text(name)? else { return Ok(0) };
    let found = value.parse::<SignedDuration>().ok().and_then(|time| u64::try_from(time.as_nanos()).ok());
    found.filter(|time| *time == 0 || *time >= SHORTEST).ok_or(InstructionProblem::Value {
        name,
        value,
        expected: "a time of at least 1ms, such as 30s or 1m30s",
    })
}
