//! The comparison as one HTML file that needs nothing else, for a screen and for paper.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use rust_decimal::Decimal;

use crate::answer::Shown;
use crate::answer::text::{total, usd};
use crate::answer::visible::visible;

use super::report::{Report, Sums, Trail};
use super::text::{decision, origin, to_the_second, verdict};

const STYLE: &str = "
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1f24; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
h1 { font-size: 1.4rem; margin-bottom: .2rem } h2 { font-size: 1.1rem; margin-top: 2rem }
.fits { color: #116329 } .differs { color: #a40e26 }
.bar { display: flex; height: 1.6rem; border: 1px solid #57606a; border-radius: 4px; overflow: hidden }
.bar div { min-width: 2px } .unfunded { background: #d0d7de } .held { background: #8fc5ff }
.paid { background: #57ab5a } .other { background: #d4a72c }
ul.key { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem 1.4rem }
ul.key span { display: inline-block; width: .9rem; height: .9rem; border: 1px solid #57606a; vertical-align: -1px }
table { border-collapse: collapse; width: 100%; font-size: .85rem } thead { display: table-header-group }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid #d0d7de }
td.number, th.number { text-align: right; white-space: nowrap } tr { break-inside: avoid }
ol li { margin-bottom: .7rem } code { overflow-wrap: anywhere } footer { margin-top: 2rem; color: #57606a }
.bar, ul.key span { print-color-adjust: exact; -webkit-print-color-adjust: exact }
@media print { body { margin: 0; max-width: none; font-size: 11px } @page { margin: 14mm } }
";

/// Formats the report.
#[must_use]
pub fn html(report: &Report) -> String {
    let (earlier, judged): (Vec<&Trail>, Vec<&Trail>) = report.trails.iter().partition(|trail| trail.is_earlier);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "OpenTrain: record and account compared" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Record of writes and OpenTrain, compared" }
                p class=(if report.fits { "fits" } else { "differs" }) { strong { (verdict(report).as_str()) } }
                (bar(&report.sums))
                @if !report.differences.is_empty() {
                    h2 { "What does not fit" }
                    ol {
                        @for difference in &report.differences {
                            li {
                                strong { (difference.kind.title()) } ": " (difference.what.as_str()) br;
                                em { "To do: " } (difference.to_do)
                            }
                        }
                    }
                }
                (list("Writes without a known end whose end shows", &report.resolved))
                (list("Not compared", &report.notes))
                (table("Milestones", &judged))
                (table("Earlier milestones, not judged", &earlier))
                footer {
                    p {
                        "Account " code { (visible(report.principal.as_deref().unwrap_or("without a token")).as_ref()) } " at "
                        (visible(&report.base).as_ref()) ". "
                        @if let Some(since) = &report.since { "Judged since " (to_the_second(since).as_str()) ". " }
                        "Amounts are before fees."
                    }
                }
            }
        }
    };
    page.into_string()
}

/// The money by state, as wide as its share.
fn bar(sums: &Sums) -> Markup {
    let parts = [("unfunded", sums.unfunded), ("held", sums.held), ("paid", sums.paid), ("other", sums.other)].map(
        |(name, sum)| {
            let share =
                sum.zip(sums.total).and_then(|(sum, total)| sum.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(total));
            (name, sum, share.unwrap_or_default().round_dp(2))
        },
    );
    html! {
        div.bar role="img" aria-label="The money by state" {
            @for (name, _, share) in &parts {
                @if !share.is_zero() { div class=(name) style={ "width:" (share) "%" } {} }
            }
        }
        ul.key {
            @for (name, sum, share) in &parts {
                li { span class=(name) {} " " (name) " " (total(*sum).as_str()) " (" (share.round()) " %)" }
            }
        }
    }
}

fn list(heading: &str, items: &[Shown]) -> Markup {
    html! {
        @if !items.is_empty() {
            h2 { (heading) }
            ul { @for item in items { li { (item.as_str()) } } }
        }
    }
}

fn table(heading: &str, trails: &[&Trail]) -> Markup {
    html! {
        @if !trails.is_empty() {
            h2 { (heading) }
            table {
                thead { tr {
                    th { "Milestone" } th { "Trainer, contract" } th.number { "Amount" } th { "State" } th { "Created" }
                    th { "Funding" } th { "Release" } th { "Invoice" }
                } }
                tbody { @for trail in trails { (row(trail)) } }
            }
        }
    }
}

fn row(trail: &Trail) -> Markup {
    let text = |value: &Option<String>| value.as_deref().map(|value| visible(value).into_owned()).unwrap_or_default();
    html! {
        tr {
            td { (text(&trail.name)) br; code { (visible(&trail.milestone_id).as_ref()) } }
            td { (text(&trail.trainer)) br; (text(&trail.contract)) " " code { (text(&trail.contract_id)) } }
            td.number { (trail.amount_usd.map_or_else(|| "unknown".into(), usd).as_str()) }
            td { (trail.state.name()) }
            td { (origin(trail).as_str()) }
            td { @if let Some(request) = &trail.funding { (decision("", request).as_str()) } }
            td { @if let Some(request) = &trail.release { (decision("", request).as_str()) } }
            td { code { (text(&trail.invoice_id)) } }
        }
    }
}
