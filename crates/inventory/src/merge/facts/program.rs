//! Whether the program of an image can be started in it.

use super::files::ImageFiles;
use super::user::Runner;
use crate::layer::{Contents, EXECUTABLE};
use crate::secret;
use consign_oci::layer::EntryPath;
use consign_oci::{ImageConfig, Platform};
use consign_package::elf::{Files, Library, Linked, Machine, Script, Search};
use consign_receipt::predicate::{BrokenProgram, Entrypoint, Fault};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// The folders that are looked in where an image states none (moby, `daemon/pkg/oci`).
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Most folders of one list.
const FOLDER_LIMIT: usize = 256;
/// How often a script may be run by a script (Linux, `exec_binprm`).
const SCRIPT_LIMIT: usize = 5;
/// Most libraries that are looked at.
const LIBRARY_LIMIT: usize = 1024;
/// Longest name that is repeated, in letters.
const NAME_LIMIT: usize = 300;

/// Says what an image runs, and whether it can. `runner`: who does, where that is known.
pub(super) fn entrypoint(files: &ImageFiles<'_>, config: &ImageConfig, runner: Option<Runner>) -> Entrypoint {
    let config_of = &config.config;
    let mut words = config_of.entrypoint.iter().chain(&config_of.cmd).flatten();
    let stated = words.next();
    let Some(program) = stated.filter(|program| !program.is_empty()) else { return Entrypoint::default() };
    let checked = Checked {
        files,
        platform: &config.platform,
        path: folders(config, "PATH").unwrap_or_else(|| list(PATH)),
        libraries: folders(config, "LD_LIBRARY_PATH").unwrap_or_default(),
        folder: &config_of.working_dir,
        runner,
    };
    let found = checked.found(program);
    let broken = match &found {
        Ok(place) => checked.broken(place, SCRIPT_LIMIT).or_else(|| {
            let wanted = Some(program.as_str()).filter(|program| program.rsplit('/').next() == Some("env"));
            checked.wanted(wanted.and_then(|_| of_env(words))?, SCRIPT_LIMIT)
        }),
        Err(broken) => Some(broken.clone()),
    };
    let unread = || BrokenProgram { file: clip(program), fault: Fault::Unread };
    // What was not found may be there.
    let broken = if files.gave_up() { Some(unread()) } else { broken };
    Entrypoint { program: Some(clip(program)), path: found.ok().map(|place| place.to_string()), broken }
}

/// Returns the program that `env` starts with these arguments (POSIX, "env"). `None`: none, or options and a `PATH` say otherwise.
fn of_env<'a>(words: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let mut words = words.map(String::as_str).skip_while(|word| *word == "--" || is_assignment(word));
    words.next().filter(|word| !word.is_empty() && !word.starts_with('-') && !word.starts_with("PATH="))
}

fn is_assignment(word: &str) -> bool {
    word.contains('=') && !word.starts_with("PATH=")
}

fn folders(config: &ImageConfig, name: &str) -> Option<Vec<String>> {
    let mut variables = config.config.env.iter().flatten();
    variables.find_map(|variable| variable.strip_prefix(name)?.strip_prefix('=')).map(list)
}

fn list(text: &str) -> Vec<String> {
    text.split(':').take(FOLDER_LIMIT).map(str::to_owned).collect()
}

/// Returns a name of the image's, as it is repeated: without what may be a secret, which hardly is a name.
fn clip(text: &str) -> String {
    match secret::in_variable(text) {
        Some(kind) => format!("(a name with a secret in it: {kind})"),
        None => text.chars().take(NAME_LIMIT).collect(),
    }
}

struct Checked<'a, 'image> {
    files: &'a ImageFiles<'image>,
    platform: &'a Platform,
    path: Vec<String>,
    libraries: Vec<String>,
    /// The working folder.
    folder: &'a str,
    runner: Option<Runner>,
}

impl Checked<'_, '_> {
    /// Returns where a program is that is started in the working folder, as engines find it.
    fn found(&self, program: &str) -> Result<EntryPath, BrokenProgram> {
        let folder = self.folder;
        let candidates: Vec<String> = match program.contains('/') {
            true if program.starts_with('/') => vec![program.to_owned()],
            true => vec![format!("{folder}/{program}")],
            false => self
                .path
                .iter()
                .map(|path| match path.as_str() {
                    "" | "." => format!("{folder}/{program}"),
                    path => format!("{path}/{program}"),
                })
                .collect(),
        };
        let places: Vec<EntryPath> = candidates.iter().filter_map(|path| self.files.place(path)).collect();
        let mode = |place: &EntryPath| self.files.file(place).map(|mark| mark.mode);
        if let Some(place) = places.iter().find(|place| mode(place).is_some_and(|mode| mode & EXECUTABLE != 0)) {
            return Ok(place.clone());
        }
        let others = self.files.modes_of_others(&places);
        let mut others = places
            .iter()
            .filter(|place| mode(place).or(others.get(*place).copied()).is_some_and(|mode| mode & EXECUTABLE == 0));
        Err(match others.next() {
            Some(place) => broken(place, Fault::NotExecutable),
            None => {
                let fault = if self.files.is_complete { Fault::Missing } else { Fault::Unread };
                BrokenProgram { file: clip(program), fault }
            }
        })
    }

