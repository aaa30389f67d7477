use percent_encoding::percent_decode_str;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Longest address, in bytes.
const LIMIT: usize = 4096;
/// What runs inside a container to reach the daemon there (buildctl, "dial-stdio").
const DIAL: [&str; 2] = ["buildctl", "dial-stdio"];

/// What follows the `?` of an address, decoded.
type Keys = Vec<(String, String)>;

/// Where a builder is.
///
/// ```text
/// unix:///run/buildkit/buildkitd.sock        a daemon's socket, or that of a Docker engine
/// tcp://HOST:PORT[?plaintext=true]           with TLS, or plain on loopback
/// docker-container://NAME[?context=C]        by `docker exec`; podman-container likewise
/// kube-pod://POD[?namespace=N&container=C&context=C&kubeconfig=FILE]   by `kubectl exec`
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    text: String,
    endpoint: Endpoint,
}

/// How to get to a builder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A port.
    Tcp {
        /// Name or address of the machine, without brackets.
        host: String,
        /// The port.
        port: u16,
        /// Whether secrets may cross the network unencrypted.
        plaintext: bool,
    },
    /// A program whose standard streams are the connection.
    Command {
        /// The program.
        program: &'static str,
        /// Its arguments.
        arguments: Vec<String>,
    },
}

/// An address that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{address}` is not the address of a builder: {problem}")]
pub struct AddressError {
    /// What was given, shortened.
    pub address: String,
    /// What is wrong with it.
    pub problem: AddressProblem,
}

/// What is wrong with an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    /// It begins with no known word.
    #[error("it begins with none of unix:, tcp:, docker-container:, podman-container:, kube-pod:")]
    Scheme,
    /// A socket's path is not absolute.
    #[error("write unix:// and an absolute path")]
    Path,
    /// Host or port is missing.
    #[error("write tcp://HOST:PORT")]
    HostAndPort,
    /// The name of a container or pod has other characters than such names have.
    #[error("write the name of a container or pod after //")]
    Name,
    /// A key that this kind of address does not have.
    #[error("it has no key `{0}`")]
    Key(String),
    /// A value that this key cannot have.
    #[error("`{0}` cannot have this value")]
    Value(String),
}

impl Address {
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let endpoint = parse(text)
            .map_err(|problem| AddressError { address: text.chars().take(200).collect::<String>(), problem })?;
        Ok(Self { text: text.to_owned(), endpoint })
    }
}

fn parse(text: &str) -> Result<Endpoint, AddressProblem> {
    let (scheme, rest) = text.split_once("://").ok_or(AddressProblem::Scheme)?;
    if text.len() > LIMIT || text.chars().any(char::is_control) {
        return Err(AddressProblem::Scheme);
    }
    if scheme == "unix" {
        // A path may hold any character, so nothing follows it.
        let path = PathBuf::from(rest);
        return if path.is_absolute() { Ok(Endpoint::Unix(path)) } else { Err(AddressProblem::Path) };
    }
    let (name, keys) = keys(rest)?;
    match scheme {
        "tcp" => tcp(name, &keys),
        "docker-container" => container("docker", name, &keys),
        "podman-container" => container("podman", name, &keys),
        "kube-pod" => pod(name, &keys),
        _ => Err(AddressProblem::Scheme),
    }
}

fn keys(rest: &str) -> Result<(&str, Keys), AddressProblem> {
    let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut keys = Keys::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(value).decode_utf8().map_err(|_| AddressProblem::Value(key.to_owned()))?;
        if value.is_empty() || value.chars().any(char::is_control) || keys.iter().any(|(known, _)| known == key) {
            return Err(AddressProblem::Value(key.to_owned()));
        }
        keys.push((key.to_owned(), value.into_owned()));
    }
    Ok((name.trim_end_matches('/'), keys))
}

fn tcp(name: &str, keys: &[(String, String)]) -> Result<Endpoint, AddressProblem> {
    let (host, port) = name.rsplit_once(':').ok_or(AddressProblem::HostAndPort)?;
    let port = port.parse().ok().filter(|port| *port != 0).ok_or(AddressProblem::HostAndPort)?;
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let valid = match inner {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')),
    };
    if !valid {
        return Err(AddressProblem::HostAndPort);
    }
    let mut plaintext = false;
    for (key, value) in keys {
        plaintext = match (key.as_str(), value.as_str()) {
            ("plaintext", "true") => true,
            ("plaintext", "false") => false,
            ("plaintext", _) => return Err(AddressProblem::Value(key.clone())),
            _ => return Err(AddressProblem::Key(key.clone())),
        };
    }
    Ok(Endpoint::Tcp { host: inner.unwrap_or(host).to_owned(), port, plaintext })
}

