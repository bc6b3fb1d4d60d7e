//! `rootward status --live`: is what servers show and use what was issued?

use super::Args;
use crate::authority::{Estate, estate::Declared};
use crate::commands::{Session, vault::connect};
use crate::error::{Kind, Result};
use crate::model::name::Name;
use crate::ui::{Tone, Ui};
use crate::vault::{self, Seen, Target, Verdict};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Looks at the servers of these environments, or of all; each that cannot be looked at is a
/// finding.
///
/// # Errors
/// Usage: a connection that cannot be understood. Refused: what is not as recorded.
pub fn look(
    args: &Args,
    session: &Session,
    estate: &Estate,
    environments: &[Name],
) -> Result<Vec<Seen>> {
    let declared: Vec<&Declared> = match environments {
        [] => estate.environments.iter().collect(),
        names => {
            let names: BTreeSet<&Name> = names.iter().collect();
            names.into_iter().map(|name| estate.environment(name)).collect::<Result<_>>()?
        }
    };
    let is_one = declared.len() == 1;
    let (mut targets, mut unready) = (Vec::new(), Vec::new());
    for declared in declared {
        let environment = &declared.environment.name;
        let options = if is_one { &args.connection } else { &args.connection.each(environment)? };
        match connect::prepare(options, session, estate, environment) {
            Ok(connection) => targets.push(Target { declared, connection }),
            Err(error) if error.kind != Kind::Failed => return Err(error),
            Err(error) => unready.push(Seen {
                environment: environment.clone(),
                object: environment.to_string(),
                place: declared.environment.declared.address.clone(),
                verdict: Verdict::NotAsked,
                text: error.messages().join(": "),
                hint: error.hint,
            }),
        }
    }
    let mut seen = vault::served(estate, &targets)?;
    seen.extend(unready);
    seen.sort_by(|one, other| one.environment.cmp(&other.environment));
    Ok(seen)
}

/// Does anything differ?
pub fn differs(seen: &[Seen]) -> bool {
    seen.iter().any(|seen| seen.verdict == Verdict::Differs)
}

/// A line for each; below it what helps, once for all that it helps.
pub fn page(ui: &Ui, seen: &[Seen]) -> Result<()> {
    ui.out("")?;
    for one in seen {
        let tone = match one.verdict {
            Verdict::AsIssued => Tone::Good,
            Verdict::Differs => Tone::Bad,
            Verdict::NotAsked => Tone::Warn,
        };
        ui.data_line(&one.to_string(), tone)?;
    }
    let wrong = seen.iter().filter(|one| one.verdict == Verdict::Differs).count();
    let unknown = seen.iter().filter(|one| one.verdict == Verdict::NotAsked).count();
    ui.status(&match (wrong, unknown) {
        (0, 0) => "what is served is what was issued".to_owned(),
        (0, _) => {
            format!("as far as was asked, what is served is what was issued; {unknown} not asked")
        }
        (_, 0) => format!("{wrong} of {} not as issued", seen.len()),
        _ => format!("{wrong} of {} not as issued; {unknown} not asked", seen.len()),
    });
    let mut said = BTreeSet::new();
    for hint in seen.iter().filter_map(|one| one.hint.as_deref()) {
        if said.insert(hint) {
            ui.hint(hint);
        }
    }
    Ok(())
}

/// The same for `--json`.
pub fn value(seen: &[Seen]) -> Value {
    let one = |one: &Seen| {
        json!({
            "environment": one.environment.to_string(),
            "object": one.object,
            "place": one.place,
            "verdict": one.verdict.word(),
            "text": one.text,
            "hint": one.hint,
        })
    };
    seen.iter().map(one).collect()
}
