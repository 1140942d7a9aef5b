//! The report as one HTML page that needs nothing beside itself. It reads without its script, which only filters; a policy of its
//! own forbids it to load or run anything else, whatever a target made the report say.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::{Call, Outcome, Report, RequirementResult, ScenarioResult, StepResult};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The families of ids, and what each is about.
const FAMILIES: [(&str, &str); 4] = [
    ("ACK", "Documented on the product page"),
    ("DRV", "The CSI driver's contract"),
    ("VEN", "The vendor's provider"),
    ("EXT", "Extended capabilities"),
];

/// The whole page.
pub(super) fn render(report: &Report) -> String {
    let numbers: BTreeMap<&str, usize> = report
        .scenarios
        .iter()
        .enumerate()
        .map(|(index, result)| (result.scenario.id.as_str(), index))
        .collect();
    let mut page = String::new();
    head(&mut page, report);
    matrix(&mut page, report);
    filter(&mut page, report);
    page.push_str("<main id=\"main\">\n<h2>Requirements</h2>\n");
    for (family, title) in FAMILIES {
        let rows = report.requirements.iter().filter(|row| row.id.starts_with(family));
        let rows: Vec<&RequirementResult> = rows.collect();
        if !rows.is_empty() {
            requirements(&mut page, title, &rows, &numbers);
        }
    }
    page.push_str("<h2>Scenarios</h2>\n");
    let numbered: Vec<(usize, &ScenarioResult)> = report.scenarios.iter().enumerate().collect();
    for scenarios in numbered.chunk_by(|(_, one), (_, next)| one.scenario.file == next.scenario.file) {
        let (_, first) = scenarios[0];
        let (title, file) = (escaped(&first.scenario.feature), escaped(&first.scenario.file));
        let _ = writeln!(page, "<section data-group><h3>{title} <small>{file}</small></h3>");
        for (index, result) in scenarios {
            scenario(&mut page, *index, result, report);
        }
        page.push_str("</section>\n");
    }
    let _ = write!(page, "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n");
    page
}

