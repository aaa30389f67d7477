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
        // BuildKit does not look at them either.
        flags.ignore();
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
        retries: match flags.text("retries")?.filter(|text| !text.is_empty()) {
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
    // Zero needs no unit.
    let Some(value) = flags.text(name)?.filter(|value| !matches!(value.as_str(), "" | "0" | "+0" | "-0")) else {
        return Ok(0);
    };
    let found = value.parse::<SignedDuration>().ok().and_then(|time| i64::try_from(time.as_nanos()).ok());
    let found = found.and_then(|time| u64::try_from(time).ok());
    found.filter(|time| *time == 0 || *time >= SHORTEST).ok_or(InstructionProblem::Value {
        name,
        value,
        expected: "a time of at least 1ms, such as 30s or 1m30s",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instruction::{Action, Dockerfile};
    use crate::syntax;

    fn check(text: &str) -> Result<HealthCheck, String> {
        let source = syntax::read(format!("FROM a\nHEALTHCHECK {text}\n").as_bytes()).unwrap();
        let file = Dockerfile::new(source).map_err(|error| error.to_string())?;
        let Action::Healthcheck(check) = &file.stages[0].instructions[0].action else { panic!("no HEALTHCHECK") };
        Ok(check.clone())
    }

    #[test]
    fn zero_is_the_default() {
        for (written, expected) in [
            ("0", 0),
            ("0s", 0),
            ("0m", 0),
            ("0h0m0s", 0),
            ("", 0),
            ("1ms", 1_000_000),
            ("1m30s", 90_000_000_000),
            ("1.5h", 5_400_000_000_000),
        ] {
            let Ok(HealthCheck::Command { interval, .. }) = check(&format!("--interval={written} CMD a")) else {
                panic!("{written}");
            };
            assert_eq!(interval, expected, "{written}");
        }
        for written in ["1", "1us", "-1s", "s", "3000000h"] {
            assert!(check(&format!("--interval={written} CMD a")).is_err(), "{written}");
        }
        for (written, expected) in [("0", 0), ("", 0), ("3", 3)] {
            let found = check(&format!("--retries={written} CMD a"));
            assert!(matches!(found, Ok(HealthCheck::Command { retries, .. }) if retries == expected), "{written}");
        }
    }

    #[test]
    fn none_has_no_use_for_flags() {
        assert_eq!(check("--interval=5s NONE"), Ok(HealthCheck::None));
        assert_eq!(check("--interval=x --retries=-1 none"), Ok(HealthCheck::None));
        assert_eq!(check("NONE a").unwrap_err(), "line 2: HEALTHCHECK: it takes nothing after NONE");
    }
}
