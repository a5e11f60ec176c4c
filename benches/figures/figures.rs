//! What is measured, in the order of the table.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::Fault;
use super::bare::Http;
use super::host::{Host, Server};
use super::table::{Row, print};
use super::upstream::{TOKEN, Upstream};

/// How often each thing is done.
pub(crate) struct Effort {
    spawns: usize,
    calls: usize,
    bursts: usize,
    burst: usize,
    contracts: usize,
}

impl Effort {
    pub(crate) const FULL: Self = Self { spawns: 60, calls: 3_000, bursts: 7, burst: 3_000, contracts: 5_000 };
    pub(crate) const QUICK: Self = Self { spawns: 2, calls: 10, bursts: 2, burst: 128, contracts: 250 };
}

/// Measures everything and prints the table.
pub(crate) fn report(effort: &Effort) -> Result<(), Fault> {
    let upstream = Upstream::start(3, 2)?;
    let mut rows = start(&upstream, effort)?;
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let list = one_call("one list_contracts, of 3", disk, &upstream, effort, "list_contracts", |_| json!({}))?;
    rows.push(Row { goal: "at most 1.2× rmcp", ..list });
    let create = one_call("one create_milestone", disk, &upstream, effort, "create_milestone", new_milestone)?;
    rows.push(Row { goal: "at most 2.2× rmcp", ..create });
    // What the disk takes of it: the record is synced twice.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        let figure = "  with the record in memory";
        rows.push(one_call(figure, memory, &upstream, effort, "create_milestone", new_milestone)?);
    }
    rows.extend(overview(effort)?);
    rows.push(many_in_flight(&upstream, effort)?);
    rows.push(memory_at_rest(&upstream, effort)?);
    rows.extend(large_account(effort)?);
    rows.push(binary()?);
    let cores = std::thread::available_parallelism()?;
    println!("\nopentrain-mcp {}, {cores} cores, {}\n", env!("CARGO_PKG_VERSION"), std::env::consts::OS);
    print(&rows);
    Ok(())
}

/// A milestone in one of a hundred contracts. Two requests of ours, since it looks before it creates, beside one of theirs.
fn new_milestone(place: usize) -> Value {
    json!({
        "contractId": format!("ctr_{:05}", place % 100),
        "name": format!("Batch {place}"),
        "description": format!("Label posts {place}001 to {place}999 per the guidelines"),
        "amountUsd": 300,
        "dueDate": "2026-07-15"
    })
}

/// From the start of the process to the answers to `initialize` and `tools/list`.
fn start(upstream: &Upstream, effort: &Effort) -> Result<Vec<Row>, Fault> {
    let (mut initialized, mut listed) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for _ in 0..effort.spawns {
        for (server, initialized, listed) in
            [(Server::Ours, &mut initialized.0, &mut listed.0), (Server::Bare, &mut initialized.1, &mut listed.1)]
        {
            let mut host = Host::start(server, upstream)?;
            let lists = host.ask("tools/list", "{}")?;
            initialized.push(millis(host.started_in));
            listed.push(millis(host.started_in + lists));
        }
    }
    let row = |figure, goal, (ours, rmcp): &(Vec<f64>, Vec<f64>)| {
        let (ours, rmcp) = (median(ours), median(rmcp));
        Row {
            figure,
            ours: format!("{ours:.2} ms"),
            rmcp: format!("{rmcp:.2} ms"),
            ratio: format!("{:.2}× rmcp", ours / rmcp),
            goal,
            ..Row::default()
        }
    };
    Ok(vec![
        row("spawn to initialize answered", "", &initialized),
        row("spawn to tools/list answered", "at most 4 ms", &listed),
    ])
}

