//! Programs that are asked one thing: with bounds on what they say and how long they take.

use std::collections::BTreeMap;
use std::io::{self, Read, Write, copy, sink};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How much of what a program says in error is repeated, in characters.
const SAID_LIMIT: usize = 1000;
/// How long to wait between questions whether a program has ended that has said everything.
const PAUSE: Duration = Duration::from_millis(5);

/// A program that gives no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChildError {
    /// It cannot be run.
    #[error("`{}` cannot be run", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It takes too long.
    #[error("`{}` gave no answer within {} seconds", program.display(), limit.as_secs())]
    TimedOut {
        /// The program.
        program: PathBuf,
        /// How long it may take.
        limit: Duration,
    },
    /// It says too much.
    #[error("`{}` answered with more than {limit} bytes", program.display())]
    TooLong {
        /// The program.
        program: PathBuf,
        /// How much it may say, in bytes.
        limit: usize,
    },
    /// It failed.
    #[error("`{}` failed ({status}){said}", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// What it said, after a colon; empty if nothing.
        said: String,
    },
}

/// What a program said before it ended.
pub(crate) struct Ended {
    program: PathBuf,
    status: ExitStatus,
    /// What it wrote to its standard output.
    pub(crate) answer: Zeroizing<Vec<u8>>,
    /// The beginning of what it wrote to its standard error.
    pub(crate) said: String,
}

impl Ended {
    /// Returns whether it says that it failed.
    pub(crate) fn is_failure(&self) -> bool {
        !self.status.success()
    }

    /// Returns the answer, unless the program failed.
    pub(crate) fn success(self) -> Result<Zeroizing<Vec<u8>>, ChildError> {
        if !self.is_failure() {
            return Ok(self.answer);
        }
        let said = Some(clipped(&self.said)).filter(|said| !said.is_empty());
        let said = said.map(|said| format!(": {said}")).unwrap_or_default();
        Err(ChildError::Failed { program: self.program, status: self.status, said })
    }
}

/// A program with its arguments, and all variables that it may see.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    /// How long it may take.
    pub(crate) time: Duration,
    /// How much it may answer, in bytes.
    pub(crate) answer: usize,
}

impl Program {
    /// Runs the program once: writes to its standard input, and returns what it said, also where it failed.
    pub(crate) fn ask(&self, question: Vec<u8>) -> Result<Ended, ChildError> {
        let failed = |source| ChildError::Start { program: self.path.clone(), source };
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).env_clear().envs(&self.environment);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let answered = self.listen(&mut child, question);
        if answered.is_err() {
            // It may have ended meanwhile. What it has started itself may go on, and is not waited for.
            let _ = child.kill();
            let _ = child.wait();
        }
        answered
    }

    fn listen(&self, child: &mut Child, question: Vec<u8>) -> Result<Ended, ChildError> {
        let end = Instant::now() + self.time;
        let timed_out = || ChildError::TimedOut { program: self.path.clone(), limit: self.time };
        let failed = |source| ChildError::Start { program: self.path.clone(), source };
        if let Some(mut input) = child.stdin.take() {
            // One that does not read what it is asked answers without.
            thread::spawn(move || input.write_all(&question));
        }
        let said = child.stderr.take().map(|errors| read(errors, 4 * SAID_LIMIT, true));
        let answer = match child.stdout.take().map(|output| read(output, self.answer + 1, false)) {
            Some(reading) => reading.recv_timeout(self.time).map_err(|_| timed_out())?.map_err(failed)?,
            None => Zeroizing::default(),
        };
        if answer.len() > self.answer {
            return Err(ChildError::TooLong { program: self.path.clone(), limit: self.answer });
        }
        let status = loop {
            match child.try_wait().map_err(failed)? {
                Some(status) => break status,
                None if Instant::now() >= end => return Err(timed_out()),
                None => thread::sleep(PAUSE),
            }
        };
        let program = self.path.clone();
        if status.success() {
            return Ok(Ended { program, status, answer, said: String::new() });
        }
        let left = end.saturating_duration_since(Instant::now()).min(Duration::from_secs(1));
        let said = said.and_then(|said| said.recv_timeout(left).ok()?.ok()).unwrap_or_default();
        Ok(Ended { program, status, answer, said: String::from_utf8_lossy(&said).into_owned() })
    }
}

/// Reads at most this many bytes on a thread of its own. The rest is read as well if that is wanted, so that whoever writes it goes on.
fn read(
    mut from: impl Read + Send + 'static,
    limit: usize,
    to_the_end: bool,
) -> Receiver<io::Result<Zeroizing<Vec<u8>>>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        // Made at once, so that no part of it is left where it has grown out of.
        let mut bytes = Zeroizing::new(Vec::with_capacity(limit));
        let result = from.by_ref().take(limit as u64).read_to_end(&mut bytes);
        if to_the_end {
            let _ = copy(&mut from, &mut sink());
        }
        sender.send(result.map(|_| bytes))
    });
    receiver
}

/// Returns a text in one line, not too long, and without what steers terminals.
pub(crate) fn clipped(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(SAID_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(script: &str, time: Duration) -> Result<Zeroizing<Vec<u8>>, ChildError> {
        let environment = BTreeMap::from([("PATH".to_owned(), std::env::var("PATH").unwrap())]);
        let arguments = vec!["-c".to_owned(), script.to_owned()];
        let program = Program { path: "/bin/sh".into(), arguments, environment, time, answer: 1000 };
        program.ask(vec![b'?'; 200_000])?.success()
    }

    #[test]
    fn what_a_program_does_is_bounded() {
        let long = Duration::from_secs(60);
        assert_eq!(**ask("wc -c", long).unwrap(), *b"200000\n");
        assert_eq!(**ask("echo unread", long).unwrap(), *b"unread\n");
        assert!(matches!(ask("yes", long), Err(ChildError::TooLong { limit: 1000, .. })));
        assert!(matches!(ask("exec sleep 600", Duration::from_millis(50)), Err(ChildError::TimedOut { .. })));
        let closed = ask("exec >&- 2>&-; exec sleep 600", Duration::from_millis(50));
        assert!(matches!(closed, Err(ChildError::TimedOut { .. })));
        // What it has started keeps its output open.
        assert!(matches!(ask("sleep 5 & exit 0", Duration::from_millis(50)), Err(ChildError::TimedOut { .. })));
        match ask("printf 'no\\n\\033[31mkey' >&2; yes | head -c 1000000 >&2; exit 3", long) {
            Err(error @ ChildError::Failed { .. }) => {
                let text = error.to_string();
                assert!(text.starts_with("`/bin/sh` failed (exit status: 3): no [31mkey"), "{text}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_program_sees_what_it_may() {
        assert_eq!(**ask("unset PWD SHLVL _ OLDPWD PATH; /usr/bin/env", Duration::from_secs(60)).unwrap(), *b"");
    }
}
