use super::*;
use std::path::Path;

/// Lints a text beside a `.dockerignore`, and returns what is found as `line rule`.
fn found(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".dockerignore"), "*.log\n").unwrap();
    let recipe = Recipe::read(Path::new("Dockerfile"), text.as_bytes(), folder.path()).unwrap();
    let (platform, host) = ("linux/arm64".parse().unwrap(), "linux/amd64".parse().unwrap());
    let findings = lint(&recipe, &platform, &host);
    findings.iter().map(|finding| format!("{} {}", finding.lines.first, finding.rule)).collect()
}

/// For each rule, a file that breaks it alone, where it does so, and files that are right.
const CASES: &[(Rule, &str, &[usize], &[&str])] = &[
    (Rule::StageNameCasing, "FROM a AS Build\n", &[1], &["FROM a AS build\n", "FROM A\n"]),
    (Rule::FromAsCasing, "FROM a as x\nFROM b AS y\n", &[1], &["from a as x\n", "FROM a AS x\n"]),
    (Rule::NoEmptyContinuation, "FROM a\nRUN a \\\n\n  b\n", &[2], &["FROM a\nRUN a \\\n  # c\n  b\n"]),
    (
        Rule::ConsistentInstructionCasing,
        "FROM a\nrun a\nUSER b\nExpose 80\n",
        &[2, 4],
        &["from a\nrun a\n", "arg A=1\nFROM a\nRUN b\n"],
    ),
    (Rule::DuplicateStageName, "FROM a AS x\nFROM b AS x\n", &[2], &["FROM a AS x\nFROM b AS y\nFROM c\nFROM d\n"]),
    (Rule::ReservedStageName, "FROM a AS scratch\nFROM b AS context\n", &[1, 2], &["FROM scratch AS base\n"]),
    (
        Rule::JSONArgsRecommended,
        "FROM a AS x\nENTRYPOINT a b\nFROM b\nSHELL [\"/bin/bash\", \"-c\"]\nCMD c\n",
        &[2],
        &["FROM a\nCMD [\"b\"]\nENTRYPOINT [\"c\"]\n", "FROM a AS x\nSHELL [\"b\"]\nFROM x\nCMD c\n"],
    ),
    (Rule::MaintainerDeprecated, "FROM a\nMAINTAINER me\n", &[2], &["FROM a\nLABEL maintainer=me\n"]),
    (
        Rule::UndefinedArgInFrom,
        "ARG VERSION=1\nARG EMPTY\nFROM a:${VERSON:-2}\nFROM --platform=$NONE b\n",
        &[3, 4],
        &["ARG V=1\nARG EMPTY\nFROM --platform=$BUILDPLATFORM a:$V$EMPTY\n"],
    ),
    (
        Rule::WorkdirRelativePath,
        "FROM a AS x\nWORKDIR b\nWORKDIR c\nFROM x\nWORKDIR d\n",
        &[2],
        &["FROM a AS x\nWORKDIR /b\nWORKDIR c\nFROM x\nWORKDIR d\n", "FROM a\nARG D=/d\nWORKDIR $D\n"],
    ),
    (
        Rule::UndefinedVar,
        "ARG OUTSIDE=1\nFROM scratch AS x\nENV A=$B\nCOPY $A /$OUTSIDE\nCOPY <<E /f\n$C '$D'\nE\nFROM b\n\
         ARG VERSION\nUSER $VERSIONS\nLABEL a=$HOME_OF_BASE b=$TARGETARCH\nRUN --mount=target=$VERSON x\n",
        &[3, 4, 5, 5, 10, 11, 12],
        &[
            "FROM scratch AS x\nARG A\nENV B=$PATH C=$A\nCOPY <<'E' /f\n$D\nE\nFROM x\nUSER $A$B\n",
            "FROM a\nENV PATH=$GOPATH/bin:$PATH\nRUN echo $UNKNOWN\n",
        ],
    ),
    (
        Rule::MultipleInstructionsDisallowed,
        "FROM a AS x\nCMD [\"a\"]\nCMD [\"b\"]\nHEALTHCHECK NONE\nHEALTHCHECK CMD [\"c\"]\nENTRYPOINT [\"d\"]\n",
        &[2, 4],
        &["FROM a AS x\nCMD [\"a\"]\nFROM x\nCMD [\"b\"]\n"],
    ),
    (Rule::LegacyKeyValueFormat, "FROM a\nENV a b\nLABEL c d\n", &[2, 3], &["FROM a\nENV a=b c=d\nLABEL e=f\n"]),
    (
        Rule::RedundantTargetPlatform,
        "FROM --platform=$TARGETPLATFORM a\n",
        &[1],
        &["FROM --platform=$BUILDPLATFORM a\n", "ARG X\nFROM --platform=${X:-$TARGETPLATFORM} a\n"],
    ),
    (
        Rule::SecretsUsedInArgOrEnv,
        "FROM a\nARG API_KEY\nENV b=c GITHUB_TOKEN=d\n",
        &[2, 3],
        &["ARG PASSWORD\nFROM a\nARG PUBLIC_KEY MONKEY AUTH_VERSION\nENV TOKEN_FILE=/t\n"],
    ),
    (
        Rule::InvalidDefaultArgInFrom,
        "ARG TAG\nARG NAME\nFROM a:$TAG\nFROM $NAME\n",
        &[3, 4],
        &["ARG TAG=1\nFROM a:$TAG\n", "ARG X\nFROM a:${X:-1} AS b\nFROM ${X:-b}\n"],
    ),
    (
        Rule::FromPlatformFlagConstDisallowed,
        "FROM --platform=linux/amd64 a AS x\n",
        &[1],
        &["FROM --platform=linux/amd64 a AS build-amd64\n", "FROM --platform=$BUILDPLATFORM a\n"],
    ),
    (
        Rule::CopyIgnoredFile,
        "# check=experimental=CopyIgnoredFile\nFROM a AS x\nCOPY ./b.log c /d/\nADD e.log /\n",
        &[3, 4],
        &[
            "FROM a\nCOPY b.log /\n",
            "# check=experimental=all\nFROM a AS x\nCOPY --from=x b.log . /\nADD https://c/d.log /\n",
        ],
    ),
    (
        Rule::InvalidDefinitionDescription,
        "# check=experimental=InvalidDefinitionDescription\n# The version.\nARG V=1\n# Builds.\nFROM a:$V AS build\n",
        &[3, 5],
        &[
            "# check=experimental=all\n# V is the version.\nARG V=1\n# build builds.\nFROM a:$V AS build\n# Anything.\nFROM b\n",
            "# check=experimental=all\n\n# Anything.\n#\nARG V=1\nFROM a:$V\n",
            "# Anything.\nARG V=1\nFROM a:$V\n",
        ],
    ),
    (Rule::ExposeProtoCasing, "FROM a\nEXPOSE 80/TCP 81/udp\n", &[2], &["FROM a\nEXPOSE 80/tcp 81\n"]),
    (
        Rule::ExposeInvalidFormat,
        "FROM a\nEXPOSE 127.0.0.1:80:80 81\nEXPOSE 80:80\n",
        &[2, 3],
        &["FROM a\nEXPOSE 80-90/tcp\n"],
    ),
    (
        Rule::InvalidCheckDirective,
        "# check=skip=StageNameCasin;error=perhaps;what=ever\nFROM a AS B\n",
        &[1, 1, 1],
        &["# check=skip=InvalidBaseImagePlatform , StageNameCasing; error=false\nFROM a AS B\n"],
    ),
];