/// One call at a time, each of the three in its turn.
fn one_call(
    figure: &'static str,
    home: &Path,
    upstream: &Upstream,
    effort: &Effort,
    tool: &'static str,
    arguments: fn(usize) -> Value,
) -> Result<Row, Fault> {
    let runtime = tokio::runtime::Runtime::new()?;
    let client = Http::new(&upstream.origin, TOKEN);
    let mut hosts = (Host::start_in(home, Server::Ours, upstream)?, Host::start(Server::Bare, upstream)?);
    let (mut ours, mut rmcp, mut http) = (Vec::new(), Vec::new(), Vec::new());
    let warm = effort.calls / 10;
    for place in 0..warm + effort.calls {
        let given = arguments(place);
        let text = given.to_string();
        let fields = given.as_object().cloned().unwrap_or_default();
        let times = (hosts.0.call(tool, &text)?, hosts.1.call(tool, &text)?, request(&runtime, &client, tool, fields)?);
        if place >= warm {
            ours.push(millis(times.0));
            rmcp.push(millis(times.1));
            http.push(millis(times.2));
        }
    }
    let (ours, rmcp, http) = (median(&ours), median(&rmcp), median(&http));
    Ok(Row {
        figure,
        ours: format!("{ours:.3} ms"),
        rmcp: format!("{rmcp:.3} ms"),
        http: format!("{http:.3} ms"),
        ratio: format!("{:.2}× HTTP, {:.2}× rmcp", ours / http, ours / rmcp),
        ..Row::default()
    })
}

fn request(
    runtime: &tokio::runtime::Runtime,
    client: &Http,
    tool: &str,
    arguments: Map<String, Value>,
) -> Result<Duration, Fault> {
    let start = Instant::now();
    let body = runtime.block_on(client.send(tool, arguments))?;
    let elapsed = start.elapsed();
    if body.first() == Some(&b'{') { Ok(elapsed) } else { Err("the upstream server gave no JSON object".into()) }
}

/// One `get_overview` of 500 contracts, 200 conversations and 50 jobs, beside the slowest of its requests alone: of an API
/// that answers at once, so that all the time is ours, and of one that takes a fixed time for each answer.
fn overview(effort: &Effort) -> Result<[Row; 3], Fault> {
    const TAKES: Duration = Duration::from_millis(50);
    let runtime = tokio::runtime::Runtime::new()?;
    let measure = |upstream: &Upstream, host: &mut Host, calls| -> Result<(f64, f64), Fault> {
        let client = Http::new(&upstream.origin, TOKEN);
        let (mut ours, mut http) = (Vec::new(), Vec::new());
        for _ in 0..calls {
            ours.push(millis(host.call("get_overview", "{}")?));
            http.push(millis(request(&runtime, &client, "list_contracts", Map::new())?));
        }
        Ok((median(&ours), median(&http)))
    };
    let row = |figure, goal, (ours, http): (f64, f64)| Row {
        figure,
        ours: format!("{ours:.1} ms"),
        http: format!("{http:.1} ms (the largest request)"),
        ratio: format!("{:.2}× HTTP", ours / http),
        goal,
        ..Row::default()
    };
    let upstream = Upstream::start(500, 3)?;
    let mut host = Host::start(Server::Ours, &upstream)?;
    let at_once = measure(&upstream, &mut host, effort.calls.min(200))?;
    let before = upstream.asked();
    host.call("get_overview", "{}")?;
    let (asked, answer) = (upstream.asked() - before, host.result()?);
    let text = answer.pointer("/content/0/text").and_then(Value::as_str).map_or(0, str::len);
    let structure = answer.get("structuredContent").map_or(0, |structure| structure.to_string().len());
    let slow = Upstream::taking(TAKES, 500, 3)?;
    let taking = measure(&slow, &mut Host::start(Server::Ours, &slow)?, effort.calls.min(40))?;
    Ok([
        row("one get_overview, of 500 contracts", "", at_once),
        row("  with 50 ms for each answer", "under 3× the slowest request", taking),
        Row {
            figure: "  its size and its requests",
            ours: format!("{:.1} kB text, {:.1} kB structure, {asked} requests", kilo(text), kilo(structure)),
            goal: "8 kB, 24 kB, 8",
            ..Row::default()
        },
    ])
}

