//! Text that somebody else wrote, made fit for a message: quoted, escaped, cut.

use std::fmt;

/// Longer than any sensible name, shorter than a page.
const LONGEST: usize = 120;

/// Shows `0` in quotes, with control characters escaped and the rest of a long text left out.
#[derive(Clone, Copy, Debug)]
pub struct Excerpt<'a>(pub &'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(LONGEST) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}… ({} bytes)", &self.0[..end], self.0.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_cannot_forge_a_log_line() {
        assert_eq!(Excerpt("db\nlevel=error").to_string(), r#""db\nlevel=error""#);
    }

    #[test]
    fn a_megabyte_is_cut_between_characters() {
        let text = "密".repeat(400_000);
        assert_eq!(Excerpt(&text).to_string(), format!("\"{}\"… (1200000 bytes)", "密".repeat(120)));
    }
}
