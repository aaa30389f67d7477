use std::fmt;

macro_rules! rules {
    ($(#[doc = $description:literal] $name:ident,)+) => {
        /// What findings are about: the rules of BuildKit's `dockerfile` frontend 1.26, under its names, and one about the directive that
        /// names them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $description] $name,)+
        }

        impl Rule {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Returns its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// Returns what it is about.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$name => $description.trim_ascii_start(),)+
                }
            }
        }
    };
}

rules! {
    /// the names of stages are written in small letters
    StageNameCasing,
    /// `AS` is written in the same letters as `FROM`
    FromAsCasing,
    /// an instruction that goes on over several lines has no empty one among them
    NoEmptyContinuation,
    /// all instructions are written in capitals, or all in small letters
    ConsistentInstructionCasing,
    /// no two stages have the same name
    DuplicateStageName,
    /// no stage is called `scratch` or `context`
    ReservedStageName,
    /// CMD and ENTRYPOINT are written as JSON arrays, so that signals reach the program and not a shell
    JSONArgsRecommended,
    /// MAINTAINER is replaced by a label
    MaintainerDeprecated,
    /// FROM uses variables only that ARG declares before the first FROM
    UndefinedArgInFrom,
    /// the first WORKDIR is absolute, so that it does not depend on the base image
    WorkdirRelativePath,
    /// variables are defined before they are used
    UndefinedVar,
    /// CMD, ENTRYPOINT and HEALTHCHECK stand only once in a stage: the last one counts
    MultipleInstructionsDisallowed,
    /// ENV and LABEL are written with `=`
    LegacyKeyValueFormat,
    /// `FROM --platform=$TARGETPLATFORM` says what is so anyway
    RedundantTargetPlatform,
    /// secrets are given by `RUN --mount=type=secret`, not by ARG or ENV, which stay in the image
    SecretsUsedInArgOrEnv,
    /// FROM names an image where no build argument is given, too
    InvalidDefaultArgInFrom,
    /// `FROM --platform` is no fixed platform, unless the stage's name says so
    FromPlatformFlagConstDisallowed,
    /// COPY and ADD name nothing that `.dockerignore` leaves out (experimental)
    CopyIgnoredFile,
    /// a comment right before ARG or a named FROM begins with the name that it describes (experimental)
    InvalidDefinitionDescription,
    /// the protocol in EXPOSE is written in small letters
    ExposeProtoCasing,
    /// EXPOSE names ports of the container alone, without an address or a port of the host
    ExposeInvalidFormat,
    /// base images have the platform that is built for; consign's build itself refuses others
    InvalidBaseImagePlatform,
    /// `# check=` names rules and options that there are
    InvalidCheckDirective,
}

impl Rule {
    /// Returns the rule of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.name() == name)
    }

    /// Returns whether it is checked only where a file asks for it: `# check=experimental=…`.
    pub fn is_experimental(self) -> bool {
        matches!(self, Self::CopyIgnoredFile | Self::InvalidDefinitionDescription)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
