//! Today's date. Models do not know it; due dates and "next Monday" depend on it.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

use crate::answer::{Shown, figure, id, shown};
use crate::engine::Context;

/// Formats OpenTrain's time and this machine's clock. In the sandbox the two are years apart, so only the first counts.
pub(super) fn line(now: Timestamp, context: &Context) -> Shown {
    let here = clock(now, context).map(|here| {
        let (day, time) = (here.strftime("%A").to_string(), here.strftime("%Y-%m-%d %H:%M").to_string());
        let zone = here.strftime("%:z").to_string();
        shown!(" On the machine of this server: {}, {} (UTC{}).", id(&day), figure(&time), figure(&zone))
    });
    let (day, time) = (now.strftime("%A").to_string(), now.strftime("%Y-%m-%d, %H:%M").to_string());
    shown!("Today is {}, {} UTC by OpenTrain's clock.{}", id(&day), figure(&time), here)
}

pub(super) fn data(now: Timestamp, context: &Context) -> Value {
    let here = clock(now, context).map(|here| here.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
    json!({ "date": now.to_zoned(TimeZone::UTC).date().to_string(), "openTrain": now.to_string(), "thisMachine": here })
}

/// This machine's clock; `None` in the sandbox.
fn clock(_: Timestamp, context: &Context) -> Option<Zoned> {
    (!context.services.sandbox).then(|| Timestamp::now().to_zoned(TimeZone::system()))
}
