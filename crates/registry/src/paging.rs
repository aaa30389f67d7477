use crate::RegistryError;
use crate::endpoint::{follow, redacted, same_host};
use crate::transport::header;
use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};
use std::collections::HashSet;

/// The pages of a list: bounded, all on one host, and none twice.
pub(crate) struct Paging {
    seen: HashSet<Url>,
    limit: usize,
}

impl Paging {
    pub(crate) fn new(limit: usize) -> Self {
        Self { seen: HashSet::new(), limit }
    }

    /// Returns the page after `page`, whose answer had these headers; `None` after the last one.
    pub(crate) fn next(&mut self, page: &Url, headers: &HeaderMap) -> Result<Option<Url>, RegistryError> {
        let broken = |problem: String| Err(RegistryError::Protocol { url: redacted(page), problem });
        let Some(target) = header(headers, &LINK).and_then(next_target) else { return Ok(None) };
        let next = follow(page, target)?;
        self.seen.insert(page.clone());
        if !same_host(page, &next) {
            return broken("its next page is on another host".to_owned());
        }
        if self.seen.contains(&next) {
            return broken("its pages go in a circle".to_owned());
        }
        if self.seen.len() >= self.limit {
            return broken(format!("the list has more than {} pages", self.limit));
        }
        Ok(Some(next))
    }
}

/// Returns the target of the link with the relation `next` (RFC 8288).
fn next_target(link: &str) -> Option<&str> {
    let mut links = link.split('<').skip(1).filter_map(|part| part.split_once('>'));
    let is_next = |parameters: &str| {
        parameters.split([';', ',']).any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
        })
    };
    links.find(|(_, parameters)| is_next(parameters)).map(|(target, _)| target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_page() {
        for (link, expected) in [
            (r#"</v2/a/tags/list?last=b&n=2>; rel="next""#, Some("/v2/a/tags/list?last=b&n=2")),
            ("</x?a=1,2>; rel=next", Some("/x?a=1,2")),
            (r#"</first>; rel="first", </next>; title="x"; REL="Next""#, Some("/next")),
            (r#"</x>; rel="prev""#, None),
            ("</x>", None),
            ("", None),
            (r#"/x; rel="next""#, None),
            (r#"</x; rel="next""#, None),
        ] {
            assert_eq!(next_target(link), expected, "{link}");
        }
    }

    #[test]
    fn pages_end() {
        let url = |text: &str| Url::parse(text).unwrap();
        let to = |target: &str| HeaderMap::from_iter([(LINK, format!("<{target}>; rel=\"next\"").parse().unwrap())]);
        let mut paging = Paging::new(3);
        let first = url("https://ghcr.io/v2/a/tags/list");
        assert_eq!(paging.next(&first, &HeaderMap::new()).unwrap(), None);
        for target in ["https://evil.example/v2/a/tags/list", "http://ghcr.io/x", "", "/v2/a/tags/list"] {
            assert!(paging.next(&first, &to(target)).is_err(), "{target}");
        }
        let second = paging.next(&first, &to("?last=b")).unwrap().unwrap();
        assert_eq!(second, url("https://ghcr.io/v2/a/tags/list?last=b"));
        assert!(paging.next(&second, &to("?")).unwrap().is_some());
        assert!(paging.next(&second, &to("/v2/a/tags/list")).is_err());
        assert!(paging.next(&url("https://ghcr.io/x"), &to("?last=c")).is_err());
    }
}
