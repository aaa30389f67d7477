//! What those who know cosign may type, and what it is called here.

use crate::arguments::{BundleOption, CosignOptions};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use clap::error::{ContextKind, ContextValue};
use consign_attach::Signatory;

/// How services are named.
const SERVICES: &str = "`--signing-config FILE` names the services, and `consign trust init` writes such a file";
/// How those are named who count.
const ROOTS: &str = "`--trusted-root FILE` names who counts, and `consign trust init` writes such a file";
/// How keys are reached that no file has.
const DEVICES: &str = "`--key 'exec:PROGRAM ARGUMENT…'` asks a program of yours for signatures (docs/keys.md)";
/// How registries are logged in to.
const LOGIN: &str = "`consign login HOST` logs in, or `registries: HOST` in the configuration does";
/// How registries are reached without certificates that the system trusts.
const REGISTRY: &str = "`registries: HOST` in the configuration says how a registry is reached";

/// Commands of cosign's that are called otherwise, or are not there; sorted.
const COMMANDS: [(&str, &str); 21] = [
    ("attach", "`consign sign` and `consign attest` attach what they sign, and `consign copy` brings what is attached"),
    (
        "attest-blob",
        "there is nothing like it: `consign sign-blob` signs a file, `consign attest` says something of an image",
    ),
    ("bundle", "there is nothing like it: `consign sign-blob --bundle FILE` writes bundles"),
    ("completion", "`consign completions SHELL`"),
    ("dockerfile", "there is nothing like it: `consign verify` takes one image"),
    ("env", "there is nothing like it: `consign COMMAND --help` names the variables that count"),
    ("generate", "there is nothing like it: `consign sign` makes what it signs"),
    ("generate-key-pair", "`consign keygen`"),
    ("initialize", "`consign trust init`"),
    ("load", "`consign copy oci:DIR REF`"),
    ("manifest", "there is nothing like it: `consign verify` takes one image"),
    ("piv-tool", DEVICES),
    ("pkcs11-tool", DEVICES),
    ("save", "`consign copy REF oci:DIR`"),
    ("signing-config", "`consign trust init` writes `signing_config.json`"),
    ("triangulate", "`consign tree` shows what is attached to an image"),
    ("trusted-root", "`consign trust init` writes `trusted_root.json`"),
    ("upload", "there is nothing like it: `consign copy` brings images to registries"),
    ("verify-attestation", "`consign verify --type TYPE`"),
    ("verify-blob-attestation", "`consign verify-blob --type URI`"),
    ("version", "`consign --version`"),
];

/// Options of cosign's that are called otherwise, or are not there; sorted.
const OPTIONS: [(&str, &str); 44] = [
    ("--allow-http-registry", "a registry on this machine is asked by HTTP anyway, others never are"),
    ("--allow-insecure-registry", REGISTRY),
    ("--attachment", "there is nothing like it: all that is attached is looked at"),
    ("--ca-intermediates", ROOTS),
    ("--ca-roots", ROOTS),
    ("--certificate", "certificates are read where the signatures are"),
    ("--certificate-chain", ROOTS),
    ("--check-claims", "there is nothing like it: what is signed is always compared with the image"),
    ("--fulcio-auth-flow", SERVICES),
    ("--fulcio-url", SERVICES),
    ("--k8s-keychain", LOGIN),
    ("--local-image", "`oci:DIR` in place of the name is an image in a folder"),
    ("--max-workers", "`--jobs N`"),
    ("--no-upload", "there is nothing like it: an image in `oci:DIR` is signed on this machine"),
    ("--oidc-client-id", SERVICES),
    ("--oidc-issuer", SERVICES),
    ("--oidc-provider", "who gives tokens is found, and `--identity-token FILE` names a token"),
    ("--output-attestation", "`--bundle FILE`"),
    ("--output-certificate", "`--bundle FILE` holds the certificate"),
    ("--payload", "`consign verify-blob PAYLOAD --signature FILE`"),
    ("--private-infrastructure", "`--insecure-ignore-tlog`"),
    ("--record-creation-timestamp", "there is nothing like it: the same image has the same signature"),
    ("--registry-cacert", REGISTRY),
    ("--registry-client-cert", REGISTRY),
    ("--registry-client-key", REGISTRY),
    ("--registry-password", LOGIN),
    ("--registry-referrers-mode", "`--signature-format legacy|bundle|both`"),
    ("--registry-token", LOGIN),
    ("--registry-username", LOGIN),
    ("--rekor-url", SERVICES),
    ("--rfc3161-timestamp", "`--bundle FILE` holds the timestamp"),
    ("--sct", "certificates are read where the signatures are"),
    ("--sig-only", "there is nothing like it: an image is copied with its signatures"),
    ("--signature", "`consign verify-blob FILE --signature FILE`; signatures of images lie where the image does"),
    ("--sk", DEVICES),
    ("--slot", DEVICES),
    ("--statement", "`--predicate FILE --type TYPE`"),
    ("--timeout", "there is nothing like it: whoever does not answer is given up"),
    ("--timestamp-certificate-chain", ROOTS),
    ("--timestamp-server-url", SERVICES),
    ("--upload", "there is nothing like it: an image in `oci:DIR` is signed on this machine"),
    ("--use-signed-timestamps", "timestamps count where they are, without it"),
    ("--use-signing-config", SERVICES),
    ("-o", "`--output FORM`"),
];

