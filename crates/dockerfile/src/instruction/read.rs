use super::flags::Flags;
use super::{
    Action, Argument, CommandLine, Dockerfile, Instruction, InstructionError, InstructionProblem, Stage, environment,
    health, onbuild, run, transfer,
};
use crate::syntax::{Arguments, Keyword, Source, Statement};

/// Most stages of a file.
const STAGE_LIMIT: usize = 1000;

impl Dockerfile {
    /// Makes stages of statements.
    pub fn new(source: Source) -> Result<Self, InstructionError> {
        let directives = source.directives.clone();
        let mut file = Self { directives, arguments: Vec::new(), stages: Vec::new(), source: Source::default() };
        for statement in &source.statements {
            let wrong = |problem| InstructionError { lines: statement.lines, keyword: statement.keyword, problem };
            file.add(statement).map_err(wrong)?;
        }
        if let Some(last) = source.statements.last().filter(|_| file.stages.is_empty()) {
            let problem = InstructionProblem::NoFrom;
            return Err(InstructionError { lines: last.lines, keyword: last.keyword, problem });
        }
        file.source = source;
        Ok(file)
    }

    fn add(&mut self, statement: &Statement) -> Result<(), InstructionProblem> {
        if statement.keyword == Keyword::From {
            if self.stages.len() == STAGE_LIMIT {
                return Err(InstructionProblem::TooMany { limit: STAGE_LIMIT });
            }
            self.stages.push(stage(statement)?);
            return Ok(());
        }
        let action = action(statement)?;
        let Some(stage) = self.stages.last_mut() else {
            let Action::Arg(arguments) = action else { return Err(InstructionProblem::NoStage) };
            self.arguments.extend(arguments);
            return Ok(());
        };
        stage.instructions.push(Instruction { action, text: statement.text.clone(), lines: statement.lines });
        Ok(())
    }

    /// Returns the stage of a name.
    pub fn stage(&self, name: &str) -> Option<usize> {
        self.stages.iter().rposition(|stage| stage.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name)))
    }

    /// Returns the place of the stage with this name or number.
    pub fn place(&self, name: &str) -> Option<usize> {
        let by_number = || name.parse().ok().filter(|place| *place < self.stages.len());
        self.stage(name).or_else(by_number)
    }

    /// Returns the names of all arguments that are declared: before the first stage, in any, and by what images get that build on one.
    pub fn declared_arguments(&self) -> impl Iterator<Item = &str> {
        let statements = self.source.statements.iter().map(|statement| match &statement.arguments {
            Arguments::Statement(inner) => inner.as_ref(),
            _ => statement,
        });
        let words = statements.filter(|statement| statement.keyword == Keyword::Arg).flat_map(|statement| {
            let Arguments::Words(words) = &statement.arguments else { return [].iter() };
            words.iter()
        });
        words.map(|word| word.split_once('=').map_or(word.as_str(), |(name, _)| name))
    }

    /// Returns the arguments that FROM can use.
    pub fn global_arguments(&self) -> &[Argument] {
        &self.arguments
    }
}

fn stage(statement: &Statement) -> Result<Stage, InstructionProblem> {
    let mut flags = Flags::new(&statement.flags);
    let platform = flags.text("platform")?;
    flags.end()?;
    let expected = "an image, or an image, AS and a name";
    let Arguments::Words(words) = &statement.arguments else { return Err(InstructionProblem::Count { expected }) };
    let (base, name) = match &words[..] {
        [base] => (base, None),
        [base, word, name] if word.eq_ignore_ascii_case("as") => (base, Some(name.to_ascii_lowercase())),
        _ => return Err(InstructionProblem::Count { expected }),
    };
    if let Some(name) = name.as_deref().filter(|name| !is_stage_name(name)) {
        return Err(InstructionProblem::StageName { name: name.to_owned() });
    }
    Ok(Stage {
        base: base.clone(),
        name,
        platform,
        instructions: Vec::new(),
        comments: statement.comments.clone(),
        text: statement.text.clone(),
        lines: statement.lines,
    })
}

fn is_stage_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_.".contains(letter))
}

