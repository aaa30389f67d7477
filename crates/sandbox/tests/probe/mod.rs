//! What the test program does inside a sandbox.

mod change;
mod escape;

use rustix::net::{AddressFamily, SocketType, socket};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, ExitCode, Stdio};

pub(crate) fn run(arguments: &[&str]) -> ExitCode {
    match arguments {
        ["exit", code] => return ExitCode::from(code.parse::<u8>().unwrap()),
        ["kill", signal] => nix::sys::signal::raise(signal.parse::<i32>().unwrap().try_into().unwrap()).unwrap(),
        ["say", out, err] => {
            println!("{out}");
            eprintln!("{err}");
        }
        ["environment"] => std::env::vars().for_each(|(name, value)| println!("{name}={value}")),
        ["place"] => {
            println!(
                "{} {}",
                std::env::current_dir().unwrap().display(),
                rustix::system::uname().nodename().to_string_lossy()
            );
        }
        ["status", keys @ ..] => status(keys),
        ["list", folder] => println!("{}", names(folder).join(" ")),
        ["processes"] => {
            println!(
                "{}",
                names("/proc").into_iter().filter(|name| name.parse::<u32>().is_ok()).collect::<Vec<_>>().join(" ")
            );
        }
        ["descriptors"] => descriptors(),
        ["read-link", path] => report(fs::read_link(path).map(|target| println!("{}", target.display()))),
        ["read", path] => print!("{}", fs::read_to_string(path).unwrap()),
        ["seals-of-the-program"] => {
            let seals = fs::File::open("/proc/self/exe").map(|program| rustix::fs::fcntl_get_seals(&program));
            println!("{:?}", seals.unwrap().unwrap_or(rustix::fs::SealFlags::empty()));
        }
        ["interfaces"] => fs::read_to_string("/proc/net/dev").unwrap().lines().skip(2).for_each(|line| {
            println!("{}", line.split(':').next().unwrap().trim());
        }),
        ["raw-socket"] => {
            let made = socket(AddressFamily::PACKET, SocketType::RAW, None);
            report(made.map(|_| println!("made")).map_err(Into::into));
        }
        ["connect", address] => report(TcpStream::connect(address).map(|_| println!("connected"))),
        ["serve-itself"] => serve_itself(),
        ["devices"] => devices(),
        ["write", path, text] => report(
            fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .and_then(|mut file| file.write_all(text.as_bytes())),
        ),
        ["kernel-files-to-write"] => {
            for path in kernel_files("/proc") {
                // Opening changes nothing yet.
                if fs::OpenOptions::new().write(true).open(&path).is_ok() {
                    println!("{path}");
                }
            }
        }
        ["kernel-files-with-contents", paths @ ..] => {
            for path in paths {
                let mut byte = [0];
                if fs::File::open(path).is_ok_and(|mut file| file.read(&mut byte).is_ok_and(|length| length > 0)) {
                    println!("{path}");
                }
            }
        }
        ["make-user-namespace"] => report(
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER)
                .map(|()| println!("made"))
                .map_err(std::io::Error::from),
        ),
        ["threads"] => println!("{}", count_threads()),
        ["session-keyring"] => println!("{:?}", session_keyring()),
        ["use-memory", mebibytes] => use_memory(mebibytes.parse().unwrap()),
        ["hold-memory", mebibytes] => hold_memory(mebibytes.parse().unwrap()),
        ["fill", path] => fill(path, u64::MAX),
        ["fill-a-little", path] => fill(path, 1 << 20),
        ["flood", bytes] => flood(bytes.parse().unwrap()),
        ["escape"] => escape::try_all(),
        ["change", steps @ ..] => steps.iter().for_each(|step| change::carry_out(step)),
        ["show", paths @ ..] => paths.iter().for_each(|path| println!("{}", change::shown(path))),
        ["times", paths @ ..] => paths.iter().for_each(|path| println!("{}", change::times(path))),
        ["mount-points"] => {
            let points = fs::read_to_string("/proc/self/mountinfo").unwrap();
            points.lines().for_each(|line| println!("{}", line.split(' ').nth(4).unwrap()));
        }
        ["sleep-with-child", token] => {
            start_sleeper(token);
            sleep();
        }
        ["leave-child", token] => start_sleeper(token),
        ["sleep", _token] => {
            println!("child started");
            sleep();
        }
        other => panic!("not a probe: {other:?}"),
    }
    ExitCode::SUCCESS
}

fn report(result: std::io::Result<()>) {
    if let Err(error) = result {
        println!("{:?}", error.kind());
    }
}

fn names(folder: &str) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_by_key(|name| (name.parse::<u32>().unwrap_or(0), name.clone()));
    names
}

