//! The server: requests in, pages out.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use futures_util::StreamExt;

use super::ServeError;
use super::address::{Names, listen, reachable};
use super::cache::{Cache, Refusal};
use super::guard::Guard;
use super::list::{RunList, notice};
use super::observe::{Observed, observe};
use super::readings::Readings;
use super::root::Root;
use super::route::{FigureFormat, Route, Subject, page_address};
use super::watch::Watch;
use crate::page::scripts;
use crate::{PageOptions, RunData, figures, page};

/// Threads for what takes time, which is mostly waiting for the disk: drawing takes one at most.
const THREADS: usize = 4;

/// How long an ending server waits for answers that are under way.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often a client that hears nothing new hears that the server is there, so that one that went
/// away is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A server of the pages of runs. It listens, and answers once it [runs](Self::run).
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    names: Names,
    root: Root,
}

impl Server {
    /// Listens on `port` (0: any that is free) of `host`, an address or a name of this machine, to
    /// serve `path`: a run, or a folder with runs below it.
    ///
    /// # Errors
    /// A path that is no directory, a host that is not of this machine, or a port that is taken.
    pub fn bind(path: &Path, host: &str, port: u16) -> Result<Self, ServeError> {
        let root = Root::open(path).map_err(|source| ServeError::Path {
            path: path.to_owned(),
            source,
        })?;
        let listener = listen(host, port)?;
        let address = listener
            .local_addr()
            .map_err(|source| ServeError::Ended { source })?;
        Ok(Self {
            names: Names::new(host, address.ip()),
            listener,
            address,
            root,
        })
    }

    /// The address of the first page, to be opened in a browser on this machine.
    pub fn url(&self) -> String {
        format!("http://{}/", reachable(self.address))
    }

    /// Whether only programs on this machine can reach it.
    pub fn is_local(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// Answers requests until the process is asked to end, by Ctrl-C or by SIGTERM; answers that are
    /// under way then have two seconds to be finished.
    ///
    /// # Errors
    /// What the operating system refuses.
    pub fn run(self) -> Result<(), ServeError> {
        let ended = |source| ServeError::Ended { source };
        // One thread serves; what takes time is done on others.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(THREADS)
            .build()
            .map_err(ended)?;
        let result = runtime.block_on(self.answer()).map_err(ended);
        // A drawing that nobody waits for any more does not hold up the end.
        runtime.shutdown_background();
        result
    }

    async fn answer(self) -> io::Result<()> {
        self.listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let app = Arc::new(App::new(self.root));
        let router = Router::new()
            // Browsers ask for it unasked; there is none, and that is no error.
            .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
            .route("/", get(answer))
            .route("/{*path}", get(answer))
            .with_state(Arc::clone(&app))
            .layer(from_fn_with_state(
                Guard::new(self.names, &scripts()),
                Guard::watch,
            ));
        let watching = Arc::clone(&app);
        tokio::spawn(async move { watching.watch.keep_looking().await });
        let (end, ending) = tokio::sync::oneshot::channel::<()>();
        let server = axum::serve(listener, router).with_graceful_shutdown(async {
            let _ = ending.await;
        });
        let mut server = tokio::spawn(server.into_future());
        tokio::select! {
            result = &mut server => return result?,
            asked = asked_to_end() => asked?,
        }
        app.watch.close();
        let _ = end.send(());
        match tokio::time::timeout(PATIENCE, server).await {
            Ok(result) => result?,
            Err(_) => Ok(()),
        }
    }
}

/// Ends when the process is asked to end.
async fn asked_to_end() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// What every request needs.
struct App {
    root: Root,
    cache: Arc<Cache>,
    readings: Arc<Readings>,
    watch: Watch,
}

impl App {
    fn new(root: Root) -> Self {
        let looked_at = root.clone();
        Self {
            root,
            cache: Arc::default(),
            readings: Arc::default(),
            watch: Watch::new(Arc::new(move |subject| match subject {
                Subject::List => Some(RunList::read(&looked_at).observe()),
                Subject::Runs(paths) => Some(observe(&looked_at.runs(paths)?)),
            })),
        }
    }

