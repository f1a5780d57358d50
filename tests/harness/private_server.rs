//! A private, relocatable copy of a Postgres installation.
//!
//! A server finds its data and modules relative to its own program
//! (`make_relative_path` in Postgres' `src/port/path.c`), so a copy that keeps the layout below the
//! folders' common parent works from anywhere, and its `pg_config` reports the new place. Building
//! and installing the extension into the copy never writes the machine's installation and needs no
//! privilege. Headers are only linked: nobody writes them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::installation::Installation;
use crate::run_folder::make_open_folder;

/// Says which installation a copy was made of.
const SOURCE_FILE: &str = "COPIED_FROM";

/// An installation that belongs to us.
#[derive(Clone, Debug)]
pub struct PrivateServer {
    /// The copy, as its own `pg_config` describes it.
    pub installation: Installation,
}

impl PrivateServer {
    /// The copy of `source` in the folder `servers`, made anew when the source has another version.
    pub fn copy_of(source: &Installation, servers: &Path) -> Result<Self> {
        let root = servers.join(format!("pg{}", source.major));
        let layout = Layout::of(source)?;
        let identity = format!("{}\n{}\n", source.version, source.programs.display());
        if fs::read_to_string(root.join(SOURCE_FILE)).is_ok_and(|known| known == identity) {
            return Self::at(&root.join(&layout.pg_config));
        }
        let unfinished = servers.join(format!("pg{}.unfinished", source.major));
        remove_folder(&unfinished)?;
        layout.copy_to(&unfinished)?;
        fs::write(unfinished.join(SOURCE_FILE), identity)?;
        remove_folder(&root)?;
        fs::rename(&unfinished, &root).with_context(|| format!("making {}", root.display()))?;

        let server = Self::at(&root.join(&layout.pg_config))?;
        let copy = &server.installation;
        for folder in [&copy.programs, &copy.modules, &copy.share] {
            ensure!(
                folder.starts_with(&root),
                "this Postgres cannot be copied: its copy still uses {}",
                folder.display()
            );
        }
        Ok(server)
    }

    /// A private server that exists.
    pub fn at(pg_config: &Path) -> Result<Self> {
        Ok(Self { installation: Installation::read(pg_config)? })
    }

    /// Short name for folders and messages, such as `pg15`. It is the extension's feature, too.
    pub fn name(&self) -> String {
        format!("pg{}", self.installation.major)
    }

    /// Path of one of the server's programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.installation.program(name)
    }
}

/// What is copied and linked, relative to the common parent of all of it.
struct Layout {
    parent: PathBuf,
    copied: Vec<PathBuf>,
    linked: Vec<PathBuf>,
    pg_config: PathBuf,
}

impl Layout {
    fn of(source: &Installation) -> Result<Self> {
        let copied = [&source.programs, &source.modules, &source.share];
        let linked = [&source.client_headers, &source.server_headers];
        let parent = common_parent(copied.into_iter().chain(linked))
            .with_context(|| format!("{} reports relative folders", source.pg_config.display()))?;
        let below = |folder: &PathBuf| folder.strip_prefix(&parent).map(Path::to_owned);
        Ok(Self {
            copied: copied.into_iter().map(below).collect::<Result<_, _>>()?,
            linked: linked.into_iter().map(below).collect::<Result<_, _>>()?,
            pg_config: below(&source.programs)?.join("pg_config"),
            parent,
        })
    }

    fn copy_to(&self, root: &Path) -> Result<()> {
        for part in outermost(&self.copied) {
            copy_folder(&self.parent.join(part), &root.join(part))?;
        }
        for part in outermost(&self.linked) {
            let link = root.join(part);
            if link.exists() {
                continue;
            }
            make_open_folder(link.parent().context("headers in the root folder")?)?;
            symlink(self.parent.join(part), &link).with_context(|| format!("linking {}", link.display()))?;
        }
        Ok(())
    }
}

/// Paths that lie below none of the others.
fn outermost(paths: &[PathBuf]) -> Vec<&PathBuf> {
    let mut sorted: Vec<&PathBuf> = paths.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut kept: Vec<&PathBuf> = Vec::new();
    for path in sorted {
        if kept.last().is_none_or(|outer| !path.starts_with(outer)) {
            kept.push(path);
        }
    }
    kept
}

fn common_parent<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Option<PathBuf> {
    let mut paths = paths.into_iter().filter(|path| path.is_absolute());
    let mut common = paths.next()?.parent()?.to_owned();
    for path in paths {
        while !path.starts_with(&common) {
            common = common.parent()?.to_owned();
        }
    }
    Some(common)
}

/// Copies a folder with everything below it. Links are followed: the copy stands alone.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    make_open_folder(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target)?;
        } else if source.exists() {
            fs::copy(&source, &target).with_context(|| format!("copying {}", source.display()))?;
        }
    }
    Ok(())
}

/// Removes a folder that may not exist.
pub(crate) fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(texts: &[&str]) -> Vec<PathBuf> {
        texts.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn the_layout_is_kept_below_the_common_parent() {
        let debian =
            paths(&["/usr/lib/postgresql/15/bin", "/usr/share/postgresql/15", "/usr/include/postgresql"]);
        assert_eq!(common_parent(&debian), Some(PathBuf::from("/usr")));
        let own_prefix = paths(&["/opt/pg/bin", "/opt/pg/lib", "/opt/pg/share"]);
        assert_eq!(common_parent(&own_prefix), Some(PathBuf::from("/opt/pg")));
    }

    #[test]
    fn a_folder_inside_another_is_not_copied_twice() {
        let all = paths(&["lib/modules", "lib", "library", "share", "lib"]);
        assert_eq!(outermost(&all), [Path::new("lib"), Path::new("library"), Path::new("share")]);
    }
}