/// Returns the files of the kernel below a folder, but not those of processes.
fn kernel_files(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path().to_str().unwrap().to_owned();
        // Not what the folder says of it, since something else may be mounted there.
        let Ok(kind) = fs::symlink_metadata(&path) else { continue };
        if kind.is_dir() && entry.file_name().to_str().unwrap().parse::<u32>().is_err() {
            files.extend(kernel_files(&path));
        } else if kind.is_file() {
            files.push(path);
        }
    }
    files
}

/// Starts threads until no more may be started; returns how many there were.
fn count_threads() -> usize {
    let (keep, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    let mut started = 0;
    while started < 20_000 {
        let wait = wait.clone();
        let thread =
            std::thread::Builder::new().stack_size(16 << 10).spawn(move || wait.lock().map(|w| w.recv()).is_ok());
        if thread.is_err() {
            break;
        }
        started += 1;
    }
    drop(keep);
    started
}

/// Returns the number of this process's session keyring, if there is one (keyctl(2), `KEYCTL_GET_KEYRING_ID`).
#[expect(unsafe_code, reason = "there is no safe way to call keyctl")]
pub(crate) fn session_keyring() -> Option<i64> {
    const GET_KEYRING_ID: i32 = 0;
    const SESSION_KEYRING: i32 = -3;
    // SAFETY: no memory is passed.
    let number = unsafe { nix::libc::syscall(nix::libc::SYS_keyctl, GET_KEYRING_ID, SESSION_KEYRING, 1) };
    (number > 0).then_some(number)
}

fn status(keys: &[&str]) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    for line in status.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.first().is_some_and(|word| keys.contains(&word.trim_end_matches(':'))) {
            println!("{}", words.join(" "));
        }
    }
}

fn descriptors() {
    for name in names("/proc/self/fd") {
        // The descriptor of the listing itself is gone by now.
        if let Ok(target) = fs::read_link(format!("/proc/self/fd/{name}")) {
            println!("{name} {}", target.display().to_string().split(':').next().unwrap());
        }
    }
}

fn serve_itself() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    listener.accept().unwrap().0.write_all(b"served").unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    println!("{text}");
}

fn devices() {
    let mut bytes = [1; 16];
    fs::File::open("/dev/zero").unwrap().read_exact(&mut bytes).unwrap();
    assert_eq!(bytes, [0; 16]);
    fs::File::open("/dev/urandom").unwrap().read_exact(&mut bytes).unwrap();
    fs::write("/dev/null", "x").unwrap();
    assert!(fs::write("/dev/full", "x").is_err());
    fs::write("/dev/shm/x", "x").unwrap();
    let _terminal = fs::OpenOptions::new().read(true).write(true).open("/dev/ptmx").unwrap();
    println!("devices work");
}

/// Fills memory in several processes, each too small to be noticed alone, and waits a little for somebody to notice.
fn use_memory(mebibytes: usize) {
    let share = (mebibytes / 4).to_string();
    let start = || {
        Command::new("/probe")
            .args(["hold-memory", &share])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut children: Vec<_> = (0..4).map(|_| start()).collect();
    for child in &mut children {
        assert_eq!(child.stdout.take().unwrap().read(&mut [0]).unwrap(), 1, "a child has gone");
    }
    if mebibytes > 100 {
        sleep();
    }
}

/// Holds memory until standard input ends.
fn hold_memory(mebibytes: usize) {
    let held = vec![1u8; mebibytes << 20];
    println!("{}", held.iter().step_by(4096).map(|byte| usize::from(*byte)).sum::<usize>() % 10);
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read(&mut [0]);
}

fn fill(path: &str, bytes: u64) {
    let mut file = fs::File::create(path).unwrap();
    let piece = vec![1; 1 << 20];
    let mut written = 0;
    while written < bytes {
        file.write_all(&piece).unwrap();
        written += piece.len() as u64;
    }
}

fn flood(bytes: usize) {
    let line = [b'x'; 100];
    let mut out = std::io::stdout().lock();
    for _ in 0..bytes / line.len() {
        out.write_all(&line).unwrap();
    }
    out.write_all(b"the end\n").unwrap();
}

/// Starts a process in a session of its own, and waits until it says so.
fn start_sleeper(token: &str) {
    let mut child = Command::new("/probe").args(["sleep", token]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = vec![0; "child started\n".len()];
    child.stdout.take().unwrap().read_exact(&mut line).unwrap();
    print!("{}", String::from_utf8(line).unwrap());
    std::io::stdout().flush().unwrap();
    std::mem::forget(child);
}

fn sleep() {
    loop {
        std::thread::sleep(std::time::Duration::from_secs(1000));
    }
}
