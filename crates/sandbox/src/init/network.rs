//! Interfaces and routes of the sandbox's own network namespace.

use crate::order::{At, Failure, Step};
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

/// `RTM_NEWLINK` and `RTM_NEWROUTE` (rtnetlink(7)).
const NEW_LINK: u16 = 16;
const NEW_ROUTE: u16 = 24;
/// `NLM_F_REQUEST | NLM_F_ACK`, and `NLM_F_CREATE` (netlink(7)).
const WITH_ANSWER: u16 = 1 | 4;
const CREATE: u16 = 0x400;
/// `IFF_UP` (netdevice(7)).
const UP: u32 = 1;
/// The loopback interface is the first of every network namespace.
const LOOPBACK: i32 = 1;
/// Length of a message's header.
const HEADER: usize = 16;
/// `AF_INET`, `RT_TABLE_MAIN`, `RTPROT_STATIC`, `RT_SCOPE_UNIVERSE`, `RTN_UNREACHABLE` and `RTA_DST` (rtnetlink(7)).
const INET: u8 = 2;
const MAIN_TABLE: u8 = 254;
const STATIC: u8 = 4;
const EVERYWHERE: u8 = 0;
const UNREACHABLE: u8 = 7;
const DESTINATION: u16 = 1;
/// Addresses of the link alone, at which clouds tell machines who they are (RFC 3927), and how many bits they share.
const LINK_LOCAL: ([u8; 4], u8) = ([169, 254, 0, 0], 16);

/// Brings up the loopback interface.
pub(super) fn loopback_up() -> Result<(), Failure> {
    let mut body = Vec::new();
    // Family, padding and type: zero.
    body.extend([0; 4]);
    body.extend(LOOPBACK.to_ne_bytes());
    // Flags, and which of them to change.
    body.extend(UP.to_ne_bytes());
    body.extend(UP.to_ne_bytes());
    exchange(NEW_LINK, WITH_ANSWER, &body).at(Step::Loopback)
}

/// Keeps everything in the namespace from addresses of the link.
pub(super) fn refuse_link_local() -> Result<(), Failure> {
    let (address, bits) = LINK_LOCAL;
    let mut body = vec![INET, bits, 0, 0, MAIN_TABLE, STATIC, EVERYWHERE, UNREACHABLE];
    // Flags: none.
    body.extend([0; 4]);
    body.extend(8_u16.to_ne_bytes());
    body.extend(DESTINATION.to_ne_bytes());
    body.extend(address);
    exchange(NEW_ROUTE, WITH_ANSWER | CREATE, &body).at(Step::Connection)
}

fn exchange(kind: u16, flags: u16, body: &[u8]) -> Result<(), Errno> {
    // Without a protocol, it is the routing one (`NETLINK_ROUTE`, 0).
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    sendto(&socket, &message(kind, flags, body), SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut answer = [0; 512];
    let (_, length) = recv(&socket, &mut answer, RecvFlags::empty())?;
    // The answer is a header and an error number: zero, or negative.
    let number =
        answer[..length].get(HEADER..HEADER + 4).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
    match number {
        Some(0) => Ok(()),
        Some(number) => Err(Errno::from_raw_os_error(number.saturating_neg())),
        None => Err(Errno::IO),
    }
}

fn message(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    let length = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    // Sequence number and sender: zero.
    message.extend([0; 8]);
    message.extend(body);
    message
}
