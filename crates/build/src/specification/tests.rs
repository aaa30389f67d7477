use super::*;

fn parse(text: &str) -> Result<Specification, SpecificationError> {
    let read = Specification::parse("image.yaml", text);
    schema::tests::agrees(text, &read);
    read
}

#[test]
fn reads_packages() {
    let text = "packages: [nginx, base-files=12.4]\nsuite: bookworm\nplatforms: [linux/amd64, linux/arm64/v8]\nuser: 65532\n\
                working-directory: /srv\nports: [8080/tcp]\nusers: [{name: app, uid: 65532}]\n\
                files:\n- {source: ./a, path: /etc/a, mode: \"0640\", owner: \"root:adm\"}\n";
    let specification = parse(text).unwrap();
    let Contents::Packages(packages) = &specification.contents else { panic!("not packages") };
    assert_eq!(packages.packages, ["nginx", "base-files=12.4"]);
    assert_eq!(specification.platforms[1].to_string(), "linux/arm64");
    assert_eq!(specification.runtime.user.as_deref(), Some("65532"));
    assert_eq!(specification.files[0].mode.unwrap().bits(), 0o640);
}

#[test]
fn image_files_are_told_by_their_keys() {
    for text in [
        "packages: [a]",
        "user: a\nfiles: []",
        "{packages: [a]}",
        "{\"base\": \"x\"}",
        "\"files\": []",
        "  base: x",
        "base: [",
    ] {
        assert!(Specification::is_image_file(text), "{text}");
    }
    for text in [
        "FROM base:1\nRUN files",
        "contents: {packages: [a]}",
        "[packages]",
        "packages",
        "",
        "x: [",
        "{a: 1}\n---\n{base: x}",
    ] {
        assert!(!Specification::is_image_file(text), "{text}");
    }
}

#[test]
fn reads_signals_and_users() {
    for signal in ["SIGTERM", "SIGRTMIN+3", "15"] {
        let specification = parse(&format!("packages: [a]\nuser: www-data:adm\nstop-signal: {signal}\n")).unwrap();
        assert_eq!(specification.runtime.stop_signal.as_deref(), Some(signal));
        assert_eq!(specification.runtime.user.as_deref(), Some("www-data:adm"));
    }
}

#[test]
fn says_where_and_what() {
    let table = [
        ("packages: [a]\npackagess: [b]\n", "2:1: unknown key `packagess` in an image file"),
        ("packages: [a]\nhumbug: [b]\n", "2:1: unknown key `humbug` in an image file"),
        ("files:\n- source: a\n  path: /a\n  mod: \"0644\"\n", "4:3: unknown key `mod` in this mapping"),
        ("files:\n- {source: a, path: /a, mode: \"9\"}\n", "2:31: `9` is not a mode"),
        ("files:\n- {source: a}\n", "2:4: `path` is missing"),
        ("packages: [a]\nbase: x\n", "2:7: `base` cannot stand in an image file with `packages`"),
        ("files: [{source: a, path: /a}]\nsuite: x\n", "2:8: `suite` cannot stand in an image file with `files`"),
        ("user: x\n", "1:1: an image file needs `packages`, `files` or `base`"),
        ("base: Team/Base:1\n", "1:7: `base`: `Team/Base` does not name a repository"),
        ("base: \"\"\n", "1:7: `base`: "),
        ("packages: [a]\nplatforms: [linux/amd46]\n", "2:13: `platforms`: no images are made for the architecture"),
        ("packages: [a]\nplatforms: [linux]\n", "2:13: `platforms`: `linux` is not a platform"),
        ("packages: [a]\nports: [http]\n", "2:9: `ports`: `http` is not a port"),
        ("packages: [a]\nports: [80]\nvolumes: [data]\n", "3:11: `volumes`: `data` does not begin with `/`"),
        ("packages: [a]\nworking-directory: x\n", "2:20: `working-directory`: `x` does not begin with `/`"),
        ("packages: [a]\nenvironment: {a=b: c}\n", "2:20: `environment`: `a=b` is not a name of a variable"),
        ("packages: [a]\nsuite: ../x\n", "2:8: `suite`: `../x` is not the name of a suite"),
        ("packages: [a]\nfiles: [{source: a, path: /../x}]\n", "2:27: `files`: `/../x` is not a path"),
        ("packages: [a]\nusers: [{name: \"x:y\", uid: 1}]\n", "2:9: `users`: `x:y` is not the name of an account"),
        ("packages: []\n", "1:11: `packages`: expected 1 to"),
        ("packages: [a, \"bash >= 5\"]\n", "1:15: `packages`: `bash >= 5` does not name a package: expected `name`"),
        ("packages: [a, nginx/stable]\n", "1:15: `packages`: `nginx/stable` does not name a package"),
        ("packages: [\"a=1_\"]\n", "1:12: `packages`: `a (= 1_)`: "),
        ("packages: [a]\nuser: \":\"\n", "2:7: `user`: `:` is not `user` or `user:group`"),
        ("packages: [a]\nuser: a:b:c\n", "2:7: `user`: `a:b:c` is not"),
        ("packages: [a]\nstop-signal: TERM\n", "2:14: `stop-signal`: `TERM` is not a signal"),
        ("packages: [a]\nstop-signal: 65\n", "2:14: `stop-signal`: `65` is not a signal"),
        ("packages: a\n", "1:11: a list is expected here"),
        ("files: [a]\n", "1:9: a mapping is expected here"),
        ("packages: [a]\nusers: [{name: a, uid: b}]\n", "2:24: a whole number is expected here"),
        ("packages: [a]\npackages: [b]\n", "2:1: the key `packages` stands twice"),
        ("packages: [a]\n  x: [\n", "2:3: not valid YAML: "),
        ("packages: [a]\n---\npackages: [b]\n", "not valid YAML: it must be a single document"),
    ];
    for (text, expected) in table {
        let error = parse(text).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with("image.yaml:") && message.contains(expected), "{text}\n{message}");
        assert!(!message.contains('\n') && !message.contains("<input>"), "{message}");
    }
}

#[test]
fn says_what_was_meant() {
    for (text, expected) in [
        ("packages: [a]\nentrypiont: [b]\n", "did you mean `entrypoint`?"),
        ("files: [{source: a, path: /a, mod: x}]\n", "did you mean `mode`?"),
        (
            "files: [{source: a, path: /a, humbug: x}]\n",
            "the keys here are `source`, `path`, `mode`, `owner` and `provided`",
        ),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.problem.hint().as_deref(), Some(expected));
        let Problem::UnknownKey { key, .. } = &error.problem else { panic!("{error}") };
        assert_eq!(error.position.width, key.len());
    }
    assert_eq!(parse("user: x\n").unwrap_err().problem.hint(), None);
}

#[test]
fn bounds_what_aliases_expand_to() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (one, next) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        text += &format!("{next}: &{next} [*{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}]\n");
    }
    assert!(parse(&text).is_err());
    assert!(parse(&format!("packages: {}", "[".repeat(100_000))).is_err());
    let large = format!("packages: [{}]\n", "a".repeat(1 << 20));
    assert_eq!(parse(&large).unwrap_err().problem, Problem::TooLarge { limit: 1 << 20 });
}
