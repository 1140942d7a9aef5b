//! Ports for what cannot be told to take any.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range that Linux hands out to outgoing connections, so that none of those takes a chosen port away.
const RANGE: std::ops::Range<u16> = 18_000..32_000;

/// Each run starts somewhere else and each call moves on, so that two scenarios or two runs do not meet.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let [one, another, ..] = uuid::Uuid::new_v4().into_bytes();
    AtomicU16::new(u16::from_le_bytes([one, another]))
});

/// A port of loopback on which nobody listens.
pub(crate) fn free_port() -> u16 {
    free_port_at(Ipv4Addr::LOCALHOST.into())
}

/// The same at another address of this machine.
pub(crate) fn free_port_at(address: IpAddr) -> u16 {
    std::iter::repeat_with(|| RANGE.start + NEXT.fetch_add(1, Ordering::Relaxed) % (RANGE.end - RANGE.start))
        .find(|port| TcpListener::bind((address, *port)).is_ok())
        .expect("an endless sequence ends only with a find")
}
