//! Whatever a client sends, and in whatever pieces it arrives, only `:authority` changes.
//!
//! The first octet of an input says how to read the others. Even: they follow the connection preface as they are. Odd:
//! they are pieces (length, flags, octets) of header blocks, so that the search reaches deep into HPACK without having
//! to find out about frames. The octet's other bits are the size of the pieces in which everything is fed.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/authority/judge.rs"]
mod judge;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 0x1;
const CONTINUATION: u8 = 0x9;
const END_HEADERS: u8 = 0x4;
/// Those that mean something in a HEADERS frame: end of stream, end of headers, padded, priority.
const FLAGS: u8 = 0x1 | END_HEADERS | 0x8 | 0x20;

fuzz_target!(|octets: &[u8]| {
    let Some((&mode, octets)) = octets.split_first() else { return };
    let frames = if mode & 1 == 0 { octets.to_vec() } else { framed(octets) };
    let input = [PREFACE, &frames].concat();

    let whole = judge::rewrite(&input, &[usize::MAX]);
    let piece = usize::from(mode >> 1);
    assert_eq!(judge::rewrite(&input, &[piece, 1, piece / 2]), whole);
    judge::assert_rewritten(&input, &whole);
});

/// Puts a frame head in front of each piece.
fn framed(mut octets: &[u8]) -> Vec<u8> {
    let mut frames = Vec::new();
    let mut kind = HEADERS;
    while let Some((&[length, flags], rest)) = octets.split_first_chunk() {
        let (piece, after) = rest.split_at(rest.len().min(usize::from(length)));
        let length = u8::try_from(piece.len()).unwrap_or(length);
        frames.extend_from_slice(&[0, 0, length, kind, flags & FLAGS, 0, 0, 0, 1]);
        frames.extend_from_slice(piece);
        kind = if flags & END_HEADERS == 0 { CONTINUATION } else { HEADERS };
        octets = after;
    }
    frames
}
