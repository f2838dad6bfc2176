//! NetBox (netbox.dev, 2.10 to 4): the dump of `manage.py dumpdata` (a list of `model`, `pk`, `fields`), or results of its
//! API, one list or several.
//!
//! Sites hold locations, racks and devices; clusters hold virtual machines; providers hold circuits. Cables are links
//! between the devices (circuits, power feeds) whose ports they end at, so patch panels stand in the way as they do in
//! the rack. Power feeds, racks, sites, providers and clusters are what may fail together.

use std::collections::BTreeMap;

use secdiag_model::{EvidenceKind, Format, Head, Match};
use serde_json::{Map, Value};

use super::sketch::{Sketch, link, node, set};
use crate::drawing::{Drawing, Node};

/// The format.
pub const FORMAT: Format = Format { id: "netbox", kind: EvidenceKind::Inv, title: "NetBox export (JSON)", sniff };

/// Links that one cable with many ends may stand for.
const PRODUCT_MAX: usize = 256;

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let text = head.text().trim_start();
    if !text.starts_with(['[', '{']) {
        return Match::No;
    }
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let dump = ["\"model\":\"dcim.", "\"model\":\"circuits.", "\"model\":\"virtualization.", "\"model\":\"ipam."];
    if dump.iter().any(|word| compact.contains(word)) && compact.contains("\"fields\":{") {
        return Match::Yes(95);
    }
    let api = ["/api/dcim/", "/api/circuits/", "/api/virtualization/"];
    if api.iter().any(|word| compact.contains(word)) && compact.contains("\"url\":\"http") {
        return Match::Yes(90);
    }
    // A dump may begin with tables of Django that any of its programs has.
    if compact.contains("{\"model\":\"") && compact.contains("\"netbox") {
        return Match::Yes(60);
    }
    Match::No
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    let text = sketch.text(bytes);
    match serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) {
        Ok(value) => {
            let mut base = Base::default();
            base.gather(value, 0, &mut sketch);
            base.draw(&mut sketch);
        }
        Err(error) => {
            sketch.broken("json-broken", format!("the file is no JSON: {error}"), format!("line {}", error.line()));
        }
    }
    sketch.finish()
}

type Fields = Map<String, Value>;

/// Objects by model and key.
#[derive(Default)]
struct Base {
    models: BTreeMap<String, BTreeMap<i64, Fields>>,
}

/// Models that a drawing shows, or that name something in it.
const USED: &[&str] = &[
    "dcim.site",
    "dcim.region",
    "dcim.sitegroup",
    "dcim.location",
    "dcim.rack",
    "dcim.device",
    "dcim.devicetype",
    "dcim.devicerole",
    "dcim.manufacturer",
    "dcim.platform",
    "dcim.interface",
    "dcim.frontport",
    "dcim.rearport",
    "dcim.consoleport",
    "dcim.consoleserverport",
    "dcim.powerport",
    "dcim.poweroutlet",
    "dcim.powerpanel",
    "dcim.powerfeed",
    "dcim.cable",
    "dcim.cabletermination",
    "dcim.virtualchassis",
    "dcim.devicebay",
    "circuits.provider",
    "circuits.providernetwork",
    "circuits.circuit",
    "circuits.circuittype",
    "circuits.circuittermination",
    "virtualization.cluster",
    "virtualization.clustertype",
    "virtualization.clustergroup",
    "virtualization.virtualmachine",
    "virtualization.vminterface",
    "ipam.ipaddress",
    "ipam.prefix",
    "ipam.vlan",
    "ipam.role",
    "tenancy.tenant",
    "wireless.wirelesslink",
];

/// Models that say nothing about a network's shape: accounts, history, templates, labels of the program itself.
const BESIDE: &[&str] = &[
    "admin.",
    "auth.",
    "contenttypes.",
    "sessions.",
    "users.",
    "extras.",
    "core.",
    "social_django.",
    "tenancy.",
    "taggit.",
    "account.",
    "secrets.",
    "django_rq.",
    "dcim.cablepath",
    "dcim.inventoryitem",
    "dcim.module",
    "dcim.rackrole",
    "dcim.rackreservation",
    "dcim.racktype",
    "dcim.macaddress",
    "dcim.virtualdevicecontext",
    "ipam.",
    "wireless.wirelesslan",
    "virtualization.virtualdisk",
    "circuits.provideraccount",
    "vpn.",
    "circuits.circuitgroup",
];

