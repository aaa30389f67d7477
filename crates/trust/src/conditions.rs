use crate::shown::shown;
use crate::{Claim, Matcher, MatcherError, TrustError};
use std::collections::BTreeMap;
use std::fmt;

/// Whose signature is asked for: an issuer and a subject, and what else the certificate must say.
///
/// Without a subject any signature by anybody would do, and without an issuer anybody who issues tokens could name any subject. So there are no conditions
/// without both.
#[derive(Clone, Debug)]
pub struct Conditions {
    issuer: Matcher,
    subject: Matcher,
    claims: Vec<ClaimCondition>,
}

/// What a certificate must say of the job that signed.
#[derive(Clone, Debug)]
pub struct ClaimCondition {
    /// About what.
    pub claim: Claim,
    /// What it must say.
    pub value: Matcher,
}

impl ClaimCondition {
    /// Reads `NAME=VALUE`, or `NAME~REGEX` for a regular expression.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = || "expected NAME=VALUE or NAME~REGEX".to_owned();
        let (name, value) = text.split_once(['=', '~']).ok_or_else(form)?;
        let claim = name.parse::<Claim>().map_err(|error| error.to_string())?;
        let is_pattern = text.as_bytes().get(name.len()) == Some(&b'~');
        let matcher = if is_pattern { Matcher::pattern(value) } else { Matcher::exact(value) };
        let value = matcher.map_err(|error: MatcherError| match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        })?;
        Ok(Self { claim, value })
    }
}

impl Conditions {
    /// Asks for signatures by a subject for which an issuer vouches.
    pub fn new(issuer: Matcher, subject: Matcher) -> Self {
        Self { issuer, subject, claims: Vec::new() }
    }

    /// Returns who must vouch for the subject.
    pub fn issuer(&self) -> &Matcher {
        &self.issuer
    }

    /// Returns whose signatures are asked for.
    pub fn subject(&self) -> &Matcher {
        &self.subject
    }

    /// Asks for a claim too. All that are asked for must be met.
    pub fn with(mut self, condition: ClaimCondition) -> Self {
        self.claims.push(condition);
        self
    }

    /// Writes what is asked for, for people.
    pub(crate) fn describe(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, for whom {} vouches", self.subject, self.issuer)?;
        self.claims.iter().try_for_each(|claim| write!(formatter, ", with {} {}", claim.claim.name(), claim.value))
    }

    /// Returns whether the certificate says what is asked for.
    pub(crate) fn check(&self, subject: &str, claims: &BTreeMap<Claim, String>) -> Result<(), TrustError> {
        let issuer = claims.get(&Claim::Issuer).map(String::as_str);
        let mut lines =
            vec![Line::new("subject", &self.subject, Some(subject)), Line::new("issuer", &self.issuer, issuer)];
        lines.extend(self.claims.iter().map(|condition| {
            Line::new(condition.claim.name(), &condition.value, claims.get(&condition.claim).map(String::as_str))
        }));
        let Some(first) = lines.iter().position(|line| !line.met) else { return Ok(()) };
        let comparison = Comparison { lines };
        Err(match first {
            0 => TrustError::Subject { comparison },
            1 => TrustError::Issuer { comparison },
            _ => {
                let claim = self.claims.get(first - 2).map_or(Claim::Issuer, |condition| condition.claim);
                TrustError::Claim { claim, comparison }
            }
        })
    }
}

/// What was asked of a certificate, beside what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    name: &'static str,
    wanted: String,
    found: Option<String>,
    met: bool,
}

impl Line {
    fn new(name: &'static str, wanted: &Matcher, found: Option<&str>) -> Self {
        let met = found.is_some_and(|found| wanted.matches(found));
        Self { name, wanted: wanted.to_string(), found: found.map(shown), met }
    }
}

