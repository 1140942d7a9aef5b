//! The small commands: what there is, what it means, what changed.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::catalogue::Catalogue;
use crate::coverage;
use crate::report::{Difference, Report};
use crate::requirements::Requirements;

/// Where the promises stand.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Source {
    /// Read the features and requirements.yaml in this folder instead of those that are built in
    #[arg(long, value_name = "DIR")]
    pub features: Option<PathBuf>,
}

/// Options of `list`.
#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    source: Source,
    /// List the scenarios with their ids and places
    #[arg(long)]
    scenarios: bool,
}

/// Options of `explain`.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The id of a requirement, such as ACK-22
    id: String,
    #[command(flatten)]
    source: Source,
}

/// Options of `diff`.
#[derive(Debug, clap::Args)]
pub struct Diff {
    /// The earlier report.json
    before: PathBuf,
    /// The later report.json
    after: PathBuf,
}

/// Options of `requirements`.
#[derive(Debug, clap::Args)]
pub struct Check {
    #[command(flatten)]
    source: Source,
    /// Make the table of coverage in the README anew
    #[arg(long)]
    update_readme: bool,
    /// The README
    #[arg(long, value_name = "FILE", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"), hide_default_value = true)]
    readme: PathBuf,
}

/// Lists the promises, or the scenarios.
pub fn list(options: &List) -> anyhow::Result<ExitCode> {
    let (catalogue, requirements) = options.source.load()?;
    let mut text = String::new();
    if options.scenarios {
        for scenario in catalogue.scenarios() {
            let ids = scenario.requirements.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
            let _ = writeln!(text, "{}  [{}:{}; {ids}]", scenario.id, scenario.file, scenario.line);
        }
    } else {
        for row in requirements.rows() {
            let own = catalogue.scenarios().filter(|scenario| scenario.requirements.contains(row.id()));
            let count = own.count();
            let (id, level, evidence) = (row.id(), row.level.to_string(), row.evidence.to_string());
            let _ = writeln!(text, "{id:7} {level:9} {evidence:8} {count:4}  {}", row.statement);
        }
    }
    say(&text)
}

/// Explains one promise.
pub fn explain(options: &Explain) -> anyhow::Result<ExitCode> {
    let (catalogue, requirements) = options.source.load()?;
    let id = options.id.trim_start_matches('@').to_uppercase();
    let row = requirements.known(&id)?;
    let mut text = format!(
        "{id}: {}\n\nsource    {}\nlevel     {}\nevidence  {}\n",
        row.statement,
        requirements.source_of(row),
        row.level,
        row.evidence
    );
    let own: Vec<_> = catalogue.scenarios().filter(|scenario| scenario.requirements.contains(&id)).collect();
    let _ = writeln!(text, "scenarios {}", own.len());
    for scenario in own {
        let _ = writeln!(text, "  features/{}:{}  {}", scenario.file, scenario.line, scenario.name);
    }
    if row.planned {
        text += "\nIt is planned: no scenario shows it yet.\n";
    } else {
        let _ = writeln!(text, "\nTo run them:\n  conformance run --tags @{id}");
    }
    say(&text)
}

/// Compares two reports; a regression is a failure.
pub fn diff(options: &Diff) -> anyhow::Result<ExitCode> {
    let difference = Difference::between(&Report::read(&options.before)?, &Report::read(&options.after)?);
    say(&difference.to_string())?;
    Ok(if difference.is_regression() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Checks rows against tags and the README's table against both, or makes the table.
pub fn requirements(options: &Check) -> anyhow::Result<ExitCode> {
    let (catalogue, requirements) = options.source.load()?;
    agree(&catalogue, &requirements)?;
    let table = coverage::table(&requirements, &catalogue);
    if options.update_readme {
        let is_change = coverage::update(&options.readme, &table)?;
        return say(if is_change { "the table was made anew\n" } else { "the table was up to date\n" });
    }
    coverage::check(&options.readme, &table)?;
    say(&format!(
        "{} requirements and {} scenarios agree\n",
        requirements.rows().len(),
        catalogue.scenarios().len()
    ))
}

/// Fails with everything in which rows and tags disagree.
pub fn agree(catalogue: &Catalogue, requirements: &Requirements) -> anyhow::Result<()> {
    let disagreements = requirements.disagreements(catalogue);
    if !disagreements.is_empty() {
        bail!("requirements and scenarios disagree:\n  {}", disagreements.join("\n  "));
    }
    Ok(())
}

/// Prints the JSON Schema of reports.
pub fn report_schema() -> anyhow::Result<ExitCode> {
    say(&Report::schema())
}

impl Source {
    fn load(&self) -> anyhow::Result<(Catalogue, Requirements)> {
        Catalogue::load(self.features.as_deref().map(Path::new))
    }
}

fn say(text: &str) -> anyhow::Result<ExitCode> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever reads only the first lines has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        result => result.map(|()| ExitCode::SUCCESS).context("writing to standard output"),
    }
}
