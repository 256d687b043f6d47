//! The table at the end and its JSON.

use std::fmt;

use anyhow::Result;
use serde_json::json;

use crate::load::Measured;

/// One line: what we did, what could be done, the ratio, the aim.
#[derive(Debug)]
pub(crate) struct Row {
    what: String,
    unit: &'static str,
    ours: f64,
    limit_name: &'static str,
    limit: f64,
    aim: &'static str,
}

impl Row {
    /// Requests per second beside the limit's.
    pub(crate) fn rate(
        what: &str,
        limit_name: &'static str,
        ours: &Measured,
        limit: f64,
        aim: &'static str,
    ) -> Self {
        Self::plain(what, limit_name, ours.per_second(), limit, aim)
    }

    /// Server CPU microseconds per request beside the limit's.
    pub(crate) fn cpu(
        what: &str,
        limit_name: &'static str,
        ours: &Measured,
        limit: &Measured,
        aim: &'static str,
    ) -> Self {
        let (ours, limit) = (ours.cpu_micros(), limit.cpu_micros());
        Self { what: what.to_owned(), unit: "µs", ours, limit_name, limit, aim }
    }

    /// Anything per second beside the limit's.
    pub(crate) fn plain(
        what: &str,
        limit_name: &'static str,
        ours: f64,
        limit: f64,
        aim: &'static str,
    ) -> Self {
        Self { what: what.to_owned(), unit: "/s", ours, limit_name, limit, aim }
    }

    fn ratio(&self) -> f64 {
        if self.limit > 0.0 { self.ours / self.limit } else { 0.0 }
    }
}

/// All rows.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Row>);

impl Report {
    /// Adds a row.
    pub(crate) fn add(&mut self, row: Row) {
        self.0.push(row);
    }

    /// Writes the rows as JSON.
    pub(crate) fn write(&self, path: &str) -> Result<()> {
        let rows: Vec<_> = self
            .0
            .iter()
            .map(|row| {
                json!({ "what": row.what, "unit": row.unit, "figure": row.ours, "limit": row.limit,
                        "limit_is": row.limit_name, "ratio": row.ratio(), "aim": row.aim })
            })
            .collect();
        let document = json!({ "commit": commit(), "rows": rows });
        std::fs::write(path, serde_json::to_vec_pretty(&document)?)?;
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "commit {}", commit())?;
        writeln!(
            f,
            "{:<34} {:>12}    {:<38} {:>12}  {:>6}  aim",
            "what", "figure", "limit, same run", "limit", "ratio"
        )?;
        for row in &self.0 {
            writeln!(
                f,
                "{:<34} {:>10.1} {}  {:<38} {:>10.1} {}  {:>6.2}  {}",
                row.what,
                row.ours,
                row.unit,
                row.limit_name,
                row.limit,
                row.unit,
                row.ratio(),
                row.aim
            )?;
        }
        Ok(())
    }
}

fn commit() -> String {
    let output =
        std::process::Command::new("git").args(["describe", "--always", "--dirty"]).output();
    output.ok().filter(|output| output.status.success()).map_or_else(
        || "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
