//! Today's date. Models do not know it; due dates and "next Monday" depend on it.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

use crate::engine::Context;

/// Formats OpenTrain's time and this machine's clock. In the sandbox the two are years apart, so only the first counts.
pub(super) fn line(now: Timestamp, context: &Context) -> String {
    let here = clock(now, context).map_or_else(String::new, |here| {
        format!(" On the machine of this server: {}.", here.strftime("%A, %Y-%m-%d %H:%M (UTC%:z)"))
    });
    format!("Today is {} by OpenTrain's clock.{here}", now.strftime("%A, %Y-%m-%d, %H:%M UTC"))
}

pub(super) fn data(now: Timestamp, context: &Context) -> Value {
    let here = clock(now, context).map(|here| here.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
    json!({ "date": now.to_zoned(TimeZone::UTC).date().to_string(), "openTrain": now.to_string(), "thisMachine": here })
}

/// This machine's clock; `None` in the sandbox.
fn clock(_: Timestamp, context: &Context) -> Option<Zoned> {
    (!context.services.sandbox).then(|| Timestamp::now().to_zoned(TimeZone::system()))
}
