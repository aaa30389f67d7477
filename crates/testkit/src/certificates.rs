//! Certificates of a test's own, with keys, by the program `openssl`.

use crate::tools::{Peer, PeerError};
use std::fs;
use std::path::Path;

/// Names, issuers and extensions (RFC 5280).
const ALL: [(&str, Option<&str>, &str); 4] = [
    ("authority", None, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign"),
    ("server", Some("authority"), "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth"),
    ("client", Some("authority"), "extendedKeyUsage=clientAuth"),
    ("stranger", None, "basicConstraints=critical,CA:TRUE\nextendedKeyUsage=clientAuth"),
];

/// Makes `NAME.pem` and `NAME.key` in a folder: of an `authority`, of a `server` at 127.0.0.1 and a `client` that it vouches for, and of a `stranger`.
pub fn make(openssl: &Peer, folder: &Path) -> Result<(), PeerError> {
    for (name, issuer, extension) in ALL {
        let at = |name: String| folder.join(name).display().to_string();
        let [key, request, extensions] = [format!("{name}.key"), "request".to_owned(), "extension".to_owned()].map(at);
        let written = fs::write(&extensions, extension);
        written.map_err(|source| PeerError::Start { program: extensions.clone().into(), source })?;
        openssl.run(["ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", &key])?;
        openssl.run(["req", "-new", "-key", &key, "-subj", &format!("/CN={name}"), "-out", &request])?;
        let by: Vec<String> = match issuer {
            Some(issuer) => {
                let (pem, key) = (at(format!("{issuer}.pem")), at(format!("{issuer}.key")));
                ["-CA", &pem, "-CAkey", &key, "-CAcreateserial"].map(str::to_owned).to_vec()
            }
            None => ["-signkey", &key].map(str::to_owned).to_vec(),
        };
        let pem = at(format!("{name}.pem"));
        let own = ["x509", "-req", "-in", &request, "-days", "2", "-extfile", &extensions, "-out", &pem];
        openssl.run(own.map(str::to_owned).into_iter().chain(by))?;
    }
    Ok(())
}
