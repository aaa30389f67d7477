//! Services that only this machine and its own link reach.

use super::CloudError;
use crate::transport::is_temporary;
use crate::web::{Answer, LIMIT, Request, Web, WebError};
use reqwest::Url;
use std::time::Duration;

/// How long such a service may take to show that it is there. Elsewhere nobody answers at all.
const NEAR: Duration = if cfg!(test) { Duration::from_millis(100) } else { Duration::from_secs(1) };

/// Asks the service at this address, with the header that it wants; `None` if there is no such service.
///
/// That there is one shows quickly. For a token it may have to ask others first.
pub(super) async fn ask(
    web: Web<'_>,
    url: &Url,
    header: (&'static str, &'static str),
) -> Result<Option<Answer>, CloudError> {
    // Who asks without the header is told at once that it is missing.
    let mut bare = url.clone();
    bare.set_query(None);
    if let Err(WebError::Unreachable { .. }) = web.once(Request::get(bare, Vec::new()), NEAR).await {
        return Ok(None);
    }
    let (name, value) = header;
    let request = || Request::get(url.clone(), vec![(name, value.to_owned())]);
    let answer = web.ask_while(passes, LIMIT, request).await?;
    // Elsewhere somebody else may answer there, with a page or with nothing.
    Ok(Some(answer).filter(|answer| answer.is_object() || passes(answer)))
}

/// Returns whether the service says that it will know more later (managed identities for Azure resources, "Retry guidance").
fn passes(answer: &Answer) -> bool {
    match answer.status {
        404 => answer.is_object(),
        410 => true,
        status => is_temporary(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use crate::connections::Connections;
    use std::net::Ipv4Addr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn that_it_is_there_shows_quickly_and_a_token_takes_its_time() {
        let connections = Connections::new(&Options::default());
        let web = Web { connections: &connections, registry: None };
        for (answers, expected) in [(true, Some("{}".len())), (false, None)] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let url = format!("http://{}/token?a=b", listener.local_addr().unwrap()).parse().unwrap();
            let serving = tokio::spawn(async move {
                loop {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    let mut request = [0; 4096];
                    let length = stream.read(&mut request).await.unwrap();
                    if String::from_utf8_lossy(&request[..length]).contains("metadata: true") || !answers {
                        tokio::time::sleep(NEAR * 3).await;
                    }
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                    // Nobody may be waiting for it any more.
                    _ = stream.write_all(answer).await;
                }
            });
            let found = ask(web, &url, ("metadata", "true")).await.unwrap();
            assert_eq!(found.map(|answer| answer.body.len()), expected);
            serving.abort();
        }
    }
}
