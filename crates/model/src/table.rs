//! Tables of the lake: their columns, declared once beside the struct that fills them.
//!
//! Column names follow the log schema (`conn` serves captures, firewall logs and flow imports alike) with Zeek's
//! names where the column is Zeek's. Addresses are 16 bytes (IPv4 mapped into IPv6, RFC 4291 §2.5.5.2), times are
//! microseconds since 1970 UTC. Every stored row also carries `_evidence` (digest) and `_locator` (packet, line or
//! record number), added by the lake.

use std::borrow::Cow;
use std::net::IpAddr;

/// A moment: microseconds since 1970-01-01 UTC.
pub type Micros = i64;

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// Microseconds since 1970 UTC.
    Time,
    /// Unsigned 64-bit number.
    UInt,
    /// Signed 64-bit number.
    Int,
    /// 64-bit float.
    Float,
    /// True or false.
    Bool,
    /// UTF-8.
    Text,
    /// 16 bytes, IPv4 mapped.
    Ip,
    /// List of texts.
    TextList,
}

/// One column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in SQL and in JSON.
    pub name: &'static str,
    /// Type.
    pub kind: CellKind,
    /// Whether a row may have nothing here.
    pub nullable: bool,
    /// What it holds, for the generated documentation.
    pub doc: &'static str,
}

/// A table of the lake.
#[derive(Debug)]
pub struct Table {
    /// Name in SQL.
    pub name: &'static str,
    /// What a row is.
    pub doc: &'static str,
    /// In order.
    pub columns: &'static [Column],
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// Microseconds since 1970 UTC.
    Time(Micros),
    /// Unsigned number.
    UInt(u64),
    /// Signed number.
    Int(i64),
    /// Float.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Text.
    Text(Cow<'a, str>),
    /// Address.
    Ip(IpAddr),
    /// List of texts.
    TextList(&'a [String]),
}

/// A Rust type that can stand in a column.
pub trait Cell {
    /// Column type.
    const KIND: CellKind;
    /// Whether nothing is possible.
    const NULLABLE: bool = false;
    /// The value for one row.
    fn value(&self) -> Value<'_>;
}

macro_rules! cells {
    ($($type:ty, $kind:ident, $self:ident => $value:expr;)*) => {$(
        impl Cell for $type {
            const KIND: CellKind = CellKind::$kind;
            fn value(&$self) -> Value<'_> { $value }
        }
    )*};
}

/// A moment as a column: a plain `i64` is a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Micros);

cells! {
    Time, Time, self => Value::Time(self.0);
    u64, UInt, self => Value::UInt(*self);
    u32, UInt, self => Value::UInt(u64::from(*self));
    u16, UInt, self => Value::UInt(u64::from(*self));
    u8, UInt, self => Value::UInt(u64::from(*self));
    i64, Int, self => Value::Int(*self);
    f64, Float, self => Value::Float(*self);
    bool, Bool, self => Value::Bool(*self);
    String, Text, self => Value::Text(Cow::Borrowed(self));
    &'static str, Text, self => Value::Text(Cow::Borrowed(self));
    IpAddr, Ip, self => Value::Ip(*self);
    Vec<String>, TextList, self => Value::TextList(self);
}

impl<T: Cell> Cell for Option<T> {
    const KIND: CellKind = T::KIND;
    const NULLABLE: bool = true;
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Cell::value)
    }
}