fn container(program: &'static str, name: &str, keys: &[(String, String)]) -> Result<Endpoint, AddressProblem> {
    let mut arguments = Vec::new();
    for (key, value) in keys {
        match key.as_str() {
            "context" if program == "docker" => arguments.push(format!("--context={value}")),
            _ => return Err(AddressProblem::Key(key.clone())),
        }
    }
    arguments.extend(["exec", "-i", checked(name)?].map(str::to_owned));
    arguments.extend(DIAL.map(str::to_owned));
    Ok(Endpoint::Command { program, arguments })
}

fn pod(name: &str, keys: &[(String, String)]) -> Result<Endpoint, AddressProblem> {
    let mut arguments = Vec::new();
    for (key, value) in keys {
        if !["context", "kubeconfig", "namespace", "container"].contains(&key.as_str()) {
            return Err(AddressProblem::Key(key.clone()));
        }
        // One argument each, so that no value is taken for another flag.
        arguments.push(format!("--{key}={value}"));
    }
    arguments.insert(0, "exec".to_owned());
    arguments.extend(["-i", checked(name)?, "--"].map(str::to_owned));
    arguments.extend(DIAL.map(str::to_owned));
    Ok(Endpoint::Command { program: "kubectl", arguments })
}

/// Returns a name that cannot be taken for a flag.
fn checked(name: &str) -> Result<&str, AddressProblem> {
    let valid = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.len() <= 253
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if valid { Ok(name) } else { Err(AddressProblem::Name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let tcp = |host: &str, port, plaintext| Endpoint::Tcp { host: host.to_owned(), port, plaintext };
        let command = |program, line: &str| Endpoint::Command {
            program,
            arguments: line.split(' ').map(str::to_owned).collect(),
        };
        for (text, endpoint) in [
            ("unix:///run/a?b.sock", Endpoint::Unix("/run/a?b.sock".into())),
            ("tcp://127.0.0.1:1234", tcp("127.0.0.1", 1234, false)),
            ("tcp://[::1]:1234", tcp("::1", 1234, false)),
            ("tcp://builder.example:8372/?plaintext=true", tcp("builder.example", 8372, true)),
            ("docker-container://builder0", command("docker", "exec -i builder0 buildctl dial-stdio")),
            ("docker-container://b?context=c", command("docker", "--context=c exec -i b buildctl dial-stdio")),
            ("podman-container://b", command("podman", "exec -i b buildctl dial-stdio")),
            (
                "kube-pod://b-0?namespace=ci&container=buildkitd",
                command("kubectl", "exec --namespace=ci --container=buildkitd -i b-0 -- buildctl dial-stdio"),
            ),
            ("kube-pod://b?context=a%2Fb", command("kubectl", "exec --context=a/b -i b -- buildctl dial-stdio")),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.endpoint(), &endpoint, "{text}");
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn refused() {
        let key = |name: &str| AddressProblem::Key(name.to_owned());
        let value = |name: &str| AddressProblem::Value(name.to_owned());
        for (text, problem) in [
            ("", AddressProblem::Scheme),
            ("/run/buildkit.sock", AddressProblem::Scheme),
            ("ssh://host", AddressProblem::Scheme),
            ("unix://run/a.sock", AddressProblem::Path),
            ("tcp://host", AddressProblem::HostAndPort),
            ("tcp://host:0", AddressProblem::HostAndPort),
            ("tcp://host:70000", AddressProblem::HostAndPort),
            ("tcp://:1234", AddressProblem::HostAndPort),
            ("tcp://a/b:1234", AddressProblem::HostAndPort),
            ("tcp://[nonsense]:1", AddressProblem::HostAndPort),
            ("tcp://h:1?plaintext=yes", value("plaintext")),
            ("tcp://h:1?tls=no", key("tls")),
            ("docker-container://", AddressProblem::Name),
            ("docker-container://--privileged", AddressProblem::Name),
            ("docker-container://a/b", AddressProblem::Name),
            ("podman-container://a?context=b", key("context")),
            ("kube-pod://a;b", AddressProblem::Name),
            ("kube-pod://a?namespace=", value("namespace")),
            ("kube-pod://a?namespace=b&namespace=c", value("namespace")),
            ("kube-pod://a?user=b", key("user")),
        ] {
            assert_eq!(text.parse::<Address>().unwrap_err().problem, problem, "{text}");
        }
    }
}
