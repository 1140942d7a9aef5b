//! What a target writes, kept within bounds: a target may write without end.

use std::collections::VecDeque;

/// So much of the beginning is kept, and as much of the end.
pub(super) const KEPT_BYTES: usize = 1024 * 1024;

/// The first and the last bytes of an output.
#[derive(Debug, Default)]
pub(super) struct Log {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Log {
    /// Adds what was written.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        let (head, rest) = chunk.split_at(chunk.len().min(KEPT_BYTES - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail.extend(rest);
        let excess = self.tail.len().saturating_sub(KEPT_BYTES);
        self.tail.drain(..excess);
        self.left_out += excess as u64;
    }

    /// What is kept. A line of its own stands where something was left out.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let (first, second) = self.tail.as_slices();
        let gap = match self.left_out {
            0 => String::new(),
            bytes => format!("\n... {bytes} bytes left out ...\n"),
        };
        [&self.head, gap.as_bytes(), first, second].concat()
    }

    /// How much was left out of the middle.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_kept_whole() {
        let mut log = Log::default();

        log.push(b"first ");
        log.push(b"last");

        assert_eq!(log.bytes(), b"first last");
        assert_eq!(log.left_out(), 0);
    }

    #[test]
    fn of_a_flood_both_ends_are_kept() {
        let mut log = Log::default();

        log.push(b"first");
        for _ in 0..5 {
            log.push(&vec![b'x'; KEPT_BYTES]);
        }
        log.push(b"last");

        let text = String::from_utf8(log.bytes()).unwrap();
        assert!(text.starts_with("first") && text.ends_with("last"));
        assert!(text.contains(&format!("... {} bytes left out ...", log.left_out())));
        assert_eq!(log.left_out(), (5 + 5 * KEPT_BYTES + 4 - 2 * KEPT_BYTES) as u64);
    }
}
