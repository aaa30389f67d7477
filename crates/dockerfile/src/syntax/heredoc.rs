use super::Escape;
use crate::expand::{Expander, Quotes, Variables};

/// A text that stands in the file after the statement that uses it (`<<EOF`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// Its name: the line that ends it, and the file name that COPY and ADD give it.
    pub name: String,
    /// Its lines as written, each with its end.
    pub content: String,
    /// Whether variables in it are expanded: its name is written without quotes.
    pub expand: bool,
    /// Whether tabs at the start of its lines go (`<<-`).
    pub chomp: bool,
    /// The file descriptor that it is for.
    pub descriptor: u32,
}

impl Heredoc {
    /// Returns the here-documents that a line names, without contents.
    pub(super) fn named(line: &str) -> Vec<Self> {
        // What cannot be split names none: the shell that gets the line will say what is wrong with it.
        let expander = Expander { escape: Escape::BACKSLASH, quotes: Quotes::Kept, keep_unset: true };
        let Ok(words) = expander.words(line, &Variables::default()) else { return Vec::new() };
        words.iter().filter_map(|word| Self::of(word)).collect()
    }

    /// Reads `3<<-"NAME"`, which must be a whole word.
    fn of(word: &str) -> Option<Self> {
        let digits = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let descriptor = &word[..word.len() - digits.len()];
        let rest = digits.strip_prefix("<<")?;
        let (chomp, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
        if rest.is_empty() || rest.contains('<') {
            return None;
        }
        let expander = |quotes| Expander { escape: Escape::BACKSLASH, quotes, keep_unset: true };
        let [name] = &expander(Quotes::Removed).words(rest, &Variables::default()).ok()?[..] else { return None };
        let [as_written] = &expander(Quotes::Kept).words(rest, &Variables::default()).ok()?[..] else { return None };
        let descriptor = if descriptor.is_empty() { 0 } else { descriptor.parse().ok()? };
        Some(Self { name: name.clone(), content: String::new(), expand: name == as_written, chomp, descriptor })
    }

    /// Returns whether a word of its statement names it.
    pub fn is_named_by(&self, word: &str) -> bool {
        Self::of(word).is_some_and(|named| named.name == self.name)
    }

    /// Returns whether a line, without its end, is the last of it.
    pub(super) fn ends_with(&self, line: &str) -> bool {
        let line = if self.chomp { line.trim_start_matches('\t') } else { line };
        line == self.name
    }

    /// Returns the content as whoever uses it gets it: without the tabs that it is to lose.
    pub fn text(&self) -> String {
        if !self.chomp {
            return self.content.clone();
        }
        self.content.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_found_where_they_are_named() {
        let found = |line| {
            let heredocs = Heredoc::named(line);
            let show = |heredoc: Heredoc| {
                let Heredoc { name, expand, chomp, descriptor, .. } = heredoc;
                format!(
                    "{descriptor} {name}{}{}",
                    if expand { " expand" } else { "" },
                    if chomp { " chomp" } else { "" }
                )
            };
            heredocs.into_iter().map(show).collect::<Vec<_>>()
        };
        for (line, expected) in [
            ("RUN <<EOF", &["0 EOF expand"][..]),
            ("RUN <<-EOF cat", &["0 EOF expand chomp"]),
            ("RUN <<'EOF' <<\"B\"", &["0 EOF", "0 B"]),
            ("RUN 3<<A cat", &["3 A expand"]),
            ("RUN cat <<E\"O\"F", &["0 EOF"]),
            ("RUN cat <<\\EOF", &["0 EOF"]),
            ("RUN cat << EOF", &[]),
            ("RUN cat <<<EOF", &[]),
            ("RUN cat \"<<EOF\"", &[]),
            ("RUN cat a<<EOF", &[]),
            ("RUN cat 'a", &[]),
            ("RUN cat <<${X}", &["0 ${X} expand"]),
            ("RUN cat 99999999999<<A", &[]),
        ] {
            assert_eq!(found(line), expected, "{line}");
        }
    }

    #[test]
    fn loses_its_tabs() {
        let heredoc = Heredoc {
            name: "EOF".into(),
            content: "\ta\n\t\tb\n c\n".into(),
            expand: true,
            chomp: true,
            descriptor: 0,
        };
        assert_eq!(heredoc.text(), "a\nb\n c\n");
        assert!(heredoc.ends_with("\t\tEOF") && !heredoc.ends_with(" EOF"));
    }
}
