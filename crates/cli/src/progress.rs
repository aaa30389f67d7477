use crate::arguments::{Global, Progress};
use crate::printer::Printer;
use consign_oci::Platform;
use consign_release::{Event, Observer, Outcome, Stage};
use consign_report::printable;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is under way: an image, a platform if it is about one, and the word for what is done.
type Key = (String, Option<Platform>, &'static str);

const RESOLVE: &str = "resolve";

/// Makes what shows the events of a run on standard error.
pub(crate) fn observer(global: &Global, printer: &Arc<Printer>) -> Observer {
    let form = match global.progress {
        _ if global.quiet => Progress::Quiet,
        // Bars and further lines would overwrite each other.
        Progress::Auto if std::io::stderr().is_terminal() && !global.verbose => Progress::Tty,
        Progress::Auto => Progress::Plain,
        form => form,
    };
    let printer = printer.clone();
    match form {
        Progress::Quiet => Arc::new(|_| {}),
        Progress::Json => Arc::new(move |event| printer.event(&event)),
        Progress::Tty => {
            let bars = Mutex::new(Bars::default());
            Arc::new(move |event| bars.lock().unwrap_or_else(PoisonError::into_inner).show(event))
        }
        Progress::Auto | Progress::Plain => {
            let started: Mutex<HashMap<Key, Instant>> = Mutex::default();
            let verbose = global.verbose;
            // Who asks for lines, as a log of CI, wants what commands write too.
            let all = verbose || global.progress == Progress::Plain;
            Arc::new(move |event| {
                let mut started = started.lock().unwrap_or_else(PoisonError::into_inner);
                match event {
                    Event::Output { image, platform, line } if all => {
                        printer.note(&format!("{image} {platform} build | {line}"));
                    }
                    event => plain(&event, &mut started, verbose).iter().for_each(|line| printer.note(line)),
                }
            })
        }
    }
}

/// A line for each stage that ends, and for those that begin and take long; with `verbose` for all.
fn plain(event: &Event, started: &mut HashMap<Key, Instant>, verbose: bool) -> Option<String> {
    match event {
        Event::Resolving { image } => {
            started.insert((image.clone(), None, RESOLVE), Instant::now());
            Some(format!("{image} {RESOLVE} …"))
        }
        Event::Resolved { image, packages } => {
            let took = started.remove(&(image.clone(), None, RESOLVE)).map(|start| start.elapsed());
            Some(finished(image, None, RESOLVE, Outcome::Ok, &resolved(*packages), took))
        }
        Event::Started { image, platform, stage } => {
            started.insert((image.clone(), platform.clone(), stage.word()), Instant::now());
            let takes_long = matches!(stage, Stage::Build | Stage::Trial | Stage::Publish);
            (takes_long || verbose).then(|| format!("{} {} …", subject(image, platform.as_ref()), stage.word()))
        }
        Event::Finished { image, platform, stage, outcome, detail } => {
            let took = started.remove(&(image.clone(), platform.clone(), stage.word())).map(|start| start.elapsed());
            Some(finished(image, platform.as_ref(), stage.word(), *outcome, detail, took))
        }
        Event::Warning { image, platforms, message } => {
            let platforms: Vec<String> = platforms.iter().map(Platform::to_string).collect();
            let about = if platforms.is_empty() { String::new() } else { format!(" {}", platforms.join(", ")) };
            Some(format!("{image}{about} warning: {message}"))
        }
        // The table at the end says it.
        Event::Tagged { .. } if !verbose => None,
        Event::Tagged { image, reference, digest, moved } => {
            let verb = if *moved { "now names" } else { "names already" };
            Some(format!("{image} {reference} {verb} {digest}"))
        }
        Event::Interrupted => {
            Some("Interrupted; the tag that is being written is waited for. Once more does not wait.".to_owned())
        }
        Event::Output { .. } | Event::Ended => None,
    }
}

/// A base image has no packages that were chosen here.
fn resolved(packages: usize) -> String {
    if packages == 0 { String::new() } else { format!("{packages} packages") }
}

fn finished(
    image: &str,
    platform: Option<&Platform>,
    word: &str,
    outcome: Outcome,
    detail: &str,
    took: Option<Duration>,
) -> String {
    let mut line = format!("{} {word} {}", subject(image, platform), outcome.word());
    if !detail.is_empty() {
        line.push_str(&format!(": {detail}"));
    }
    if let Some(took) = took.filter(|took| *took >= Duration::from_millis(100)) {
        line.push_str(&format!(" ({:.1} s)", took.as_secs_f64()));
    }
    line
}

fn subject(image: &str, platform: Option<&Platform>) -> String {
    platform.map_or_else(|| image.to_owned(), |platform| format!("{image} {platform}"))
}

/// A line for each stage that is under way, with those that have ended above.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    running: HashMap<Key, (ProgressBar, Instant)>,
    /// Nothing is drawn any more: what follows would be drawn over.
    ended: bool,
}

impl Bars {
    fn show(&mut self, event: Event) {
        match event {
            _ if self.ended => {}
            Event::Resolving { image } => self.begin(image, None, RESOLVE),
            Event::Resolved { image, packages } => {
                self.end((image, None, RESOLVE), Outcome::Ok, &resolved(packages));
            }
            Event::Started { image, platform, stage } => self.begin(image, platform, stage.word()),
            Event::Finished { image, platform, stage, outcome, detail } => {
                self.end((image, platform, stage.word()), outcome, &detail);
            }
            Event::Output { image, platform, line } => {
                let subject = subject(&image, Some(&platform));
                if let Some((bar, _)) = self.running.get(&(image, Some(platform), Stage::Build.word())) {
                    let line: String = printable(&line).chars().take(60).collect();
                    bar.set_message(format!("{subject} {}: {line}", Stage::Build.word()));
                }
            }
            Event::Ended => {
                self.ended = true;
                self.running.drain().for_each(|(_, (bar, _))| bar.finish_and_clear());
            }
            other => {
                let line = plain(&other, &mut HashMap::new(), false);
                line.into_iter().for_each(|line| self.line(line));
            }
        }
    }

    fn begin(&mut self, image: String, platform: Option<Platform>, word: &'static str) {
        let bar = self.all.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(format!("{} {word}", subject(&image, platform.as_ref())));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.running.insert((image, platform, word), (bar, Instant::now()));
    }

    fn end(&mut self, key: Key, outcome: Outcome, detail: &str) {
        let took = self.running.remove(&key).map(|(bar, start)| {
            bar.finish_and_clear();
            start.elapsed()
        });
        let (image, platform, word) = key;
        self.line(finished(&image, platform.as_ref(), word, outcome, detail, took));
    }

    fn line(&self, line: String) {
        // A terminal that has gone away is no failure.
        let _ = self.all.println(line);
    }
}
