//! What the path of a request means.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::root::RunPath;

/// What can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    /// A page.
    Page(Subject),
    /// The changes of a page, as server-sent events.
    Events(Subject),
    /// A figure of one or several runs as a file.
    Figure(Vec<RunPath>, String, FigureFormat),
}

/// What a page is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// The runs below the folder.
    List,
    /// One run, or several that are compared.
    Runs(Vec<RunPath>),
}

/// How many runs are compared at most.
const MOST_COMPARED: usize = 20;

/// How a figure is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FigureFormat {
    /// Vector graphics.
    Svg,
    /// Pixels.
    Png,
    /// The data.
    Csv,
}

impl FigureFormat {
    /// The end of its file name.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Csv => "csv",
        }
    }

    /// Its media type.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

impl Route {
    /// Reads the path and the query of a URL, percent-encoded as they came; `alone` where one run is
    /// served and not a folder. `None` for what cannot be meant.
    ///
    /// | path | one run | folder |
    /// |---|---|---|
    /// | `/` | the run | the list |
    /// | `/events` | its changes | the list's |
    /// | `/figures/NAME.svg` (`.png`, `.csv`) | a figure | – |
    /// | `/runs/A/B/`, `/runs/A/B/events`, … | – | the same of the run A/B |
    /// | `/compare/?run=A/B&run=C`, … | – | the same of several runs |
    pub(crate) fn read(path: &str, query: &str, alone: bool) -> Option<Self> {
        // Split first and decode then: an encoded slash is part of a name, and no name has one.
        let steps = path
            .strip_prefix('/')?
            .split('/')
            .map(decoded)
            .collect::<Option<Vec<String>>>()?;
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        match (alone, steps.as_slice()) {
            (true, steps) => Self::of_runs(vec![RunPath::default()], steps),
            (false, [""]) => Some(Self::Page(Subject::List)),
            (false, ["events"]) => Some(Self::Events(Subject::List)),
            (false, ["runs", names @ .., "figures", file]) if !file.is_empty() => {
                Self::of_runs(vec![run_path(names)?], &["figures", *file])
            }
            (false, ["runs", names @ .., last]) => Self::of_runs(vec![run_path(names)?], &[*last]),
            (false, ["compare", rest @ ..]) => Self::of_runs(compared(query)?, rest),
            _ => None,
        }
    }

    fn of_runs(runs: Vec<RunPath>, rest: &[&str]) -> Option<Self> {
        match rest {
            [""] => Some(Self::Page(Subject::Runs(runs))),
            ["events"] => Some(Self::Events(Subject::Runs(runs))),
            ["figures", file] => {
                let (name, extension) = file.rsplit_once('.')?;
                let format = [FigureFormat::Svg, FigureFormat::Png, FigureFormat::Csv]
                    .into_iter()
                    .find(|format| format.extension() == extension)?;
                Some(Self::Figure(runs, name.to_owned(), format))
            }
            _ => None,
        }
    }
}

fn decoded(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}

fn run_path(names: &[&str]) -> Option<RunPath> {
    RunPath::new(names.iter().map(|name| (*name).to_owned()).collect())
}

/// The runs that a query names, as the form on the list of runs writes it: `run=A/B&run=C`.
fn compared(query: &str) -> Option<Vec<RunPath>> {
    let mut runs = Vec::new();
    for pair in query.split('&') {
        let path = decoded(&pair.strip_prefix("run=")?.replace('+', " "))?;
        let run = run_path(&path.split('/').collect::<Vec<_>>())?;
        if !runs.contains(&run) {
            runs.push(run);
        }
    }
    (runs.len() <= MOST_COMPARED).then_some(runs)
}

/// Address of the page of a run in a folder.
pub(crate) fn page_address(run: &RunPath) -> String {
    let mut address = "/runs/".to_owned();
    for name in run.names() {
        address.extend(utf8_percent_encode(name, STEP));
        address.push('/');
    }
    address
}

