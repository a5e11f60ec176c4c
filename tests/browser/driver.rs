//! A real browser, moved over WebDriver (<https://www.w3.org/TR/webdriver2/>): chromedriver speaks JSON over HTTP.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long the browser may take for anything.
const PATIENCE: Duration = Duration::from_secs(30);
/// How WebDriver names an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// One browser at a time: each is a good part of a small machine.
static TURN: Mutex<()> = Mutex::new(());

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
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is needed, and chromium: Debian's packages chromium and chromium-driver");
        let port = port_of(&mut driver);
        let folder = format!("--user-data-dir={}", profile.path().display());
        let arguments: Vec<&str> = ARGUMENTS.iter().copied().chain([folder.as_str()]).collect();
        let mut browser = Self { driver, port, session: String::new(), _profile: profile, _turn: turn };
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": { "args": arguments } });
        let session = browser.ask("POST", "/session", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        browser
    }

    /// Opens a page, as one opens a link from a chat.
    pub(crate) fn open(&self, url: &str) {
        self.tell("/url", &json!({ "url": url }));
    }

    /// Presses the button that says this.
    pub(crate) fn press(&self, text: &str) {
        let button = self.find(&format!("//button[normalize-space()='{text}']"));
        self.tell(&format!("/element/{button}/click"), &json!({}));
    }

    /// Says that the page has this heading, once it is there.
    pub(crate) fn sees(&self, heading: &str) {
        let limit = Instant::now() + PATIENCE;
        while self.text_of("//h1").as_deref() != Some(heading) {
            assert!(Instant::now() < limit, "no heading {heading:?} on the page:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(50));
        }
        self.picture(heading);
    }

    /// What a person reads on the page.
    pub(crate) fn text(&self) -> String {
        self.text_of("//body").unwrap_or_default()
    }

    /// The buttons, in the order of the page.
    pub(crate) fn buttons(&self) -> Vec<String> {
        let found = self.tell("/elements", &json!({ "using": "xpath", "value": "//button" }));
        let ids = found.as_array().unwrap().iter().map(|button| button[ELEMENT].as_str().unwrap().to_owned());
        ids.map(|id| self.read(&format!("/element/{id}/text"))).collect()
    }

    /// Keeps a picture of the page in the folder `BROWSER_PICTURES`, if one is named.
    pub(crate) fn picture(&self, name: &str) {
        let Ok(folder) = std::env::var("BROWSER_PICTURES") else { return };
        let name: String = name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect();
        let picture = STANDARD.decode(self.read("/screenshot")).unwrap();
        std::fs::write(format!("{folder}/{name}.png"), picture).unwrap();
    }

    fn find(&self, xpath: &str) -> String {
        let found = self.tell("/element", &json!({ "using": "xpath", "value": xpath }));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// `None` where there is no such element, or the page went away while it was read.
    fn text_of(&self, xpath: &str) -> Option<String> {
        let body = json!({ "using": "xpath", "value": xpath });
        let found = self.request("POST", &format!("{}/element", self.session), &body).ok()?;
        let path = format!("{}/element/{}/text", self.session, found[ELEMENT].as_str()?);
        self.request("GET", &path, &Value::Null).ok()?.as_str().map(str::to_owned)
    }

    fn tell(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("{}{path}", self.session), body)
    }

    fn read(&self, path: &str) -> String {
        self.ask("GET", &format!("{}{path}", self.session), &Value::Null).as_str().unwrap().to_owned()
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.request(method, path, body).unwrap_or_else(|fault| panic!("{method} {path} {body}: {fault}"))
    }

    /// One command: its value, or the browser's error.
    fn request(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = exchange(self.port, method, path, &body).map_err(|fault| fault.to_string())?;
        let value =
            serde_json::from_str::<Value>(&answer).map_err(|fault| format!("{fault}: {answer}"))?["value"].take();
        if status == 200 { Ok(value) } else { Err(value["message"].to_string()) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A chromedriver that is merely killed leaves its browser behind.
        let _ = self.request("DELETE", &self.session, &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The port that chromedriver says it has taken.
fn port_of(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines.find_map(|line| {
        let line = line.unwrap();
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    // It goes on talking, and must not be stopped by a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    port.expect("chromedriver did not say on which port it is")
}

/// One HTTP request on a connection of its own: the status, and the body. chromedriver does not close the connection.
fn exchange(port: u16, method: &str, path: &str, body: &str) -> io::Result<(u16, String)> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(connection, "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n{body}")?;
    let mut answer = BufReader::new(connection);
    let mut line = String::new();
    answer.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let mut length = 0;
    while line != "\r\n" {
        line.clear();
        if answer.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body)?;
    let status = status.ok_or_else(|| io::Error::other("no HTTP"))?;
    Ok((status, String::from_utf8(body).map_err(io::Error::other)?))
}
