//! The provider as one of its mutants, which the environment chooses, so that the conformance suite can be shown to catch it.

#[path = "main.rs"]
mod provider;

use std::process::ExitCode;

use csi_secrets_store_provider_alibabacloud::config::ProcessEnvironment;
use csi_secrets_store_provider_alibabacloud::mutant::{self, Choice};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "there is no provider whose log it could be")]
fn main() -> ExitCode {
    match mutant::choose(&ProcessEnvironment) {
        Choice::Play => provider::main(),
        Choice::List => {
            println!("{}", mutant::table());
            ExitCode::SUCCESS
        }
        Choice::Unknown(name) => {
            eprintln!("error: there is no mutant {name:?}; {}=list names them", mutant::VARIABLE);
            ExitCode::from(2)
        }
    }
}
