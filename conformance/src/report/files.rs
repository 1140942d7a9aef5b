//! The report in a folder, in all its forms. A form in which a secret stands is not written at all.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Report, badge, html, junit};
use crate::inspection;
use crate::leak::LeakSearch;

/// What was written, and what was found in what was not.
#[derive(Debug)]
pub struct Written {
    /// The files.
    pub files: Vec<PathBuf>,
    /// Secrets that stand in the report.
    pub leaks: Vec<String>,
}

/// Writes the report into a folder, which is made if need be.
pub fn write(report: &Report, folder: &Path, secrets: &LeakSearch) -> anyhow::Result<Written> {
    let forms = [
        ("report.json", report.to_json()),
        ("junit.xml", junit::render(report)),
        ("index.html", html::render(report)),
        ("badge.svg", badge::render(report)),
    ];
    fs::create_dir_all(folder)
        .with_context(|| format!("making the folder of reports {}", folder.display()))?;
    let mut written = Written { files: Vec::new(), leaks: Vec::new() };
    for (name, text) in forms {
        let path = folder.join(name);
        let leaks = inspection::leaks(secrets, name, text.as_bytes());
        if leaks.is_empty() {
            fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
            written.files.push(path);
        } else {
            // One of an earlier run would be taken for this run's.
            let _ = fs::remove_file(&path);
            written.leaks.extend(leaks);
        }
    }
    Ok(written)
}
