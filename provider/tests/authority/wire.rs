//! HTTP/2 by hand: frames and header blocks octet by octet, so that a test can say how a client encodes a
//! value.

/// How HPACK writes a field that brings its value with it (RFC 7541, section 6.2).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Indexed,
    NotIndexed,
    NeverIndexed,
}

/// How the name of a field is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name<'a> {
    /// By its place in the static or dynamic table.
    Index(usize),
    Plain(&'a str),
    Huffman(&'a str),
}

/// How a text is written (RFC 7541, section 5.2).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Coding {
    Plain,
    Huffman,
}

pub(crate) const AUTHORITY: usize = 1;
const METHOD_POST: u8 = 3;
const PATH: usize = 4;
const SCHEME_HTTP: u8 = 6;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// What a client opens a connection with: the preface and empty settings.
pub(crate) fn opening() -> Vec<u8> {
    [PREFACE, &settings()].concat()
}

pub(crate) fn settings() -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[])
}

pub(crate) const DATA: u8 = 0x0;
pub(crate) const HEADERS: u8 = 0x1;
pub(crate) const RST_STREAM: u8 = 0x3;
const SETTINGS: u8 = 0x4;
pub(crate) const GOAWAY: u8 = 0x7;
pub(crate) const CONTINUATION: u8 = 0x9;

pub(crate) const END_STREAM: u8 = 0x1;
pub(crate) const END_HEADERS: u8 = 0x4;
pub(crate) const PADDED: u8 = 0x8;
pub(crate) const PRIORITY: u8 = 0x20;

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame fits").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header block in one frame.
pub(crate) fn headers(stream: u32, block: &[u8]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, block)
}

/// A header block in as many frames as it has fragments.
pub(crate) fn headers_in_fragments(stream: u32, fragments: &[&[u8]]) -> Vec<u8> {
    let last = fragments.len() - 1;
    let frames = fragments.iter().enumerate().map(|(at, fragment)| {
        let kind = if at == 0 { HEADERS } else { CONTINUATION };
        let flags = if at == last { END_HEADERS } else { 0 };
        frame(kind, flags, stream, fragment)
    });
    frames.collect::<Vec<_>>().concat()
}

/// The block of a call of the health service, whatever its authority.
pub(crate) fn health_check(authority: &[u8]) -> Vec<u8> {
    let path = field(Form::NotIndexed, Name::Index(PATH), Coding::Plain, "/grpc.health.v1.Health/Check");
    let te = field(Form::NotIndexed, Name::Plain("te"), Coding::Plain, "trailers");
    let content_type = field(Form::Indexed, Name::Plain("content-type"), Coding::Huffman, "application/grpc");
    [&indexed(METHOD_POST), &indexed(SCHEME_HTTP), &path[..], authority, &te, &content_type].concat()
}

/// The body of that call, an empty message, and the end of the stream.
pub(crate) fn empty_message(stream: u32) -> Vec<u8> {
    frame(DATA, END_STREAM, stream, &[0; 5])
}

pub(crate) fn field(form: Form, name: Name, coding: Coding, value: &str) -> Vec<u8> {
    let (flags, prefix_bits) = match form {
        Form::Indexed => (0x40, 6),
        Form::NotIndexed => (0x00, 4),
        Form::NeverIndexed => (0x10, 4),
    };
    let mut octets = Vec::new();
    match name {
        Name::Index(index) => integer(index, prefix_bits, flags, &mut octets),
        Name::Plain(name) => {
            octets.push(flags);
            text(Coding::Plain, name, &mut octets);
        }
        Name::Huffman(name) => {
            octets.push(flags);
            text(Coding::Huffman, name, &mut octets);
        }
    }
    text(coding, value, &mut octets);
    octets
}

/// A whole field by its place in a table.
pub(crate) fn indexed(index: u8) -> [u8; 1] {
    assert!(index < 0x7f, "more takes a second octet");
    [0x80 | index]
}

pub(crate) fn table_size(size: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    integer(size, 5, 0x20, &mut octets);
    octets
}

fn text(coding: Coding, text: &str, octets: &mut Vec<u8>) {
    match coding {
        Coding::Plain => {
            integer(text.len(), 7, 0, octets);
            octets.extend_from_slice(text.as_bytes());
        }
        Coding::Huffman => {
            let mut encoded = Vec::new();
            httlib_huffman::encode(text.as_bytes(), &mut encoded).expect("every octet has a code");
            integer(encoded.len(), 7, 0x80, octets);
            octets.extend(encoded);
        }
    }
}

fn integer(value: usize, prefix_bits: u32, flags: u8, octets: &mut Vec<u8>) {
    let byte = |value: usize| u8::try_from(value).expect("one octet");
    let prefix = (1 << prefix_bits) - 1;
    if value < prefix {
        octets.push(flags | byte(value));
        return;
    }
    octets.push(flags | byte(prefix));
    let mut left = value - prefix;
    while left >= 0x80 {
        octets.push(0x80 | byte(left % 0x80));
        left /= 0x80;
    }
    octets.push(byte(left));
}
