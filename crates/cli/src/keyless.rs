//! How something is signed without a key: who says who signs, and which services are asked.

use crate::arguments::KeylessOptions;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::services::{check_forms, services};
use crate::session::{Session, USER_AGENT};
use crate::signer::trusted_root;
use consign_attach::{Forms, KeylessSigner};
use consign_keyless::{Disclosure, IdentityToken, Patience, Person, Services, Source, TokenError, Web};
use consign_plan::Configuration;
use consign_plan::configuration::{KeylessSettings, Spanned};
use jiff::Timestamp;
use std::io::{IsTerminal, stdin};
use std::path::PathBuf;
use std::sync::Arc;

/// What is said of it in a configuration, or on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keyless {
    signing_config: Option<PathBuf>,
    trusted_root: Option<PathBuf>,
    identity_token: Option<PathBuf>,
    disclosure: Disclosure,
}

impl Keyless {
    /// Takes what a configuration says.
    pub(crate) fn configured(settings: &KeylessSettings, configuration: &Configuration) -> Self {
        let file = |name: &Option<Spanned<String>>| name.as_ref().map(|name| configuration.resolve(name));
        Self {
            signing_config: file(&settings.signing_config),
            trusted_root: file(&settings.trusted_root),
            identity_token: file(&settings.identity_token),
            disclosure: disclosure(settings.disclose),
        }
    }

    /// Takes what the command line says.
    pub(crate) fn named(options: &KeylessOptions) -> Result<Self, CommandError> {
        let token = options.identity_token.as_ref();
        if token.is_some_and(|token| token.is_token()) {
            let message = "an identity token on the command line is seen by everybody on this machine";
            let hint = "name a file, or put the token into the variable SIGSTORE_ID_TOKEN";
            return Err(CommandError::new(ExitCode::Usage, message).hint(hint));
        }
        Ok(Self {
            signing_config: options.signing_config.clone(),
            trusted_root: options.trusted_root.clone(),
            identity_token: token.map(|token| token.0.clone()),
            disclosure: disclosure(options.yes),
        })
    }

    /// Returns what makes a signer. Nobody is asked for anything yet; but what is needed for these forms is there.
    pub(crate) fn signer(
        self,
        forms: Forms,
        session: &Session,
    ) -> Result<impl Fn() -> KeylessSigner + Sync + use<>, CommandError> {
        let services = services(session, self.signing_config.as_deref(), Timestamp::now())?;
        check_forms(&services, forms, session, self.signing_config.as_deref())?;
        let root = trusted_root(self.trusted_root.as_deref(), session)?;
        let source = self.source(&services, session)?;
        let web = web()?;
        let disclosure = self.disclosure;
        Ok(move || KeylessSigner::new(source.clone(), services.clone(), disclosure, web.clone(), root.clone()))
    }

    /// Returns the token of the CI, if it gives one without being told of this program.
    pub(crate) async fn token(&self, session: &Session) -> Result<Option<IdentityToken>, CommandError> {
        let source = match Source::detect(|name| session.environment.get(name)) {
            Ok(source @ (Source::GitHub { .. } | Source::Variable(_))) => source,
            _ => return Ok(None),
        };
        source.token(&web()?).await.map(Some).map_err(|error| CommandError::of(ExitCode::Failed, &error))
    }

    fn source(&self, services: &Services, session: &Session) -> Result<Source, CommandError> {
        if let Some(file) = &self.identity_token {
            return Ok(Source::File(file.clone()));
        }
        match Source::detect(|name| session.environment.get(name)) {
            Err(TokenError::NoSource) if stdin().is_terminal() => {}
            detected => return detected.map_err(|error| CommandError::of(ExitCode::Failed, &error)),
        }
        let Some(issuer) = services.issuer() else {
            return Err(CommandError::of(ExitCode::Failed, &TokenError::NoSource));
        };
        let printer = session.printer.clone();
        let announce = move |address: &str| {
            printer.note(&format!("Open this in a browser to say who you are:\n\n    {address}\n"))
        };
        Ok(Source::Person(Arc::new(Person::new(issuer.clone(), announce))))
    }
}

/// Returns what asks all who are not registries.
pub(crate) fn web() -> Result<Web, CommandError> {
    Web::new(USER_AGENT, Patience::default()).map_err(|error| CommandError::of(ExitCode::Failed, &error))
}

fn disclosure(is_allowed: bool) -> Disclosure {
    if is_allowed { Disclosure::Allowed } else { Disclosure::Refused }
}
