//! What the process says on standard output: for people, or for a shell.

use std::{
    io::{self, Write},
    path::Path,
};

use fake_alicloud::{FakeAlicloud, Seed};

/// A few lines for people.
pub(crate) fn banner(fake: &FakeAlicloud, region: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "fake-alicloud {}, for tests only", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "API:     {} (region {region} unless the call names another)", fake.api_url())?;
    writeln!(out, "HTTPS:   {}", fake.api_tls_url())?;
    writeln!(out, "control: {}", fake.control_url())?;
    writeln!(out, "ECS:     {} (instance metadata)", fake.metadata_url())?;
    out.flush()
}

/// Variables for `eval`: where the fake is, and those that the official SDKs and their HTTP libraries read.
///
/// Standard output is closed afterwards, so that `eval "$(fake-alicloud serve --print-env &)"` returns while the fake runs on.
pub(crate) fn variables(
    fake: &FakeAlicloud,
    region: &str,
    seed: Option<&Seed>,
    ca_file: Option<&Path>,
) -> io::Result<()> {
    let mut variables = vec![
        ("FAKE_ALICLOUD_API_URL", fake.api_url().to_owned()),
        ("FAKE_ALICLOUD_CONTROL_URL", fake.control_url().to_owned()),
        ("FAKE_ALICLOUD_REGION", region.to_owned()),
        ("FAKE_ALICLOUD_API_TLS_URL", fake.api_tls_url().to_owned()),
        ("FAKE_ALICLOUD_METADATA_URL", fake.metadata_url().to_owned()),
        // The ack-ram-tool's; other clients know one address only.
        ("ALIBABA_CLOUD_IMDS_ENDPOINT", fake.metadata_url().to_owned()),
        ("FAKE_ALICLOUD_PID", std::process::id().to_string()),
        // Of the SDKs themselves none reads a region; the command line tool does.
        ("ALIBABA_CLOUD_REGION_ID", region.to_owned()),
    ];
    if let Some((id, secret)) = seed.and_then(Seed::first_access_key) {
        variables.push(("ALIBABA_CLOUD_ACCESS_KEY_ID", id.to_owned()));
        variables.push(("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret.to_owned()));
    }
    if let Some(path) = ca_file {
        let path = std::path::absolute(path)?.to_string_lossy().into_owned();
        variables.push(("FAKE_ALICLOUD_CA_FILE", path.clone()));
        // Python's requests, which the core SDK has a copy of that reads another; Go and OpenSSL; Node.js.
        for name in ["REQUESTS_CA_BUNDLE", "ALIBABA_CLOUD_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"]
        {
            variables.push((name, path.clone()));
        }
    }
    let lines: Vec<_> =
        variables.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect();
    text(&lines.concat())?;
    let nowhere = std::fs::File::options().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(nowhere)?;
    Ok(())
}

/// Prints a text as it is.
pub(crate) fn text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A value as a shell reads it back.
fn quoted(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@[]".contains(&byte);
    if !value.is_empty() && value.bytes().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("http://127.0.0.1:8980", "http://127.0.0.1:8980")]
    #[case("two words", "'two words'")]
    #[case("$HOME'; rm", r"'$HOME'\''; rm'")]
    #[case("", "''")]
    fn a_shell_reads_back_what_was_meant(#[case] value: &str, #[case] text: &str) {
        assert_eq!(quoted(value), text);
    }
}