impl BundleOption {
    /// Fails where bundles are not wanted.
    pub(crate) fn check(self) -> Result<(), CommandError> {
        if self.new_bundle_format != Some(false) {
            return Ok(());
        }
        let error = CommandError::new(ExitCode::Usage, "`--new-bundle-format=false` is cosign's");
        Err(error
            .hint("`--signature-format legacy` signs in the older form; both forms are verified without any option"))
    }
}

impl CosignOptions {
    /// Fails where a log is to be told by one who tells none, or not to be told by one who does.
    pub(crate) fn check(self, signatory: &Signatory) -> Result<(), CommandError> {
        let (message, hint) = match (signatory, self.tlog_upload) {
            (Signatory::Key(_), Some(true)) => (
                "`--tlog-upload=true`: what is signed with a key is told to no log here",
                "leave it out; without `--key`, whoever an identity token names signs, and a log is told",
            ),
            (Signatory::Keyless(_), Some(false)) => (
                "`--tlog-upload=false`: without a key, it takes a log or a timestamp to show when something was signed",
                "`--signing-config FILE` names services of your own; what is signed with a key (`--key`) is told to no log",
            ),
            _ => return Ok(()),
        };
        Err(CommandError::new(ExitCode::Usage, message).hint(hint))
    }
}

/// Returns what a command line that could not be understood may have meant, in one line, if that is cosign's.
pub(crate) fn answer(error: &clap::Error) -> Option<String> {
    let said = |kind| match error.get(kind) {
        Some(ContextValue::String(said)) => Some(said.as_str()),
        _ => None,
    };
    let (written, here) = match (said(ContextKind::InvalidSubcommand), said(ContextKind::InvalidArg)) {
        (Some(command), _) => find(&COMMANDS, command)?,
        (None, Some(option)) => find(&OPTIONS, option.split('=').next()?)?,
        (None, None) => return None,
    };
    Some(format!("`{written}` is cosign's; here: {here}"))
}

fn find<'a>(table: &'a [(&'a str, &'a str)], written: &str) -> Option<(&'a str, &'a str)> {
    table.iter().find(|(cosigns, _)| *cosigns == written).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Arguments;
    use clap::{CommandFactory, Parser};

    #[test]
    fn what_is_named_is_there() {
        for (written, here) in COMMANDS.iter().chain(&OPTIONS) {
            for words in here.split("`consign ").skip(1) {
                let mut command = Arguments::command();
                for word in words.split('`').next().unwrap().split(' ') {
                    if let Some(option) = word.strip_prefix("--") {
                        let known = |argument: &clap::Arg| argument.get_long() == Some(option);
                        assert!(
                            option == "help" || option == "version" || command.get_arguments().any(known),
                            "{here}"
                        );
                    } else if command.has_subcommands() && word != "COMMAND" {
                        command = command.find_subcommand(word).unwrap_or_else(|| panic!("{written}: {here}")).clone();
                    }
                }
            }
        }
    }

    #[test]
    fn what_cosign_knows_is_answered_in_one_line() {
        for line in
            ["initialize", "generate-key-pair k8s://a/b", "verify --rekor-url=x a", "sign --fulcio-url x a", "-o json"]
        {
            let words = ["consign"].into_iter().chain(line.split(' '));
            let answer = answer(&Arguments::try_parse_from(words).unwrap_err()).unwrap();
            assert!(answer.contains("is cosign's; here: ") && !answer.contains('\n'), "{answer}");
        }
        for line in ["initialise", "sign --no-such-option", "sign", "verify --key"] {
            let error = Arguments::try_parse_from(["consign"].into_iter().chain(line.split(' '))).unwrap_err();
            assert_eq!(answer(&error), None, "{line}");
        }
    }
}
