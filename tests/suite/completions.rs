//! `completions`: what it prints is a script of that shell.

use std::process::{Command, Stdio};

use crate::harness::launch;

#[tokio::test]
async fn each_shell_gets_a_script_that_knows_the_hosts() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = launch().args(["completions", shell]).run().await;
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{shell}: {ran:?}");
        for wanted in ["opentrain-mcp", "uninstall", "max-day-usd"] {
            assert!(ran.stdout.contains(wanted), "{shell}: {wanted} is missing");
        }
        let has_hosts = ran.stdout.contains("claude-desktop");
        assert!(has_hosts || !["bash", "zsh"].contains(&shell), "{shell}: no hosts");
    }
    let ran = launch().args(["completions", "tcsh"]).run().await;
    assert_eq!(ran.status, Some(2), "{ran:?}");
}

#[tokio::test]
async fn bash_reads_its_script() {
    let script = launch().args(["completions", "bash"]).run().await.stdout;
    let asks = "COMP_WORDS=(opentrain-mcp install cl); COMP_CWORD=2; _opentrain__mcp opentrain-mcp cl install; echo ${COMPREPLY[@]}";
    let ran = Command::new("bash").args(["-c", &format!("{script}\n{asks}")]).stdin(Stdio::null()).output().unwrap();
    let answer = String::from_utf8(ran.stdout).unwrap();
    assert!(answer.contains("claude-desktop") && answer.contains("claude-code"), "{answer:?}");
    assert!(ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
}
