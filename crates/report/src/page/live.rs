//! The script of a page that is served.

/// It listens to the server-sent events at the relative address `events`. Each is named `state` and is
/// a JSON object with `version` and `status` (text). While the version is not that in the page's
/// `<meta name="autophage-version">`, the page is fetched again, its `<main>` takes the place of the
/// one that is shown, and `document` gets the event `autophage:update`.
pub(crate) const SCRIPT: &str = include_str!("live.js");
