//! Files of what parsers trip over.

const KEYWORDS: [&str; 20] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
    "run",
    "Copy",
];
const WORDS: [&str; 44] = [
    "a",
    "b=c",
    "\"x y\"",
    "'q r'",
    "$V",
    "${V:-d}",
    "\\",
    "\\\\",
    "\\ ",
    "\"",
    "'",
    "<<EOF",
    "<<-EOF",
    "<<\"E F\"",
    "3<<A",
    "[\"a\",\"b\"]",
    "[]",
    "[\"a\"",
    "--from=x",
    "--mount=type=bind,a=b",
    "--",
    "--chown=1:2",
    "`",
    "#c",
    "=",
    "a=",
    "=b",
    "\t",
    " ",
    "  ",
    "<<",
    "a<<B",
    "&&",
    "|",
    "NONE",
    "CMD",
    "RUN",
    "\\\"",
    "a\\ b",
    "{",
    "\u{b}",
    "--a=\"b c\"",
    "<<E\"O\"F",
    "\\$",
];
const PAIRS: [&str; 12] =
    ["a=b", "c=\"d e\"", "e='f g'", "g=h\\ i", "j=", "k=\"a\\\"b\"", "l=$V", "\"m n\"=o", "p==", "q=\\", "r=`", "s='t"];
const FIRST_LINES: [&str; 8] =
    ["# escape=`", "# syntax=x", "#escape=\\", "# check=skip=all", " # escape = `", "#\tsyntax = y", "# foo=bar", "#"];
/// Words that name a here-document, each with the line that ends it.
const HEREDOCS: [(&str, &str); 5] =
    [("<<EOF", "EOF"), ("<<-EOF", "EOF"), ("<<\"E F\"", "E F"), ("<<E\"O\"F", "EOF"), ("<<A", "A")];

/// Makes the same files again from the same number (the generator is SplitMix64).
pub(crate) struct Generator {
    state: u64,
}

impl Generator {
    pub(crate) fn new(state: u64) -> Self {
        Self { state }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }

    /// Returns whether one of so many times has come.
    fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn some(&mut self, texts: &[&str], least: usize, most: usize) -> Vec<String> {
        let count = least + self.below(most - least + 1);
        (0..count).map(|_| self.of(texts).to_owned()).collect()
    }

    pub(crate) fn file(&mut self) -> String {
        let mut lines = Vec::new();
        if self.once_in(3) {
            lines.push(self.of(&FIRST_LINES).to_owned());
        }
        for _ in 0..=self.below(3) {
            match self.once_in(10) {
                true => lines.push(self.of(&["", "# c", "  ", "#"]).to_owned()),
                false => lines.push(self.statement()),
            }
        }
        let end = self.of(&["\n", "\n", "\n", "\r\n"]);
        lines.join("\n").replace('\n', end) + self.of(&["\n", ""])
    }

    fn statement(&mut self) -> String {
        let keyword = self.of(&KEYWORDS);
        let words = match keyword {
            "ENV" | "LABEL" if self.once_in(5) => {
                vec!["name".to_owned(), "value".to_owned() + self.of(&["", " more", "  \"q\"", "=x", "\\"])]
            }
            "ENV" | "LABEL" => self.some(&PAIRS, 1, 4),
            "HEALTHCHECK" => [vec![self.of(&["NONE", "CMD"]).to_owned()], self.some(&WORDS, 0, 3)].concat(),
            "ONBUILD" => {
                [self.some(&["RUN", "CMD", "COPY", "EXPOSE", "WORKDIR"], 1, 1), self.some(&WORDS, 1, 3)].concat()
            }
            _ => self.some(&WORDS, 0, 5),
        };
        let indent = if self.once_in(10) { self.of(&[" ", "\t"]) } else { "" };
        let mut text = format!("{indent}{keyword} ");
        for word in &words {
            text += self.of(&[" ", " ", " ", "\t", ""]);
            text += word;
        }
        let ends = match keyword {
            "RUN" | "run" | "COPY" | "Copy" | "ADD" | "ONBUILD" => ends(&text),
            _ => Vec::new(),
        };
        if ends.is_empty() && self.once_in(10) {
            text += " \\\n";
            text += self.of(&["", "# c\n", "\n", "  \n"]);
            text += self.of(&WORDS);
        }
        for end in ends {
            text += &"\nbody $x".repeat(self.below(3));
            text += "\n";
            text += end;
        }
        text
    }
}

/// Returns the lines that end the here-documents of a statement, in their order.
fn ends(text: &str) -> Vec<&'static str> {
    let at = |place: usize| HEREDOCS.iter().find(|(word, _)| text[place..].starts_with(word)).map(|(_, end)| *end);
    text.match_indices("<<").filter_map(|(place, _)| at(place)).collect()
}
