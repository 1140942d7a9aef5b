//! Compiles the suite's own reading of the driver's protocol with protox, so that no installed `protoc` is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto/driver.proto");
    let descriptors = protox::compile(["proto/driver.proto"], ["proto"])?;
    let mut config = prost_build::Config::new();
    // These carry secrets and tokens: `driver/protocol.rs` gives them a `Debug` that shows none.
    config.skip_debug(["MountRequest", "MountResponse", "File"]);
    tonic_prost_build::configure().compile_fds_with_config(descriptors, config)?;
    Ok(())
}
