//! Makes a client of ours introduce itself as the driver did until v1.5.6: with the socket's path as HTTP/2 `:authority`.
//!
//! Rust's HTTP client refuses to send a path there. So it is given a placeholder of the same length, and this stream puts the
//! path in its place on the way out. Equal lengths matter: both ends account entries of the HPACK table by their lengths
//! (RFC 7541 section 4.1), and later requests on a connection refer to the table only.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const PREFACE_BYTES: usize = 24;
const FRAME_HEADER_BYTES: usize = 9;
const HEADERS: u8 = 1;
/// HPACK name index 1, `:authority`: literal with incremental indexing, without indexing, never indexed (RFC 7541 section 6.2).
const AUTHORITY_LITERALS: [u8; 3] = [0x41, 0x01, 0x11];

/// An authority that Rust's HTTP client accepts, as long as `authority`.
pub(super) fn placeholder(authority: &str) -> String {
    "a".repeat(authority.len())
}

/// A stream that replaces the placeholder in what is written to it.
#[derive(Debug)]
pub(super) struct SocketPathAuthority<S> {
    inner: S,
    outgoing: Outgoing,
    /// Bytes ready for `inner`, and how many of them are written already.
    ready: (Vec<u8>, usize),
}

impl<S> SocketPathAuthority<S> {
    pub(super) fn new(inner: S, authority: &str) -> Self {
        Self { inner, outgoing: Outgoing::new(authority), ready: (Vec::new(), 0) }
    }
}

/// Cuts the outgoing bytes into frames and edits HEADERS frames.
#[derive(Debug)]
struct Outgoing {
    placeholder: Vec<u8>,
    authority: Vec<u8>,
    state: State,
    pending: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The connection preface, then frames.
    Preface,
    /// A frame's header and, for HEADERS, its payload are collected in `pending`.
    Frame,
    /// So many bytes of another frame's payload are still to pass.
    Passing(usize),
}

impl Outgoing {
    fn new(authority: &str) -> Self {
        Self {
            placeholder: huffman_literal(authority.len()),
            authority: raw_literal(authority.as_bytes()),
            state: State::Preface,
            pending: Vec::new(),
        }
    }

    fn feed(&mut self, mut input: &[u8], output: &mut Vec<u8>) {
        while !input.is_empty() {
            match self.state {
                State::Preface => {
                    if self.collect(&mut input, PREFACE_BYTES) {
                        output.append(&mut self.pending);
                        self.state = State::Frame;
                    }
                }
                State::Passing(left) => {
                    let (passing, rest) = input.split_at(left.min(input.len()));
                    output.extend_from_slice(passing);
                    input = rest;
                    self.state = if left == passing.len() {
                        State::Frame
                    } else {
                        State::Passing(left - passing.len())
                    };
                }
                State::Frame => self.frame(&mut input, output),
            }
        }
    }

    fn frame(&mut self, input: &mut &[u8], output: &mut Vec<u8>) {
        if !self.collect(input, FRAME_HEADER_BYTES) {
            return;
        }
        let length = usize::from(self.pending[0]) << 16
            | usize::from(self.pending[1]) << 8
            | usize::from(self.pending[2]);
        if self.pending[3] != HEADERS {
            output.append(&mut self.pending);
            self.state = if length == 0 { State::Frame } else { State::Passing(length) };
        } else if self.collect(input, FRAME_HEADER_BYTES + length) {
            self.replace();
            output.append(&mut self.pending);
        }
    }

    /// Moves input to `pending` until that holds `length` bytes; tells whether it does.
    fn collect(&mut self, input: &mut &[u8], length: usize) -> bool {
        let (taken, rest) = input.split_at(length.saturating_sub(self.pending.len()).min(input.len()));
        self.pending.extend_from_slice(taken);
        *input = rest;
        self.pending.len() >= length
    }

    /// Our own client encodes the placeholder always in the same way, so its bytes are searched for; a later request holds
    /// only a reference to the table and stays as it is.
    fn replace(&mut self) {
        let found = self
            .pending
            .windows(self.placeholder.len() + 1)
            .position(|window| AUTHORITY_LITERALS.contains(&window[0]) && window[1..] == self.placeholder);
        if let Some(at) = found {
            self.pending.splice(at + 1..=at + self.placeholder.len(), self.authority.iter().copied());
            let length = self.pending.len() - FRAME_HEADER_BYTES;
            let [.., high, middle, low] = length.to_be_bytes();
            self.pending[..3].copy_from_slice(&[high, middle, low]);
        }
    }
}

