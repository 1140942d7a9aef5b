//! One header block (RFC 7541, section 6): finds each literal `:authority` and puts a text of the same length
//! in its place.

use super::Malformed;
use super::huffman;
use super::table::{Name, Table};

const AUTHORITY: &[u8] = b":authority";
/// The same in Huffman code; there is only one way to write it.
const AUTHORITY_CODED: &[u8] = &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f];

/// Set in the first octet of a text that is Huffman-coded.
const HUFFMAN: u8 = 0x80;

/// The octets of an integer after its first. Like h2, which has the same limit, this leaves room for 28 bits.
const MAX_INTEGER_OCTETS: usize = 4;

/// Appends `block` to `rewritten`, each literal `:authority` with a text replaced, and tells if there was one.
///
/// `table` follows the block either way, so every block of a connection has to pass here in its order.
pub(super) fn rewrite(block: &[u8], table: &mut Table, rewritten: &mut Vec<u8>) -> Result<bool, Malformed> {
    let mut has_replaced = false;
    let mut rest = block;
    while let Some(&first) = rest.first() {
        let field = rest;
        let literal = Literal::read(first, &mut rest, table)?;
        let up_to_value = &field[..field.len() - rest.len()];
        rewritten.extend_from_slice(up_to_value);
        let Some(literal) = literal else { continue };

        let before_value = rest;
        let length = Text::read(&mut rest)?.decoded_length()?;
        if literal.name.is_authority && length > 0 {
            write_letters(length, rewritten);
            has_replaced = true;
        } else {
            rewritten.extend_from_slice(&before_value[..before_value.len() - rest.len()]);
        }
        if literal.is_indexed {
            table.insert(literal.name, length);
        }
    }
    Ok(has_replaced)
}

/// A field that brings its value with it, read up to the value.
struct Literal {
    name: Name,
    is_indexed: bool,
}

impl Literal {
    /// Reads the representation that starts with `first`; it is a literal, or it is complete.
    fn read(first: u8, rest: &mut &[u8], table: &mut Table) -> Result<Option<Self>, Malformed> {
        match first {
            // A whole field by index. The table got the substitute when the client put it in.
            0x80.. => table.name(read_integer(rest, 7)?).map(|_| None),
            0x40.. => Self::read_name(rest, 6, true, table).map(Some),
            0x20.. => {
                let max_size = read_integer(rest, 5)?;
                table.resize(max_size).map(|()| None)
            }
            // Never indexed (0x10) and not indexed (0x00) differ only for intermediaries.
            _ => Self::read_name(rest, 4, false, table).map(Some),
        }
    }

    fn read_name(
        rest: &mut &[u8],
        prefix_bits: u32,
        is_indexed: bool,
        table: &Table,
    ) -> Result<Self, Malformed> {
        let name = match read_integer(rest, prefix_bits)? {
            0 => Text::read(rest)?.name()?,
            index => table.name(index)?,
        };
        Ok(Self { name, is_indexed })
    }
}

/// A text as it stands in the block (RFC 7541, section 5.2).
struct Text<'a> {
    octets: &'a [u8],
    is_coded: bool,
}

impl<'a> Text<'a> {
    fn read(rest: &mut &'a [u8]) -> Result<Self, Malformed> {
        let is_coded = rest.first().is_some_and(|first| first & HUFFMAN != 0);
        let length = read_integer(rest, 7)?;
        let (octets, after) = rest.split_at_checked(length).ok_or(Malformed)?;
        *rest = after;
        Ok(Self { octets, is_coded })
    }

    fn decoded_length(&self) -> Result<usize, Malformed> {
        if self.is_coded { huffman::decoded_length(self.octets) } else { Ok(self.octets.len()) }
    }

    fn name(&self) -> Result<Name, Malformed> {
        let authority = if self.is_coded { AUTHORITY_CODED } else { AUTHORITY };
        Ok(Name { length: self.decoded_length()?, is_authority: self.octets == authority })
    }
}

/// Reads an integer whose lowest `prefix_bits` begin in the first octet (RFC 7541, section 5.1).
fn read_integer(rest: &mut &[u8], prefix_bits: u32) -> Result<usize, Malformed> {
    let (&first, mut after) = rest.split_first().ok_or(Malformed)?;
    let prefix = (1 << prefix_bits) - 1;
    let mut value = usize::from(first) & prefix;
    if value == prefix {
        let last =
            after.iter().take(MAX_INTEGER_OCTETS).position(|octet| octet & 0x80 == 0).ok_or(Malformed)?;
        for (at, &octet) in after[..=last].iter().enumerate() {
            value += usize::from(octet & 0x7f) << (7 * at);
        }
        after = &after[last + 1..];
    }
    *rest = after;
    Ok(value)
}

/// Appends the letter `a`, `length` times, as a Huffman-coded text.
fn write_letters(length: usize, output: &mut Vec<u8>) {
    write_text_length(huffman::encoded_length(length), output);
    huffman::encode_letters(length, output);
}

/// Appends the length of a Huffman-coded text, an integer with a prefix of seven bits.
fn write_text_length(length: usize, output: &mut Vec<u8>) {
    const PREFIX: u8 = 0x7f;
    const MORE: u8 = 0x80;
    if let Ok(short) = u8::try_from(length)
        && short < PREFIX
    {
        output.push(HUFFMAN | short);
        return;
    }
    output.push(HUFFMAN | PREFIX);
    let mut left = length - usize::from(PREFIX);
    while left > 0x7f {
        let [low, ..] = left.to_le_bytes();
        output.push(MORE | low);
        left >>= 7;
    }
    let [low, ..] = left.to_le_bytes();
    output.push(low);
}
