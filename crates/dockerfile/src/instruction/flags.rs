use super::InstructionProblem;

/// The flags of a statement, while they are taken one by one.
pub(super) struct Flags<'a> {
    all: Vec<(&'a str, Option<&'a str>)>,
    known: Vec<&'static str>,
}

impl<'a> Flags<'a> {
    pub(super) fn new(written: &'a [String]) -> Self {
        let flag = |flag: &'a String| {
            let flag = flag.trim_start_matches("--");
            flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)))
        };
        Self { all: written.iter().map(flag).collect(), known: Vec::new() }
    }

    /// Takes a flag that may be written several times.
    pub(super) fn texts(&mut self, flag: &'static str) -> Result<Vec<String>, InstructionProblem> {
        let value = |value: Option<&str>| value.map(str::to_owned).ok_or(InstructionProblem::FlagValue { flag });
        self.take(flag).into_iter().map(value).collect()
    }

    /// Takes a flag with a text.
    pub(super) fn text(&mut self, flag: &'static str) -> Result<Option<String>, InstructionProblem> {
        let mut texts = self.texts(flag)?.into_iter();
        match (texts.next(), texts.next()) {
            (_, Some(_)) => Err(InstructionProblem::FlagTwice { flag }),
            (text, None) => Ok(text),
        }
    }

    /// Takes a flag that is there or not, or says so.
    pub(super) fn switch(&mut self, flag: &'static str) -> Result<bool, InstructionProblem> {
        let values = self.take(flag);
        match &values[..] {
            [] => Ok(false),
            [None] => Ok(true),
            [Some("")] => Err(InstructionProblem::FlagValue { flag }),
            [Some(value)] if value.eq_ignore_ascii_case("true") => Ok(true),
            [Some(value)] if value.eq_ignore_ascii_case("false") => Ok(false),
            [Some(value)] => {
                Err(InstructionProblem::Value { name: flag, value: (*value).to_owned(), expected: "true or false" })
            }
            _ => Err(InstructionProblem::FlagTwice { flag }),
        }
    }

    /// Takes all that are left, whatever they are.
    pub(super) fn ignore(&mut self) {
        self.all.clear();
    }

    /// Ends with an error if there is a flag that was not taken.
    pub(super) fn end(self) -> Result<(), InstructionProblem> {
        let Some((flag, _)) = self.all.first() else { return Ok(()) };
        Err(InstructionProblem::Flag { flag: (*flag).to_owned(), similar: similar(flag, &self.known) })
    }

    fn take(&mut self, flag: &'static str) -> Vec<Option<&'a str>> {
        self.known.push(flag);
        self.all.extract_if(.., |(name, _)| *name == flag).map(|(_, value)| value).collect()
    }
}

/// Returns the name that is most like what is written, if one is.
pub(super) fn similar(written: &str, names: &[&'static str]) -> Option<&'static str> {
    let distance = |name: &str| strsim::damerau_levenshtein(written, name);
    names.iter().copied().min_by_key(|name| distance(name)).filter(|name| distance(name) <= 2)
}
