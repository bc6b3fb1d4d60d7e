//! The forecast for machines.

use crate::journal::chain::timestamp;
use crate::rotation::forecast::{Ceremony, Change, Event, Forecast, Saving};
use serde_json::{Value, json};

/// Every event with its dates.
pub fn of(forecast: &Forecast, savings: &[Saving], with: &[Change]) -> Value {
    json!({
        "version": 1,
        "from": timestamp(forecast.from),
        "until": timestamp(forecast.until),
        "with": with.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "ceremonies": forecast.ceremonies.iter().map(ceremony).collect::<Vec<_>>(),
        "work": forecast.work.iter().map(event).collect::<Vec<_>>(),
        "impossible": forecast.impossible,
        "savings": savings.iter().map(saving).collect::<Vec<_>>(),
    })
}

fn ceremony(ceremony: &Ceremony) -> Value {
    json!({
        "number": ceremony.number,
        "opens": timestamp(ceremony.opens),
        "closes": timestamp(ceremony.closes),
        "held": timestamp(ceremony.held),
        "overdue": ceremony.is_overdue(),
        "table": ceremony.table.iter().map(event).collect::<Vec<_>>(),
    })
}

fn event(event: &Event) -> Value {
    json!({
        "task": event.task.word(),
        "object": event.object,
        "environment": event.environment.as_ref().map(ToString::to_string),
        "count": event.count,
        "at": timestamp(event.at),
        "due": timestamp(event.due),
        "rotate_by": timestamp(event.rotate_by),
        "reason": event.reason.word(),
        "moment": event.reason.moment().map(timestamp),
    })
}

fn saving(saving: &Saving) -> Value {
    json!({
        "with": saving.change.to_string(),
        "declared": saving.declared,
        "ceremonies": saving.after,
        "instead_of": saving.before,
    })
}
