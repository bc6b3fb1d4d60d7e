//! The deadlines of what the journal knows, by the declared cadences.

use super::{Estate, crl};
use crate::error::Result;
use crate::journal::{Act, History, Record};
use crate::model::{
    cadence::{Cadence, Deadlines},
    environment::{Environment, ISSUER, KeyHome},
    kind::Kind,
    name::{ObjectRef, Scope},
    span::Span,
};
use time::{Duration, OffsetDateTime};

/// Of a CA generation's certificate; `None` while it has none.
pub fn of_ca(history: &History, object: &ObjectRef, ca: &Ca) -> Option<Deadlines> {
    of(history.certificate(object)?, &ca.cadence, ca.child)
}

/// Of a certificate of an identity: by its kind, which its URI says.
pub fn of_leaf(environment: &Environment, record: &Record) -> Option<Deadlines> {
    of(record, &environment.declared.identity.cadence(kind(record)), Duration::ZERO)
}

/// Of which kind the identity was when this certificate was issued: its URI says it.
pub fn kind(record: &Record) -> Kind {
    Kind::of_uri(record.uri.as_deref()).unwrap_or(Kind::App)
}

/// Of what this line of the journal is about.
pub fn of(record: &Record, cadence: &Cadence, child: Duration) -> Option<Deadlines> {
    Some(cadence.deadlines(record.begins()?, record.ends()?, child))
}

/// A CA as declared, whichever of its generations.
#[derive(Clone, Debug)]
pub struct Ca {
    /// Without a generation.
    pub scope: Scope,
    /// How long the next certificate is to live.
    pub lifetime: Span,
    /// How long each of its CRLs does.
    pub crl_lifetime: Span,
    /// When it gives way to its successor.
    pub cadence: Cadence,
    /// When a CRL of it is replaced.
    pub crl_cadence: Cadence,
    /// The longest life of what it issues: its signing stop is so long before its end.
    pub child: Duration,
    /// Where its key is.
    pub key: KeyHome,
}

impl Ca {
    /// Is it a root?
    pub fn is_root(&self) -> bool {
        self.scope == Scope::Root
    }

    /// Does it issue certificates of identities, or intermediates? Then it has a CRL from its first
    /// day.
    pub fn has_crl(&self) -> bool {
        match &self.scope {
            Scope::Root => true,
            Scope::Member { name, .. } => name.as_str() == ISSUER && self.key == KeyHome::Local,
        }
    }

    /// The deadlines of a certificate that begins then, as declared.
    pub fn next(&self, begin: OffsetDateTime) -> Option<Deadlines> {
        Some(self.cadence.deadlines(begin, self.lifetime.not_after(begin)?, self.child))
    }

    /// What its children's lives leave of its own, in words, when that is less than half.
    pub fn is_useless_early(&self, at: OffsetDateTime) -> Option<String> {
        let deadlines = self.next(at).filter(Deadlines::is_useless_early)?;
        let useful = (deadlines.rotate_by - deadlines.begin).whole_days();
        let (scope, lifetime, child) = (&self.scope, self.lifetime, self.child.whole_days());
        let arranged = match self.cadence.margin().whole_days() {
            0 => " leaves".to_owned(),
            margin => format!(", and {margin}d to arrange a ceremony, leave"),
        };
        Some(format!(
            "{scope} lives {lifetime} and what it signs up to {child}d: its signing stop{arranged} \
             {useful}d of use, less than half of its life"
        ))
    }
}

/// The root, then the intermediates of each environment, as declared. Leaves that live longer than
/// their environment says count as long as they live.
pub fn declared(estate: &Estate, at: OffsetDateTime) -> Vec<Ca> {
    let mut all = vec![root(estate)];
    for declared in &estate.environments {
        let environment = &declared.environment;
        for (name, intermediate) in &environment.declared.intermediates {
            let child = match intermediate.key {
                KeyHome::Local => environment.declared.identity.longest(),
                KeyHome::Vault => environment.declared.identity.workload.approximate(),
            };
            all.push(Ca {
                scope: Scope::Member { environment: environment.name.clone(), name: name.clone() },
                lifetime: intermediate.lifetime,
                crl_lifetime: intermediate.crl,
                cadence: intermediate.cadence(),
                crl_cadence: intermediate.crl_cadence(),
                child,
                key: intermediate.key,
            });
        }
    }
    longer_leaves(estate, at, &mut all);
    all
}

/// Each CA whose children live so long that it has to be replaced before half its life is over, in
/// words.
pub fn useless_early(estate: &Estate) -> Vec<String> {
    let now = estate.context.now();
    declared(estate, now).iter().filter_map(|ca| ca.is_useless_early(now)).collect()
}

fn root(estate: &Estate) -> Ca {
    let declared = &estate.root;
    let environments = estate.environments.iter().map(|it| &it.environment.declared);
    let all = environments.flat_map(|declared| declared.intermediates.values());
    let child = all.map(|it| it.lifetime.approximate()).max().unwrap_or_default();
    Ca {
        scope: Scope::Root,
        lifetime: declared.lifetime.root,
        crl_lifetime: declared.lifetime.crl,
        cadence: declared.rotation.root(),
        crl_cadence: declared.rotation.crl(),
        child,
        key: KeyHome::Local,
    }
}

/// An identity may declare a longer life of its own; the journal knows it without reading each.
fn longer_leaves(estate: &Estate, at: OffsetDateTime, all: &mut [Ca]) {
    let leaves = estate.journal.records.iter().filter(|record| record.act == Act::IdentityIssue);
    let mut known: Option<(String, usize)> = None;
    let mut before: Option<&Record> = None;
    for record in leaves {
        // Those of one act mostly have the same dates.
        let is_alike = |it: &Record| {
            (&it.not_before, &it.not_after, &it.issuer)
                == (&record.not_before, &record.not_after, &record.issuer)
        };
        if before.replace(record).is_some_and(is_alike) {
            continue;
        }
        let dates = record.begins().zip(record.ends());
        let Some((begin, end)) = dates.filter(|(_, end)| *end >= at) else { continue };
        let Some(issuer) = record.issuer.as_deref().and_then(|it| it.split('@').next()) else {
            continue;
        };
        // Neighbours are mostly of one issuer.
        if known.as_ref().is_none_or(|(name, _)| name != issuer) {
            let place = all.iter().position(|ca| ca.scope.to_string() == issuer);
            known = place.map(|place| (issuer.to_owned(), place));
        }
        if let Some(ca) = known.as_ref().and_then(|(_, place)| all.get_mut(*place)) {
            ca.child = ca.child.max(end - begin + Duration::SECOND);
        }
    }
}

/// When a CRL of this CA is replaced.
pub fn of_crl(estate: &Estate, scope: &Scope) -> Result<Cadence> {
    let Scope::Member { environment, name } = scope else { return Ok(estate.root.rotation.crl()) };
    let declared = &estate.environment(environment)?.environment;
    let intermediate = declared.intermediate(name).ok_or_else(|| crl::no_such(estate, scope))?;
    Ok(intermediate.crl_cadence())
}