/// Makes an instruction of a statement other than FROM.
fn action(statement: &Statement) -> Result<Action, InstructionProblem> {
    let arguments = &statement.arguments;
    let mut flags = Flags::new(&statement.flags);
    let action = match statement.keyword {
        Keyword::Add => Action::Add(transfer::add(statement, &mut flags)?),
        Keyword::Arg => Action::Arg(environment::arguments(arguments)?),
        Keyword::Cmd => Action::Cmd(CommandLine::of(arguments)),
        Keyword::Copy => Action::Copy(transfer::copy(statement, &mut flags)?),
        Keyword::Entrypoint => Action::Entrypoint(CommandLine::of(arguments)),
        Keyword::Env => Action::Env(environment::values(arguments)?),
        Keyword::Expose => Action::Expose(some(arguments, "at least one port")?),
        Keyword::From => return Err(InstructionProblem::Trigger { keyword: Keyword::From }),
        Keyword::Healthcheck => Action::Healthcheck(health::read(arguments, &mut flags)?),
        Keyword::Label => Action::Label(environment::values(arguments)?),
        Keyword::Maintainer => Action::Maintainer(one(arguments)?),
        Keyword::Onbuild => Action::Onbuild(onbuild::read(statement)?),
        Keyword::Run => Action::Run(run::read(statement, &mut flags)?),
        Keyword::Shell => match arguments {
            Arguments::Json(words) if !words.is_empty() => Action::Shell(words.clone()),
            _ => return Err(InstructionProblem::NotJson { example: r#"["/bin/sh", "-c"]"# }),
        },
        Keyword::Stopsignal => Action::Stopsignal(one(arguments)?),
        Keyword::User => Action::User(one(arguments)?),
        Keyword::Volume => {
            let folders = some(arguments, "at least one folder")?;
            match folders.iter().any(String::is_empty) {
                true => return Err(InstructionProblem::Blank),
                false => Action::Volume(folders),
            }
        }
        Keyword::Workdir => Action::Workdir(one(arguments)?),
    };
    flags.end()?;
    Ok(action)
}

fn one(arguments: &Arguments) -> Result<String, InstructionProblem> {
    match arguments {
        Arguments::Text(text) => Ok(text.clone()),
        _ => Err(InstructionProblem::Count { expected: "exactly one argument" }),
    }
}

fn some(arguments: &Arguments, expected: &'static str) -> Result<Vec<String>, InstructionProblem> {
    match arguments {
        Arguments::Words(words) | Arguments::Json(words) if !words.is_empty() => Ok(words.clone()),
        _ => Err(InstructionProblem::Count { expected }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax;

    fn file(text: &str) -> Result<Dockerfile, String> {
        let source = syntax::read(text.as_bytes()).map_err(|error| error.to_string())?;
        Dockerfile::new(source).map_err(|error| error.to_string())
    }

    #[test]
    fn makes_stages() {
        let text = "ARG V=1\n# The builder.\nFROM --platform=$BUILDPLATFORM a:$V AS Build\nRUN --network=none <<EOF\nx\nEOF\nFROM build\nCOPY --from=build <<-'E' /a /b/\n\tc\n\tE\n";
        let file = file(text).unwrap();
        assert_eq!(file.arguments, [Argument { name: "V".into(), default: Some("1".into()) }]);
        assert_eq!((file.stages.len(), file.stage("BUILD")), (2, Some(0)));
        assert_eq!(file.stages[0].comments, ["The builder."]);
        let Action::Run(run) = &file.stages[0].instructions[0].action else { panic!() };
        assert_eq!((run.network, run.heredocs[0].content.as_str()), (run::Network::None, "x\n"));
        let Action::Copy(copy) = &file.stages[1].instructions[0].action else { panic!() };
        let inline = transfer::Inline { name: "E".into(), text: "c\n".into(), expand: false };
        assert_eq!(copy.sources, [transfer::Source::Inline(inline), transfer::Source::Path("/a".into())]);
    }

    #[test]
    fn knows_what_is_declared() {
        let text = "ARG A\nFROM a\nARG B=1 C\nONBUILD ARG D=2\nONBUILD ENV E=3\nENV F=4\n";
        assert_eq!(file(text).unwrap().declared_arguments().collect::<Vec<_>>(), ["A", "B", "C", "D"]);
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, expected) in [
            ("RUN a", "line 1: RUN: it stands before the first FROM; only ARG can"),
            ("FROM", "line 1: FROM: it takes an image, or an image, AS and a name"),
            ("FROM a b", "line 1: FROM: it takes an image, or an image, AS and a name"),
            (
                "FROM a AS 1",
                "line 1: FROM: `1` cannot be a stage's name: a letter first, then letters, digits, `-`, `_` and `.`",
            ),
            ("FROM a\nFORM b", "line 2: unknown instruction `FORM` (did you mean FROM?)"),
            ("FROM a\nCOPY --form=b c d", "line 2: COPY: no flag `--form` (did you mean --from?)"),
            ("FROM a\nCOPY c", "line 2: COPY: it takes a source and a destination at least"),
            ("FROM a\nCOPY a <<E\nE", "line 2: COPY: a here-document cannot be a destination"),
            ("FROM a\nRUN <<E\n", "line 2: the here-document does not end: there is no line `E`"),
            ("FROM a\nSHELL sh", "line 2: SHELL: it is written as a JSON array, such as [\"/bin/sh\", \"-c\"]"),
            ("FROM a\nONBUILD FROM b", "line 2: ONBUILD: FROM cannot be triggered by ONBUILD"),
            ("FROM a\nONBUILD ONBUILD RUN a", "line 2: ONBUILD cannot hold another ONBUILD"),
            (
                "FROM a\nHEALTHCHECK --interval=1 CMD a",
                "line 2: HEALTHCHECK: `1` is no value of `interval`: a time of at least 1ms, such as 30s or 1m30s",
            ),
            ("FROM a\nENV a", "line 2: ENV needs a name and a value"),
            ("FROM a\nENV a=b c", "line 2: `c` has no `=`: write name=value"),
            ("FROM a\nENV =b", "line 2: ENV: a name is empty"),
            ("FROM a\nRUN [1]", "line 2: in the form of a JSON array, all arguments are strings"),
            ("FROM a\nCOPY --link=maybe a b", "line 2: COPY: `maybe` is no value of `link`: true or false"),
            ("# escape=x\nFROM a", "line 1: `x` cannot be the escape character: only \\ and ` can"),
        ] {
            assert_eq!(file(text).unwrap_err(), expected, "{text}");
        }
    }
}
