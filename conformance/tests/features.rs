//! All features of the workspace, judged with the binary that is shipped.

use std::path::Path;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let features = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("features");
    let reports = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("conformance");
    conformance::suite::run_as_test(&features, &reports).await
}
