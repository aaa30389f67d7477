use super::{is_filler, run};

/// Secrets that begin with a word of their own, as their makers give them out.
pub(super) struct Token {
    /// The kind.
    pub(super) rule: &'static str,
    /// How it begins.
    pub(super) start: &'static str,
    /// What follows.
    letters: Letters,
    /// How many letters follow at least, and at most.
    length: (usize, usize),
}

#[derive(Clone, Copy)]
enum Letters {
    /// Letters and digits.
    Plain,
    /// And underscores.
    Word,
    /// And hyphens (RFC 4648, section 5).
    Url,
    /// And full stops, or slashes.
    Parts,
    Hex,
    /// Capitals and digits.
    Capital,
}

const fn token(rule: &'static str, start: &'static str, letters: Letters, length: (usize, usize)) -> Token {
    Token { rule, start, letters, length }
}

pub(super) static TOKENS: &[Token] = &[
    token("github-token", "ghp_", Letters::Plain, (36, 255)),
    token("github-token", "gho_", Letters::Plain, (36, 255)),
    token("github-token", "ghu_", Letters::Plain, (36, 255)),
    token("github-token", "ghs_", Letters::Plain, (36, 255)),
    token("github-token", "ghr_", Letters::Plain, (36, 255)),
    token("github-token", "github_pat_", Letters::Word, (82, 255)),
    token("gitlab-token", "glpat-", Letters::Parts, (20, 300)),
    token("gitlab-token", "glrt-", Letters::Parts, (20, 300)),
    token("gitlab-token", "gldt-", Letters::Url, (20, 64)),
    token("npm-token", "npm_", Letters::Plain, (36, 36)),
    token("pypi-token", "pypi-AgEIcHlwaS5vcmc", Letters::Url, (50, 1000)),
    token("rubygems-token", "rubygems_", Letters::Hex, (48, 48)),
    token("docker-hub-token", "dckr_pat_", Letters::Url, (27, 64)),
    token("docker-hub-token", "dckr_oat_", Letters::Url, (27, 64)),
    token("slack-token", "xoxb-", Letters::Url, (24, 255)),
    token("slack-token", "xoxp-", Letters::Url, (24, 255)),
    token("slack-token", "xapp-", Letters::Url, (24, 255)),
    token("slack-webhook", "hooks.slack.com/services/", Letters::Parts, (40, 80)),
    token("stripe-key", "sk_live_", Letters::Plain, (24, 255)),
    token("stripe-key", "rk_live_", Letters::Plain, (24, 255)),
    token("google-api-key", "AIza", Letters::Url, (35, 35)),
    token("google-oauth-secret", "GOCSPX-", Letters::Url, (28, 28)),
    token("anthropic-key", "sk-ant-", Letters::Url, (60, 255)),
    token("openai-key", "sk-proj-", Letters::Url, (40, 255)),
    token("openai-key", "sk-svcacct-", Letters::Url, (40, 255)),
    token("openai-key", "sk-admin-", Letters::Url, (40, 255)),
    token("hugging-face-token", "hf_", Letters::Plain, (34, 40)),
    token("sendgrid-key", "SG.", Letters::Parts, (66, 66)),
    token("digitalocean-token", "dop_v1_", Letters::Hex, (64, 64)),
    token("shopify-token", "shpat_", Letters::Hex, (32, 32)),
    token("vault-token", "hvs.", Letters::Url, (90, 300)),
    token("databricks-token", "dapi", Letters::Hex, (32, 32)),
    token("grafana-token", "glsa_", Letters::Word, (41, 41)),
    token("tailscale-key", "tskey-auth-", Letters::Url, (20, 100)),
    token("new-relic-key", "NRAK-", Letters::Capital, (27, 27)),
    token("age-key", "AGE-SECRET-KEY-1", Letters::Capital, (58, 58)),
];

impl Letters {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Plain => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Self::Url => byte.is_ascii_alphanumeric() || b"_-".contains(&byte),
            Self::Parts => byte.is_ascii_alphanumeric() || b"_-./".contains(&byte),
            Self::Hex => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            Self::Capital => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        }
    }
}

impl Token {
    /// Returns whether it stands at a place where its beginning does.
    pub(super) fn is_at(&self, text: &[u8], at: usize) -> bool {
        let is_within_word = at
            .checked_sub(1)
            .and_then(|before| text.get(before))
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte));
        let after = at + self.start.len();
        let secret = run(text, after, |byte| self.letters.has(byte));
        let secret = secret.strip_suffix(b".").unwrap_or(secret);
        let (least, most) = self.length;
        // A longer word of more kinds of letters is something else.
        let goes_on = text.get(after + secret.len()).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        !is_within_word && !goes_on && (least..=most).contains(&secret.len()) && !is_filler(secret)
    }
}
