use super::protocol::control::{StatusResponse, Vertex, VertexLog, VertexStatus, VertexWarning};
use super::text::printable;
use std::collections::{BTreeMap, VecDeque};

/// Most steps that are followed.
const STEP_LIMIT: usize = 10_000;
/// How much of the end of a step's log is kept for an error, in bytes.
const TAIL_LIMIT: usize = 8192;

/// Something that happened during a build. Steps are named by a digest that the daemon makes up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A step has begun.
    Started {
        /// The step.
        step: String,
        /// What it does, such as `[2/3] COPY . /app`.
        name: String,
    },
    /// A step has ended. Some do more than once.
    Ended {
        /// The step.
        step: String,
        /// What it did.
        name: String,
        /// Whether its result was kept from before.
        cached: bool,
        /// Why it failed, if it did.
        error: Option<String>,
    },
    /// A part of a step moves on, such as the download of a layer.
    Moved {
        /// The step.
        step: String,
        /// The part.
        part: String,
        /// How much is done, in the unit of `total`, as a rule bytes.
        current: u64,
        /// How much there is in all; 0 where that is unknown.
        total: u64,
        /// Whether the part is done.
        done: bool,
    },
    /// A step printed something.
    Log {
        /// The step.
        step: String,
        /// Whether it went to stderr.
        stderr: bool,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The daemon warns of something in the Dockerfile.
    Warning {
        /// What it says.
        text: String,
        /// Where more is said; may be empty.
        url: String,
        /// The first line that it is about, from 1.
        line: Option<u32>,
    },
}

/// What is known of the steps of a build.
#[derive(Default)]
pub(crate) struct Steps {
    steps: BTreeMap<String, Step>,
}

#[derive(Default)]
struct Step {
    name: String,
    started: bool,
    ended: bool,
    error: String,
    tail: VecDeque<u8>,
}

impl Steps {
    /// Takes in what the daemon tells, most of which it tells several times, and passes on what is new.
    pub(crate) fn learn(&mut self, told: StatusResponse, progress: &mut impl FnMut(Progress)) {
        for vertex in told.vertexes {
            self.vertex(vertex, progress);
        }
        for status in told.statuses {
            progress(moved(status));
        }
        for log in told.logs {
            self.log(&log);
            progress(Progress::Log { step: log.vertex, stderr: log.stream == 2, bytes: log.message });
        }
        for warning in told.warnings {
            progress(warned(&warning));
        }
    }

    fn vertex(&mut self, vertex: Vertex, progress: &mut impl FnMut(Progress)) {
        if self.steps.len() >= STEP_LIMIT && !self.steps.contains_key(&vertex.digest) {
            return;
        }
        let step = self.steps.entry(vertex.digest.clone()).or_default();
        step.name = printable(&vertex.name);
        if vertex.started.is_some() && !step.started {
            step.started = true;
            progress(Progress::Started { step: vertex.digest.clone(), name: step.name.clone() });
        }
        // Some go on after they have ended, such as the upload of a context.
        step.ended &= vertex.completed.is_some();
        if vertex.completed.is_some() && !step.ended {
            step.ended = true;
            step.error = printable(&vertex.error);
            let error = Some(step.error.clone()).filter(|error| !error.is_empty());
            let name = step.name.clone();
            progress(Progress::Ended { step: vertex.digest, name, cached: vertex.cached, error });
        }
    }

    fn log(&mut self, log: &VertexLog) {
        let Some(step) = self.steps.get_mut(&log.vertex) else { return };
        let new = log.message.get(log.message.len().saturating_sub(TAIL_LIMIT)..).unwrap_or_default();
        step.tail.extend(new);
        let old = step.tail.len().saturating_sub(TAIL_LIMIT);
        step.tail.drain(..old);
    }

    /// Returns the name of the step that failed, and the end of what it printed. Steps that were only stopped because of it do not count.
    pub(crate) fn failed(&self) -> Option<(String, String)> {
        let failed = |step: &&Step| !step.error.is_empty() && !step.error.contains("context canceled");
        let step = self.steps.values().filter(failed).max_by_key(|step| step.tail.len())?;
        let tail: Vec<u8> = step.tail.iter().copied().collect();
        Some((step.name.clone(), String::from_utf8_lossy(&tail).into_owned()))
    }
}

fn moved(status: VertexStatus) -> Progress {
    Progress::Moved {
        step: status.vertex,
        part: printable(if status.name.is_empty() { &status.id } else { &status.name }),
        current: status.current.try_into().unwrap_or_default(),
        total: status.total.try_into().unwrap_or_default(),
        done: status.completed.is_some(),
    }
}

fn warned(warning: &VertexWarning) -> Progress {
    Progress::Warning {
        text: printable(&String::from_utf8_lossy(&warning.short)),
        url: printable(&warning.url),
        line: warning.ranges.iter().filter_map(|range| u32::try_from(range.start?.line).ok()).min(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::control::Timestamp;
    use super::*;

    fn vertex(started: bool, completed: bool, error: &str) -> StatusResponse {
        let time = |is: bool| is.then(Timestamp::default);
        let vertex = Vertex {
            digest: "sha256:1".to_owned(),
            name: "RUN it".to_owned(),
            started: time(started),
            completed: time(completed),
            error: error.to_owned(),
            ..Vertex::default()
        };
        StatusResponse { vertexes: vec![vertex], ..StatusResponse::default() }
    }

    #[test]
    fn each_thing_is_told_once() {
        let (mut steps, mut told) = (Steps::default(), Vec::new());
        for answer in [
            vertex(false, false, ""),
            vertex(true, false, ""),
            vertex(true, false, ""),
            vertex(true, true, ""),
            vertex(true, true, ""),
            vertex(true, false, ""),
            vertex(true, true, "it failed"),
            vertex(true, true, "it failed"),
        ] {
            steps.learn(answer, &mut |progress| told.push(progress));
        }
        let (step, name) = ("sha256:1".to_owned(), "RUN it".to_owned());
        let ended = |error: Option<&str>| {
            let (step, name, error) = (step.clone(), name.clone(), error.map(str::to_owned));
            Progress::Ended { step, name, cached: false, error }
        };
        let started = Progress::Started { step: step.clone(), name: name.clone() };
        assert_eq!(told, [started, ended(None), ended(Some("it failed"))]);
    }

    #[test]
    fn the_end_of_the_log_is_kept() {
        let mut steps = Steps::default();
        let log = |text: String| StatusResponse {
            logs: vec![VertexLog { vertex: "sha256:1".to_owned(), stream: 1, message: text.into_bytes() }],
            ..StatusResponse::default()
        };
        steps.learn(vertex(true, false, ""), &mut drop);
        steps.learn(log("a".repeat(3 * TAIL_LIMIT)), &mut drop);
        steps.learn(log("the end".to_owned()), &mut drop);
        assert_eq!(steps.failed(), None);
        steps.learn(vertex(true, true, "it failed"), &mut drop);
        let (name, tail) = steps.failed().unwrap();
        assert_eq!((name.as_str(), tail.len()), ("RUN it", TAIL_LIMIT));
        assert!(tail.ends_with("aaathe end"));
    }
}
