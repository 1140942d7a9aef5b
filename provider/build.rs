//! Compiles the driver's protocol with protox, so that no installed `protoc` is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto/service.proto");
    let descriptors = protox::compile(["proto/service.proto"], ["proto"])?;
    let mut config = prost_build::Config::new();
    // These messages carry secrets and tokens; `service.rs` gives them a `Debug` that shows none.
    config.skip_debug(["MountRequest", "MountResponse", "File"]);
    tonic_prost_build::configure().build_client(false).compile_fds_with_config(descriptors, config)?;
    Ok(())
}
