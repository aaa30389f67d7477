use std::fmt;
use std::path::Path;
use std::process::Output;

/// What one run of the program said, with everything that differs from run to run replaced.
#[derive(Debug)]
pub struct Run {
    /// Exit status.
    pub status: i32,
    /// Standard output, as it was.
    pub stdout: String,
    /// Standard error, as it was.
    pub stderr: String,
    replacements: Vec<(String, String)>,
}

impl Run {
    pub(super) fn new(output: &Output, replacements: Vec<(String, String)>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let status = output.status.code().unwrap_or(-1);
        Self { status, stdout: text(&output.stdout), stderr: text(&output.stderr), replacements }
    }

    /// Returns the run, which must have ended with this status.
    #[track_caller]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Returns standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.stdout, self.stderr))
    }

    /// Returns the digests of the index and of all platforms of each image, as a release tells programs.
    #[track_caller]
    pub fn digests(&self) -> Vec<String> {
        let report = self.json();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let of = |image: &serde_json::Value| {
            let rows = image["rows"].as_array().unwrap().iter().map(|row| text(&row["digest"]));
            [text(&image["index"])].into_iter().chain(rows).collect::<Vec<_>>()
        };
        report["images"].as_array().unwrap().iter().flat_map(of).collect()
    }

    /// Returns what was told on standard error.
    pub fn told(&self) -> String {
        self.filtered(&self.stderr)
    }

    /// Returns the error with its causes and hints, without the progress before it.
    pub fn error(&self) -> String {
        let text = self.filtered(&self.stderr);
        text.find("error").map_or(String::new(), |start| text[start..].to_owned())
    }

    fn filtered(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, to) in &self.replacements {
            text = text.replace(from, to);
        }
        // Digests are numbered as they come up, the same in both streams.
        let seen = format!("{}\n{}", self.stdout, in_order(&self.stderr));
        number_digests(&in_order(&without_durations(&text)), &seen)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "status {}", self.status)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                write!(formatter, "--- {name}\n{}", self.filtered(text))?;
            }
        }
        Ok(())
    }
}

/// Returns a path as it may stand in output, with what stands for it.
pub(super) fn path(path: &Path, name: &str) -> (String, String) {
    (path.display().to_string(), format!("[{name}]"))
}

/// Takes out the likes of ` (0.4 s)`.
fn without_durations(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
        let start = body.rfind(" (").filter(|start| {
            let number = body[start + 2..].strip_suffix(" s)");
            number.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
        });
        format!("{}{end}", start.map_or(body, |start| &body[..start]))
    });
    lines.collect()
}

/// Platforms are worked on at the same time: sorts what they say in between.
fn in_order(text: &str) -> String {
    let is_progress = |line: &str| {
        let mut words = line.split(' ');
        words.nth(1).is_some_and(|word| word.starts_with("linux/"))
            && words.next().is_some_and(|word| ["build", "inventory", "scan", "trial"].contains(&word))
    };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let groups = lines.chunk_by(|one, other| is_progress(one) == is_progress(other));
    let ordered = groups.map(|group| {
        let mut group = group.to_vec();
        if group.first().is_some_and(|line| is_progress(line)) {
            let key = |line: &str| line.split(' ').take(2).collect::<String>();
            group.sort_by_key(|line| key(line));
        }
        group.concat()
    });
    ordered.collect()
}

/// Replaces digests, whole or shortened to twelve digits, by their number in order of first sight in `seen`.
fn number_digests(text: &str, seen: &str) -> String {
    let mut known: Vec<&str> = Vec::new();
    for word in hexadecimal(seen) {
        if !known.contains(&&word[..SHORT]) {
            known.push(&word[..SHORT]);
        }
    }
    let mut out = text.to_owned();
    let mut words: Vec<&str> = hexadecimal(text).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in words {
        let number = known.iter().position(|short| *short == &word[..SHORT]).map_or(0, |position| position + 1);
        let suffix = if word.len() > SHORT { "…" } else { "" };
        out = out.replace(word, &format!("{number:0>SHORT$}{suffix}"));
    }
    out
}

/// Digits of a shortened digest.
const SHORT: usize = 12;

fn hexadecimal(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| {
        matches!(word.len(), SHORT | 64) && word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}
