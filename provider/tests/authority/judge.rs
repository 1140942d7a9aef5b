//! The independent judge of a rewriting: reads what went in and what came out with somebody else's HPACK
//! decoder and compares. The fuzz target includes this file.

use std::borrow::Cow;

use csi_secrets_store_provider_alibabacloud::authority::Rewriter;
use loona_hpack::Decoder;
use loona_hpack::decoder::DecoderError;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// One thing that a peer reads from a connection.
#[derive(Debug, PartialEq, Eq)]
enum Event<'a> {
    Request { stream: u32, flags: u8, priority: &'a [u8], fields: Vec<(Vec<u8>, Vec<u8>)> },
    Frame(&'a [u8]),
}

/// Feeds `input` in pieces of the sizes given, over and over, and returns what came out.
pub(crate) fn rewrite(input: &[u8], sizes: &[usize]) -> Vec<u8> {
    let mut rewriter = Rewriter::new();
    let mut output = Vec::new();
    let mut rest = input;
    for &size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(size.clamp(1, rest.len()));
        rewriter.feed(piece, &mut output);
        rest = after;
    }
    rewriter.finish(&mut output);
    output
}

/// Panics unless `output` is `input` with an acceptable authority of the same length in every request that a
/// server can read, and untouched from the first thing on that a server cannot.
pub(crate) fn assert_rewritten(input: &[u8], output: &[u8]) {
    assert!(output.len() <= input.len(), "{} octets became {}", input.len(), output.len());
    let (mut expected, unreadable) = read(input);
    for event in &mut expected {
        let Event::Request { fields, .. } = event else { continue };
        for (_, value) in fields.iter_mut().filter(|(name, _)| name == b":authority") {
            value.fill(b'a');
        }
    }
    let (events, rest) = read(output);
    assert_eq!(events, expected);
    assert_eq!(rest, unreadable);
}

/// What a server reads, and the octets from the first incomplete or malformed thing on.
fn read(connection: &[u8]) -> (Vec<Event<'_>>, &[u8]) {
    let mut decoder = Decoder::new();
    decoder.set_max_allowed_table_size(4096);
    let mut events = Vec::new();
    let Some(mut rest) = connection.strip_prefix(PREFACE) else { return (events, connection) };
    while let Some((event, after)) = read_event(rest, &mut decoder) {
        events.push(event);
        rest = after;
    }
    (events, rest)
}

fn read_event<'a>(octets: &'a [u8], decoder: &mut Decoder<'_>) -> Option<(Event<'a>, &'a [u8])> {
    let first = Frame::read(octets)?;
    match first.kind {
        0x1 => {}
        0x9 => return None,
        _ => return Some((Event::Frame(&octets[..octets.len() - first.after.len()]), first.after)),
    }
    let (priority, fragment) = first.headers()?;
    let mut block = fragment.to_vec();
    let mut last = first;
    while last.flags & 0x4 == 0 {
        let next = Frame::read(last.after)?;
        let held = octets.len() - next.after.len();
        if next.kind != 0x9 || next.stream != first.stream || next.payload.len() > 16_384 || held > 65_536 {
            return None;
        }
        block.extend_from_slice(next.payload);
        last = next;
    }
    // How the block is cut and padded is not part of what it says.
    let flags = first.flags & !(0x4 | 0x8);
    let fields = decode(&block, decoder)?;
    Some((Event::Request { stream: first.stream, flags, priority, fields }, last.after))
}

fn decode(block: &[u8], decoder: &mut Decoder<'_>) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut fields = Vec::new();
    let add =
        |name: Cow<'_, [u8]>, value: Cow<'_, [u8]>| fields.push((name.into_owned(), value.into_owned()));
    match decoder.decode_with_cb(block, add) {
        // A block may be nothing but a change of the table's size; this decoder wants a field after it.
        Ok(()) | Err(DecoderError::SizeUpdateAtEnd) => Some(fields),
        Err(_) => None,
    }
}

#[derive(Clone, Copy)]
struct Frame<'a> {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: &'a [u8],
    after: &'a [u8],
}

impl<'a> Frame<'a> {
    fn read(octets: &'a [u8]) -> Option<Self> {
        let (&[high, middle, low, kind, flags, a, b, c, d], rest) = octets.split_first_chunk()?;
        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let (payload, after) = rest.split_at_checked(length)?;
        Some(Self { kind, flags, stream: u32::from_be_bytes([a & 0x7f, b, c, d]), payload, after })
    }

    /// Priority fields and fragment of a HEADERS frame.
    fn headers(&self) -> Option<(&'a [u8], &'a [u8])> {
        let mut content = self.payload;
        if content.len() > 16_384 {
            return None;
        }
        if self.flags & 0x8 != 0 {
            let (&padding, rest) = content.split_first()?;
            content = rest.get(..rest.len().checked_sub(usize::from(padding))?)?;
        }
        content.split_at_checked(if self.flags & 0x20 != 0 { 5 } else { 0 })
    }
}
