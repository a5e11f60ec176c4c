//! The report: a row for each figure, aligned.

/// A row, as text.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) figure: &'static str,
    pub(crate) ours: String,
    pub(crate) rmcp: String,
    pub(crate) http: String,
    pub(crate) ratio: String,
    pub(crate) goal: &'static str,
}

/// Prints `rows` under their heads.
pub(crate) fn print(rows: &[Row]) {
    let heads = Row {
        figure: "",
        ours: "opentrain-mcp".into(),
        rmcp: "bare rmcp".into(),
        http: "bare HTTP".into(),
        ratio: "ratio".into(),
        goal: "goal",
    };
    let table: Vec<[&str; 6]> = std::iter::once(&heads).chain(rows).map(cells).collect();
    let mut widths = [0; 6];
    for row in &table {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in &table {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        println!("{}", padded.collect::<Vec<_>>().join("  ").trim_end());
    }
}

fn cells(row: &Row) -> [&str; 6] {
    [row.figure, &row.ours, &row.rmcp, &row.http, &row.ratio, row.goal]
}
