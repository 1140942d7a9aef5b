//! PEM as Go reads and writes it (`encoding/pem`): what is no block is passed over.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";
const LINE_BYTES: usize = 64;

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// `CERTIFICATE`, `PRIVATE KEY` …
    pub(super) label: String,
    /// Key and value of each header line.
    pub(super) headers: Vec<(String, String)>,
    /// The decoded body.
    pub(super) bytes: Vec<u8>,
}

/// All blocks of a text, in order, and what follows the last of them.
pub(super) fn blocks(text: &[u8]) -> (Vec<Block>, &[u8]) {
    let (mut blocks, mut rest) = (Vec::new(), text);
    let mut position = 0;
    while let Some(start) = find(&text[position..], BEGIN.as_bytes()).map(|start| position + start) {
        position = start + BEGIN.len();
        let is_line_start = start == 0 || text[start - 1] == b'\n';
        if let Some((block, length)) = is_line_start.then(|| block(&text[start..])).flatten() {
            blocks.push(block);
            position = start + length;
            rest = &text[position..];
        }
    }
    (blocks, rest)
}

/// The block at the start of a text, and its length up to the end of its last line.
fn block(text: &[u8]) -> Option<(Block, usize)> {
    let end_of_line = find(text, b"\n")?;
    let first = std::str::from_utf8(&text[BEGIN.len()..end_of_line]).ok()?;
    let label = first.trim_end().strip_suffix(DASHES)?;
    let end = format!("-----END {label}-----");
    let end_start = end_of_line + find(&text[end_of_line..], format!("\n{end}").as_bytes())? + 1;
    let body = std::str::from_utf8(&text[end_of_line + 1..end_start]).ok()?;
    let mut headers = Vec::new();
    let mut lines = body.lines().skip_while(|line| match line.split_once(':') {
        Some((key, value)) => {
            headers.push((key.trim().to_owned(), value.trim().to_owned()));
            true
        }
        None => false,
    });
    let base64: String = lines.by_ref().flat_map(str::split_whitespace).collect();
    drop(lines);
    let bytes = STANDARD.decode(base64).ok()?;
    let after = end_start + end.len();
    let length = find(&text[after..], b"\n").map_or(text.len(), |line| after + line + 1);
    Some((Block { label: label.into(), headers, bytes }, length))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// A block as text; headers are sorted.
pub(super) fn encode(block: &Block) -> Vec<u8> {
    let Block { label, headers, bytes } = block;
    let mut text = format!("{BEGIN}{label}{DASHES}\n");
    let mut headers = headers.clone();
    headers.sort();
    for (key, value) in &headers {
        writeln!(text, "{key}: {value}").expect("writing to a string does not fail");
    }
    if !headers.is_empty() {
        text.push('\n');
    }
    for line in STANDARD.encode(bytes).as_bytes().chunks(LINE_BYTES) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    writeln!(text, "-----END {label}{DASHES}").expect("writing to a string does not fail");
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "prose\n-----BEGIN A-----\nMQ==\n-----END A-----\nmore\n-----BEGIN B-----\nk: v\n\nMg==\n-----END B-----\nrest";

    #[test]
    fn blocks_are_found_between_prose_with_their_headers() {
        let (blocks, rest) = blocks(TWO.as_bytes());

        let found: Vec<_> =
            blocks.iter().map(|block| (block.label.as_str(), block.bytes.as_slice())).collect();
        assert_eq!(found, [("A", b"1".as_slice()), ("B", b"2")]);
        assert_eq!(blocks[1].headers, [("k".to_owned(), "v".to_owned())]);
        assert_eq!(rest, b"rest");
    }

    #[test]
    fn what_is_no_block_is_passed_over() {
        let text = "-----BEGIN A-----\n!!\n-----END A-----\nx -----BEGIN A-----\nMQ==\n-----END A-----\n";

        assert!(blocks(text.as_bytes()).0.is_empty());
    }

    #[test]
    fn a_block_is_written_as_it_was_read() {
        let long = Block { label: "B".into(), headers: vec![("k".into(), "v".into())], bytes: vec![7; 100] };

        let text = encode(&long);

        assert_eq!(blocks(&text).0, [long]);
        assert!(String::from_utf8(text).unwrap().lines().all(|line| line.len() <= LINE_BYTES));
    }
}
