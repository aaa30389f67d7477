use super::Advice;
use crate::exit_code::ExitCode;

pub(super) fn advice(code: ExitCode) -> Advice {
    match code {
        ExitCode::Done => Advice("Everything that was asked for is done.", "Nothing."),
        ExitCode::Failed => Advice(
            "Something outside of the configuration: a registry or mirror that cannot be reached or refuses, a full disk, a program that is missing.",
            "Read the causes below the error. `consign doctor` looks at the machine, the registries and the mirrors.",
        ),
        ExitCode::Usage => Advice(
            "An option or argument that the command does not have, or a name of an image that is not in the configuration.",
            "`consign COMMAND --help` lists what there is, with examples.",
        ),
        ExitCode::Configuration => Advice(
            "Something in consign.yaml or in an image file, or a variable that they name and that is not set.",
            "Each problem is shown with its line and a code such as C003; `consign explain C003` says more. `consign check` repeats it without doing anything.",
        ),
        ExitCode::Conflict => Advice(
            "Somebody else moved the tag while this release ran, the tag names a later release, an archive of `release --from` is of another commit, version or image, or differs from another over a platform, another consign serves the registry's folder, or a file that would be written is there.",
            "Look at what is there now: `consign tree REF` shows what a tag names. To take a change back, release a newer commit. Build every archive from the commit that is released.",
        ),
        ExitCode::NotAuthentic => Advice(
            "A release file of Debian packages is not signed by the keys that were named or is out of date, bytes of an index, a package or an archive are not those that were promised, or a layer holds something else than the image's config says.",
            "Do not go on with them. For packages, see whether `signed-by` names the right keys, and whether the mirror is being updated right now or is not what it claims to be.",
        ),
        ExitCode::SomeFailed => Advice(
            "Of several tags some could not be copied. The others are where they were to go.",
            "The first reason is shown, and the table or the report says which tags failed. The same command tries those again, and finds the others done.",
        ),
        ExitCode::Trial => Advice(
            "A command under `tests` did not end as expected on at least one platform.",
            "The platform, the command and the end of its output are in the report. `consign build --platform PLATFORM` repeats it without any registry.",
        ),
        ExitCode::Policy => Advice(
            "A platform is missing, or lacks something that the policy requires.",
            "Each reason is listed. Nothing was written to any registry. The reasons are explained by name: `consign explain missing-receipt`.",
        ),
        ExitCode::Outdated => Advice(
            "Every package that the policy refuses is of a distribution that has a newer one, which is free of it.",
            "Build it again from the same sources; where a lock names versions, after `consign lock --update`. Nothing was written to any registry.",
        ),
        ExitCode::Verification => Advice(
            "The image, its signatures or its release record are not what they should be: bytes differ, a platform is missing, or the tag was moved to another image.",
            "Do not use the image. `consign tree REF` shows what is attached; ask whoever released it.",
        ),
        ExitCode::NotSigned => Advice(
            "There is no signature by this key, or not the statement that is asked for: the image was never signed, was signed with another key, was not released by consign, or was copied without its signatures.",
            "See whether `--key` is the right public key, and whether `consign tree REF` shows any signature.",
        ),
        ExitCode::Unavailable => Advice(
            "The registry did not answer, or did not let the signatures and attestations be listed. That is no statement about the image.",
            "Try again; see whether the credentials may read the repository.",
        ),
        ExitCode::AdvisoryDatabase => Advice(
            "The folders or archives under `advisories: databases:` are not there, cannot be read or are older than `maximum-age` allows, or they are about other packages than those of the image.",
            "Fetch the database again, and name one of the distribution that the packages are of: the message says which. Nothing is known of the image until then.",
        ),
        ExitCode::Drift => Advice(
            "An image file asks for something else than when it was locked, a merge or an editor changed the lock, `lock --update --check` found something newer, or a package or base image that is locked has been deleted.",
            "`consign lock` adds what is new and keeps the rest; `consign lock --update NAME` takes the newest version of what is named. Commit the lock with the files.",
        ),
        ExitCode::Interrupted => Advice(
            "Ctrl-C, or a signal from outside, such as that of a CI whose time was up.",
            "Run it again: what was finished is kept, and what is half done names nothing.",
        ),
    }
}