impl std::error::Error for Comparison {}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, line) in self.lines.iter().enumerate() {
            let (name, wanted) = (line.name, &line.wanted);
            if number > 0 {
                formatter.write_str("\n")?;
            }
            match (&line.found, line.met) {
                (Some(found), true) => write!(formatter, "{name}: `{found}`, as wanted")?,
                (Some(found), false) => write!(formatter, "{name}: found `{found}`, wanted {wanted}")?,
                (None, _) => write!(formatter, "{name}: found none, wanted {wanted}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: &str = "https://github.com/team/app/.github/workflows/release.yml@refs/heads/main";
    const ISSUER: &str = "https://token.actions.githubusercontent.com";

    fn conditions() -> Conditions {
        Conditions::new(Matcher::exact(ISSUER).unwrap(), Matcher::exact(SUBJECT).unwrap())
            .with(ClaimCondition::parse("source-repository-ref~refs/heads/(main|next)").unwrap())
            .with(ClaimCondition::parse("build-trigger=push").unwrap())
    }

    fn claims() -> BTreeMap<Claim, String> {
        let claims =
            [(Claim::Issuer, ISSUER), (Claim::SourceRepositoryRef, "refs/heads/main"), (Claim::BuildTrigger, "push")];
        claims.into_iter().map(|(claim, value)| (claim, value.to_owned())).collect()
    }

    #[test]
    fn all_must_be_met() {
        conditions().check(SUBJECT, &claims()).unwrap();
        let check = |change: &dyn Fn(&mut BTreeMap<Claim, String>)| {
            let mut claims = claims();
            change(&mut claims);
            conditions().check(SUBJECT, &claims).unwrap_err()
        };
        for issuer in
            ["https://token.actions.githubusercontent.com/", "https://Token.actions.githubusercontent.com", ""]
        {
            let error = check(&|claims| drop(claims.insert(Claim::Issuer, issuer.to_owned())));
            assert!(matches!(error, TrustError::Issuer { .. }), "{issuer}");
        }
        assert!(matches!(check(&|claims| drop(claims.remove(&Claim::Issuer))), TrustError::Issuer { .. }));
        for reference in ["refs/heads/main2", "refs/heads/feature/refs/heads/main", "refs/heads/main\n"] {
            let error = check(&|claims| drop(claims.insert(Claim::SourceRepositoryRef, reference.to_owned())));
            assert!(matches!(error, TrustError::Claim { claim: Claim::SourceRepositoryRef, .. }), "{reference}");
        }
        let error = check(&|claims| drop(claims.remove(&Claim::BuildTrigger)));
        assert!(matches!(error, TrustError::Claim { claim: Claim::BuildTrigger, .. }));
        let error = conditions().check(&SUBJECT.replace("team/app", "team/app-evil"), &claims()).unwrap_err();
        assert!(matches!(error, TrustError::Subject { .. }));
    }

    #[test]
    fn mismatches_show_what_was_found_beside_what_was_wanted() {
        let error = conditions().check("someone@example.com\n", &claims()).unwrap_err();
        let TrustError::Subject { comparison } = error else { panic!("{error}") };
        let expected = [
            r"subject: found `someone@example.com\n`, wanted `https://github.com/team/app/.github/workflows/release.yml@refs/heads/main`",
            "issuer: `https://token.actions.githubusercontent.com`, as wanted",
            "source-repository-ref: `refs/heads/main`, as wanted",
            "build-trigger: `push`, as wanted",
        ];
        assert_eq!(comparison.to_string(), expected.join("\n"));
    }

    #[test]
    fn claims_are_read_up_to_the_first_sign() {
        let condition = ClaimCondition::parse("token-subject=a=b~c").unwrap();
        assert!(condition.value.matches("a=b~c"));
        let condition = ClaimCondition::parse("1.3.6.1.4.1.57264.1.20~~=.").unwrap();
        assert!(condition.value.matches("~=x") && condition.claim == Claim::BuildTrigger);
        for text in ["", "issuer", "=x", "nothing=x", "issuer=", "issuer~", "issuer~(", "issuer =x"] {
            assert!(ClaimCondition::parse(text).is_err(), "{text}");
        }
    }
}
