//! The folders of one user, where hosts look for their files.

use std::path::{Path, PathBuf};

/// An operating system, as far as folders differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum System {
    /// Linux, and other systems with XDG folders.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl System {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Linux, Self::MacOs, Self::Windows];

    /// The system that this program was built for.
    #[must_use]
    pub fn current() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }

    /// The name for a person.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::MacOs => "macOS",
            Self::Windows => "Windows",
        }
    }
}

type Variable = dyn Fn(&str) -> Option<String>;

/// The user's folders on this machine.
pub struct Machine {
    system: System,
    home: PathBuf,
    variable: Box<Variable>,
}

impl Machine {
    /// The machine with these environment variables; `None` when they do not name a home folder.
    pub fn new(system: System, variable: impl Fn(&str) -> Option<String> + 'static) -> Option<Self> {
        let home = variable(if system == System::Windows { "USERPROFILE" } else { "HOME" });
        let home = home.filter(|home| !home.is_empty())?;
        Some(Self { system, home: home.into(), variable: Box::new(variable) })
    }

    /// The operating system.
    #[must_use]
    pub fn system(&self) -> System {
        self.system
    }

    /// A path below the user's home.
    pub(super) fn home(&self, path: &str) -> PathBuf {
        self.home.join(path)
    }

    /// A folder that an environment variable names, such as `CODEX_HOME`.
    pub(super) fn named(&self, variable: &str) -> Option<PathBuf> {
        (self.variable)(variable).filter(|folder| !folder.is_empty()).map(PathBuf::from)
    }

    /// Where command line programs keep their configuration: `XDG_CONFIG_HOME`, else `~/.config`.
    pub(super) fn config(&self) -> PathBuf {
        let named = self.named("XDG_CONFIG_HOME").filter(|folder| folder.is_absolute());
        named.unwrap_or_else(|| self.home(".config"))
    }

    /// Where desktop applications keep their data.
    pub(super) fn application_data(&self) -> PathBuf {
        match self.system {
            System::Linux => self.config(),
            System::MacOs => self.home("Library/Application Support"),
            System::Windows => self.named("APPDATA").unwrap_or_else(|| self.home("AppData/Roaming")),
        }
    }

    /// Where Windows keeps data that stays on one machine.
    pub(super) fn local_data(&self) -> PathBuf {
        self.named("LOCALAPPDATA").unwrap_or_else(|| self.home("AppData/Local"))
    }

    /// The first program of this name on the search path.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let endings: &[&str] = if self.system == System::Windows { &[".exe", ".cmd"] } else { &[""] };
        let path = (self.variable)("PATH")?;
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let files =
            folders.iter().flat_map(|folder| endings.iter().map(move |end| folder.join(format!("{name}{end}"))));
        files.into_iter().find(|file| file.is_file())
    }

    /// The absolute path of this program. A path on the search path that leads to it comes first: package managers
    /// keep that one when they replace the file behind it.
    ///
    /// # Errors
    /// If the system does not know it, or it is not text.
    pub fn own_path(&self) -> std::io::Result<String> {
        let own = std::env::current_exe()?;
        let listed = self.program(env!("CARGO_PKG_NAME")).filter(|path| path.is_absolute() && leads_to(path, &own));
        let path = listed.unwrap_or(own).into_os_string().into_string();
        path.map_err(|path| std::io::Error::other(format!("the path {} is not Unicode", path.display())))
    }
}

fn leads_to(path: &Path, file: &Path) -> bool {
    matches!((path.canonicalize(), file.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
