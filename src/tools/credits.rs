//! What is read of credits and payments.

use crate::api::credits::{ListPendingPayments, Payment};
use crate::api::reply::{Read, Reply};

use super::answer::Answer;
use super::text::{count, quoted, usd, word};
use super::{Context, Entry, Told};

/// The tools of this family.
pub const TOOLS: &[Entry] = &[Entry::of::<ListPendingPayments>()];
/// The most payments that are written out.
const SHOWN: usize = 50;

impl Told for ListPendingPayments {
    const TITLE: &'static str = "List pending payments";

    fn tell(&self, read: Read<Self>, _: &Reply, _: &Context) -> Answer {
        let payments = &read.output.payments;
        let sum = payments.iter().filter_map(|payment| payment.amount_usd.decimal()).sum();
        let summary = match payments.len() {
            0 => "No payment waits.".to_owned(),
            many => format!("{} waiting, {} in all.", count(many, "payment"), usd(sum)),
        };
        let mut lines: Vec<String> = payments.iter().take(SHOWN).map(line).collect();
        if payments.len() > SHOWN {
            lines.push(format!("… and {} more in structuredContent", payments.len() - SHOWN));
        }
        let mut answer = Answer::new(summary, read.object);
        answer.lines = lines;
        answer
    }
}

fn line(payment: &Payment) -> String {
    let mut parts = vec![
        payment.id.text().map_or_else(|| "no id".into(), word),
        payment.status.text().map_or_else(|| "no status".into(), word),
        payment.amount_usd.decimal().map_or_else(|| "no amount".into(), usd),
    ];
    parts.extend(payment.invoice_number.get().map(|number| format!("invoice {number}")));
    if let Some(milestone) = payment.milestone.get() {
        let id = milestone.id.text().map(word).unwrap_or_default();
        parts.push(
            format!("milestone {id} {}", milestone.name.text().map(quoted).unwrap_or_default()).trim_end().to_owned(),
        );
    }
    parts.extend(payment.job.get().and_then(|job| job.title.text()).map(|title| format!("job {}", quoted(title))));
    parts.join(" · ")
}
