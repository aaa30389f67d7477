use super::*;

const FILES: &str = "files: [{source: \"target/{rust-target}/hello\", path: /bin/hello}]\n";

fn parse(run: &str) -> Result<Specification, SpecificationError> {
    let text = format!("{FILES}run: {run}\n");
    let read = Specification::parse("image.yaml", &text);
    schema::tests::agrees(&text, &read);
    read
}

#[test]
fn reads_a_command() {
    let text = "\n  command: cargo build --target '{rust-target}'\n  inputs: [Cargo.toml, ../shared, src/**/*.rs]\n  \
        environment: { CGO_ENABLED: 0, A: \"{arch}\", TOKEN: { env: TOKEN }, V: \"010\" }\n  directory: app\n  timeout: 1h30m";
    let run = parse(text).unwrap().run.unwrap();
    assert_eq!(run.command, ["cargo", "build", "--target", "{rust-target}"]);
    assert_eq!(run.timeout.as_secs(), 5400);
    assert_eq!(run.inputs.as_ref().unwrap()[1].path, "../shared");
    assert_eq!(run.inputs.as_ref().unwrap()[1].place.to_string(), "image.yaml:4:24");
    assert_eq!(run.environment["CGO_ENABLED"], Variable::Text("0".into()));
    assert_eq!(run.place.to_string(), "image.yaml:3:12");
    let recorded = serde_json::to_value(&run).unwrap();
    assert_eq!(recorded["environment"]["TOKEN"], serde_json::json!({ "env": "TOKEN" }));
    assert_eq!(recorded["inputs"][0], "Cargo.toml");

    let run = parse("{ command: [make, -j, 4, \"a && b\"] }").unwrap().run.unwrap();
    assert_eq!(run.command, ["make", "-j", "4", "a && b"]);
    assert_eq!((run.directory.as_str(), run.timeout.as_secs(), run.inputs), (".", 1800, None));
    assert_eq!(parse("{ command: true }").unwrap().run.unwrap().command, ["true"]);
}

#[test]
fn says_where_and_what() {
    let table = [
        ("{ comand: x }", "2:8: unknown key `comand` in this mapping"),
        ("{ inputs: [x] }", "2:8: `command` is missing"),
        ("{ command: \"\" }", "2:17: `command`: it names no program"),
        ("{ command: [] }", "2:17: `command`: it names no program"),
        ("{ command: \"a 'b\" }", "2:17: `command`: a quotation mark is not closed"),
        ("{ command: make && make install }", "2:17: `command`: `&&` needs a shell"),
        ("{ command: \"go build -o {goarc}\" }", "2:17: `command`: `{goarc}` stands for nothing: `{os}`, "),
        ("{ command: { a: b } }", "2:"),
        ("{ command: 5 }", "expected a command, as a text or a list of words, not integer `5`"),
        ("{ command: a, inputs: [/etc/passwd] }", "2:29: `inputs`: `/etc/passwd` is not a path relative to"),
        ("{ command: a, inputs: [a/../b] }", "2:29: `inputs`: `a/../b` goes up behind a name"),
        ("{ command: a, inputs: [\"{x}\"] }", "2:29: `inputs`: `{x}` stands for nothing"),
        ("{ command: a, directory: /tmp }", "2:31: `directory`: `/tmp` is not a path relative to"),
        ("{ command: a, environment: { A: 010 } }", "2:38: `environment`: this value has to stand in quotes"),
        ("{ command: a, environment: { A: 1.50 } }", "2:38: `environment`: this value has to stand in quotes"),
        ("{ command: a, environment: { A: True } }", "2:38: `environment`: this value has to stand in quotes"),
        ("{ command: a, environment: { \"A=B\": c } }", "`environment`: `A=B` is not a name of a variable"),
        ("{ command: a, environment: { A: { env: ghp_x-y } } }", "2:38: `environment`: `env` must be the name"),
        ("{ command: a, environment: { A: { env: COSIGN_PASSWORD } } }", "`COSIGN_PASSWORD` is for signing"),
        ("{ command: a, environment: { A: { evn: B } } }", "2:40: unknown key `evn` in this mapping"),
        ("{ command: a, environment: { A: {} } }", "`env` is missing"),
        ("{ command: a, environment: { A: [b] } }", "2:"),
        ("{ command: a, timeout: 30 }", "2:29: `timeout`: `30` is not a length of time"),
        ("{ command: a, timeout: 25h }", "2:29: `timeout`: `25h` is not a length of time"),
    ];
    for (run, expected) in table {
        let message = parse(run).unwrap_err().to_string();
        assert!(message.starts_with("image.yaml:") && message.contains(expected), "{run}\n{message}");
        assert!(!message.contains("ghp_"), "{message}");
    }
    let error = Specification::parse("image.yaml", "run: {command: a}\nbase: x\n").unwrap_err();
    assert_eq!(error.to_string(), "image.yaml:1:6: `files` is missing");
}