    /// Returns what keeps a file from being started; so many scripts may still run each other.
    fn broken(&self, place: &EntryPath, scripts: usize) -> Option<BrokenProgram> {
        let mark = self.files.file(place)?;
        if mark.mode & EXECUTABLE == 0 {
            return Some(broken(place, Fault::NotExecutable));
        }
        if let Some(runner) = &self.runner
            && let Some(restricted) = self.files.facts(mark).and_then(|facts| facts.restricted)
            && !runner.may_execute(mark.mode, restricted)
        {
            return Some(broken(place, Fault::Forbidden { user: runner.uid }));
        }
        match self.files.contents(mark) {
            Some(Contents::Elf(linked)) => self.fault(place, linked).map(|fault| broken(place, fault)),
            Some(Contents::Script(script)) => self.of_script(place, script, scripts),
            Some(Contents::Unread) => Some(broken(place, Fault::Unread)),
            Some(Contents::Text(_)) | None => Some(broken(place, Fault::Format)),
        }
    }

    fn of_script(&self, place: &EntryPath, script: &Script, scripts: usize) -> Option<BrokenProgram> {
        if let Some(interpreter) = script.missing(self.files, &self.path) {
            return Some(broken(place, Fault::Interpreter { interpreter: clip(&interpreter) }));
        }
        let interpreter = self.files.find(&script.interpreter)?;
        match scripts.checked_sub(1) {
            Some(scripts) => self
                .broken(&interpreter, scripts)
                .or_else(|| script.wanted.as_ref().and_then(|wanted| self.wanted(wanted, scripts))),
            None => Some(broken(place, Fault::Interpreter { interpreter: clip(&script.interpreter) })),
        }
    }

    /// Returns what keeps a program from being started that another looks for.
    fn wanted(&self, program: &str, scripts: usize) -> Option<BrokenProgram> {
        match self.found(program) {
            Ok(place) => self.broken(&place, scripts),
            Err(broken) => Some(broken),
        }
    }

    fn fault(&self, place: &EntryPath, linked: &Linked) -> Option<Fault> {
        if !self.runs(linked.machine) {
            return Some(Fault::Machine { machine: linked.machine.to_string() });
        }
        // What asks for no loader is started by the kernel alone.
        let loader = linked.interpreter.as_ref()?;
        let Some(found) = self.files.find(loader) else { return Some(Fault::Loader { loader: clip(loader) }) };
        let search = Search::new(self.files, self.platform, linked.machine, Some(&found), &self.libraries);
        // The loader is loaded first, under its own name.
        let own = self.files.linked(&found).and_then(|linked| search.further_name(&linked));
        let mut seen: BTreeSet<String> = own.into_iter().collect();
        let mut queue: VecDeque<(EntryPath, Arc<Linked>, Arc<[String]>)> =
            VecDeque::from([(place.clone(), Arc::new(linked.clone()), Arc::default())]);
        while let Some((path, linked, inherited)) = queue.pop_front() {
            let mut passed_on: Vec<String> =
                inherited.iter().cloned().chain(search.inherited(&path, &linked)).collect();
            passed_on.truncate(FOLDER_LIMIT);
            let passed_on: Arc<[String]> = passed_on.into();
            for name in &linked.needed {
                if seen.len() >= LIBRARY_LIMIT || !seen.insert(name.clone()) {
                    continue;
                }
                match search.library(name, &path, &linked, &inherited) {
                    Some(Library::Found(path, library)) => {
                        seen.extend(search.further_name(&library));
                        queue.push_back((path, library, passed_on.clone()));
                    }
                    // What it needs is not known.
                    Some(Library::Unread) => {}
                    None => {
                        let needed_by = (path != *place).then(|| path.to_string());
                        return Some(Fault::Library { library: clip(name), needed_by });
                    }
                }
            }
        }
        None
    }

    /// Returns whether a program for a machine runs here. A kernel for x86-64 runs those for x86, too.
    fn runs(&self, machine: Machine) -> bool {
        let x86 = || "linux/386".parse().ok().and_then(|platform: Platform| Machine::of(&platform));
        match Machine::of(self.platform) {
            None => true,
            Some(here) => {
                machine.runs_on(&here)
                    || (self.platform.architecture() == "amd64" && x86().is_some_and(|x86| machine.runs_on(&x86)))
            }
        }
    }
}

fn broken(place: &EntryPath, fault: Fault) -> BrokenProgram {
    BrokenProgram { file: place.to_string(), fault }
}
