use super::call::{Call, Moment, NetworkCall, Point};
use super::error::TraceError;
use super::registers::{self, Entered};
use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{self, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Seek, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// What a program did until it ended.
#[derive(Clone, Debug)]
pub struct Traced {
    /// The calls that were counted, in order.
    pub calls: Vec<Call>,
    /// What it asked of the network, in order.
    pub network: Vec<NetworkCall>,
    /// How it ended.
    pub end: End,
    /// At which of the calls it was killed, if it was.
    pub killed_at: Option<usize>,
    /// What it said on standard error.
    pub stderr: String,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this status.
    Exited(i32),
    /// It was killed.
    Killed,
}

/// Returns whether the kernel lets this process watch another.
pub fn is_permitted() -> bool {
    run(&Command::new("true"), None).is_ok_and(|traced| traced.end == End::Exited(0))
}

/// Runs a program to its end, and kills it and all its processes where the point says. Standard output is thrown away.
///
/// Of the command only program, arguments, folder and the variables that it sets are taken: the program has no others.
pub fn run(command: &Command, kill_at: Option<Point>) -> Result<Traced, TraceError> {
    // The kernel lets only the thread that watches a process ask about it; one of its own waits for no child of another test.
    std::thread::scope(|scope| scope.spawn(|| trace(command, kill_at)).join().map_err(|_| TraceError::Thread)?)
}

fn trace(command: &Command, kill_at: Option<Point>) -> Result<Traced, TraceError> {
    let mut stderr = tempfile::tempfile()?;
    let mut shell = Command::new("/bin/sh");
    // It waits for a line, so that it is watched before it becomes the program.
    shell.args(["-c", "read -r line && exec \"$0\" \"$@\" </dev/null"]).arg(command.get_program());
    shell.args(command.get_args()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.get_current_dir().into_iter().for_each(|folder| _ = shell.current_dir(folder));
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(stderr.try_clone()?).process_group(0);
    let mut child = shell.spawn()?;
    let root = Pid::from_raw(i32::try_from(child.id()).map_err(|_| TraceError::Thread)?);
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    if let Err(errno) = ptrace::seize(root, options) {
        child.kill()?;
        child.wait()?;
        return Err(TraceError::refused("watch another")(errno));
    }
    let mut tracer = Tracer {
        root,
        kill_at,
        calls: Vec::new(),
        network: Vec::new(),
        begin: None,
        inside: BTreeMap::new(),
        known: BTreeSet::new(),
        end: End::Killed,
        killed_at: None,
    };
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(b"\n")?;
    }
    let traced = tracer.follow();
    if traced.is_err() {
        tracer.kill();
    }
    traced?;
    stderr.rewind()?;
    let Tracer { calls, network, end, killed_at, .. } = tracer;
    Ok(Traced { calls, network, end, killed_at, stderr: std::io::read_to_string(stderr)? })
}

struct Tracer {
    root: Pid,
    kill_at: Option<Point>,
    calls: Vec<Call>,
    network: Vec<NetworkCall>,
    /// The call from which on the point is counted, once it was made.
    begin: Option<usize>,
    /// The counted calls that threads are in, by thread.
    inside: BTreeMap<Pid, usize>,
    /// Every thread that was seen.
    known: BTreeSet<Pid>,
    end: End,
    killed_at: Option<usize>,
}

impl Tracer {
    /// Goes from stop to stop until the last process has ended.
    fn follow(&mut self) -> Result<(), TraceError> {
        loop {
            let status = match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)) {
                Err(Errno::ECHILD) => return Ok(()),
                Err(Errno::EINTR) => continue,
                status => status.map_err(TraceError::refused("wait for another"))?,
            };
            self.known.extend(status.pid());
            match status {
                WaitStatus::Exited(process, status) if process == self.root => self.end = End::Exited(status),
                WaitStatus::PtraceSyscall(thread) => {
                    if self.is_point(thread)? {
                        self.kill();
                    }
                    resume(thread, None)?;
                }
                WaitStatus::PtraceEvent(thread, ..) => resume(thread, None)?,
                WaitStatus::Stopped(thread, signal) => resume(thread, Some(signal))?,
                _ => {}
            }
        }
    }

    /// Counts a call at its entry, and returns whether the program is to be killed here.
    fn is_point(&mut self, thread: Pid) -> Result<bool, TraceError> {
        let Some(info) = unless_gone(ptrace::syscall_info(thread).map(Some))? else { return Ok(false) };
        let (call, moment) = if info.op == libc::PTRACE_SYSCALL_INFO_ENTRY {
            let asked = match unless_gone(registers::entered(thread))? {
                Some(Entered::Counted(asked)) => asked,
                Some(Entered::Network(call)) => {
                    self.network.push(call);
                    return Ok(false);
                }
                None => return Ok(false),
            };
            let call = self.calls.len();
            let path = asked.path(thread);
            let begins = self.kill_at.is_some_and(|point| point.since.is_none_or(|since| path.contains(since)));
            self.begin = self.begin.or(begins.then_some(call));
            self.calls.push(Call { kind: asked.kind, path });
            self.inside.insert(thread, call);
            (call, Moment::Before)
        } else {
            let Some(call) = self.inside.remove(&thread) else { return Ok(false) };
            (call, Moment::After)
        };
        let reached =
            |point: Point| self.begin.is_some_and(|begin| begin + point.call == call) && point.moment == moment;
        if self.killed_at.is_none() && self.kill_at.is_some_and(reached) {
            self.killed_at = Some(call);
            return Ok(true);
        }
        Ok(false)
    }

    /// Kills every process at once. A thread that is stopped at the entry of a call never makes it.
    fn kill(&self) {
        // Those that have ended need no killing.
        let _ = signal::killpg(self.root, Signal::SIGKILL);
        for thread in self.known.iter().filter(|thread| is_traced(**thread)) {
            let _ = signal::kill(*thread, Signal::SIGKILL);
        }
    }
}