impl Base {
    fn gather(&mut self, value: Value, depth: usize, sketch: &mut Sketch) {
        match value {
            Value::Array(list) if depth < 3 => list.into_iter().for_each(|value| self.gather(value, depth + 1, sketch)),
            Value::Object(mut object) => {
                if let Some(model) = object.get("model").and_then(Value::as_str).map(str::to_lowercase)
                    && let Some(Value::Object(fields)) = object.get_mut("fields").map(Value::take)
                {
                    return match object.get("pk").and_then(Value::as_i64) {
                        Some(key) => self.insert(model, key, fields),
                        None if USED.contains(&model.as_str()) => {
                            let text = format!("an object of {model} without a number");
                            sketch.unknown("object-without-key", text, model);
                        }
                        None => {}
                    };
                }
                if let Some((model, key)) = object.get("url").and_then(Value::as_str).and_then(from_url) {
                    return self.insert(model, key, plain(object));
                }
                if depth < 3 {
                    // Results of one question, or several by their names.
                    for (_, value) in object {
                        if value.is_array() || value.is_object() {
                            self.gather(value, depth + 1, sketch);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn insert(&mut self, model: String, key: i64, fields: Fields) {
        self.models.entry(model).or_default().entry(key).or_insert(fields);
    }

    fn all(&self, model: &str) -> impl Iterator<Item = (i64, &Fields)> {
        self.models.get(model).into_iter().flatten().map(|(key, fields)| (*key, fields))
    }

    fn get(&self, model: &str, key: i64) -> Option<&Fields> {
        self.models.get(model)?.get(&key)
    }

    /// The name of what a field refers to.
    fn named(&self, fields: &Fields, field: &str, model: &str) -> String {
        let key = number(fields, field);
        let found = key.and_then(|key| self.get(model, key));
        let name = found.map(|found| [text(found, "name"), text(found, "model")].concat());
        // Dumps with natural keys, and results of the API, have the name itself.
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| text(fields, &format!("{field} name")))
    }

    fn draw(&self, sketch: &mut Sketch) {
        self.places(sketch);
        self.devices(sketch);
        self.machines(sketch);
        self.circuits(sketch);
        self.power(sketch);
        self.addresses(sketch);
        self.cables(sketch);
        self.wireless(sketch);
        for (model, objects) in &self.models {
            let template = model.ends_with("template");
            if !template && !USED.contains(&model.as_str()) && !BESIDE.iter().any(|known| model.starts_with(known)) {
                let text = format!("{} objects of {model} are not drawn", objects.len());
                sketch.unknown("unknown-model", text, model.as_str());
            }
        }
        if !self.models.keys().any(|model| USED.contains(&model.as_str())) {
            sketch.broken("no-diagram", "the file has no devices, sites or circuits of NetBox", "");
        }
    }

    /// A node for an object, within the first container that it names and that is there.
    fn shown(&self, model: &str, key: i64, fields: &Fields, shape: &str, outer: &[(&str, &str)]) -> Node {
        let name = ["name", "cid", "label"].iter().map(|field| text(fields, field)).find(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| format!("{model} {key}"));
        let mut shown = node(&id(model, key), &name, shape, format!("{model} {key}"));
        shown.within = outer.iter().find_map(|(field, model)| {
            let key = number(fields, field)?;
            self.get(model, key).map(|_| id(model, key))
        });
        for field in ["status", "description", "serial", "asset_tag", "facility", "physical_address", "comments"] {
            set(&mut shown.properties, field, &text(fields, field));
        }
        set(&mut shown.properties, "tenant", &self.named(fields, "tenant", "tenancy.tenant"));
        if let Some(Value::Object(own)) = fields.get("custom_field_data").or_else(|| fields.get("custom_fields")) {
            for (name, value) in own {
                set(&mut shown.properties, &format!("custom {name}"), &scalar(value));
            }
        }
        shown
    }

    fn places(&self, sketch: &mut Sketch) {
        let mut nets: BTreeMap<(i64, &str), Vec<String>> = BTreeMap::new();
        for (model, field) in [("ipam.prefix", "prefixes"), ("ipam.vlan", "vlans")] {
            for (_, fields) in self.all(model) {
                let scoped = text(fields, "scope_type").is_empty() || text(fields, "scope_type").contains("site");
                let site = number(fields, "site").or_else(|| number(fields, "scope_id").filter(|_| scoped));
                let shown = [text(fields, "prefix"), text(fields, "vid"), text(fields, "name")];
                let shown = shown.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
                nets.entry((site.unwrap_or(-1), field)).or_default().push(shown);
            }
        }
        for (key, fields) in self.all("dcim.site") {
            let mut shown = self.shown("dcim.site", key, fields, "site", &[]);
            set(&mut shown.properties, "region", &self.named(fields, "region", "dcim.region"));
            set(&mut shown.properties, "group", &self.named(fields, "group", "dcim.sitegroup"));
            for field in ["prefixes", "vlans"] {
                let nets = nets.get(&(key, field)).map(|nets| nets.join(", ")).unwrap_or_default();
                set(&mut shown.properties, field, &nets);
            }
            sketch.add(shown);
        }
        for (key, fields) in self.all("dcim.location") {
            let outer = [("parent", "dcim.location"), ("site", "dcim.site")];
            sketch.add(self.shown("dcim.location", key, fields, "location", &outer));
        }
        for (key, fields) in self.all("dcim.rack") {
            let outer = [("location", "dcim.location"), ("site", "dcim.site")];
            sketch.add(self.shown("dcim.rack", key, fields, "rack", &outer));
        }
    }

    fn devices(&self, sketch: &mut Sketch) {
        let bays: BTreeMap<i64, i64> = self
            .all("dcim.devicebay")
            .filter_map(|(_, fields)| Some((number(fields, "installed_device")?, number(fields, "device")?)))
            .collect();
        for (key, fields) in self.all("dcim.device") {
            let role = self.role(fields);
            let outer = [("rack", "dcim.rack"), ("location", "dcim.location"), ("site", "dcim.site")];
            let mut shown =
                self.shown("dcim.device", key, fields, if role.is_empty() { "device" } else { &role }, &outer);
            if let Some(chassis) = bays.get(&key) {
                shown.within = Some(id("dcim.device", *chassis));
            }
            set(&mut shown.properties, "role", &role);
            set(&mut shown.properties, "type", &self.named(fields, "device_type", "dcim.devicetype"));
            let kind = number(fields, "device_type").and_then(|kind| self.get("dcim.devicetype", kind));
            let maker = kind.map(|kind| self.named(kind, "manufacturer", "dcim.manufacturer"));
            set(&mut shown.properties, "manufacturer", &maker.unwrap_or_default());
            set(&mut shown.properties, "platform", &self.named(fields, "platform", "dcim.platform"));
            set(&mut shown.properties, "cluster", &self.named(fields, "cluster", "virtualization.cluster"));
            set(
                &mut shown.properties,
                "virtual-chassis",
                &self.named(fields, "virtual_chassis", "dcim.virtualchassis"),
            );
            set(&mut shown.properties, "site", &self.named(fields, "site", "dcim.site"));
            sketch.add(shown);
        }
    }

    /// NetBox before 3.6 says `device_role`.
    fn role(&self, fields: &Fields) -> String {
        let role = self.named(fields, "role", "dcim.devicerole");
        if role.is_empty() { self.named(fields, "device_role", "dcim.devicerole") } else { role }
    }

    fn machines(&self, sketch: &mut Sketch) {
        for (key, fields) in self.all("virtualization.cluster") {
            let kind = self.named(fields, "type", "virtualization.clustertype");
            let mut shown = self.shown(
                "virtualization.cluster",
                key,
                fields,
                "cluster",
                &[("site", "dcim.site"), ("scope_id", "dcim.site")],
            );
            set(&mut shown.properties, "type", &kind);
            set(&mut shown.properties, "group", &self.named(fields, "group", "virtualization.clustergroup"));
            sketch.add(shown);
        }
        for (key, fields) in self.all("virtualization.virtualmachine") {
            let outer = [("cluster", "virtualization.cluster"), ("site", "dcim.site")];
            let mut shown = self.shown("virtualization.virtualmachine", key, fields, "virtual machine", &outer);
            set(&mut shown.properties, "role", &self.role(fields));
            set(&mut shown.properties, "platform", &self.named(fields, "platform", "dcim.platform"));
            set(&mut shown.properties, "host", &self.named(fields, "device", "dcim.device"));
            sketch.add(shown);
        }
    }

    fn circuits(&self, sketch: &mut Sketch) {
        for (key, fields) in self.all("circuits.provider") {
            sketch.add(self.shown("circuits.provider", key, fields, "provider", &[]));
        }
        for (key, fields) in self.all("circuits.providernetwork") {
            let outer = [("provider", "circuits.provider")];
            sketch.add(self.shown("circuits.providernetwork", key, fields, "provider network", &outer));
        }
        for (key, fields) in self.all("circuits.circuit") {
            let mut shown =
                self.shown("circuits.circuit", key, fields, "circuit", &[("provider", "circuits.provider")]);
            set(&mut shown.properties, "type", &self.named(fields, "type", "circuits.circuittype"));
            set(&mut shown.properties, "provider", &self.named(fields, "provider", "circuits.provider"));
            set(&mut shown.properties, "commit-rate", &text(fields, "commit_rate"));
            sketch.add(shown);
        }
        // An end without a cable still says where the circuit ends.
        for (key, fields) in
            self.all("circuits.circuittermination").filter(|(_, fields)| number(fields, "cable").is_none())
        {
            let Some(circuit) = number(fields, "circuit") else { continue };
            let ends = [("provider_network", "circuits.providernetwork"), ("site", "dcim.site")];
            let scope = match text(fields, "termination_type").as_str() {
                kind if kind.contains("providernetwork") => Some("circuits.providernetwork"),
                kind if kind.contains("site") => Some("dcim.site"),
                kind if kind.contains("location") => Some("dcim.location"),
                _ => None,
            };
            let end = ends.iter().find_map(|(field, model)| Some(id(model, number(fields, field)?)));
            let end = end.or_else(|| Some(id(scope?, number(fields, "termination_id")?)));
            let place = format!("circuits.circuittermination {key}");
            let Some(end) = end else {
                sketch.unknown("edge-without-end", "an end of a circuit without a place", place);
                continue;
            };
            let mut drawn = link(&id("circuits.circuit", circuit), &end, "", false, place);
            set(&mut drawn.properties, "kind", "circuit");
            set(&mut drawn.properties, "side", &text(fields, "term_side"));
            sketch.connect(drawn);
        }
    }

    fn power(&self, sketch: &mut Sketch) {
        for (key, fields) in self.all("dcim.powerpanel") {
            let outer = [("location", "dcim.location"), ("site", "dcim.site")];
            sketch.add(self.shown("dcim.powerpanel", key, fields, "power panel", &outer));
        }
        for (key, fields) in self.all("dcim.powerfeed") {
            let mut shown = self.shown("dcim.powerfeed", key, fields, "power feed", &[("rack", "dcim.rack")]);
            for field in ["type", "supply", "phase", "voltage", "amperage"] {
                set(&mut shown.properties, field, &text(fields, field));
            }
            let place = shown.place.clone();
            sketch.add(shown);
            if let Some(panel) = number(fields, "power_panel") {
                let mut drawn = link(&id("dcim.powerpanel", panel), &id("dcim.powerfeed", key), "", true, place);
                set(&mut drawn.properties, "kind", "power");
                sketch.connect(drawn);
            }
        }
    }

    /// Addresses go to the device or machine whose interface has them.
    fn addresses(&self, sketch: &mut Sketch) {
        let mut by_owner: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (_, fields) in self.all("ipam.ipaddress") {
            let (kind, key) = (reference(fields.get("assigned_object_type")), number(fields, "assigned_object_id"));
            let Some(key) = key else { continue };
            let owner = match kind.as_str() {
                "dcim.interface" => {
                    self.get(&kind, key).and_then(|port| Some(id("dcim.device", number(port, "device")?)))
                }
                "virtualization.vminterface" => self
                    .get(&kind, key)
                    .and_then(|port| Some(id("virtualization.virtualmachine", number(port, "virtual_machine")?))),
                _ => None,
            };
            if let Some(owner) = owner {
                by_owner.entry(owner).or_default().push(text(fields, "address"));
            }
        }
        for (owner, addresses) in by_owner {
            if let Some(node) = sketch.get(&owner) {
                set(&mut node.properties, "addresses", &addresses.join(", "));
            }
        }
        let mut ports: BTreeMap<String, usize> = BTreeMap::new();
        for (_, fields) in self.all("dcim.interface") {
            if let Some(device) = number(fields, "device") {
                *ports.entry(id("dcim.device", device)).or_default() += 1;
            }
        }
        for (owner, count) in ports {
            if let Some(node) = sketch.get(&owner) {
                set(&mut node.properties, "interfaces", &count.to_string());
            }
        }
    }

    fn cables(&self, sketch: &mut Sketch) {
        let mut ends: BTreeMap<i64, [Vec<(String, i64)>; 2]> = BTreeMap::new();
        for (_, fields) in self.all("dcim.cabletermination") {
            let (kind, key) = (reference(fields.get("termination_type")), number(fields, "termination_id"));
            if let (Some(cable), Some(key)) = (number(fields, "cable"), key) {
                let side = usize::from(text(fields, "cable_end") == "B");
                ends.entry(cable).or_default()[side].push((kind, key));
            }
        }
        for (key, fields) in self.all("dcim.cable") {
            let sides = ends.remove(&key).unwrap_or_else(|| old_ends(fields));
            let place = format!("dcim.cable {key}");
            let [a, b] = sides.map(|side| side.iter().map(|(kind, key)| self.port(kind, *key)).collect::<Vec<_>>());
            if a.is_empty() || b.is_empty() {
                sketch.unknown("edge-without-end", "a cable without two ends", place);
                continue;
            }
            let pairs: Vec<(usize, usize)> = if a.len() == b.len() {
                (0..a.len()).map(|at| (at, at)).collect()
            } else {
                (0..a.len()).flat_map(|left| (0..b.len()).map(move |right| (left, right))).take(PRODUCT_MAX).collect()
            };
            for (left, right) in pairs {
                let (Some(from), Some(to)) = (&a[left], &b[right]) else {
                    sketch.unknown("edge-without-end", "a cable ends at a port that is not there", place.clone());
                    continue;
                };
                let mut drawn = link(&from.node, &to.node, &text(fields, "label"), false, place.clone());
                for field in ["type", "status", "length", "length_unit", "description"] {
                    set(&mut drawn.properties, field, &text(fields, field));
                }
                set(&mut drawn.properties, "kind", if from.kind == to.kind { from.kind } else { "network" });
                for (name, port) in [("from-port", from), ("to-port", to)] {
                    set(&mut drawn.properties, name, &port.name);
                }
                sketch.connect(drawn);
            }
        }
        if let Some((cable, _)) = ends.iter().next() {
            let text = format!("{} cables have ends and are not there themselves", ends.len());
            sketch.unknown("cable-missing", text, format!("dcim.cable {cable}"));
        }
    }

    /// The node that a port belongs to.
    fn port(&self, kind: &str, key: i64) -> Option<Port> {
        let fields = self.get(kind, key)?;
        let (node, name) = match kind {
            "circuits.circuittermination" => {
                (id("circuits.circuit", number(fields, "circuit")?), format!("side {}", text(fields, "term_side")))
            }
            "dcim.powerfeed" => (id(kind, key), String::new()),
            _ => (id("dcim.device", number(fields, "device")?), text(fields, "name")),
        };
        let kind = match kind {
            "dcim.powerport" | "dcim.poweroutlet" | "dcim.powerfeed" => "power",
            "dcim.consoleport" | "dcim.consoleserverport" => "console",
            _ => "network",
        };
        Some(Port { node, name, kind })
    }

    fn wireless(&self, sketch: &mut Sketch) {
        for (key, fields) in self.all("wireless.wirelesslink") {
            let end = |field: &str| number(fields, field).and_then(|key| self.port("dcim.interface", key));
            let place = format!("wireless.wirelesslink {key}");
            let (Some(from), Some(to)) = (end("interface_a"), end("interface_b")) else {
                sketch.unknown("edge-without-end", "a wireless link without two ends", place);
                continue;
            };
            let mut drawn = link(&from.node, &to.node, &text(fields, "ssid"), false, place);
            set(&mut drawn.properties, "kind", "wireless");
            set(&mut drawn.properties, "from-port", &from.name);
            set(&mut drawn.properties, "to-port", &to.name);
            sketch.connect(drawn);
        }
    }
}

struct Port {
    node: String,
    name: String,
    kind: &'static str,
}

fn id(model: &str, key: i64) -> String {
    format!("{model}:{key}")
}

/// Ends of a cable as NetBox before 3.3 and the API tell them.
fn old_ends(fields: &Fields) -> [Vec<(String, i64)>; 2] {
    ["a", "b"].map(|side| {
        if let Some(Value::Array(list)) = fields.get(&format!("{side}_terminations")) {
            let ends = list.iter().filter_map(Value::as_object);
            return ends
                .filter_map(|end| Some((reference(end.get("object_type")), number(end, "object_id")?)))
                .collect();
        }
        let key = number(fields, &format!("termination_{side}_id"));
        key.map(|key| (reference(fields.get(&format!("termination_{side}_type"))), key)).into_iter().collect()
    })
}

/// A content type: `["dcim", "interface"]` or `"dcim.interface"`.
fn reference(value: Option<&Value>) -> String {
    match value {
        Some(Value::Array(parts)) => parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("."),
        Some(Value::String(text)) => text.to_lowercase(),
        _ => String::new(),
    }
}

fn number(fields: &Fields, field: &str) -> Option<i64> {
    fields.get(field)?.as_i64()
}

fn text(fields: &Fields, field: &str) -> String {
    fields.get(field).map(scalar).unwrap_or_default()
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Array(list) => {
            let words = list.iter().filter(|value| !value.is_array() && !value.is_object()).map(scalar);
            words.collect::<Vec<_>>().join(" ")
        }
        Value::Null | Value::Object(_) => String::new(),
    }
}

/// `https://host/api/dcim/power-feeds/3/` as model and key.
fn from_url(url: &str) -> Option<(String, i64)> {
    let (_, path) = url.split_once("/api/")?;
    let mut parts = path.split('/');
    let (app, list, key) = (parts.next()?, parts.next()?, parts.next()?);
    let singular = match list {
        "virtual-chassis" => "virtualchassis".to_owned(),
        "prefixes" => "prefix".to_owned(),
        "ip-addresses" => "ipaddress".to_owned(),
        "mac-addresses" => "macaddress".to_owned(),
        list => list.strip_suffix('s').unwrap_or(list).replace('-', ""),
    };
    // Interfaces of virtual machines are called interfaces too.
    let model = match (app, singular.as_str()) {
        ("virtualization", "interface") => "vminterface",
        (_, singular) => singular,
    };
    Some((format!("{app}.{model}"), key.parse().ok()?))
}

/// An object of the API with its fields as a dump has them: references are numbers, choices are their values.
fn plain(object: Fields) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in object {
        match value {
            Value::Object(mut inner) => {
                let named = ["name", "model", "display", "label"]
                    .iter()
                    .find_map(|key| inner.get(*key)?.as_str().map(str::to_owned));
                match (inner.remove("id"), inner.remove("value")) {
                    (Some(id), _) => {
                        if let Some(named) = named {
                            fields.insert(format!("{name} name"), Value::String(named));
                        }
                        fields.insert(name, id);
                    }
                    (None, Some(value)) => drop(fields.insert(name, value)),
                    (None, None) => drop(fields.insert(name, Value::Object(inner))),
                }
            }
            value => drop(fields.insert(name, value)),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dump() -> Value {
        let object = |model: &str, pk: i64, fields: Value| json!({"model": model, "pk": pk, "fields": fields});
        json!([
            object("auth.user", 1, json!({"password": "pbkdf2"})),
            object("dcim.site", 1, json!({"name": "Taipei", "status": "active"})),
            object("dcim.rack", 2, json!({"name": "R1", "site": 1})),
            object("dcim.devicerole", 3, json!({"name": "Firewall"})),
            object("dcim.device", 4, json!({"name": "fw1", "rack": 2, "site": 1, "role": 3})),
            object("dcim.device", 5, json!({"name": "pdu1", "rack": 2, "site": 1})),
            object("dcim.interface", 6, json!({"device": 4, "name": "ge0"})),
            object("dcim.powerport", 7, json!({"device": 4, "name": "PSU0"})),
            object("dcim.poweroutlet", 8, json!({"device": 5, "name": "Outlet 1"})),
            object("circuits.provider", 1, json!({"name": "HiNet"})),
            object("circuits.circuit", 9, json!({"cid": "C-9", "provider": 1})),
            object("circuits.circuittermination", 10, json!({"circuit": 9, "term_side": "A", "site": 1, "cable": 11})),
            object(
                "circuits.circuittermination",
                12,
                json!({"circuit": 9, "term_side": "Z", "site": 1, "cable": null})
            ),
            object("dcim.cable", 11, json!({"type": "smf", "status": "connected"})),
            object("dcim.cable", 13, json!({})),
            object("dcim.cable", 14, json!({})),
            object(
                "dcim.cabletermination",
                1,
                json!({"cable": 11, "cable_end": "A", "termination_type": ["circuits", "circuittermination"], "termination_id": 10})
            ),
            object(
                "dcim.cabletermination",
                2,
                json!({"cable": 11, "cable_end": "B", "termination_type": ["dcim", "interface"], "termination_id": 6})
            ),
            object(
                "dcim.cabletermination",
                3,
                json!({"cable": 13, "cable_end": "A", "termination_type": ["dcim", "powerport"], "termination_id": 7})
            ),
            object(
                "dcim.cabletermination",
                4,
                json!({"cable": 13, "cable_end": "B", "termination_type": ["dcim", "poweroutlet"], "termination_id": 8})
            ),
            object("dcim.powerpanel", 1, json!({"name": "P", "site": 1})),
            object("dcim.powerfeed", 1, json!({"name": "A", "power_panel": 1, "rack": 2})),
            object(
                "ipam.ipaddress",
                1,
                json!({"address": "10.0.0.1/24", "assigned_object_type": ["dcim", "interface"], "assigned_object_id": 6})
            ),
            object("plugin.thing", 1, json!({})),
        ])
    }

    #[test]
    fn places_devices_circuits_and_power() {
        let drawing = read(dump().to_string().as_bytes());
        let within =
            |label: &str| drawing.nodes.iter().find(|node| node.label == label).and_then(|node| node.within.clone());
        assert_eq!(within("fw1").as_deref(), Some("dcim.rack:2"));
        assert_eq!(within("R1").as_deref(), Some("dcim.site:1"));
        assert_eq!(within("C-9").as_deref(), Some("circuits.provider:1"));
        let firewall = drawing.nodes.iter().find(|node| node.label == "fw1").unwrap();
        assert_eq!((firewall.shape.as_str(), firewall.properties["addresses"].as_str()), ("Firewall", "10.0.0.1/24"));
        let links: Vec<_> =
            drawing.links.iter().map(|link| format!("{} {} {}", link.from, link.to, link.properties["kind"])).collect();
        let expected = [
            "circuits.circuit:9 dcim.site:1 circuit",
            "dcim.powerpanel:1 dcim.powerfeed:1 power",
            "circuits.circuit:9 dcim.device:4 network",
            "dcim.device:4 dcim.device:5 power",
        ];
        assert_eq!(links, expected);
        let notes: Vec<_> =
            drawing.notes.iter().map(|note| (note.reason.as_str(), note.place.as_deref().unwrap())).collect();
        assert_eq!(notes, [("edge-without-end", "dcim.cable 14"), ("unknown-model", "plugin.thing")]);
        assert!(!format!("{drawing:?}").contains("pbkdf2"));
    }

    #[test]
    fn results_of_the_api() {
        let text = json!({"devices": {"count": 1, "results": [
            {"id": 4, "url": "https://n/api/dcim/devices/4/", "name": "fw1", "role": {"id": 3, "name": "Firewall"}, "status": {"value": "active", "label": "Active"}},
            {"id": 5, "url": "https://n/api/dcim/devices/5/", "name": "sw1"}]},
            "ports": [{"id": 6, "url": "https://n/api/dcim/interfaces/6/", "name": "ge0", "device": {"id": 4}},
                {"id": 7, "url": "https://n/api/dcim/interfaces/7/", "name": "ge1", "device": {"id": 5}}],
            "cables": [{"id": 1, "url": "https://n/api/dcim/cables/1/", "a_terminations": [{"object_type": "dcim.interface", "object_id": 6}],
                "b_terminations": [{"object_type": "dcim.interface", "object_id": 7}]}]});
        let drawing = read(text.to_string().as_bytes());
        assert_eq!((drawing.nodes.len(), drawing.links.len()), (2, 1));
        assert_eq!(drawing.nodes[0].shape, "Firewall");
        let text = text.to_string();
        assert_eq!(sniff(&Head::new(text.as_bytes(), "a", text.len() as u64)), Match::Yes(90));
        assert_eq!(read(b"[{]").notes[0].reason, "json-broken");
    }
}
