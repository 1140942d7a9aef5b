//! HTTP/2 frames (RFC 9113, sections 4.1, 6.2 and 6.10), as far as header blocks travel in them.

use super::Malformed;
use super::block;
use super::table::Table;

/// The length of a frame's head.
pub(super) const HEAD: usize = 9;

/// The longest payload that a peer accepts unless it says otherwise, and our server does not.
pub(super) const MAX_PAYLOAD: usize = 16_384;

const HEADERS: u8 = 0x1;
const CONTINUATION: u8 = 0x9;

const END_HEADERS: u8 = 0x04;
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;
/// Stream dependency and weight, in front of the block when `PRIORITY` is set.
const PRIORITY_FIELDS: usize = 5;

/// What stands in front of each payload.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) payload_length: usize,
    kind: u8,
    flags: u8,
    /// As on the wire, with the reserved bit.
    stream: [u8; 4],
}

impl Head {
    pub(super) fn read(octets: &[u8; HEAD]) -> Self {
        let &[high, middle, low, kind, flags, ref stream @ ..] = octets;
        let payload_length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        Self { payload_length, kind, flags, stream: *stream }
    }

    /// Whether a header block starts here.
    pub(super) fn is_headers(self) -> bool {
        self.kind == HEADERS
    }

    /// Whether a header block goes on here.
    pub(super) fn is_continuation(self) -> bool {
        self.kind == CONTINUATION
    }

    /// Whether the block that the frame carries ends with it.
    pub(super) fn ends_block(self) -> bool {
        self.flags & END_HEADERS != 0
    }

    pub(super) fn stream(self) -> u32 {
        u32::from_be_bytes(self.stream) & 0x7fff_ffff
    }

    fn write(self, output: &mut Vec<u8>) {
        let [low, middle, high, ..] = self.payload_length.to_le_bytes();
        output.extend_from_slice(&[high, middle, low, self.kind, self.flags]);
        output.extend_from_slice(&self.stream);
    }

    /// Takes the parts of a HEADERS payload apart: priority fields (maybe none) and fragment of the block.
    fn split_headers(self, payload: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
        let mut content = payload;
        if self.flags & PADDED != 0 {
            let (&padding, rest) = payload.split_first().ok_or(Malformed)?;
            let content_length = rest.len().checked_sub(usize::from(padding)).ok_or(Malformed)?;
            content = &rest[..content_length];
        }
        let priority_length = if self.flags & PRIORITY != 0 { PRIORITY_FIELDS } else { 0 };
        content.split_at_checked(priority_length).ok_or(Malformed)
    }
}

/// Appends `frames`, which are one HEADERS frame and its CONTINUATION frames, with each literal `:authority`
/// replaced. They come out as they are if there is none. On error nothing has been appended.
pub(super) fn rewrite(frames: &[u8], table: &mut Table, output: &mut Vec<u8>) -> Result<(), Malformed> {
    let (headers, payload, mut rest) = next(frames).ok_or(Malformed)?;
    let (priority, fragment) = headers.split_headers(payload)?;
    let mut block = fragment.to_vec();
    while let Some((_, fragment, after)) = next(rest) {
        block.extend_from_slice(fragment);
        rest = after;
    }

    let mut rewritten = Vec::with_capacity(block.len());
    if block::rewrite(&block, table, &mut rewritten)? {
        write(headers, priority, &rewritten, output);
    } else {
        output.extend_from_slice(frames);
    }
    Ok(())
}

/// Appends `block` in as few frames as it needs: never more or longer ones than it came in, because it never
/// grows. Padding is left out; HEADERS frames are not flow-controlled, so nobody counts it.
fn write(headers: Head, priority: &[u8], block: &[u8], output: &mut Vec<u8>) {
    let (first, mut rest) = block.split_at(block.len().min(MAX_PAYLOAD - priority.len()));
    let mut head = Head {
        payload_length: priority.len() + first.len(),
        flags: with_end(headers.flags & !PADDED, rest.is_empty()),
        ..headers
    };
    head.write(output);
    output.extend_from_slice(priority);
    output.extend_from_slice(first);

    while !rest.is_empty() {
        let (fragment, after) = rest.split_at(rest.len().min(MAX_PAYLOAD));
        head = Head {
            payload_length: fragment.len(),
            kind: CONTINUATION,
            flags: with_end(0, after.is_empty()),
            ..headers
        };
        head.write(output);
        output.extend_from_slice(fragment);
        rest = after;
    }
}

fn with_end(flags: u8, is_last: bool) -> u8 {
    if is_last { flags | END_HEADERS } else { flags & !END_HEADERS }
}

/// The first of `frames`: its head, its payload and the frames after it.
fn next(frames: &[u8]) -> Option<(Head, &[u8], &[u8])> {
    let (head, rest) = frames.split_first_chunk()?;
    let head = Head::read(head);
    let (payload, rest) = rest.split_at_checked(head.payload_length)?;
    Some((head, payload, rest))
}