fn head(page: &mut String, report: &Report) {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let name = escaped(&report.target.name);
    let verdict = report.verdict.name();
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
         style-src 'sha256-{}'; script-src 'sha256-{}'; form-action 'none'; base-uri 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>Conformance of {name}: {verdict}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<a class=\"skip\" href=\"#main\">Skip to the requirements</a>\n\
         <header>\n<h1>Conformance of {name}: <span class=\"outcome {verdict}\">{verdict}</span></h1>\n<dl class=\"facts\">\n",
        hash(STYLE),
        hash(SCRIPT),
    );
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(page, "<dt>{name}</dt><dd>{}</dd>", escaped(value));
    };
    fact("version", report.target.version.as_deref().unwrap_or("not told"));
    fact("level", &report.level.to_string());
    if !report.filters.is_empty() {
        fact("filters", &report.filters.join(" "));
    }
    let claims = report.target.claims.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    fact("claims", if claims.is_empty() { "nothing" } else { &claims });
    fact("evidence", &report.target.evidence.to_string());
    fact("started", &report.started);
    fact("took", &time(report.took_ms));
    fact("suite", &format!("{}, fake cloud {}", report.suite.version, report.suite.fake_version));
    fact("digest", &report.suite.digest);
    page.push_str("</dl>\n");
    if !report.remarks.is_empty() {
        page.push_str("<ul>\n");
        for remark in &report.remarks {
            let _ = writeln!(page, "<li>{}</li>", escaped(remark));
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</header>\n");
}

fn matrix(page: &mut String, report: &Report) {
    page.push_str("<nav aria-labelledby=\"matrix\">\n<h2 id=\"matrix\">Matrix</h2>\n<ul class=\"matrix\">\n");
    for row in &report.requirements {
        let (id, outcome) = (escaped(&row.id), row.outcome);
        let _ = writeln!(
            page,
            "<li><a class=\"{}\" href=\"#{id}\" title=\"{}\" data-kind=\"cell\" {}>{} {id}<span class=\"skip\">: {}</span></a></li>",
            outcome.name(),
            escaped(&format!("{}: {}", outcome.words(), row.statement)),
            filtered(outcome, &row.level.to_string(), &words_of(row)),
            symbol(outcome),
            outcome.words(),
        );
    }
    page.push_str("</ul>\n</nav>\n");
}

fn filter(page: &mut String, report: &Report) {
    page.push_str(
        "<form class=\"filter js-only\" role=\"search\" aria-label=\"Filter\">\n\
         <label class=\"wide\">Words<input type=\"search\" name=\"text\" placeholder=\"ACK-22, jmesPath, kms ...\"></label>\n\
         <label>Outcome<select name=\"outcome\"><option value=\"\">all</option>",
    );
    for outcome in Outcome::ALL {
        let count = report.requirements.iter().filter(|row| row.outcome == outcome).count();
        let is_there = count > 0 || report.scenarios.iter().any(|scenario| scenario.outcome == outcome);
        if is_there {
            let _ =
                write!(page, "<option value=\"{}\">{} ({count})</option>", outcome.name(), outcome.words());
        }
    }
    page.push_str("</select></label>\n<label>Level<select name=\"level\"><option value=\"\">all</option>");
    for level in ["core", "drop-in", "extended"] {
        let _ = write!(page, "<option>{level}</option>");
    }
    page.push_str(
        "</select></label>\n<button type=\"reset\">Show all</button>\n<p id=\"shown\" role=\"status\"></p>\n</form>\n",
    );
}

fn requirements(
    page: &mut String,
    title: &str,
    rows: &[&RequirementResult],
    numbers: &BTreeMap<&str, usize>,
) {
    let passed = rows.iter().filter(|row| row.outcome == Outcome::Pass).count();
    let _ = write!(
        page,
        "<section data-group>\n<table>\n<caption>{title}: {passed} of {} hold</caption>\n<thead><tr><th scope=\"col\">Id</th>\
         <th scope=\"col\">Outcome</th><th scope=\"col\">Promise</th><th scope=\"col\">Evidence</th>\
         <th scope=\"col\">Scenarios</th><th scope=\"col\">Time</th></tr></thead>\n<tbody>\n",
        rows.len()
    );
    for row in rows {
        let (id, outcome) = (escaped(&row.id), row.outcome);
        let _ = write!(
            page,
            "<tr id=\"{id}\" class=\"{}\" data-kind=\"requirement\" {}><th scope=\"row\">{id}</th>\
             <td class=\"outcome\">{} {}</td><td>{}<br><small>{}</small>",
            outcome.name(),
            filtered(outcome, &row.level.to_string(), &words_of(row)),
            symbol(outcome),
            outcome.words(),
            escaped(&row.statement),
            escaped(&row.source),
        );
        if let Some(reason) = &row.reason {
            let _ = write!(page, "<br>{}", escaped(reason));
        }
        if !row.scenarios.is_empty() {
            let _ = write!(page, "<details><summary>Scenarios: {}</summary><ul>", row.scenarios.len());
            for (id, number) in row.scenarios.iter().filter_map(|id| Some((id, numbers.get(id.as_str())?))) {
                let _ = write!(page, "<li><a href=\"#s{number}\">{}</a></li>", escaped(id));
            }
            page.push_str("</ul></details>");
        }
        let (evidence, passed, took) = match row.evidence {
            Some(evidence) => {
                (evidence.to_string(), format!("{}/{}", row.passed, row.judged), time(row.took_ms))
            }
            None => ("–".into(), "–".into(), "–".into()),
        };
        let _ = writeln!(
            page,
            "</td><td data-label=\"evidence\">{evidence}</td><td class=\"number\" data-label=\"scenarios passed\">{passed}</td>\
             <td class=\"number\" data-label=\"time\">{took}</td></tr>",
        );
    }
    page.push_str("</tbody>\n</table>\n</section>\n");
}

fn scenario(page: &mut String, number: usize, result: &ScenarioResult, report: &Report) {
    let outcome = result.outcome;
    let levels = report.requirements.iter().filter(|row| result.scenario.requirements.contains(&row.id));
    let level = levels.map(|row| row.level).max().map(|level| level.to_string()).unwrap_or_default();
    let ids = result.scenario.requirements.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let calls = result.calls.iter().map(|call| format!("{} {}", call.product, call.action));
    let calls = calls.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ");
    let words = format!("{ids} {} {} {calls}", result.scenario.file, result.scenario.name);
    let _ = write!(
        page,
        "<article id=\"s{number}\" data-kind=\"scenario\" {}><details><summary class=\"{}\"><span class=\"outcome\">{} {}</span> \
         <span class=\"name\">{}</span> <small>{}:{} &middot; {} &middot; {}</small></summary>\n<div class=\"body\">\n",
        filtered(outcome, &level, &words),
        outcome.name(),
        symbol(outcome),
        outcome.words(),
        escaped(&result.scenario.name),
        escaped(&result.scenario.file),
        result.scenario.line,
        escaped(&ids),
        time(result.took_ms),
    );
    if let Some(deviation) = &result.deviation {
        let _ = writeln!(page, "<p>Known: {}</p>", escaped(deviation));
    }
    if let Some(reason) = &result.reason {
        let _ = writeln!(page, "<pre>{}</pre>", escaped(reason));
    }
    if !result.steps.is_empty() {
        page.push_str("<div class=\"beside\">\n<div><h4>Steps</h4><ol>\n");
        result.steps.iter().for_each(|step| self::step(page, step));
        page.push_str("</ol></div>\n<div><h4>Calls to the cloud</h4>");
        if result.calls.is_empty() {
            page.push_str("<p>none</p>");
        } else {
            page.push_str("<ol>\n");
            result.calls.iter().for_each(|call| self::call(page, call));
            page.push_str("</ol>");
        }
        page.push_str("</div>\n</div>\n");
    }
    if let Some(seen) = &result.seen {
        let exit = escaped(seen.exit.as_deref().unwrap_or("still running"));
        let _ =
            writeln!(page, "<h4>The target's last lines ({exit})</h4>\n<pre>{}</pre>", escaped(&seen.output));
    }
    page.push_str("</div></details></article>\n");
}

fn step(page: &mut String, step: &StepResult) {
    let _ = write!(
        page,
        "<li class=\"{}\"><span class=\"outcome\">{}<span class=\"skip\"> {}</span></span> {} <span class=\"took\">{}</span>",
        step.outcome.name(),
        symbol(step.outcome),
        step.outcome.words(),
        escaped(&step.text),
        time(step.took_ms)
    );
    if let Some(argument) = &step.argument {
        let _ = write!(page, "<pre>{}</pre>", escaped(argument));
    }
    page.push_str("</li>\n");
}

fn call(page: &mut String, call: &Call) {
    let during = call.step.map_or_else(String::new, |step| format!("in step {}: ", step + 1));
    let status = match (&call.code, call.status) {
        (Some(code), status) => format!("{status} {code}"),
        (None, 0) => "no answer: the client left".to_owned(),
        (None, status) => status.to_string(),
    };
    let parameters = call.parameters.iter().filter(|(name, _)| !is_boilerplate(name));
    let parameters = parameters.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
    let caller = call.caller.as_deref().unwrap_or("nobody that is known");
    let fault = call.fault.as_deref().map_or_else(String::new, |fault| format!(", by plan: {fault}"));
    let _ = writeln!(
        page,
        "<li>{during}<b>{} {}</b> <span class=\"mono\">{}</span><br><small>{} by {}, answered {}{}</small></li>",
        escaped(&call.product),
        escaped(&call.action),
        escaped(&parameters),
        escaped(&call.region),
        escaped(caller),
        escaped(&status),
        escaped(&fault),
    );
}

/// Every call has these.
fn is_boilerplate(parameter: &str) -> bool {
    ["Action", "Format", "Version", "AccessKeyId", "Timestamp"].contains(&parameter)
        || parameter.starts_with("Signature")
}

fn words_of(row: &RequirementResult) -> String {
    format!("{} {} {}", row.id, row.statement, row.source)
}

/// What the script filters by.
fn filtered(outcome: Outcome, level: &str, words: &str) -> String {
    let words = escaped(&words.to_lowercase());
    format!("data-outcome=\"{}\" data-level=\"{level}\" data-text=\"{words}\"", outcome.name())
}

fn symbol(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fail => "✗",
        Outcome::Skipped => "!",
        Outcome::Unsupported => "–",
        Outcome::Partial => "◐",
        Outcome::Pass => "✓",
        Outcome::NeedsCluster => "◇",
        Outcome::Planned => "○",
        Outcome::Unselected => "·",
    }
}

fn time(millis: u64) -> String {
    if millis < 1000 {
        format!("{millis} ms")
    } else {
        format!("{}.{} s", millis / 1000, millis % 1000 / 100)
    }
}

/// A text that is only text in HTML and XML, in quotes and out of them.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML knows no way to write these.
            character if character.is_control() && !matches!(character, '\n' | '\t') => {
                escaped.push('\u{fffd}');
            }
            character => escaped.push(character),
        }
    }
    escaped
}