/// Returns whether a thread is still one that this process watches, and not another that got its number.
fn is_traced(thread: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{thread}/status")).unwrap_or_default();
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|tracer| tracer.trim().parse() == Ok(nix::unistd::gettid().as_raw()))
}

/// Returns what was learnt of a thread; nothing of one that was killed meanwhile.
fn unless_gone<T>(found: nix::Result<Option<T>>) -> Result<Option<T>, TraceError> {
    match found {
        Err(Errno::ESRCH) => Ok(None),
        found => found.map_err(TraceError::refused("look at another")),
    }
}

fn resume(thread: Pid, signal: Option<Signal>) -> Result<(), TraceError> {
    match ptrace::syscall(thread, signal) {
        // It was killed.
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(TraceError::refused("go on with another")(errno)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::CallKind;
    use super::*;

    /// Renames a file three times, the second time in a child process.
    fn renames(folder: &std::path::Path) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "mv a b && (mv b c; true) && mv c d && rm d && exit 7"]).current_dir(folder);
        command.env("PATH", "/usr/bin:/bin");
        fs::write(folder.join("a"), "x").unwrap();
        command
    }

    fn names(folder: &std::path::Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn calls_are_counted_over_all_processes() {
        if !is_permitted() {
            return crate::tools::not_run("watching a process (ptrace)");
        }
        let folder = tempfile::tempdir().unwrap();
        let traced = run(&renames(folder.path()), None).unwrap();
        assert_eq!(traced.end, End::Exited(7), "{}", traced.stderr);
        let calls: Vec<(CallKind, &str)> = traced.calls.iter().map(|call| (call.kind, call.path.as_str())).collect();
        use CallKind::{Rename, Unlink};
        assert_eq!(calls, [(Rename, "b"), (Rename, "c"), (Rename, "d"), (Unlink, "d")]);
    }

    #[test]
    fn a_program_is_killed_on_either_side_of_a_call() {
        if !is_permitted() {
            return crate::tools::not_run("watching a process (ptrace)");
        }
        for (since, call, moment, left) in [
            (None, 0, Moment::Before, Some("a")),
            (None, 0, Moment::After, Some("b")),
            (None, 1, Moment::Before, Some("b")),
            (None, 1, Moment::After, Some("c")),
            (None, 2, Moment::After, Some("d")),
            (None, 3, Moment::Before, Some("d")),
            (None, 3, Moment::After, None),
            (Some("c"), 0, Moment::Before, Some("b")),
            (Some("c"), 1, Moment::After, Some("d")),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let point = Point { since, call, moment };
            let traced = run(&renames(folder.path()), Some(point)).unwrap();
            let at = call + if since.is_some() { 1 } else { 0 };
            assert_eq!((traced.end, traced.killed_at), (End::Killed, Some(at)), "{point}");
            assert_eq!(names(folder.path()), Vec::from_iter(left.map(str::to_owned)), "{point}");
        }
    }
}
