//! `autophage serve`: pages of runs, live.

use std::path::PathBuf;

use autophage_report::Server;

use crate::failure::Failure;
use crate::terminal::say;

/// Show runs in the browser, while they go on and afterwards.
///
/// The page of a run is that of `autophage report`, and follows the run while it goes on. A folder
/// has a list of the runs below it. The address is printed; Ctrl-C or SIGTERM ends the server.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  autophage serve runs/demo
  autophage serve runs --port 0")]
pub(crate) struct Arguments {
    /// A run, or a folder with runs below it.
    path: PathBuf,

    /// Port to listen on; 0 for any that is free.
    #[arg(long, default_value_t = 8427)]
    port: u16,

    /// Address of this machine to listen on. With any but a loopback address, everyone who can reach
    /// it can read the runs.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    host: String,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let server = Server::bind(&arguments.path, &arguments.host, arguments.port)?;
    if !server.is_local() {
        anstream::eprintln!(
            "warning: everyone who can reach {} can read what is in {}; there is no password",
            arguments.host,
            arguments.path.display()
        );
    }
    anstream::eprintln!("serving {}; Ctrl-C ends it", arguments.path.display());
    say!("{}", server.url());
    Ok(server.run()?)
}