/// A row's values, handed to a callback one per column, in order.
pub type RowValues<'a> = &'a dyn Fn(&mut dyn FnMut(Value<'_>));

/// A row type with its table.
pub trait Record {
    /// The table that the row belongs to.
    const TABLE: &'static Table;
    /// Hands over the values, one per column, in order.
    fn values(&self, each: &mut dyn FnMut(Value<'_>));
}

/// Declares a row struct and its table together, so that they cannot drift apart.
#[macro_export]
macro_rules! table {
    ($(#[doc = $doc:literal])+ pub struct $name:ident: $table:literal { $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name { $($(#[doc = $field_doc])+ pub $field: $type,)+ }

        impl $crate::table::Record for $name {
            const TABLE: &'static $crate::table::Table = &$crate::table::Table {
                name: $table,
                doc: concat!($($doc),+),
                columns: &[$($crate::table::Column {
                    name: stringify!($field),
                    kind: <$type as $crate::table::Cell>::KIND,
                    nullable: <$type as $crate::table::Cell>::NULLABLE,
                    doc: concat!($($field_doc),+),
                }),+],
            };
            fn values(&self, each: &mut dyn FnMut($crate::table::Value<'_>)) {
                $(each($crate::table::Cell::value(&self.$field));)+
            }
        }
    };
}

table! {
    /// One row per conversation of two endpoints: from a capture, a firewall or proxy log, a flow record.
    pub struct Conn: "conn" {
        /// First packet, or the log's time.
        ts: Time,
        /// Last minus first packet, microseconds.
        dur_us: Option<i64>,
        /// Who opened the conversation, as far as can be seen.
        src_ip: IpAddr,
        /// Port of the opener; ICMP type for ICMP.
        src_port: Option<u16>,
        /// Who was called.
        dst_ip: IpAddr,
        /// Port that was called; ICMP code for ICMP.
        dst_port: Option<u16>,
        /// `tcp`, `udp`, `icmp`, `icmp6`, `sctp` or the IP protocol number as text.
        proto: String,
        /// Application protocol seen in the payload (`dns`, `http`, `tls`, …); never guessed from a port alone.
        service: Option<String>,
        /// What a device did: `allow`, `deny`, `drop`, `reset`; nothing for captures.
        action: Option<String>,
        /// Payload bytes from opener to called, without headers.
        bytes_out: u64,
        /// Payload bytes from called to opener.
        bytes_in: u64,
        /// Packets from opener to called.
        pkts_out: u64,
        /// Packets from called to opener.
        pkts_in: u64,
        /// `internal`, `outbound`, `inbound` or `external` by private and public addresses.
        direction: Option<String>,
        /// Rule of the device that logged.
        rule_id: Option<String>,
        /// Zone or interface of entry.
        in_zone: Option<String>,
        /// Zone or interface of exit.
        out_zone: Option<String>,
        /// User named by the device.
        user: Option<String>,
        /// Device that logged, or capture point.
        device: Option<String>,
        /// Zeek's connection state (`S0`, `SF`, `REJ`, …).
        conn_state: Option<String>,
        /// Zeek's history letters: `ShADadFf`, capital for the opener.
        history: Option<String>,
        /// Payload bytes that sequence numbers prove but the capture lacks.
        missed_bytes: Option<u64>,
        /// VLAN id, outermost.
        vlan: Option<u16>,
        /// Tunnels that carried it, outermost first (`gre`, `ipip`, `vxlan`, …), joined by `,`.
        tunnel: Option<String>,
        /// Community ID version 1 of the five-tuple, the key to other tools' records.
        community_id: Option<String>,
    }
}

table! {
    /// One row per DNS transaction, or per half of one when the other half was not seen.
    pub struct Dns: "dns" {
        /// Time of the query, or of the response where only that was seen.
        ts: Time,
        /// Client.
        src_ip: IpAddr,
        /// Client port.
        src_port: Option<u16>,
        /// Server.
        dst_ip: IpAddr,
        /// Server port.
        dst_port: Option<u16>,
        /// `udp` or `tcp`.
        proto: String,
        /// Transaction id (RFC 1035 §4.1.1).
        trans_id: u16,
        /// Name asked for, lower case, without the final dot, bytes that are not printable ASCII as `\DDD` (RFC 4343).
        query: Option<String>,
        /// Type of the question as a name (`A`, `TXT`, …) or `TYPEn` (RFC 3597).
        qtype: Option<String>,
        /// Response code as a name (`NOERROR`, `NXDOMAIN`, …) or `RCODEn`; nothing without a response.
        rcode: Option<String>,
        /// Authoritative answer.
        aa: Option<bool>,
        /// Truncated.
        tc: Option<bool>,
        /// Answer data as text: addresses, names, texts.
        answers: Vec<String>,
        /// Response minus query, microseconds.
        rtt_us: Option<i64>,
        /// Multicast DNS (RFC 6762) or LLMNR (RFC 4795) rather than unicast DNS.
        multicast: bool,
    }
}
