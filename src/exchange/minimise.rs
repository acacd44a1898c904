//! `Rechecked` → [`Minimised`]: the purpose's transform is applied again and checked; what the typed form does not know is gone.

use std::sync::Arc;

use serde_json::Value;

use super::matter::Matter;
use super::recheck::{PermittedItem, Rechecked};
use super::{Gateway, plan::Plan};
use crate::catalogue::{Form, FormError, Secrecy, check_at_gateway, minimise_at_source, recorded_at};
use crate::secret::Personal;

/// The legal regimes that an item can be under (`domain.md` §2).
const REGIMES: [&str; 8] = ["wpg", "wjsg", "wgbo", "wvggz", "wmo", "jeugdwet", "wth", "avg"];

/// Items reduced to what their form and purpose keep.
#[derive(Debug)]
pub struct Minimised {
    matter: Matter,
    plan: Arc<Plan>,
    items: Vec<MinimalItem>,
}

/// One item with nothing too much.
#[derive(Debug)]
pub struct MinimalItem {
    /// The item as it was permitted.
    pub permitted: PermittedItem,
    /// The fields of its form.
    pub data: Personal<Value>,
    /// When it was recorded, as precisely as the form is.
    pub recorded_at: String,
}

impl Minimised {
    /// Whether nothing is left to give.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Takes it apart for the next step.
    pub(super) fn into_parts(self) -> (Matter, Arc<Plan>, Vec<MinimalItem>) {
        (self.matter, self.plan, self.items)
    }
}

/// Minimises each item; one that does not fit its form is dropped.
pub fn minimise(gateway: &Gateway, rechecked: Rechecked) -> Minimised {
    let (matter, plan, items) = rechecked.into_parts();
    let today = gateway.clock.now().date();
    let items = items.into_iter().filter_map(|item| minimal(&plan, item, &today)).collect();
    Minimised { matter, plan, items }
}

/// One item, or nothing when its data is not what its form says.
pub(super) fn minimal(plan: &Plan, permitted: PermittedItem, today: &str) -> Option<MinimalItem> {
    let item = &permitted.item;
    let secrecy = Secrecy::of(item.facts.secret_address, permitted.shows_secret_address);
    let paths = plan.purpose.transforms.paths(item.category, permitted.form);
    let data = if permitted.form == item.form {
        check_at_gateway(item.category, permitted.form, &item.data, paths, secrecy)
    } else if item.form == Form::Exact {
        minimise_at_source(item.category, permitted.form, &item.data, paths, secrecy, today)
    } else {
        Err(FormError::NoSuchForm { category: item.category, form: permitted.form })
    };
    let recorded_at = recorded_at(item.category, permitted.form, &item.recorded_at);
    match (data, recorded_at) {
        (Ok(data), Some(recorded_at)) if REGIMES.contains(&item.regime.as_str()) => {
            Some(MinimalItem { data: Personal::new(data), recorded_at, permitted })
        }
        (data, _) => {
            let fault =
                data.err().map_or_else(|| "recordedAt or regime is none that is known".to_owned(), |error| error.to_string());
            tracing::warn!(source = %permitted.cell.source.organisation.oin, fault, "an item is not in its form: dropped");
            None
        }
    }
}
