//! The state machine over one direction of a connection: which octets pass, which are held until a header
//! block is complete. It does no input or output of its own.

use super::Malformed;
use super::frame::{self, Head, MAX_PAYLOAD};
use super::table::Table;

/// What a client says first (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The most that is held for one header block, frame heads included. hyper's server takes no more than 16 KiB of
/// decoded headers, so four times that loses nobody.
const MAX_HELD: usize = 64 * 1024;

/// Rewrites what a client sends, fed in pieces of any size.
///
/// Output never runs ahead of input and is never longer. Something that is not HTTP/2, not HPACK or beyond
/// the limits ends the rewriting for good: from there on everything passes as it is, and the server behind
/// says what is wrong.
///
/// ```
/// use csi_secrets_store_provider_alibabacloud::authority::Rewriter;
///
/// // A request on stream 1 whose only field is `:authority: /run/a.sock`.
/// let request = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x0d\x01\x05\x00\x00\x00\x01\x41\x0b/run/a.sock";
/// let mut output = Vec::new();
/// Rewriter::new().feed(request, &mut output);
/// // Eleven times the letter a, in seven octets.
/// assert_eq!(output[33..], *b"\x41\x87\x18\xc6\x31\x8c\x63\x18\xc7");
/// ```
pub struct Rewriter {
    state: State,
    /// What was taken in and not yet given out: a part of a frame head, or the frames of an unfinished
    /// header block.
    held: Vec<u8>,
    table: Table,
}

enum State {
    /// The next octets belong to the preface, from this place on.
    Preface { matched: usize },
    /// A payload passes, this many octets of it still to come.
    Passing { missing: usize },
    /// A frame head comes, this many octets of it still missing. An open block of that stream has to go on.
    Head { missing: usize, open_block: Option<u32> },
    /// A fragment of a header block comes, this many octets of it still missing.
    Fragment { missing: usize, head: Head },
    /// Everything passes.
    Verbatim,
}

impl State {
    const BETWEEN_FRAMES: Self = Self::Head { missing: frame::HEAD, open_block: None };

    fn after_passing(missing: usize) -> Self {
        if missing == 0 { Self::BETWEEN_FRAMES } else { Self::Passing { missing } }
    }
}

impl Default for Rewriter {
    fn default() -> Self {
        Self::new()
    }
}

impl Rewriter {
    /// Starts at the first octet of a connection.
    pub fn new() -> Self {
        let state = mutate!(AuthorityRefused, State::Preface { matched: 0 }, State::Verbatim);
        Self { state, held: Vec::new(), table: Table::new() }
    }

    /// Takes `input` in and appends to `output` what is ready to go on.
    pub fn feed(&mut self, mut input: &[u8], output: &mut Vec<u8>) {
        while !input.is_empty() {
            let passed = self.pass(input);
            output.extend_from_slice(&input[..passed]);
            input = &input[passed..];

            let held = self.hold(input, output);
            input = &input[held..];
        }
    }

    /// Takes in the first part of `input` that goes on as it is, right after what went on before, and tells
    /// how long that part is. With it a message body can stay in the buffer that it was read into; the
    /// rest has to be fed.
    pub fn pass(&mut self, input: &[u8]) -> usize {
        let mut passed = 0;
        while passed < input.len() {
            let rest = &input[passed..];
            match self.state {
                State::Verbatim => return input.len(),
                State::Preface { matched } => {
                    let equal = PREFACE[matched..]
                        .iter()
                        .zip(rest)
                        .take_while(|(ours, theirs)| ours == theirs)
                        .count();
                    passed += equal;
                    self.state = match matched + equal {
                        all if all == PREFACE.len() => State::BETWEEN_FRAMES,
                        matched if equal == rest.len() => State::Preface { matched },
                        _ => State::Verbatim,
                    };
                }
                State::Passing { missing } => {
                    let present = missing.min(rest.len());
                    passed += present;
                    self.state = State::after_passing(missing - present);
                }
                State::Head { open_block: None, .. } if self.held.is_empty() => {
                    let Some(octets) = rest.first_chunk() else { return passed };
                    let head = Head::read(octets);
                    if head.is_headers() || head.is_continuation() {
                        return passed;
                    }
                    passed += octets.len();
                    self.state = State::after_passing(head.payload_length);
                }
                State::Head { .. } | State::Fragment { .. } => return passed,
            }
        }
        passed
    }

    /// The client sends no more: appends what is still held.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        self.give_up(output);
    }

    /// Takes in the next part of the head or fragment that is being held, and tells how long that part is.
    fn hold(&mut self, input: &[u8], output: &mut Vec<u8>) -> usize {
        let (State::Head { missing, .. } | State::Fragment { missing, .. }) = &mut self.state else {
            return 0;
        };
        let taken = (*missing).min(input.len());
        *missing -= taken;
        let is_complete = *missing == 0;
        self.held.extend_from_slice(&input[..taken]);
        if is_complete {
            self.advance(output);
        }
        taken
    }

    /// Goes on from a frame head or fragment that is complete now.
    fn advance(&mut self, output: &mut Vec<u8>) {
        match self.state {
            State::Head { open_block, .. } => {
                let Some(octets) = self.held.last_chunk() else { return self.give_up(output) };
                let head = Head::read(octets);
                match open_block {
                    None if head.is_headers() => self.expect_fragment(head, output),
                    Some(stream) if head.is_continuation() && head.stream() == stream => {
                        self.expect_fragment(head, output);
                    }
                    None if !head.is_continuation() => {
                        output.append(&mut self.held);
                        self.state = State::after_passing(head.payload_length);
                    }
                    // A block that goes on without having begun, or that another frame interrupts.
                    _ => self.give_up(output),
                }
            }
            State::Fragment { head, .. } if head.ends_block() => {
                match frame::rewrite(&self.held, &mut self.table, output) {
                    Ok(()) => {
                        self.held.clear();
                        self.state = State::BETWEEN_FRAMES;
                    }
                    Err(Malformed) => self.give_up(output),
                }
            }
            State::Fragment { head, .. } => {
                self.state = State::Head { missing: frame::HEAD, open_block: Some(head.stream()) };
            }
            State::Preface { .. } | State::Passing { .. } | State::Verbatim => {}
        }
    }

    fn expect_fragment(&mut self, head: Head, output: &mut Vec<u8>) {
        if head.payload_length > MAX_PAYLOAD || self.held.len() + head.payload_length > MAX_HELD {
            return self.give_up(output);
        }
        self.state = State::Fragment { missing: head.payload_length, head };
        // An empty frame may end the block, and nothing may follow it for a long time.
        if head.payload_length == 0 {
            self.advance(output);
        }
    }

    /// From here on everything passes. What is held goes first.
    fn give_up(&mut self, output: &mut Vec<u8>) {
        output.append(&mut self.held);
        self.state = State::Verbatim;
    }
}