/// The placeholder as an HPACK string with Huffman coding: `a` is the five bits 00011, padding is ones (RFC 7541 appendix B).
fn huffman_literal(length: usize) -> Vec<u8> {
    let bits: Vec<bool> = [false, false, false, true, true].repeat(length);
    let bytes = bits
        .chunks(8)
        .map(|chunk| (0..8).fold(0, |byte, bit| byte << 1 | u8::from(*chunk.get(bit).unwrap_or(&true))));
    let bytes: Vec<u8> = bytes.collect();
    [string_length(bytes.len(), 0x80), bytes].concat()
}

/// An HPACK string without Huffman coding.
fn raw_literal(text: &[u8]) -> Vec<u8> {
    [string_length(text.len(), 0), text.to_vec()].concat()
}

/// An HPACK integer with a prefix of seven bits (RFC 7541 section 5.1).
fn string_length(length: usize, flag: u8) -> Vec<u8> {
    let Some(mut rest) = length.checked_sub(127) else {
        return vec![flag | u8::try_from(length).expect("below 127")];
    };
    let mut bytes = vec![flag | 127];
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).expect("below 128") | 0x80);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).expect("below 128"));
    bytes
}

impl<S: AsyncWrite + Unpin> SocketPathAuthority<S> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.ready.1 < self.ready.0.len() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.ready.0[self.ready.1..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.ready.1 += written;
        }
        self.ready.0.clear();
        self.ready.1 = 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for SocketPathAuthority<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for SocketPathAuthority<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, input: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_drain(cx))?;
        this.outgoing.feed(input, &mut this.ready.0);
        // What does not fit now is drained by the next write or flush; the input itself is taken.
        match this.poll_drain(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(input.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const PREFACE: &[u8; PREFACE_BYTES] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let [.., high, middle, low] = payload.len().to_be_bytes();
        [&[high, middle, low, kind, 4, 0, 0, 0, 1], payload].concat()
    }

    fn headers(authority: &[u8]) -> Vec<u8> {
        frame(HEADERS, &[&[0x83, 0x41], authority, &[0x86]].concat())
    }

    #[rstest]
    #[case::short("/a.sock")]
    #[case::longer_than_one_length_byte(&format!("/var/run/{}/alibabacloud.sock", "d".repeat(200)))]
    #[case::longer_than_two_length_bytes(&format!("/var/run/{}/alibabacloud.sock", "d".repeat(300)))]
    fn the_path_takes_the_placeholders_place_whatever_the_chunks(#[case] path: &str) {
        let data = frame(0, &[7; 300]);
        let input =
            [PREFACE.to_vec(), frame(4, &[]), headers(&huffman_literal(path.len())), data.clone()].concat();
        let expected =
            [PREFACE.to_vec(), frame(4, &[]), headers(&raw_literal(path.as_bytes())), data].concat();

        for chunk in [1, 7, input.len()] {
            let (mut outgoing, mut output) = (Outgoing::new(path), Vec::new());
            input.chunks(chunk).for_each(|chunk| outgoing.feed(chunk, &mut output));
            assert_eq!(output, expected, "chunks of {chunk}");
        }
    }

    #[test]
    fn requests_that_refer_to_the_table_stay_as_they_are() {
        let input = [PREFACE.to_vec(), frame(HEADERS, &[0x83, 0xbe, 0x86])].concat();
        let (mut outgoing, mut output) = (Outgoing::new("/a.sock"), Vec::new());

        outgoing.feed(&input, &mut output);

        assert_eq!(output, input);
    }

    #[test]
    fn lengths_follow_the_hpack_examples() {
        // RFC 7541 appendix C.1: 10 fits the prefix; 1337 with a prefix of five bits is 31, 154, 10.
        assert_eq!(string_length(10, 0), [10]);
        assert_eq!(string_length(127, 0x80), [0xff, 0]);
        assert_eq!(string_length(1337 + 96, 0), [127, 154, 10]);
    }
}
