//! Waits for the browser to come back (RFC 8252, section 7.3).

use crate::Secret;
use crate::web::said;
use reqwest::Url;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Where it comes back to.
pub(super) const PATH: &str = "/callback";
/// Longest head of a request, in bytes.
const LIMIT: usize = 8 << 10;
/// How long a browser may take to say what it wants.
const TIME: Duration = Duration::from_secs(10);

const DONE: &str = "You are logged in, and can close this page.\n";
const REFUSED: &str = "The login was refused. You can close this page.\n";
const OTHER: &str = "This is not what was waited for.\n";

/// What the browser brings.
pub(super) enum Arrival {
    Code(Secret),
    /// What the issuer says.
    Refused(String),
}

/// Waits for a browser that brings this state. Whoever else comes is sent away, and does not end the waiting.
pub(super) async fn wait(listener: &TcpListener, state: &str) -> io::Result<Arrival> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        // One who says nothing, or who goes, is none of those who are waited for.
        let Ok(Ok(Some(target))) = tokio::time::timeout(TIME, target(&mut stream)).await else { continue };
        let arrival = arrival(&target, state);
        let (status, text) = match &arrival {
            Some(Arrival::Code(_)) => ("200 OK", DONE),
            Some(Arrival::Refused(_)) => ("200 OK", REFUSED),
            None => ("404 Not Found", OTHER),
        };
        let length = text.len();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        // Whether the page is seen does not matter.
        _ = stream.write_all(format!("{head}{text}").as_bytes()).await;
        _ = stream.shutdown().await;
        if let Some(arrival) = arrival {
            return Ok(arrival);
        }
    }
}

/// Reads a request, and returns what it asks for.
async fn target(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut piece).await?;
        if length == 0 || head.len() + length > LIMIT {
            return Ok(None);
        }
        head.extend_from_slice(piece.get(..length).unwrap_or_default());
    }
    let line = String::from_utf8_lossy(&head);
    let mut words = line.lines().next().unwrap_or_default().split(' ');
    Ok(words.next().filter(|method| *method == "GET").and(words.next()).map(str::to_owned))
}

fn arrival(target: &str, state: &str) -> Option<Arrival> {
    let url = Url::parse(&format!("http://127.0.0.1{target}")).ok().filter(|url| url.path() == PATH)?;
    let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    if value("state").as_deref() != Some(state) {
        return None;
    }
    if let Some(code) = value("code") {
        return Some(Arrival::Code(Secret::new(code)));
    }
    let text = value("error_description").or(value("error"))?;
    Some(Arrival::Refused(said(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_browser_that_was_sent_is_listened_to() {
        let brings = |target: &str| match arrival(target, "s") {
            Some(Arrival::Code(code)) => format!("code {}", code.expose()),
            Some(Arrival::Refused(said)) => format!("refused {said}"),
            None => "nothing".to_owned(),
        };
        for (target, expected) in [
            ("/callback?code=a%2Bb&state=s", "code a+b"),
            ("/callback?error=access_denied&state=s", "refused access_denied"),
            ("/callback?error=x&error_description=not+now&state=s", "refused not now"),
            ("/callback?code=a&state=t", "nothing"),
            ("/callback?code=a", "nothing"),
            ("/callback?state=s", "nothing"),
            ("/favicon.ico?code=a&state=s", "nothing"),
            ("@elsewhere/callback?code=a&state=t", "nothing"),
        ] {
            assert_eq!(brings(target), expected, "{target}");
        }
    }
}
