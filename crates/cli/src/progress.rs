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

/// What is under way: an image, a platform if it is about one, and a stage.
type Key = (String, Option<Platform>, Stage);

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
            Arc::new(move |event| {
                let mut started = started.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(line) = plain(&event, &mut started, verbose) {
                    printer.note(&line);
                }
            })
        }
    }
}

/// A line for each stage that ends, and for those that begin and take long; with `verbose` for all.
fn plain(event: &Event, started: &mut HashMap<Key, Instant>, verbose: bool) -> Option<String> {
    match event {
        Event::Started { image, platform, stage } => {
            started.insert((image.clone(), platform.clone(), *stage), Instant::now());
            let takes_long = matches!(stage, Stage::Build | Stage::Trial | Stage::Publish);
            (takes_long || verbose).then(|| format!("{} {} …", subject(image, platform.as_ref()), stage.word()))
        }
        Event::Finished { image, platform, stage, outcome, detail } => {
            let took = started.remove(&(image.clone(), platform.clone(), *stage)).map(|start| start.elapsed());
            Some(finished(image, platform.as_ref(), *stage, *outcome, detail, took))
        }
        Event::Warning { image, platforms, message } => {
            let platforms: Vec<String> = platforms.iter().map(Platform::to_string).collect();
            let about = if platforms.is_empty() { String::new() } else { format!(" {}", platforms.join(", ")) };
            Some(format!("{image}{about} warning: {message}"))
        }
        Event::Output { image, platform, line } => verbose.then(|| format!("{image} {platform} build | {line}")),
        // The table at the end says it.
        Event::Tagged { .. } if !verbose => None,
        Event::Tagged { image, reference, digest, moved } => {
            let verb = if *moved { "now names" } else { "names already" };
            Some(format!("{image} {reference} {verb} {digest}"))
        }
        Event::Interrupted => {
            Some("Interrupted; the tag that is being written is waited for. Once more does not wait.".to_owned())
        }
        Event::Ended => None,
    }
}

fn finished(
    image: &str,
    platform: Option<&Platform>,
    stage: Stage,
    outcome: Outcome,
    detail: &str,
    took: Option<Duration>,
) -> String {
    let mut line = format!("{} {} {}", subject(image, platform), stage.word(), outcome.word());
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
            Event::Started { image, platform, stage } => {
                let bar = self.all.add(ProgressBar::new_spinner());
                if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                    bar.set_style(style);
                }
                bar.set_message(format!("{} {}", subject(&image, platform.as_ref()), stage.word()));
                bar.enable_steady_tick(Duration::from_millis(120));
                self.running.insert((image, platform, stage), (bar, Instant::now()));
            }
            Event::Finished { image, platform, stage, outcome, detail } => {
                let key = (image, platform, stage);
                let took = self.running.remove(&key).map(|(bar, start)| {
                    bar.finish_and_clear();
                    start.elapsed()
                });
                self.line(finished(&key.0, key.1.as_ref(), stage, outcome, &detail, took));
            }
            Event::Output { image, platform, line } => {
                let subject = subject(&image, Some(&platform));
                if let Some((bar, _)) = self.running.get(&(image, Some(platform), Stage::Build)) {
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

    fn line(&self, line: String) {
        // A terminal that has gone away is no failure.
        let _ = self.all.println(line);
    }
}
