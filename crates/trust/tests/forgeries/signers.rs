//! Whose signature is asked for.

use crate::{Forgery, check, exact, pattern};

#[test]
fn whom_it_is_by() {
    let forgeries: &[Forgery] = &[
        ("blob", "another address", "Subject", |good| good.subject = exact("v.vollprecht@gmail.com")),
        ("blob", "address in capitals", "Subject", |good| good.subject = exact("W.Vollprecht@gmail.com")),
        ("blob", "part of the address", "Subject", |good| good.subject = exact("vollprecht@gmail.com")),
        ("blob", "pattern of a part", "Subject", |good| good.subject = pattern("vollprecht@gmail[.]com")),
        ("blob", "pattern of the end", "Subject", |good| good.subject = pattern("@gmail[.]com$")),
        ("blob", "pattern of the beginning", "Subject", |good| good.subject = pattern("^w[.]vollprecht@")),
        ("blob", "pattern over lines", "Subject", |good| good.subject = pattern("(?m)^vollprecht@gmail[.]com$")),
        ("blob", "pattern with choices", "Subject", |good| good.subject = pattern("x|gmail|w")),
        ("attestation", "repository whose name this one begins with", "Subject", |good| {
            good.subject = pattern("https://github[.]com/prefix-dev/sigstore-exam");
        }),
        ("attestation", "owner whose name this one ends with", "Subject", |good| {
            good.subject = pattern("dev/sigstore-example/.*");
        }),
        ("attestation", "another branch", "Subject", |good| {
            good.subject =
                exact("https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/next");
        }),
        ("attestation", "tags alone", "Subject", |good| {
            good.subject = pattern("https://github[.]com/prefix-dev/.*@refs/tags/.*")
        }),
        ("attestation", "http", "Issuer", |good| good.issuer = exact("http://token.actions.githubusercontent.com")),
        ("attestation", "issuer with a slash", "Issuer", |good| {
            good.issuer = exact("https://token.actions.githubusercontent.com/")
        }),
        ("attestation", "issuer in capitals", "Issuer", |good| {
            good.issuer = exact("https://Token.Actions.githubusercontent.com")
        }),
        ("attestation", "issuer's name within", "Issuer", |good| good.issuer = pattern("githubusercontent[.]com")),
        ("attestation", "issuer's name without the end", "Issuer", |good| {
            good.issuer = pattern("https://token[.]actions[.]githubusercontent")
        }),
        ("attestation", "issuer for an enterprise", "Issuer", |good| {
            good.issuer = exact("https://token.actions.githubusercontent.com/enterprise")
        }),
        ("blob", "issuer for another way to log in", "Issuer", |good| {
            good.issuer = exact("https://accounts.google.com")
        }),
        ("attestation", "another repository", "Claim", |good| {
            good.claims.push("source-repository-uri=https://github.com/prefix-dev/other".into())
        }),
        ("attestation", "repository in its older form", "Claim", |good| {
            good.claims.push("github-workflow-repository=prefix-dev/sigstore".into())
        }),
        ("attestation", "part of the repository", "Claim", |good| {
            good.claims.push("github-workflow-repository~sigstore-example".into())
        }),
        ("attestation", "another commit", "Claim", |good| {
            good.claims.push("source-repository-digest=293b5bd7d3985809503963ae400594ea16df31cf".into())
        }),
        ("attestation", "beginning of the commit", "Claim", |good| {
            good.claims.push("github-workflow-sha=193b5bd7".into())
        }),
        ("attestation", "another trigger", "Claim", |good| good.claims.push("build-trigger=release".into())),
        ("attestation", "private repositories", "Claim", |good| {
            good.claims.push("source-repository-visibility-at-signing~private|internal".into())
        }),
        ("attestation", "own machines", "Claim", |good| good.claims.push("runner-environment=self-hosted".into())),
        ("attestation", "claim that it does not have", "Claim", |good| {
            good.claims.push("deployment-environment~.*".into())
        }),
        ("attestation", "second claim", "Claim", |good| {
            good.claims.extend(["build-trigger=push".into(), "github-workflow-name=package and sign".into()])
        }),
        ("blob", "claim of a workflow for a person", "Claim", |good| {
            good.claims.push("github-workflow-repository~.*".into())
        }),
        ("other-name", "another name", "Subject", |good| good.subject = exact("foo@oidc.local")),
    ];
    check(forgeries, |good| good.verify().map(drop));
}
