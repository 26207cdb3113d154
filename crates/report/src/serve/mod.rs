//! The pages of runs over HTTP, kept up to date while the runs go on.
//!
//! A [`Server`] shows one run, or a list of the runs below a folder and the page of each. Pages are
//! drawn when somebody asks for them and kept until the run has changed; a page that is open learns
//! of changes through server-sent events.

mod address;
mod cache;
mod error;
mod guard;
mod list;
mod observe;
mod readings;
mod root;
mod route;
mod server;
mod watch;

pub use error::ServeError;
pub use server::Server;
