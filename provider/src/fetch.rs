//! `fetch`: a mount without driver, to see what a class gives, and whether the credentials are good for it.

use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::Instant;

use crate::cli::FetchArgs;
use crate::config::{Cloud, Environment, Mistakes};
use crate::lint::{self, Parameters, input, report};
use crate::metrics::Metrics;
use crate::mount::request::{self, Attributes, Request, Warning};
use crate::mount::{self, File, Mounted};
use crate::store::Selection;

/// What it was called with cannot be used.
const USAGE: u8 = 2;
/// As long as the driver gives a mount.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the driver asks for: 0644, in its own notation.
const PERMISSION: &str = "420";

/// Reads what the class in `args` mounts, and prints a table of it.
#[expect(clippy::print_stderr, reason = "a command's complaints go to its standard error")]
pub fn run(args: FetchArgs, environment: &impl Environment) -> ExitCode {
    match fetch(args, environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(if error.is_usage() { USAGE } else { 1 })
        }
    }
}

#[expect(clippy::print_stderr, reason = "warnings must not mix with the table")]
fn fetch(args: FetchArgs, environment: &impl Environment) -> Result<(), Error> {
    let cloud = Cloud::load(args.cloud, environment)?;
    let input = input::read(args.file.as_deref().unwrap_or(Path::new("-")))?;
    let class = choose(lint::classes(&input).map_err(Error::Manifest)?, args.class.as_deref())?;
    let attributes = Attributes::parse(&attributes(class)).map_err(mount::Error::from)?;
    // There is no pod; its folder and its secrets are the driver's business.
    let request =
        Request::parse(&attributes, "null", "/", PERMISSION, &cloud.settings).map_err(mount::Error::from)?;
    for warning in request.warnings.iter().map(Warning::to_string) {
        eprintln!("warning: {warning}");
    }
    if let Some(folder) = &args.output {
        prepare(folder)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::output("stdout"))?;
    let mounter = cloud.mounter(Metrics::new()).map_err(Error::Start)?;
    let Mounted { files, warnings } =
        runtime.block_on(async { mounter.mount(&request, Instant::now() + PATIENCE).await })?;
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    if let Some(folder) = &args.output {
        files.iter().try_for_each(|file| keep(folder, file))?;
    }
    print(&mut io::stdout().lock(), &request, &files, args.show).map_err(Error::output("stdout"))
}

fn choose(classes: Vec<Parameters>, wanted: Option<&str>) -> Result<Parameters, Error> {
    let names: Vec<_> = classes.iter().map(|class| class.name.clone()).collect();
    let is_wanted = |class: &Parameters| wanted.is_none_or(|name| name == class.name);
    let mut found = classes.into_iter().filter(is_wanted);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(Error::Several { names: names.join(", ") }),
        (None, _) if names.is_empty() => Err(Error::NoClass),
        (None, _) => Err(Error::NotAmong { names: names.join(", ") }),
    }
}

/// As the driver sends them.
fn attributes(class: Parameters) -> String {
    let mut values = class.values;
    values.insert(request::CLASS.to_owned(), class.name);
    values.insert(request::POD_NAMESPACE.to_owned(), class.namespace);
    serde_json::to_string(&values).expect("a map of texts is always JSON")
}

/// Nothing that was there before is mixed with secrets or overwritten by them.
fn prepare(folder: &Path) -> Result<(), Error> {
    let failure = Error::output(folder.display());
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(Error::NotEmpty { folder: folder.to_owned() });
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return DirBuilder::new().mode(0o700).create(folder).map_err(failure);
        }
        Err(error) => return Err(failure(error)),
    }
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failure)
}

fn keep(folder: &Path, file: &File) -> Result<(), Error> {
    // Relative and without `..`: so says its type.
    let path = folder.join(file.path.as_str());
    let write = || -> io::Result<()> {
        if let Some(parent) = path.parent() {
            DirBuilder::new().mode(0o700).recursive(true).create(parent)?;
        }
        let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        open.write_all(file.contents.expose())?;
        open.set_permissions(Permissions::from_mode(file.mode.bits().into()))
    };
    write().map_err(Error::output(path.display()))
}

fn print(out: &mut impl Write, request: &Request, files: &[File], show: bool) -> io::Result<()> {
    let header = ["FILE", "BYTES", "VERSION", "SOURCE"].map(str::to_owned);
    let rows = files.iter().map(|file| {
        let path = file.path.as_str().escape_debug().to_string();
        let version = file.version_id.escape_debug().to_string();
        [path, file.contents.expose().len().to_string(), version, source(request, file)]
    });
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (path_width, size_width, version_width) = (width(0), width(1), width(2));
    for [path, size, version, source] in &rows {
        writeln!(out, "{path:path_width$}  {size:>size_width$}  {version:version_width$}  {source}")?;
    }
    for file in files.iter().filter(|_| show) {
        writeln!(out, "\n{}:", file.path.as_str().escape_debug())?;
        match str::from_utf8(file.contents.expose()) {
            Ok(text) => writeln!(out, "{text}")?,
            Err(_) => writeln!(out, "{} (Base64)", STANDARD.encode(file.contents.expose()))?,
        }
    }
    out.flush()
}

/// The store, the secret's name in it, and what of it the file holds.
fn source(request: &Request, file: &File) -> String {
    let specs = request.objects.iter().flat_map(|object| object.files.iter().map(move |spec| (object, spec)));
    let Some((object, spec)) = specs.into_iter().find(|(_, spec)| spec.path == file.path) else {
        return String::new();
    };
    let store = match &object.selection {
        Selection::Kms(_) => "kms",
        Selection::Oos(_) => "oos",
    };
    let part =
        spec.expression.as_ref().map_or_else(String::new, |expression| format!(" jmesPath {expression}"));
    format!("{store} {}{part}", object.selection.name().escape_debug())
}

/// Why there are no files.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// Settings that cannot be used.
    #[error(transparent)]
    Settings(#[from] Mistakes),
    /// No manifest that can be read.
    #[error(transparent)]
    Input(#[from] input::Error),
    /// A file that is no manifest.
    #[error("{0}")]
    Manifest(report::Finding),
    /// The manifests hold none.
    #[error("there is no SecretProviderClass in the input")]
    NoClass,
    /// None of that name.
    #[error("there is no such SecretProviderClass in the input; it holds {names}")]
    NotAmong { names: String },
    /// One has to be chosen.
    #[error("the input holds several classes; choose with --class one of {names}")]
    Several { names: String },
    /// Somebody's folder.
    #[error("{} is not empty; name a folder for these files alone", folder.display())]
    NotEmpty { folder: PathBuf },
    /// The folder, a file, or the terminal.
    #[error("{name} cannot be written: {source}")]
    Output { name: String, source: io::Error },
    /// No client for the network.
    #[error("{0}")]
    Start(Box<dyn std::error::Error>),
    /// What a pod would be told.
    #[error(transparent)]
    Mount(#[from] mount::Error),
}

impl Error {
    fn output(name: impl fmt::Display) -> impl Fn(io::Error) -> Self {
        move |source| Self::Output { name: name.to_string(), source }
    }

    /// Whether another call is needed, rather than another class, secret or permission.
    fn is_usage(&self) -> bool {
        !matches!(self, Self::Mount(_) | Self::Start(_) | Self::Output { .. } | Self::Manifest(_))
    }
}
