//! What stands in an audit log.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::PATIENCE;

/// Every line; one that is no JSON object fails the test.
pub(crate) fn record(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn: {text:?}");
    let parsed = text.lines().map(serde_json::from_str::<Value>);
    parsed.map(|line| line.unwrap_or_else(|fault| panic!("a line is not whole ({fault}): {text}"))).collect()
}

/// Waits until so many lines stand there. A file cannot be awaited: it is read again and again.
pub(crate) async fn recorded(path: &Path, many: usize) -> Vec<Value> {
    let waiting = async {
        while std::fs::read_to_string(path).unwrap_or_default().lines().count() < many {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, waiting).await.is_ok(),
        "{many} lines were expected: {:?}",
        std::fs::read_to_string(path)
    );
    record(path)
}

/// The two lines of each write that has both, tied by their id.
pub(crate) fn pairs(lines: &[Value]) -> Vec<(Value, Value)> {
    let befores = lines.iter().filter(|line| line["phase"] == "before");
    let after = |before: &Value| {
        let mut afters = lines.iter().filter(|line| line["phase"] == "after" && line["id"] == before["id"]);
        let after = afters.next().cloned();
        assert!(afters.next().is_none(), "a write ends once: {before}");
        Some((before.clone(), after?))
    };
    befores.filter_map(after).collect()
}
