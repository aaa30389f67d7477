use crate::order::{At, Failure, Step};
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

/// `RTM_NEWLINK` (rtnetlink(7)).
const NEW_LINK: u16 = 16;
/// `NLM_F_REQUEST | NLM_F_ACK` (netlink(7)).
const REQUEST_WITH_ANSWER: u16 = 1 | 4;
/// `IFF_UP` (netdevice(7)).
const UP: u32 = 1;
/// The loopback interface is the first of every network namespace.
const LOOPBACK: i32 = 1;
/// Length of a message's header, and of the one below together with its header.
const HEADER: usize = 16;
const LENGTH: u32 = 32;

/// Brings up the network namespace's loopback interface.
pub(super) fn up() -> Result<(), Failure> {
    exchange().at(Step::Loopback)
}

fn exchange() -> Result<(), Errno> {
    // Without a protocol, it is the routing one (`NETLINK_ROUTE`, 0).
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    sendto(&socket, &message(), SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
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

fn message() -> Vec<u8> {
    let mut message = Vec::new();
    message.extend(LENGTH.to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(REQUEST_WITH_ANSWER.to_ne_bytes());
    // Sequence number and sender, then family, padding and type: zero.
    message.extend([0; 12]);
    message.extend(LOOPBACK.to_ne_bytes());
    // Flags, and which of them to change.
    message.extend(UP.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message
}
