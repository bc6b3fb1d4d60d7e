//! `rootward identity show --live`: what the server has of an identity.

use crate::authority::Estate;
use crate::commands::{Session, vault::connect, vault::show};
use crate::error::Result;
use crate::model::identity::Identity;
use crate::ui::{Tone, Ui};
use crate::vault::{self, Desired, Live, State};
use serde_json::{Value, json};

/// Asks the server of its environment.
pub fn of(
    args: &connect::Args,
    session: &Session,
    estate: &Estate,
    identity: &Identity,
) -> Result<Live> {
    let declared = estate.environment(&identity.environment)?;
    let desired = Desired::of(estate, declared)?;
    let client = connect::connect(args, session, estate, &identity.environment)?;
    vault::live(&client, &desired, identity)
}

/// The entity, then a line for each thing.
pub fn page(ui: &Ui, live: &Live) -> Result<()> {
    ui.out("")?;
    let (text, tone) = match &live.entity {
        None => ("on the server there is no such entity".to_owned(), Tone::Warn),
        Some((id, true)) => (format!("on the server: entity {id}, disabled"), Tone::Bad),
        Some((id, false)) => (format!("on the server: entity {id}"), Tone::Plain),
    };
    ui.data_line(&text, tone)?;
    for (address, state) in &live.things {
        let (word, tone) = match state {
            State::AsDeclared => ("as declared", Tone::Good),
            State::Differs(_) => ("differs", Tone::Bad),
            State::Missing => ("missing", Tone::Warn),
        };
        let line = format!("  {:36}  {word}", address.to_string());
        ui.data_line(&line, tone)?;
        if let State::Differs(changes) = state {
            changes.iter().try_for_each(|change| show::changed(ui, change))?;
        }
    }
    Ok(())
}

/// The same for `--json`.
pub fn value(live: &Live) -> Value {
    let thing = |(address, state): &(vault::Address, State)| {
        let (word, changes) = match state {
            State::AsDeclared => ("as declared", None),
            State::Differs(changes) => ("differs", Some(changes)),
            State::Missing => ("missing", None),
        };
        json!({
            "kind": address.kind.word(), "name": address.name(), "state": word,
            "changes": changes,
        })
    };
    json!({
        "entity": live.entity.as_ref().map(|(id, disabled)| {
            json!({ "id": id, "disabled": disabled })
        }),
        "things": live.things.iter().map(thing).collect::<Vec<_>>(),
    })
}
