//! The program: hands its arguments to the command line and ends with the exit code that comes back.

use std::process::ExitCode;

fn main() -> ExitCode {
    mcpcodex::cli::main(std::env::args_os().collect())
}
