//! What the commands show: tables on standard output, progress on standard error.

pub(crate) mod estimates;
pub(crate) mod generations;
pub(crate) mod progress;
pub(crate) mod rates;
pub(crate) mod screen;
mod sparkline;
pub(crate) mod table;
pub(crate) mod trends;

pub(crate) use autophage_report::number;

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

/// Prints a line to standard output, as `println!` does, except that a reader that has gone away
/// (`autophage … | head`) ends the program instead of making it panic.
macro_rules! say {
    ($($argument:tt)*) => {
        $crate::terminal::print_line(format_args!($($argument)*))
    };
}
pub(crate) use say;

/// See [`say!`].
pub(crate) fn print_line(line: fmt::Arguments<'_>) {
    checked(writeln!(anstream::stdout(), "{line}"));
}

/// Prints `value` as indented JSON to standard output.
pub(crate) fn write_json(value: &impl Serialize) {
    let text = serde_json::to_string_pretty(value).expect("results are serialisable");
    print_line(format_args!("{text}"));
}

fn checked(result: io::Result<()>) {
    if let Err(error) = result {
        let status = if error.kind() == io::ErrorKind::BrokenPipe {
            0
        } else {
            let _ = writeln!(anstream::stderr(), "error: standard output: {error}");
            1
        };
        std::process::exit(status);
    }
}