#[test]
fn every_rule_finds_what_it_is_about() {
    for (rule, wrong, lines, right) in CASES {
        let of_rule = |found: Vec<String>| {
            let end = format!(" {rule}");
            found.into_iter().filter(|found| found.ends_with(&end)).collect::<Vec<_>>()
        };
        let expected: Vec<String> = lines.iter().map(|line| format!("{line} {rule}")).collect();
        assert_eq!(of_rule(found(wrong)), expected, "{wrong}");
        for right in *right {
            assert_eq!(of_rule(found(right)), Vec::<String>::new(), "{right}");
        }
    }
    let without: Vec<_> = Rule::ALL.iter().filter(|rule| !CASES.iter().any(|(shown, ..)| shown == *rule)).collect();
    assert_eq!(without, [&Rule::InvalidBaseImagePlatform]);
}

#[test]
fn rules_can_be_skipped() {
    for (rule, wrong, ..) in CASES.iter().filter(|(rule, ..)| *rule != Rule::InvalidCheckDirective) {
        let skipping = |names: &str| match wrong.strip_prefix("# check=") {
            Some(rest) => format!("# check=skip={names};{rest}"),
            None => format!("# check=skip={names}\n{wrong}"),
        };
        let found_by_others = found(&skipping(rule.name()));
        assert!(!found_by_others.iter().any(|found| found.ends_with(rule.name())), "{rule}: {found_by_others:?}");
        assert_eq!(found(&skipping("all")), Vec::<String>::new(), "{rule}");
    }
}

#[test]
fn findings_are_in_order() {
    let text = "# check=error=true;skip=Nothing\nFROM a AS X\nMAINTAINER b\nCMD c\nCMD d\n";
    let expected = [
        "1 InvalidCheckDirective",
        "2 StageNameCasing",
        "3 MaintainerDeprecated",
        "4 JSONArgsRecommended",
        "4 MultipleInstructionsDisallowed",
        "5 JSONArgsRecommended",
    ];
    assert_eq!(found(text), expected);
}

#[test]
fn values_that_hold_each_other_stay_short() {
    let doubled: String = (0..200).map(|_| "ENV A=$A$A\n").collect();
    assert_eq!(found(&format!("FROM scratch\nENV A=aaaa\n{doubled}USER $A$B\n")), ["203 UndefinedVar"]);
}

#[test]
fn messages_say_what_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let message = |text: &str| {
        let recipe = Recipe::read(Path::new("Dockerfile"), text.as_bytes(), folder.path()).unwrap();
        let platform = "linux/amd64".parse().unwrap();
        lint(&recipe, &platform, &platform).into_iter().map(|finding| finding.message).collect::<Vec<_>>().join("; ")
    };
    for (text, expected) in [
        ("# check=skip=StageNameCasin\nFROM a", "there is no rule `StageNameCasin` (did you mean StageNameCasing?)"),
        (
            "ARG VERSION=1\nFROM a:${VERSON:-1}",
            "no ARG before the first FROM declares `VERSON` (did you mean VERSION?)",
        ),
        ("ARG A=1\nFROM a\nUSER $A", "`$A` is not defined in this stage: `ARG A` brings it in"),
        ("FROM scratch\nARG VERSION=1\nUSER $VERSOIN", "`$VERSOIN` is not defined (did you mean `$VERSION`?)"),
        ("ARG T\nFROM a:$T", "without build arguments, `a:$T` is `a:`, which is no image: give its ARG a default"),
    ] {
        assert_eq!(message(text), expected, "{text}");
    }
}
