//! nginx with the very file of `deploy/`, in front of the replicas.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

pub(crate) struct Proxy {
    nginx: Child,
    folder: TempDir,
    pub(crate) port: u16,
}

impl Proxy {
    pub(crate) async fn before(ports: &[u16]) -> Self {
        let folder = tempfile::Builder::new().prefix("nginx-").tempdir().unwrap();
        let port = crate::harness::free_port();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/nginx/opentrain-mcp.conf");
        let at = folder.path().to_str().unwrap();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|kind| format!("    {kind}_temp_path {at}/{kind};\n")).concat();
        let whole = format!(
            "daemon off;\nworker_processes 1;\npid {at}/pid;\nerror_log {at}/error.log;\nevents {{}}\nhttp {{\n    access_log off;\n\
             {temporary}    include {};\n}}\n",
            file.display()
        );
        let servers = ports.iter().map(|port| format!("server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;\n"));
        std::fs::write(folder.path().join("nginx.conf"), whole).unwrap();
        std::fs::write(folder.path().join("listen.conf"), format!("listen 127.0.0.1:{port};\n")).unwrap();
        std::fs::write(folder.path().join("replicas.conf"), servers.collect::<String>()).unwrap();
        // As root, nginx works as another user.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let config = folder.path().join("nginx.conf");
        let mut nginx = Command::new(if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" });
        nginx.arg("-p").arg(folder.path()).arg("-c").arg(config).stdin(Stdio::null()).stderr(Stdio::null());
        let proxy = Self { nginx: nginx.spawn().expect("nginx"), folder, port };
        proxy.answers().await;
        proxy
    }

    async fn answers(&self) {
        let waiting = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let log = || std::fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default();
        assert!(tokio::time::timeout(Duration::from_secs(20), waiting).await.is_ok(), "nginx: {}", log());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Its worker ends with it only when it is asked to.
        let _ = Command::new("kill").arg(self.nginx.id().to_string()).status();
        let _ = self.nginx.wait();
    }
}
