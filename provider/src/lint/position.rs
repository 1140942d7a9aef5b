//! From a place within a scalar's value to the place in the file that holds the scalar.
//!
//! A value differs from its source by white space (indentation, folding, line breaks) and by escapes. All other characters
//! are the same and in the same order, so the nth of the value is the nth of the source.

use crate::mount::yaml::Place;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// Literal or folded; its place is where its content begins.
    Block,
}

/// How the scalar at `place` is written.
pub(super) fn style(source: &str, place: Place) -> Style {
    let (before, scalar) = source.split_at(offset(source, place));
    let above = before.trim_end();
    let ends_a_line = before[above.len()..].contains(['\n', '\r']);
    let last_line = above.rsplit(['\n', '\r']).next().unwrap_or_default();
    let header = last_line.split(" #").next().unwrap_or_default().split_whitespace().next_back();
    let is_header = |word: &str| {
        word.strip_prefix(['|', '>'])
            .is_some_and(|rest| rest.chars().all(|c| matches!(c, '+' | '-' | '1'..='9')))
    };
    match scalar.chars().next() {
        _ if ends_a_line && header.is_some_and(is_header) => Style::Block,
        Some('\'') => Style::SingleQuoted,
        Some('"') => Style::DoubleQuoted,
        _ => Style::Plain,
    }
}

/// Where `inner`, a place within `value`, stands in `source`, in which the scalar stands at `scalar`.
pub(super) fn outer(source: &str, scalar: Place, value: &str, inner: Place) -> Place {
    let style = style(source, scalar);
    let start = offset(source, scalar);
    let wanted = value[..offset(value, inner)].chars().filter(|c| !c.is_whitespace()).count();
    let text = &source[start..];
    let found = marks(text, style).nth(wanted).or_else(|| marks(text, style).last());
    let before = &source[..start + found.unwrap_or(0)];
    let count = |items: usize| u64::try_from(items).unwrap_or(u64::MAX);
    let line_start = line_starts(before).last().unwrap_or(0);
    Place {
        line: count(line_starts(before).count()),
        column: count(before[line_start..].chars().count() + 1),
    }
}

/// Where each line begins, as YAML breaks lines: after a line feed, a carriage return, or both.
pub(super) fn line_starts(text: &str) -> impl Iterator<Item = usize> {
    let is_whole = |at: &usize| !(text[..*at].ends_with('\r') && text[*at..].starts_with('\n'));
    std::iter::once(0).chain(text.match_indices(['\n', '\r']).map(|(at, _)| at + 1).filter(is_whole))
}

/// The text from a place on.
pub(super) fn at(text: &str, place: Place) -> &str {
    &text[offset(text, place)..]
}

/// The byte that a place stands for; the end of the text if there is none.
fn offset(text: &str, place: Place) -> usize {
    let lines_before = usize::try_from(place.line).unwrap_or(usize::MAX).saturating_sub(1);
    let Some(start) = line_starts(text).nth(lines_before) else { return text.len() };
    let column = usize::try_from(place.column).unwrap_or(usize::MAX).saturating_sub(1);
    let line = text[start..].split(['\n', '\r']).next().unwrap_or_default();
    start + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}

/// The bytes at which characters other than white space are written.
fn marks(scalar: &str, style: Style) -> impl Iterator<Item = usize> {
    let mut characters = scalar.char_indices().peekable();
    if matches!(style, Style::SingleQuoted | Style::DoubleQuoted) {
        characters.next();
    }
    std::iter::from_fn(move || {
        loop {
            let (at, character) = characters.next()?;
            match (style, character) {
                (Style::SingleQuoted, '\'') => {
                    characters.next_if(|(_, next)| *next == '\'')?;
                    return Some(at);
                }
                (Style::DoubleQuoted, '"') => return None,
                (Style::DoubleQuoted, '\\') => {
                    let (_, kind) = characters.next()?;
                    let digits = match kind {
                        'x' => 2,
                        'u' => 4,
                        'U' => 8,
                        // White space, and a line break that is none.
                        't' | 'n' | 'v' | 'f' | 'r' | ' ' | '\t' | '\n' | '\r' | 'N' | '_' | 'L' | 'P' => {
                            continue;
                        }
                        _ => return Some(at),
                    };
                    let number = (0..digits).try_fold(0, |number, _| {
                        let digit = characters.next().and_then(|(_, digit)| digit.to_digit(16))?;
                        Some(number * 16 + digit)
                    });
                    // The first half of a pair is no character of its own.
                    let is_first_half = number.is_some_and(|number| (0xD800..0xDC00).contains(&number));
                    if !is_first_half && !number.and_then(char::from_u32).is_some_and(char::is_whitespace) {
                        return Some(at);
                    }
                }
                _ if character.is_whitespace() => {}
                _ => return Some(at),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mount::yaml;
    use rstest::rstest;

    /// A list whose last item is looked for, in every way of writing it.
    #[rstest]
    #[case::literal("a: 1\no: |\n  - x: 1 # |\n\n  - wanted\n", Style::Block, (5, 5))]
    #[case::indicated("o: |2- # two\n   - x\n   - wanted\n", Style::Block, (3, 6))]
    #[case::header_alone("o:\n  |\n  - wanted\n", Style::Block, (3, 5))]
    #[case::windows("o: |\r\n  - x: 1\r\n  - wanted\r\n", Style::Block, (3, 5))]
    #[case::returns("o: |\r  - x: 1\r  - wanted\r", Style::Block, (3, 5))]
    #[case::blank_lines_first("o: |\n\n\n  - wanted\n", Style::Block, (4, 5))]
    #[case::folded("o: >-\n  [x: 1,\n\n  yy: 2,\n  wanted]\n", Style::Block, (5, 3))]
    #[case::single("o: '[x, ''y'',\n\n  wanted]'\n", Style::SingleQuoted, (3, 3))]
    #[case::double(r#"o: "- x: \"a\\\\\"\n- \u00e9\n-\twanted""#, Style::DoubleQuoted, (1, 34))]
    #[case::pair(r#"o: "[\ud83d\ude00, wanted]""#, Style::DoubleQuoted, (1, 20))]
    #[case::continued("o: \"[x,\\\n    wanted]\"\n", Style::DoubleQuoted, (2, 5))]
    #[case::plain("o: '0'\n", Style::SingleQuoted, (1, 5))]
    #[case::wide("o: \"[密, wanted]\"\n", Style::DoubleQuoted, (1, 9))]
    fn a_place_within_is_found_outside(
        #[case] source: &str,
        #[case] expected_style: Style,
        #[case] expected: (u64, u64),
    ) {
        let tree = yaml::parse(source).unwrap();
        let scalar = tree.get("o").unwrap();
        let value = scalar.text().unwrap();
        let inner = yaml::parse(value).unwrap();
        let inner = inner.items().last().unwrap_or(&inner).place;
        let place = outer(source, scalar.place, value, inner);
        assert_eq!(style(source, scalar.place), expected_style);
        assert_eq!((place.line, place.column), expected, "{value:?} {inner:?}");
    }

    #[test]
    fn what_is_nowhere_is_at_the_end() {
        let source = "o: |\n  - x\n";
        let scalar = yaml::parse(source).unwrap().get("o").unwrap().place;
        let place = outer(source, scalar, "- x\n", Place { line: 9, column: 9 });
        assert_eq!((place.line, place.column), (2, 5));
    }
}
