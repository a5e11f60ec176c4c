//! A real browser as a person uses it: opens links, reads pages, presses buttons. chromedriver moves it.

use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use thirtyfour::{By, ChromiumLikeCapabilities, DesiredCapabilities, WebDriver};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

/// How long the browser may take for anything.
const PATIENCE: Duration = Duration::from_secs(30);
/// One browser at a time: each is a good part of a small machine.
static TURN: Mutex<()> = Mutex::const_new(());

/// What any browser of a test is started with. It runs without its own sandbox, since that needs rights that a
/// container seldom gives; all that it opens is on this machine.
const ARGUMENTS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--window-size=900,1000",
];

/// A browser with one window. Dropping it closes it.
pub(crate) struct Browser {
    // In this order: the session ends before its chromedriver, the folder goes last.
    window: WebDriver,
    _driver: Child,
    _profile: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let turn = TURN.lock().await;
        // Another test may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver is needed, and chromium: Debian's packages chromium and chromium-driver");
        let port = port_of(&mut driver).await;
        let mut wanted = DesiredCapabilities::chrome();
        let folder = format!("--user-data-dir={}", profile.path().display());
        ARGUMENTS.iter().copied().chain([folder.as_str()]).for_each(|argument| wanted.add_arg(argument).unwrap());
        let window = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.unwrap();
        Self { window, _driver: driver, _profile: profile, _turn: turn }
    }

    /// Opens a page, as one opens a link from a chat.
    pub(crate) async fn open(&self, url: &str) {
        self.window.goto(url).await.unwrap();
    }

    /// Presses the button that says this.
    pub(crate) async fn press(&self, text: &str) {
        let button = By::XPath(format!("//button[normalize-space()='{text}']"));
        self.window.find(button).await.unwrap().click().await.unwrap();
    }

    /// Says that the page has this heading, once it is there.
    pub(crate) async fn sees(&self, heading: &str) {
        let limit = Instant::now() + PATIENCE;
        while self.text_of("h1").await.as_deref() != Some(heading) {
            assert!(Instant::now() < limit, "no heading {heading:?} on the page:\n{}", self.text().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.keeps_a_picture(heading).await;
    }

    /// What a person reads on the page.
    pub(crate) async fn text(&self) -> String {
        self.text_of("body").await.unwrap_or_default()
    }

    /// The buttons, in the order of the page.
    pub(crate) async fn buttons(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for button in self.window.find_all(By::Tag("button")).await.unwrap() {
            texts.push(button.text().await.unwrap());
        }
        texts
    }

    /// Keeps a picture of the page in the folder `BROWSER_PICTURES`, if one is named.
    async fn keeps_a_picture(&self, name: &str) {
        let Ok(folder) = std::env::var("BROWSER_PICTURES") else { return };
        let name: String = name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect();
        let picture = self.window.screenshot_as_png().await.unwrap();
        std::fs::write(format!("{folder}/{name}.png"), picture).unwrap();
    }

    /// `None` where there is no such element, or the page went away while it was read.
    async fn text_of(&self, tag: &str) -> Option<String> {
        self.window.find(By::Tag(tag)).await.ok()?.text().await.ok()
    }
}

/// The port that chromedriver says it has taken.
async fn port_of(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            // It goes on talking, and must not be stopped by a full pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return port.trim_end_matches('.').parse().unwrap();
        }
    }
    panic!("chromedriver did not say on which port it is")
}
