use std::process::ExitCode as ProcessExitCode;

macro_rules! exit_codes {
    ($($(#[doc = $meaning:literal])+ $name:ident = $code:literal,)+) => {
        /// What the exit status of consign means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum ExitCode {
            $($(#[doc = $meaning])+ $name = $code,)+
        }

        impl ExitCode {
            /// All of them, in order.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            /// Returns what it means.
            pub(crate) fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($meaning),+).trim_ascii_start(),)+
                }
            }

            /// Returns the word for it that programs read.
            pub(crate) fn kind(self) -> String {
                let name = match self {
                    $(Self::$name => stringify!($name),)+
                };
                let (first, rest) = name.split_at(1);
                first.to_ascii_lowercase() + rest
            }
        }

        /// Returns the table for `consign --help`, from which the docs are generated.
        pub(crate) fn table() -> String {
            let mut table = String::from("Exit status:\n");
            $(table.push_str(&format!("  {:>3} {}\n", $code, concat!($($meaning),+)));)+
            table
        }
    };
}

exit_codes! {
    /// done
    Done = 0,
    /// failed
    Failed = 1,
    /// the command line is wrong
    Usage = 2,
    /// the configuration is wrong
    Configuration = 3,
    /// conflict: a tag was moved by others or must not move, archives are of another release, a registry's folder or port is taken, the store that is to be pruned is in use, or a file is there already
    Conflict = 4,
    /// an input is not authentic: hash or signature of packages, or what an image says of itself
    NotAuthentic = 5,
    /// some of what was asked for failed, and the rest is done
    SomeFailed = 6,
    /// the gate closed: a trial failed
    Trial = 10,
    /// the gate closed: the policy is not met
    Policy = 11,
    /// verification failed
    Verification = 12,
    /// not signed
    NotSigned = 13,
    /// what verification needs could not be listed or fetched
    Unavailable = 14,
    /// the gate closed: the policy is not met, and a rebuild would fix it: of every package that is refused there is a newer one
    Outdated = 15,
    /// the advisory database is missing, malformed or too old, or has no records about any package of an image
    AdvisoryDatabase = 16,
    /// the lock is not what the files ask for, or what it names is gone
    Drift = 20,
    /// interrupted
    Interrupted = 130,
}

impl From<ExitCode> for ProcessExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}
