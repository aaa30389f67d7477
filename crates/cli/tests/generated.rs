//! Documents that the program writes about itself. With `CONSIGN_GENERATE=1` they are written; else they must be as they are.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use common::TestEnvironment;
use consign_dockerfile::lint::Rule;
use std::fs;
use std::path::Path;

/// Heading of the options that every command has.
const GLOBAL: &str = "Options of every command:\n";

/// What stands before the table of rules.
const RULES: &str = "\
# Warnings about Dockerfiles

Written by `cargo xtask generate`. `consign check`, `build` and `release` show what could be better in a Dockerfile, each thing once. The rules
are those of BuildKit's `dockerfile` frontend, under its names; they look at every stage, needed or not. With `--deny warnings`, `check` and
`build` end with exit status 3 where there is a warning. `--output json` of `check` lists them as `warnings`; `--progress json` makes each an event.

The first lines of a file choose:

```dockerfile
# check=skip=StageNameCasing,JSONArgsRecommended
```

`skip=all` leaves out every rule; `error=true` makes warnings errors; `experimental=all`, or names, adds rules that are left out otherwise. Several
options stand between semicolons: `# check=skip=UndefinedVar;error=true`.

Who prefers hadolint writes `dockerOptions: {lint: {engine: hadolint}}` at the image in `consign.yaml`. It is then run in place of these rules, in the
Dockerfile's folder, where it looks for its own configuration; it has to be on PATH.

What a base image defines is not known before it is fetched. Where a stage builds on one, `UndefinedVar` speaks only of arguments that are declared
outside of the stage, and of names that are nearly those of the stage.
";

#[test]
fn the_commands() {
    let environment = TestEnvironment::new();
    let help = |command: &[&str]| environment.consign(&[command, &["--help"]].concat()).expect(0).stdout;
    let all = help(&[]);
    let (all, _) = all.split_once("Exit status:\n").unwrap();
    let mut text = String::from("# Commands\n\nWritten by `cargo xtask generate`: this is what `--help` says.\n");
    text.push_str("Exit codes are in [exit-codes.md](exit-codes.md).\n\n");
    text.push_str(&section("consign", all));
    commands(all).iter().for_each(|command| describe(&[command], &help, &mut text));
    compare("commands.md", &text);
}

#[test]
fn the_exit_codes() {
    let mut text = String::from(
        "# Exit codes\n\nWritten by `cargo xtask generate`. Of several reasons at the gate, a failed trial wins.\n\n",
    );
    text.push_str("| code | meaning |\n|---|---|\n");
    let codes = codes();
    let exits = codes.iter().filter(|[code, ..]| code.parse::<u8>().is_ok());
    for [code, meaning, ..] in exits {
        text.push_str(&format!("| {code} | {meaning} |\n"));
    }
    compare("exit-codes.md", &text);
}

#[test]
fn what_codes_mean() {
    let mut text = String::from(
        "# What codes mean\n\nWritten by `cargo xtask generate`: this is what `consign explain CODE` says.\n\n",
    );
    text.push_str("| code | meaning | a usual cause | what to do |\n|---|---|---|---|\n");
    for cells in codes() {
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    compare("codes.md", &text);
}

#[test]
fn warnings_about_dockerfiles() {
    let mut text = String::from(RULES);
    text.push_str("\n| rule | what it wants |\n|---|---|\n");
    for rule in Rule::ALL {
        text.push_str(&format!("| {rule} | {} |\n", rule.description()));
    }
    compare("dockerfile-warnings.md", &text);
}

#[test]
fn the_schemas() {
    for (argument, name) in [("config", "schema/consign.schema.json"), ("image", "schema/image.schema.json")] {
        compare(name, &TestEnvironment::new().consign(&["schema", argument]).expect(0).stdout);
    }
}

/// Returns all codes, each with its meaning, a usual cause and what to do.
fn codes() -> Vec<[String; 4]> {
    let all = TestEnvironment::new().consign(&["explain", "--output", "json"]).expect(0).json();
    let topics = all["codes"].as_array().unwrap().iter();
    let cells = topics.map(|topic| {
        ["code", "meaning", "cause", "remedy"].map(|key| topic[key].as_str().unwrap().replace('|', "\\|"))
    });
    cells.collect()
}

/// Returns the names of the commands that a help lists, but for `help` itself.
fn commands(help: &str) -> Vec<&str> {
    let (_, list) = help.split_once("\nCommands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    // A description that goes on in the next line stands further in.
    let names =
        lines.filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '))?.split(' ').next());
    names.filter(|name| *name != "help").collect()
}

/// Writes what a command says of itself, or each of those that it groups.
fn describe(command: &[&str], help: &dyn Fn(&[&str]) -> String, text: &mut String) {
    let said = help(command);
    if said.contains("\nCommands:\n") {
        commands(&said).iter().for_each(|inner| describe(&[command, &[inner]].concat(), help, text));
    } else {
        text.push_str(&section(&format!("consign {}", command.join(" ")), &without_global(&said)));
    }
}

/// Takes out what the first section says for every command.
fn without_global(help: &str) -> String {
    let (own, rest) = help.split_once(GLOBAL).unwrap();
    // What comes after it begins at the start of a line.
    let end = rest.lines().skip_while(|line| line.is_empty() || line.starts_with(' '));
    format!("{own}{}", end.collect::<Vec<_>>().join("\n"))
}

fn section(title: &str, help: &str) -> String {
    let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    format!("## {title}\n```text\n{}\n```\n\n", lines.join("\n"))
}

#[track_caller]
fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    let text = text.trim_end().to_owned() + "\n";
    if std::env::var_os("CONSIGN_GENERATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    } else {
        let found = fs::read_to_string(&path).expect("the document is there");
        assert!(found == text, "docs/{name} is not what the program says: run `cargo xtask generate`");
    }
}