/// Many `list_contracts` at a time.
fn many_in_flight(upstream: &Upstream, effort: &Effort) -> Result<Row, Fault> {
    const IN_FLIGHT: usize = 64;
    let mut hosts = (Host::start(Server::Ours, upstream)?, Host::start(Server::Bare, upstream)?);
    let rate = |host: &mut Host| -> Result<f64, Fault> {
        let took = host.call_many("list_contracts", "{}", effort.burst, IN_FLIGHT)?;
        Ok(f64::from(u32::try_from(effort.burst)?) / took.as_secs_f64())
    };
    let (mut ours, mut rmcp, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    for burst in 0..=effort.bursts {
        let rates = (rate(&mut hosts.0)?, rate(&mut hosts.1)?);
        if burst > 0 {
            ours.push(rates.0);
            rmcp.push(rates.1);
            ratio.push(100.0 * rates.0 / rates.1);
        }
    }
    Ok(Row {
        figure: "64 list_contracts in flight",
        ours: format!("{:.0} calls/s", median(&ours)),
        rmcp: format!("{:.0} calls/s", median(&rmcp)),
        ratio: format!("{:.0} % of rmcp", median(&ratio)),
        goal: "as many as rmcp",
        ..Row::default()
    })
}

/// What stays resident after `tools/list`.
fn memory_at_rest(upstream: &Upstream, effort: &Effort) -> Result<Row, Fault> {
    let resident = |server| -> Result<Vec<f64>, Fault> {
        let mut figures = Vec::new();
        for _ in 0..effort.spawns.min(5) {
            let mut host = Host::start(server, upstream)?;
            host.ask("tools/list", "{}")?;
            figures.extend(host.memory("VmRSS").map(mebi));
        }
        Ok(figures)
    };
    let (ours, rmcp) = (resident(Server::Ours)?, resident(Server::Bare)?);
    Ok(memory_row("resident after tools/list", &ours, &rmcp, "under 8 MiB"))
}

/// Pages through a large account. The bare server has no pages: it gives all of it in one line.
fn large_account(effort: &Effort) -> Result<[Row; 3], Fault> {
    let upstream = Upstream::start(effort.contracts, 3)?;
    let mut host = Host::start(Server::Ours, &upstream)?;
    let (mut arguments, mut given, mut largest, mut times) = (json!({ "limit": 100 }), 0, 0, Vec::new());
    loop {
        times.push(millis(host.call("list_contracts", &arguments.to_string())?));
        largest = largest.max(host.line().len());
        let page = host.structured()?;
        given += page.get("contracts").and_then(Value::as_array).map_or(0, Vec::len);
        match page.get("nextCursor") {
            Some(Value::String(cursor)) => arguments = json!({ "limit": 100, "cursor": cursor }),
            _ => break,
        }
    }
    if given != effort.contracts {
        return Err(format!("{given} of {} contracts came in pages", effort.contracts).into());
    }
    let ours: Vec<f64> = host.memory("VmHWM").map(mebi).into_iter().collect();
    drop(host);
    let mut host = Host::start(Server::Bare, &upstream)?;
    let whole = millis(host.call("list_contracts", "{}")?);
    let rmcp: Vec<f64> = host.memory("VmHWM").map(mebi).into_iter().collect();
    Ok([
        memory_row("most resident, 5,000 contracts paged", &ours, &rmcp, "under 64 MiB"),
        Row {
            figure: "  largest answer",
            ours: format!("{:.0} kB", kilo(largest)),
            rmcp: format!("{:.0} kB (all)", kilo(host.line().len())),
            goal: "under 120 kB",
            ..Row::default()
        },
        Row {
            figure: "  one page",
            ours: format!("{:.1} ms", median(&times)),
            rmcp: format!("{whole:.1} ms (all)"),
            ..Row::default()
        },
    ])
}

fn memory_row(figure: &'static str, ours: &[f64], rmcp: &[f64], goal: &'static str) -> Row {
    if ours.is_empty() {
        return Row { figure, ours: "known on Linux only".into(), goal, ..Row::default() };
    }
    Row {
        figure,
        ours: format!("{:.1} MiB", median(ours)),
        rmcp: format!("{:.1} MiB", median(rmcp)),
        ratio: format!("{:.2}× rmcp", median(ours) / median(rmcp)),
        goal,
        ..Row::default()
    }
}

/// The size of the executable; the release profile strips it.
fn binary() -> Result<Row, Fault> {
    let size =
        |path: &std::path::Path| Ok::<_, Fault>(format!("{:.2} MB", kilo(path.metadata()?.len().try_into()?) / 1e3));
    Ok(Row {
        figure: "binary, stripped",
        ours: size(env!("CARGO_BIN_EXE_opentrain-mcp").as_ref())?,
        rmcp: size(&std::env::current_exe()?)?,
        goal: "under 8 MB",
        ..Row::default()
    })
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "figures for reading")]
fn mebi(kibi: u64) -> f64 {
    kibi as f64 / 1024.0
}

#[expect(clippy::cast_precision_loss, reason = "figures for reading")]
fn kilo(bytes: usize) -> f64 {
    bytes as f64 / 1e3
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
