//! The report as a badge: a small SVG that says how many promises hold.

use super::html::escaped;
use super::{Outcome, Report, Verdict};

/// About as wide is a character of the badge's font at its size.
const CHARACTER: usize = 7;

/// The whole picture.
pub(super) fn render(report: &Report) -> String {
    let passed = report.requirements.iter().filter(|row| row.outcome == Outcome::Pass).count();
    let judged = report.requirements.iter().filter(|row| row.evidence.is_some()).count();
    let (label, colour) = (
        "conformance",
        match report.verdict {
            Verdict::Pass => "#1a7f37",
            Verdict::Partial => "#9a6700",
            Verdict::Fail => "#c4302b",
        },
    );
    let part = if report.filters.is_empty() { "" } else { " of a part" };
    let text = format!("{} {passed}/{judged}, {}{part}", report.level, report.verdict.name());
    let (left, right) = (label.len() * CHARACTER + 12, text.len() * CHARACTER + 12);
    let (width, middle_left, middle_right) = (left + right, left / 2, left + right / 2);
    let title = escaped(&format!("{label} of {}: {text}", report.target.name));
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{title}">
  <title>{title}</title>
  <rect width="{width}" height="20" rx="3" fill="{colour}"/>
  <path d="M3 0h{inner}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#444"/>
  <g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
    <text x="{middle_left}" y="14">{label}</text>
    <text x="{middle_right}" y="14">{text}</text>
  </g>
</svg>
"##,
        inner = left - 3,
    )
}
