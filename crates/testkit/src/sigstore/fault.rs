//! Counts requests, and lets them go wrong.

use super::answer::{Answer, failure};
use super::lock;
use std::fmt;
use std::sync::{Arc, Mutex};

/// One of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Gives identity tokens.
    Issuer,
    /// Gives certificates.
    Authority,
    /// The log of version 2.
    Log,
    /// The log of version 1.
    OldLog,
    /// Gives timestamps.
    Timestamps,
    /// Says whom to trust, and whom to ask.
    Updates,
}

impl Service {
    /// Returns which service has a path, and the path within it.
    pub(super) fn at(path: &str) -> Option<(Self, &str)> {
        let all = [
            ("/issuer", Self::Issuer),
            ("/authority", Self::Authority),
            ("/log", Self::Log),
            ("/old-log", Self::OldLog),
            ("/timestamps", Self::Timestamps),
            ("/updates", Self::Updates),
        ];
        all.into_iter().find_map(|(start, service)| {
            let rest = path.strip_prefix(start)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((service, rest))
        })
    }
}

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who was asked.
    pub service: Service,
    /// Method and path within the service.
    pub what: String,
    /// The header `Authorization`.
    pub authorization: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What happens to a request instead of its answer.
#[derive(Clone)]
pub enum Fault {
    /// This status is answered, and nothing is done.
    Status(u16),
    /// The same, with a message.
    Refuse(u16, String),
    /// The same without one, and how many seconds to wait before the next try.
    Busy(u16, u64),
    /// Nothing is ever answered.
    Hang,
    /// The service does what it was asked, but no one hears that: this status is answered.
    Lost(u16),
    /// Nothing is done, and the client is sent elsewhere.
    Redirect(String),
    /// The service does what it was asked, but another body is answered.
    Alter(Arc<dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync>),
}

impl Fault {
    /// Makes the fault that what is answered is altered.
    pub fn alter(function: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::Alter(Arc::new(function))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(formatter, "Status({status})"),
            Self::Refuse(status, message) => write!(formatter, "Refuse({status}, {message})"),
            Self::Busy(status, wait) => write!(formatter, "Busy({status}, {wait})"),
            Self::Hang => formatter.write_str("Hang"),
            Self::Lost(status) => write!(formatter, "Lost({status})"),
            Self::Redirect(address) => write!(formatter, "Redirect({address})"),
            Self::Alter(_) => formatter.write_str("Alter"),
        }
    }
}

#[derive(Default)]
pub(super) struct Faults {
    asked: Mutex<Vec<Asked>>,
    planned: Mutex<Vec<(Service, usize, Fault)>>,
}

impl Faults {
    pub(super) fn add(&self, service: Service, times: usize, fault: Fault) {
        lock(&self.planned).push((service, times, fault));
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }

    fn next(&self, service: Service) -> Option<Fault> {
        let mut planned = lock(&self.planned);
        let (_, times, fault) = planned.iter_mut().find(|(of, times, _)| *of == service && *times > 0)?;
        *times -= 1;
        Some(fault.clone())
    }

    pub(super) async fn answer(&self, asked: Asked, usual: impl Fn(&Asked) -> Answer) -> Answer {
        lock(&self.asked).push(asked.clone());
        let plain = |status| Answer { status, headers: Vec::new(), body: b"it went wrong".to_vec() };
        match self.next(asked.service) {
            None => usual(&asked),
            Some(Fault::Status(status)) => plain(status),
            Some(Fault::Refuse(status, message)) => failure(status, &message),
            Some(Fault::Busy(status, wait)) => {
                let mut answer = plain(status);
                answer.headers.push(("retry-after", wait.to_string()));
                answer
            }
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Lost(status)) => {
                usual(&asked);
                plain(status)
            }
            Some(Fault::Redirect(address)) => {
                Answer { status: 307, headers: vec![("location", address)], body: Vec::new() }
            }
            Some(Fault::Alter(alter)) => {
                let mut answer = usual(&asked);
                answer.body = alter(answer.body);
                answer
            }
        }
    }
}
