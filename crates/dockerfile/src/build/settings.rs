//! What instructions say about how to run the image.

use super::StepError;
use super::state::{State, TRIGGERS};
use crate::instruction::{CommandLine, HealthCheck};
use consign_oci::Nothing;
use serde_json::{Value, json};

/// Most that variables, arguments and labels may be together, in bytes.
const SIZE_LIMIT: usize = 4 << 20;
/// Most ports of one range.
const PORT_LIMIT: usize = 65_536;
/// Names of signals without `SIG` (signal(7)).
const SIGNALS: [&str; 33] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
    "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1",
    "USR2", "VTALRM", "WINCH", "XCPU",
];

impl State {
    /// Sets a variable of the environment, in its place if it is there.
    pub(crate) fn set_environment(&mut self, name: &str, value: &str) {
        self.arguments.remove(name);
        let environment = self.config.env.get_or_insert_default();
        let variable = format!("{name}={value}");
        let same = |known: &&mut String| known.split('=').next() == Some(name);
        match environment.iter_mut().find(same) {
            Some(known) => *known = variable,
            None => environment.push(variable),
        }
    }

    /// Refuses what no engine would take: lines that double a value grow it without bound.
    pub(crate) fn check_size(&self) -> Result<(), StepError> {
        let labels = self.config.labels.iter().flatten().map(|(name, value)| name.len() + value.len());
        let environment = self.config.env.iter().flatten().map(String::len);
        let arguments = self.arguments.iter().map(|(name, value)| name.len() + value.len());
        match labels.chain(environment).chain(arguments).sum::<usize>() > SIZE_LIMIT {
            true => Err(StepError::TooLarge { limit: SIZE_LIMIT }),
            false => Ok(()),
        }
    }

    pub(crate) fn set_command(&mut self, command: &CommandLine) {
        self.config.cmd = Some(self.words(command));
        self.has_command = true;
    }

    pub(crate) fn set_entrypoint(&mut self, command: &CommandLine) {
        self.config.entrypoint = Some(self.words(command));
        if !self.has_command {
            // The base's was meant for the base's own entrypoint.
            self.config.cmd = None;
        }
    }

    fn words(&self, command: &CommandLine) -> Vec<String> {
        match command {
            CommandLine::Program(words) => words.clone(),
            CommandLine::Shell(text) => self.shell().into_iter().chain([text.clone()]).collect(),
        }
    }

    pub(crate) fn set_shell(&mut self, shell: &[String]) {
        self.config.other.insert("Shell".to_owned(), json!(shell));
    }

    /// Sets the health check (Docker image specification v1.2, `Healthcheck`).
    pub(crate) fn set_health_check(&mut self, check: &HealthCheck) {
        let value = match check {
            HealthCheck::None => json!({ "Test": ["NONE"] }),
            HealthCheck::Command { command, interval, timeout, start_period, start_interval, retries } => {
                let test: Vec<String> = match command {
                    CommandLine::Program(words) => ["CMD".to_owned()].into_iter().chain(words.clone()).collect(),
                    CommandLine::Shell(text) => vec!["CMD-SHELL".to_owned(), text.clone()],
                };
                let mut value = serde_json::Map::from_iter([("Test".to_owned(), json!(test))]);
                for (key, number) in [
                    ("Interval", *interval),
                    ("Timeout", *timeout),
                    ("StartPeriod", *start_period),
                    ("StartInterval", *start_interval),
                    ("Retries", u64::from(*retries)),
                ] {
                    if number > 0 {
                        value.insert(key.to_owned(), json!(number));
                    }
                }
                Value::Object(value)
            }
        };
        self.config.other.insert("Healthcheck".to_owned(), value);
    }

    /// Adds a trigger for images that build on this one.
    pub(crate) fn add_trigger(&mut self, text: &str) {
        let triggers = self.config.other.entry(TRIGGERS.to_owned()).or_insert_with(|| json!([]));
        if let Value::Array(triggers) = triggers {
            triggers.push(json!(text));
        }
    }

    pub(crate) fn add_volume(&mut self, path: String) {
        self.config.volumes.get_or_insert_default().insert(path, Nothing {});
    }

    /// Adds a port or a range of them, such as `80`, `8000-8010/udp`.
    pub(crate) fn add_ports(&mut self, written: &str) -> Result<(), StepError> {
        let ports = ports(written).ok_or_else(|| StepError::Port { port: written.chars().take(100).collect() })?;
        self.config.exposed_ports.get_or_insert_default().extend(ports.into_iter().map(|port| (port, Nothing {})));
        Ok(())
    }

    pub(crate) fn set_stop_signal(&mut self, signal: &str) -> Result<(), StepError> {
        let name = signal.to_ascii_uppercase();
        let name = name.strip_prefix("SIG").unwrap_or(&name);
        let real_time = |name: &str| name.starts_with("RTMIN") || name.starts_with("RTMAX");
        let is_number = signal.parse::<u8>().is_ok_and(|number| (1..=64).contains(&number));
        if !is_number && !SIGNALS.contains(&name) && !real_time(name) {
            return Err(StepError::Signal { signal: signal.chars().take(100).collect() });
        }
        signal.clone_into(&mut self.config.stop_signal);
        Ok(())
    }
}

fn ports(written: &str) -> Option<Vec<String>> {
    let (range, protocol) = written.split_once('/').unwrap_or((written, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    if !["tcp", "udp", "sctp"].contains(&protocol.as_str()) {
        return None;
    }
    // A port of the host, as `docker run --publish` has it, says nothing here.
    let range = range.rsplit(':').next().unwrap_or(range);
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
    if first == 0 || last < first || usize::from(last - first) >= PORT_LIMIT {
        return None;
    }
    Some((first..=last).map(|port| format!("{port}/{protocol}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ports() {
        for (text, expected) in [
            ("80", Some(vec!["80/tcp"])),
            ("53/UDP", Some(vec!["53/udp"])),
            ("80-82", Some(vec!["80/tcp", "81/tcp", "82/tcp"])),
            ("8080:80", Some(vec!["80/tcp"])),
            ("", None),
            ("0", None),
            ("65536", None),
            ("82-80", None),
            ("80/http", None),
            ("a", None),
        ] {
            assert_eq!(ports(text), expected.map(|ports| ports.into_iter().map(str::to_owned).collect()), "{text}");
        }
    }

    #[test]
    fn knows_signals() {
        let mut state = State::scratch("linux/amd64".parse().unwrap(), 0);
        for (signal, known) in
            [("SIGTERM", true), ("term", true), ("9", true), ("SIGRTMIN+3", true), ("0", false), ("SIGNAL", false)]
        {
            assert_eq!(state.set_stop_signal(signal).is_ok(), known, "{signal}");
        }
    }

    #[test]
    fn an_entrypoint_resets_the_command_of_the_base_alone() {
        let mut state = State::scratch("linux/amd64".parse().unwrap(), 0);
        state.config.cmd = Some(vec!["base".to_owned()]);
        state.set_entrypoint(&CommandLine::Program(vec!["/a".to_owned()]));
        assert_eq!(state.config.cmd, None);
        state.set_command(&CommandLine::Shell("b".to_owned()));
        state.set_entrypoint(&CommandLine::Program(vec!["/c".to_owned()]));
        assert_eq!(state.config.cmd.unwrap(), ["/bin/sh", "-c", "b"]);
    }
}
