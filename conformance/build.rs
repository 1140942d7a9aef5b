//! Compiles the suite's own reading of the driver's protocol with protox, so that no installed `protoc` is needed, and takes the
//! features into the binary, so that it can judge where no workspace is.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto/driver.proto");
    let descriptors = protox::compile(["proto/driver.proto"], ["proto"])?;
    let mut config = prost_build::Config::new();
    // These carry secrets and tokens: `driver/protocol.rs` gives them a `Debug` that shows none.
    config.skip_debug(["MountRequest", "MountResponse", "File"]);
    tonic_prost_build::configure().compile_fds_with_config(descriptors, config)?;
    embed_features()
}

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script its folder in no other way")]
fn embed_features() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("features");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut features: Vec<PathBuf> =
        fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    features.retain(|path| path.extension().is_some_and(|extension| extension == "feature"));
    features.sort();
    let mut code = String::from("pub(super) const FEATURES: &[(&str, &str)] = &[\n");
    for path in &features {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a feature's name is no UTF-8")?;
        writeln!(code, "    ({name:?}, include_str!({:?})),", text(path)?)?;
    }
    writeln!(code, "];")?;
    let requirements = folder.join("requirements.yaml");
    writeln!(code, "pub(super) const REQUIREMENTS: &str = include_str!({:?});", text(&requirements)?)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("features.rs"), code)?;
    Ok(())
}

fn text(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| format!("the path {} is no UTF-8", path.display()))
}