/// What stands for itself in a step of a path.
const STEP: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    fn run(names: &[&str]) -> RunPath {
        RunPath::new(names.iter().map(|name| (*name).to_owned()).collect()).unwrap()
    }

    fn page(names: &[&str]) -> Option<Route> {
        Some(Route::Page(Subject::Runs(vec![run(names)])))
    }

    #[test]
    fn paths_of_a_folder() {
        let read = |path| Route::read(path, "", false);
        assert_eq!(read("/"), Some(Route::Page(Subject::List)));
        assert_eq!(read("/events"), Some(Route::Events(Subject::List)));
        assert_eq!(read("/runs/a/"), page(&["a"]));
        assert_eq!(read("/runs/a/b%20c/"), page(&["a", "b c"]));
        assert_eq!(read("/runs/%C3%A4/"), page(&["ä"]));
        assert_eq!(
            read("/runs/a/events"),
            Some(Route::Events(Subject::Runs(vec![run(&["a"])])))
        );
        assert_eq!(read("/runs/events/"), page(&["events"]));
        assert_eq!(
            read("/runs/a/figures/perplexity.svg"),
            Some(Route::Figure(
                vec![run(&["a"])],
                "perplexity".to_owned(),
                FigureFormat::Svg
            ))
        );
        for path in [
            "/figures/perplexity.svg",
            "/a/",
            "/runs",
            "/runs/a",
            "//",
            "",
            "x",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
    }

    #[test]
    fn paths_of_one_run() {
        let read = |path| Route::read(path, "", true);
        assert_eq!(read("/"), page(&[]));
        assert_eq!(
            read("/events"),
            Some(Route::Events(Subject::Runs(vec![RunPath::default()])))
        );
        assert!(matches!(
            read("/figures/probe-1.csv"),
            Some(Route::Figure(_, name, FigureFormat::Csv)) if name == "probe-1"
        ));
        for path in [
            "/runs/a/",
            "/figures/x.exe",
            "/figures/x",
            "/figures/",
            "/x",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
    }

    #[test]
    fn no_path_leads_up() {
        for path in [
            "/runs/../",
            "/runs/a/../b/",
            "/runs/%2e%2e/",
            "/runs/%2E%2E/x/",
            "/runs/..%2fx/",
            "/runs/a%2f..%2fb/",
            "/runs/..%5cx/",
            "/runs//etc/",
            "/runs/%2fetc/",
            "/runs/./",
            "/runs/%00/",
            "/runs/%ff/",
            "/runs/../events",
            "/runs/../figures/x.svg",
        ] {
            assert_eq!(Route::read(path, "", false), None, "{path}");
        }
        // Twice encoded is a name with per cent signs, and nothing else.
        assert_eq!(
            Route::read("/runs/%252e%252e/", "", false),
            page(&["%2e%2e"])
        );
    }

    #[test]
    fn an_address_leads_back_to_its_run() {
        for names in [
            &["a"][..],
            &["a b", "ä", "50%", "x?y#z", "%2e%2e"],
            &["figures"],
            &["events"],
        ] {
            let path = run(names);
            assert_eq!(Route::read(&page_address(&path), "", false), page(names));
        }
    }

    #[test]
    fn queries_name_the_runs_to_compare() {
        let read = |query: &str| Route::read("/compare/", query, false);
        let runs = |runs: &[&[&str]]| {
            let runs = runs.iter().map(|names| run(names)).collect();
            Some(Route::Page(Subject::Runs(runs)))
        };
        assert_eq!(read("run=a"), runs(&[&["a"]]));
        assert_eq!(
            read("run=b&run=a%2Fx+y&run=b"),
            runs(&[&["b"], &["a", "x y"]])
        );
        for query in [
            "",
            "run=",
            "run=..",
            "run=a/../b",
            "run=%2Fetc",
            "x=a",
            "run=a&",
            "run=%ff",
        ] {
            assert_eq!(read(query), None, "{query}");
        }
        let many = |count: usize| {
            let names: Vec<String> = (0..count).map(|i| format!("run={i}")).collect();
            read(&names.join("&"))
        };
        assert!(many(MOST_COMPARED).is_some() && many(MOST_COMPARED + 1).is_none());
        assert_eq!(
            Route::read("/compare/events", "run=a", false),
            Some(Route::Events(Subject::Runs(vec![run(&["a"])])))
        );
        assert_eq!(Route::read("/compare/", "run=a", true), None);
    }
}
