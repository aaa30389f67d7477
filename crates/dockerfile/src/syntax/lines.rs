use super::Escape;

/// Lines of a text, each with its end, counted from 1.
pub(super) struct LineReader<'a> {
    rest: std::str::SplitInclusive<'a, char>,
    /// The number of the line that was read last.
    pub(super) number: usize,
}

impl<'a> LineReader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.split_inclusive('\n'), number: 0 }
    }
}

impl<'a> Iterator for LineReader<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let line = self.rest.next()?;
        self.number += 1;
        Some(line)
    }
}

/// Returns a line without its end.
pub(super) fn without_end(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

/// Returns a comment's text, if the line is one.
pub(super) fn comment(line: &str) -> Option<&str> {
    without_end(line).trim_start().strip_prefix('#').map(str::trim)
}

/// Returns a line without the escape character at its end, if the next one continues it. A second escape character takes its meaning away.
pub(super) fn continued(line: &str, escape: Escape) -> Option<&str> {
    let rest = line.trim_end_matches([' ', '\t']).strip_suffix(escape.0)?;
    (!rest.ends_with(escape.0)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_which_lines_go_on() {
        for (line, expected) in [
            ("RUN a \\", Some("RUN a ")),
            ("RUN a \\ \t", Some("RUN a ")),
            ("\\", Some("")),
            ("RUN a\\\\", None),
            ("RUN a\\\\\\", None),
            ("RUN a", None),
            ("", None),
            ("RUN a `", None),
        ] {
            assert_eq!(continued(line, Escape::BACKSLASH), expected, "{line}");
        }
        assert_eq!(continued("RUN a `", Escape('`')), Some("RUN a "));
    }
}