    /// The version of the run that `route` is about, and the content.
    async fn content(&self, route: &Route) -> Result<(Observed, Bytes), Refusal> {
        let subject = match route {
            Route::Page(subject) | Route::Events(subject) => subject.clone(),
            Route::Figure(paths, ..) => Subject::Runs(paths.clone()),
        };
        let observed = self.watch.look(subject).await.ok_or(Refusal::Missing)?;
        let (root, readings) = (self.root.clone(), Arc::clone(&self.readings));
        let (wanted, version) = (route.clone(), observed.version.clone());
        let draw = move || match wanted {
            Route::Page(Subject::List) => {
                let page = RunList::read(&root).page(&root.name());
                Ok(with_version(&page, &version).into_bytes())
            }
            Route::Page(Subject::Runs(paths)) => {
                let options = PageOptions {
                    live: true,
                    ..PageOptions::default()
                };
                let directories = root.runs(&paths).ok_or(Refusal::Missing)?;
                let page = readings.with(&directories, |runs| page(runs, &options));
                let page = page.flatten().map_err(failed)?;
                Ok(with_version(&page, &version).into_bytes())
            }
            Route::Figure(paths, name, format) => {
                let directories = root.runs(&paths).ok_or(Refusal::Missing)?;
                let figure = readings.with(&directories, |runs| draw_figure(runs, &name, format));
                figure.map_err(failed)?
            }
            Route::Events(_) => Err(Refusal::Missing),
        };
        let content = self.cache.get(route, &observed.version, draw).await?;
        Ok((observed, content))
    }
}

fn draw_figure(runs: &[RunData], name: &str, format: FigureFormat) -> Result<Vec<u8>, Refusal> {
    let figures = figures(runs);
    let figure = figures
        .iter()
        .find(|figure| figure.name == name)
        .ok_or(Refusal::Missing)?;
    match format {
        FigureFormat::Svg => figure.svg().map(String::into_bytes).map_err(failed),
        FigureFormat::Png => figure.png().map_err(failed),
        FigureFormat::Csv => Ok(figure.csv().into_bytes()),
    }
}

fn failed(error: impl std::fmt::Display) -> Refusal {
    Refusal::Failed(error.to_string())
}

/// The page with a note of the version that it shows, by which its script knows whether what it is
/// told is new.
fn with_version(page: &str, version: &str) -> String {
    let note = format!("<head><meta name=\"autophage-version\" content=\"{version}\">");
    page.replacen("<head>", &note, 1)
}

async fn answer(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    let alone = app.root.is_run();
    let route = Route::read(uri.path(), uri.query().unwrap_or(""), alone);
    let answer = match &route {
        Some(Route::Events(subject)) => events(&app, subject.clone()).await,
        Some(route) => match app.content(route).await {
            Ok((observed, content)) => Ok(file(route, &observed, content, &headers)),
            Err(refusal) => Err(refusal),
        },
        None => Err(Refusal::Missing),
    };
    answer.unwrap_or_else(|refusal| match refusal {
        Refusal::Missing => missing(&app, &uri, alone),
        Refusal::Failed(problem) => {
            let page = notice("This run cannot be shown", &problem);
            (StatusCode::INTERNAL_SERVER_ERROR, Html(page)).into_response()
        }
    })
}

async fn events(app: &App, subject: Subject) -> Result<Response, Refusal> {
    let changes = app.watch.changes(subject).await.ok_or(Refusal::Missing)?;
    let events = changes.map(|observed| {
        let data = serde_json::to_string(&observed).expect("two texts are serialisable");
        Ok::<_, Infallible>(Event::default().event("state").data(data))
    });
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    Ok(Sse::new(events).keep_alive(heartbeat).into_response())
}

/// A page or a figure, unless the client has this version of it.
fn file(route: &Route, observed: &Observed, content: Bytes, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", observed.version);
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains(&tag));
    let media_type = match route {
        Route::Figure(_, _, format) => format.media_type(),
        Route::Page(_) | Route::Events(_) => "text/html; charset=utf-8",
    };
    let common = [(CACHE_CONTROL, "no-cache".to_owned()), (ETAG, tag)];
    match known {
        true => (StatusCode::NOT_MODIFIED, common).into_response(),
        false => (common, [(CONTENT_TYPE, media_type)], content).into_response(),
    }
}

/// The way to the page if only the slash at the end is missing; else a page that says so.
fn missing(app: &App, uri: &Uri, alone: bool) -> Response {
    let with_slash = Route::read(&format!("{}/", uri.path()), "", alone);
    if let Some(Route::Page(Subject::Runs(paths))) = with_slash
        && let [path] = paths.as_slice()
        && app.root.run(path).is_some()
    {
        return Redirect::permanent(&page_address(path)).into_response();
    }
    let problem = "There is no such run or figure here, or nothing to compare. The list of runs, or the run, is at /.";
    (StatusCode::NOT_FOUND, Html(notice("Not found", problem))).into_response()
}
