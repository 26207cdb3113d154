//! Which runs are served: the runs at or below one directory, and no other file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use autophage_lab::Layout;

/// How deep below the folder runs are looked for.
const DEPTH: usize = 4;

/// How many directories are looked into at most, so that a folder such as `/` costs no minutes.
const DIRECTORIES: usize = 5_000;

/// The directory that is served.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// Absolute, without links.
    directory: PathBuf,
}

/// The runs that were found below a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Their paths below it, as the steps of a URL, in order.
    pub(crate) runs: Vec<RunPath>,
    /// Whether there may be more: the folder is too large to be looked through.
    pub(crate) more: bool,
}

/// The way from the folder to a run in it: the names of the directories. Empty for the folder
/// itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct RunPath(Vec<String>);

impl RunPath {
    /// From names; `None` if one of them could lead anywhere but one step down.
    pub(crate) fn new(names: Vec<String>) -> Option<Self> {
        names
            .iter()
            .all(|name| is_plain(name))
            .then_some(Self(names))
    }

    /// The names.
    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }

    /// The names, joined by slashes.
    pub(crate) fn shown(&self) -> String {
        self.0.join("/")
    }
}

/// Whether `name` is one step down on any system: no `..`, no separator, and nothing hidden.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

impl Root {
    /// Opens `path`.
    ///
    /// # Errors
    /// A path that is not a directory.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let directory = path.canonicalize()?;
        fs::read_dir(&directory)?;
        Ok(Self { directory })
    }

    /// What it is called: its last name, or all of it where it has none.
    pub(crate) fn name(&self) -> String {
        let name = self.directory.file_name();
        let name = name.unwrap_or(self.directory.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// Whether it is itself a run.
    pub(crate) fn is_run(&self) -> bool {
        Layout::new(&self.directory).is_run()
    }

    /// The directory of a run; `None` if there is no run, or if a link leads out of the folder.
    pub(crate) fn run(&self, path: &RunPath) -> Option<PathBuf> {
        let mut directory = self.directory.clone();
        directory.extend(path.names());
        let directory = directory.canonicalize().ok()?;
        (directory.starts_with(&self.directory) && Layout::new(&directory).is_run())
            .then_some(directory)
    }

    /// The directories of several runs; `None` if one of them is not there.
    pub(crate) fn runs(&self, paths: &[RunPath]) -> Option<Vec<PathBuf>> {
        paths.iter().map(|path| self.run(path)).collect()
    }

    /// Looks for runs below the folder. Links are not followed, hidden directories are passed
    /// over, and so is whatever is inside a run.
    pub(crate) fn find(&self) -> Found {
        let mut found = Found::default();
        let mut left = DIRECTORIES;
        find(&self.directory, &mut Vec::new(), &mut left, &mut found);
        found.runs.sort();
        found
    }
}

fn find(directory: &Path, names: &mut Vec<String>, left: &mut usize, found: &mut Found) {
    if Layout::new(directory).is_run() {
        found.runs.push(RunPath(names.clone()));
        return;
    }
    if names.len() == DEPTH {
        return;
    }
    if *left == 0 {
        found.more = true;
        return;
    }
    *left -= 1;
    // What cannot be read has no runs that could be shown.
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if let (true, Ok(name)) = (is_directory, entry.file_name().into_string())
            && is_plain(&name)
        {
            names.push(name);
            find(&entry.path(), names, left, found);
            names.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make_run(directory: &Path) {
        fs::create_dir_all(directory).unwrap();
        fs::write(directory.join("experiment.toml"), "").unwrap();
        fs::write(directory.join("run.json"), "").unwrap();
    }

    fn path(names: &[&str]) -> Option<RunPath> {
        RunPath::new(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn runs_are_found_at_any_depth_and_not_inside_runs() {
        let folder = tempfile::tempdir().unwrap();
        for run in [
            "b",
            "a/x",
            "a/y",
            "b/generations/001",
            ".hidden/z",
            "1/2/3/4",
            "1/2/3/5/6",
        ] {
            make_run(&folder.path().join(run));
        }
        fs::create_dir(folder.path().join("empty")).unwrap();
        let root = Root::open(folder.path()).unwrap();
        let found = root.find();
        let shown: Vec<String> = found.runs.iter().map(RunPath::shown).collect();
        assert_eq!(shown, ["1/2/3/4", "a/x", "a/y", "b"]);
        assert!(!found.more && !root.is_run());
        for run in &found.runs {
            assert!(root.run(run).is_some());
        }
        let alone = Root::open(&folder.path().join("b")).unwrap();
        assert!(alone.is_run());
        assert_eq!(alone.find().runs, [RunPath::default()]);
    }

    #[test]
    fn a_step_is_one_name() {
        for bad in ["", ".", "..", "/", "a/b", "..\\x", "x\0", ".hidden"] {
            assert_eq!(path(&["a", bad]), None, "{bad:?}");
        }
        assert!(path(&["a b", "ä", "x..", "%2e%2e"]).is_some());
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_nowhere_outside() {
        use std::os::unix::fs::symlink;
        let outside = tempfile::tempdir().unwrap();
        make_run(&outside.path().join("secret"));
        let folder = tempfile::tempdir().unwrap();
        make_run(&folder.path().join("run"));
        symlink(outside.path().join("secret"), folder.path().join("link")).unwrap();
        symlink(outside.path(), folder.path().join("door")).unwrap();
        symlink("run", folder.path().join("latest")).unwrap();
        symlink(".", folder.path().join("round")).unwrap();
        let root = Root::open(folder.path()).unwrap();
        assert_eq!(root.run(&path(&["link"]).unwrap()), None);
        assert_eq!(root.run(&path(&["door", "secret"]).unwrap()), None);
        assert!(root.run(&path(&["latest"]).unwrap()).is_some());
        assert_eq!(root.find().runs, [path(&["run"]).unwrap()]);
    }

    #[test]
    fn what_is_no_directory_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(Root::open(&file).is_err());
        assert!(Root::open(&folder.path().join("missing")).is_err());
    }
}
